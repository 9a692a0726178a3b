"""subscribe and unsubscribe, as far as needed to see deliveries. Source: subscriptions.md sections 3 and 12."""

from __future__ import annotations

from typing import Final

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.strays import nothing_from_the_past
from reference_model.rule import Because, R
from reference_model.state import Subscription, covers
from reference_model.turn import Turn

known_flags: Final = frozenset({"no_sowkey", "timestamp"})
known_values: Final = frozenset({"select"})


def subscribe(turn: Turn) -> None:
    """Register the subscription, or leave none behind if the filter does not compile (SUB-REG-09)."""
    check(turn, known_flags, known_values)
    if turn.text("sub_id") is None and turn.cmd_id is None:
        _without_id(turn)
        return
    acceptance = turn.filter()
    if acceptance is not None and acceptance.refused is None:
        expect_acks(turn, Answer(status="either", because=(*turn.about, *acceptance.because)))
        register(turn, unsure=True)
        return
    if acceptance is not None and acceptance.refused:
        expect_acks(turn, Answer(status="failure", because=(*turn.about, *acceptance.because), reason=(R("CMD-ACK-12"),)))
        register(turn, ended=(R("SUB-REG-09"), R("EXPR-FLT-08")))
        return
    fresh = _fresh_topic(turn)
    unknown: Because = (R("SUB-TOPIC-14"),) if fresh and turn.instance.accepted_configured else ()
    slots = expect_acks(turn, Answer(because=(*turn.about, *unknown, R("CMD-SUB-09"))))
    register(turn, processed_slot=slots.get("processed"), fresh_topic=fresh)
    nothing_from_the_past(turn, turn.instance.subscriptions[-1])
    turn.instance.accepted_configured = turn.instance.accepted_configured or turn.text("topic") in turn.instance.topics


def _fresh_topic(turn: Turn) -> bool:
    """Whether no configuration and no earlier step mentions the topic, which is a name."""
    topic = turn.text("topic") or ""
    if turn.is_pattern(topic) or topic in turn.instance.topics or topic in turn.instance.used:
        return False
    turn.instance.used.add(topic)
    return True


def _without_id(turn: Turn) -> None:
    """Neither sub_id nor cmd_id: the server makes an identifier, and its messages carry that one (SUB-REG-14).

    Which messages come is not told from each other without an id; they are looked at as they come.
    """
    topic = turn.text("topic") or ""
    if turn.is_pattern(topic) or turn.text("filter") is not None or turn.options.flags or turn.options.values:
        raise turn.refuse("a subscription without an id is modelled for one topic, without filter and options")
    regex_topics = turn.instance.config.regex_topics
    if any(s.connection == turn.connection and s.covers(topic, regex_topics=regex_topics) for s in turn.instance.subscriptions):
        raise turn.refuse("another subscription of the connection gets the same messages")
    expect_acks(turn, Answer(because=(R("CMD-SUB-09"),)))
    turn.draft.scope(turn.connection, "publish")
    turn.draft.oblige("generated_id", {"connection": turn.connection, "topic": topic, "step": turn.step})
    turn.session.nameless_topics.add(topic)


def check(turn: Turn, flags: frozenset[str], values: frozenset[str]) -> None:
    """Refuse what is not modelled, and what has no documented effect."""
    topic = turn.text("topic")
    if topic is None:
        raise turn.refuse("a subscription needs a topic")
    turn.check_topic(topic)
    if any(covers(topic, other, regex_topics=turn.instance.config.regex_topics) for other in turn.session.nameless_topics):
        raise turn.refuse("a subscription without an id gets the same messages")
    if turn.text("bookmark"):
        raise turn.refuse("replays are not modelled")
    options = turn.options
    unknown = (options.flags - flags) | (options.values.keys() - values)
    if unknown:
        raise turn.refuse(f"option {min(unknown)} of {turn.cmd} is not modelled")


def _id(turn: Turn) -> str:
    sub_id = turn.text("sub_id") or turn.cmd_id
    if sub_id is None:
        raise turn.refuse("a subscription needs an id")
    return sub_id


def register(
    turn: Turn,
    *,
    processed_slot: int | None = None,
    ended: Because = (),
    after: int | None = None,
    unsure: bool = False,
    fresh_topic: bool = False,
) -> None:
    """Enter a subscription, or one that must stay silent (`ended`), or one that may get whatever comes (`unsure`)."""
    acceptance = None if unsure else turn.filter()
    turn.instance.subscriptions.append(
        Subscription(
            connection=turn.connection,
            sub_id=_id(turn),
            topic=turn.text("topic") or "",
            expr=None if acceptance is None else acceptance.expr,
            filter_text=turn.command.text("filter"),
            processed_slot=processed_slot,
            awaited=processed_slot is not None and turn.cmd_id is not None,
            no_sowkey="no_sowkey" in turn.options.flags,
            timestamp="timestamp" in turn.options.flags,
            select=turn.select(),
            own_id=turn.text("sub_id") is not None,
            ended=ended,
            about=turn.about,
            unsure=unsure,
            after=after,
            batched=(turn.number("batch_size") or 1) > 1,
            cmd_id=turn.cmd_id,
            fresh_topic=fresh_topic,
            known_topics=frozenset(turn.instance.used),
        )
    )


def unsubscribe(turn: Turn) -> None:
    """Ends subscriptions of this connection by id, list or `all`; the processed ack is a barrier (SUB-UNSUB-03)."""
    named = turn.text("sub_id")
    if named is None or turn.text("query_id"):
        raise turn.refuse("unsubscribe is modelled with sub_id only")
    own = [s for s in turn.instance.subscriptions if s.connection == turn.connection and not (s.ending or s.ended)]
    ids = {s.sub_id for s in own} if named == "all" else set(named.split(","))
    unknown = ids - {s.sub_id for s in own}
    if unknown and len(unknown) < len(ids):
        raise turn.refuse("whether a list with an unknown id ends the others is not documented (CMD-UNSUB-13)")
    if unknown or not ids:
        expect_acks(turn, Answer(status="either", because=(R("CMD-UNSUB-13"),)))
        return
    slots = expect_acks(turn, Answer(because=(R("CMD-UNSUB-08"),)))
    for subscription in own:
        if subscription.sub_id in ids:
            subscription.ending = _ending_rules(subscription, named)
            subscription.ending_slot = slots.get("processed") if turn.cmd_id is not None else None


def _ending_rules(subscription: Subscription, named: str) -> Because:
    """Why nothing comes after the processed ack, the most particular rule first."""
    usual: Because = (R("SUB-UNSUB-03"), R("SUB-UNSUB-01"))
    if subscription.after is not None:
        return (R("CMD-UNSUB-14"), *usual)
    if named == "all":
        return (R("SUB-UNSUB-05"), *usual)
    return (R("SUB-UNSUB-04"), *usual) if "," in named else usual
