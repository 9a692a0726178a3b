"""What must not reach a subscription: messages of other topics, messages of the past, messages under another id.

Source: subscriptions.md sections 3 to 5, expressions.md section 9.
"""

from __future__ import annotations

from dataclasses import replace

from reference_model.areas.patterns import why_not_covered
from reference_model.expectation import Body, Occurs
from reference_model.expression.topics import PatternError, is_regex, topic_matches
from reference_model.rule import Because, R
from reference_model.state import Past, Subscription
from reference_model.turn import Turn

# ---- other topics ----------------------------------------------------------------------------------------------------------------


def not_a_pattern(turn: Turn, topic: str) -> None:
    """A topic that is published to is a name: who has a topic that it would match as a pattern gets nothing (EXPR-TOP-20)."""
    if not is_regex(topic):
        return
    because: Because = (R("DELTA-PUB-40"),) if turn.cmd == "delta_publish" else (R("EXPR-TOP-20"),)
    for subscription in turn.instance.subscriptions:
        covered = subscription.covers(topic, regex_topics=turn.instance.config.regex_topics)
        if not covered and not subscription.ended and _would_match(topic, subscription.topic):
            _never(turn, subscription, turn.program.body, because)
    for other in turn.instance.topics.values():
        if _would_match(topic, other.config.name):
            for record in other.records.values():
                record.fresh_body = because
            turn.instance.changed(other, turn.connection)


def _would_match(name: str, other: str) -> bool:
    """Whether a name, taken as a pattern, matches another name."""
    try:
        return topic_matches(name, other)
    except PatternError:
        return False


def not_elsewhere(turn: Turn, topic: str) -> None:
    """A subscription gets messages of its own topics only (CMD-SUB-01): written down once for each other topic that is published to."""
    if is_regex(topic):
        return
    for subscription in turn.instance.subscriptions:
        if subscription.ended or topic in subscription.other_topics:
            continue
        if subscription.covers(topic, regex_topics=turn.instance.config.regex_topics):
            continue
        subscription.other_topics.add(topic)
        _never(turn, subscription, turn.program.body, _other_topic_rules(turn, subscription.topic, topic))


def _other_topic_rules(turn: Turn, own: str, topic: str) -> Because:
    """A topic without special characters is one name: what it is a part of, or is a part of it, is another (EXPR-TOP-01)."""
    usual = R("CMD-SUB-01")
    if turn.is_pattern(own):
        return why_not_covered(own, topic, usual)
    if is_regex(own) or not (own in topic or topic in own):
        return (usual,)
    return (R("EXPR-TOP-14"), R("EXPR-TOP-01"), usual) if set(own) & {"/", "-", "_"} else (R("EXPR-TOP-01"), usual)


# ---- the past --------------------------------------------------------------------------------------------------------------------


def remember(turn: Turn, topic: str, body: bytes, trees: list[object] | None) -> None:
    """The last message of a topic, which nobody gets who subscribes later."""
    turn.instance.past[topic] = Past(connection=turn.connection, body=body, trees=trees)


def nothing_from_the_past(turn: Turn, subscription: Subscription) -> None:
    """What was published before, and is known to have been taken in, is not delivered (SUB-REG-11), and of a topic that is not
    configured it is not even kept (SUB-TOPIC-12)."""
    instance = turn.instance
    for topic, past in instance.past.items():
        publisher = instance.sessions.get(past.connection)
        if publisher is None or publisher.unsettled or subscription.match(past.trees) is not True:
            continue
        if subscription.covers(topic, regex_topics=instance.config.regex_topics):
            kept = topic in instance.topics
            because: Because = (R("SUB-REG-11"),) if kept else (R("SUB-TOPIC-12"), R("SUB-REG-11"))
            subscription.past.append(_never(turn, subscription, past.body, because))


def forget_past(turn: Turn, subscription: Subscription) -> None:
    """A message whose body is open may come, and look like an old one."""
    for slot in subscription.past:
        turn.draft.slots[slot] = replace(turn.draft.slots[slot], occurs=Occurs.OPTIONAL, because=())
    subscription.past.clear()


# ---- other ids -------------------------------------------------------------------------------------------------------------------


def not_under_cmd_id(turn: Turn, subscription: Subscription, body: Body) -> None:
    """Where the subscription was given an id, that of its command is none (CMD-SUB-19)."""
    cmd_id = subscription.cmd_id
    own = {other.sub_id for other in turn.instance.subscriptions if other.connection == subscription.connection}
    if subscription.own_id and cmd_id is not None and cmd_id not in own:
        where = (subscription.connection, "publish", cmd_id)
        turn.draft.never(turn.step, where, (R("CMD-SUB-19"), R("CMD-MSG-03")), body=body)


def _never(turn: Turn, subscription: Subscription, body: bytes, because: Because) -> int:
    where = (subscription.connection, "publish", subscription.sub_id)
    return turn.draft.never(turn.step, where, because, body=Body(exact=body, members={}, complete=()))
