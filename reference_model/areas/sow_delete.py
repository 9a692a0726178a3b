"""sow_delete in its four forms: by filter, by SOW keys, by data, and (refused here) by bookmark. Source: sow.md section 8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.keys import read_key
from reference_model.areas.query import Chosen, choose
from reference_model.areas.request import check_shown, listed_keys
from reference_model.areas.session import may_be_closed
from reference_model.expectation import Claim, Present, Within
from reference_model.payload.json import PayloadError
from reference_model.rule import Because, R
from reference_model.scenario import KeyOf
from reference_model.state import Record, Topic
from reference_model.turn import Turn


def sow_delete(turn: Turn) -> None:
    """Dispatch on the selector; exactly one is documented (SOW-DEL-16)."""
    by_filter, keys, body = turn.text("filter"), listed_keys(turn.program.header.get("sow_keys")), turn.program.body
    given = sum((by_filter is not None, keys is not None, bool(body)))
    if turn.text("bookmark"):
        raise turn.refuse("queue acknowledgements are not modelled")
    several = given > 1 and turn.about == (R("SOW-DEL-16"),)
    if given > 1 and not several:
        raise turn.refuse("more than one selector has no defined result (SOW-DEL-16)")
    _no_data_messages(turn)
    name = turn.text("topic")
    if name is None:
        # A failure or the end of the connection (CMD-DEL-08); no record is deleted.
        expect_acks(turn, Answer(status="either", because=(R("CMD-DEL-08"),)))
        may_be_closed(turn, R("CMD-DEL-08"))
        return
    turn.check_topic(name)
    topics = turn.instance.covered(name)
    if not topics or given == 0:
        _without_aim(turn, topics)
        return
    _check_program(turn, topics)
    if several:
        expect_acks(turn, Answer(status="either", because=turn.about))
        for topic in topics:
            topic.unjudged, topic.undefined = True, turn.about[0]
        _touch(turn, topics)
    elif any(topic.unjudged for topic in topics):
        # Whether there is anything to delete is not known, nor what is left.
        expect_acks(turn, Answer(status="either", because=(R("CMD-ACK-15"),)))
        for topic in topics:
            topic.unjudged = True
    elif by_filter is not None:
        _by_filter(turn, topics, by_filter)
    elif keys is not None:
        _by_keys(turn, topics, keys)
    else:
        _by_data(turn, topics)


def _without_aim(turn: Turn, topics: list[Topic]) -> None:
    """A topic without SOW, or no selector: what that does is not said (CMD-DEL-35, CMD-DEL-36)."""
    rule = R("CMD-DEL-35") if topics else R("CMD-DEL-36")
    expect_acks(turn, Answer(status="either", because=(rule,), dropped=dict.fromkeys(turn.acks - {"received", "processed"}, rule)))
    for topic in topics:
        turn.instance.changed(topic, turn.connection)
        for record in topic.records.values():
            record.maybe = (rule,)


def _check_program(turn: Turn, topics: list[Topic]) -> None:
    for topic in topics:
        if topic.unfenced - {turn.connection}:
            raise turn.refuse(f"{topic.config.name} has unfenced changes of another connection")


def _check_certain(turn: Turn, topics: list[Topic]) -> None:
    """A delete that looks for its records finds for sure only what a fence has made visible."""
    for topic in topics:
        if topic.unfenced:
            raise turn.refuse(f"{topic.config.name} has changes that no fence has made visible: what the delete finds is open")
        if topic.vague:
            raise turn.refuse(f"what a delete finds in {topic.config.name} is open")


def _no_data_messages(turn: Turn) -> None:
    """A delete sends no group and no records (CMD-DEL-17)."""
    if turn.query_id is not None:
        for kind in ("group_begin", "sow", "group_end"):
            turn.draft.scope(turn.connection, kind, turn.query_id, surplus=(R("CMD-DEL-17"),))
            if kind != "sow":
                turn.draft.never(turn.step, (turn.connection, kind, turn.query_id), (R("CMD-DEL-17"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the statistics of a delete are: records that match for sure and at most, and stored ones."""

    low: int
    high: int
    stored_low: int
    stored_high: int


def _by_filter(turn: Turn, topics: list[Topic], text: str) -> None:
    acceptance = turn.filter()
    assert acceptance is not None
    if acceptance.refused:
        expect_acks(turn, Answer(status="failure", because=(*turn.about, R("EXPR-FLT-10"), R("CMD-DEL-10"))))
        _touch(turn, topics)
        _must_stay((record for topic in topics for record in topic.records.values()), R("EXPR-FLT-10"))
        return
    _check_certain(turn, topics)
    chosen = choose(turn.instance, topics, acceptance.expr, None)
    everything = text.replace(" ", "") == "1=1"
    counts = _counts(topics, chosen)
    because: Because = (R("SOW-DEL-02"), R("SOW-DEL-01")) if everything else (R("SOW-DEL-01"),)
    if turn.is_pattern(turn.text("topic") or ""):
        because = (R("EXPR-TOP-26"), *because)
    rules = {
        "matches": (Within(counts.low, counts.high), R("CMD-STAT-12")),
        "topic_matches": (Within(counts.low, counts.stored_high), R("CMD-STAT-11")),
        "records_deleted": (Within(counts.low, counts.high), R("CMD-DEL-15")),
    }
    present: Because = (R("CMD-DEL-14"),)
    claims = [Claim(name, Present(), present) for name in rules]
    claims += [Claim(name, matcher, (rule,)) for name, (matcher, rule) in rules.items()]
    nothing = counts.high == 0
    expect_acks(
        turn,
        Answer(
            status="either" if nothing else "success",
            because=(R("SOW-DEL-28"),) if nothing else (R("CMD-DEL-10"),),
            claims={"stats": tuple(claims)},
        ),
    )
    if turn.cmd_id is not None and "stats" in turn.acks:
        turn.draft.oblige("deleted_equals_matches", {"connection": turn.connection, "cmd_id": turn.cmd_id, "step": turn.step})
    if acceptance.expr is not None:
        for topic in topics:
            topic.deleters.append(acceptance.expr)
    _remove(turn, topics, chosen, because)


def _counts(topics: list[Topic], chosen: list[Chosen]) -> Counts:
    return Counts(
        low=sum(c.match is True for c in chosen),
        high=sum(c.match is not False for c in chosen),
        stored_low=sum(not r.maybe for topic in topics for r in topic.records.values()),
        stored_high=sum(len(topic.records) for topic in topics),
    )


def _by_keys(turn: Turn, topics: list[Topic], entries: tuple[str | KeyOf, ...]) -> None:
    check_shown(turn, entries)
    _check_certain(turn, topics)
    chosen = choose(turn.instance, topics, None, entries)
    found = {c.listed for c in chosen if c.listed is not None and not c.record.maybe}
    counts = _counts(topics, chosen)
    claims = _deleted_claims(counts.low, counts.high)
    dropped = {"completed": R("CMD-DEL-12")}
    if any(entry not in found for entry in entries):
        # Deleted as far as they exist, or refused as a whole (SOW-DEL-07): what is left of the listed ones is then open.
        expect_acks(turn, Answer(status="either", because=(R("SOW-DEL-07"),), claims=claims, dropped=dropped))
        _touch(turn, topics)
        for c in chosen:
            if c.match is not False:
                c.record.maybe = (R("SOW-DEL-07"),)
        _must_stay((c.record for c in chosen if c.match is False), R("SOW-DEL-03"))
        return
    expect_acks(turn, Answer(because=(R("CMD-DEL-10"),), claims=claims, dropped=dropped))
    explicit = any(not topic.config.keys for topic in topics)
    _remove(turn, topics, chosen, (R("SOW-KEY-24"), R("SOW-DEL-03")) if explicit else (R("SOW-DEL-03"),))


def _deleted_claims(low: int, high: int, because: Because = (R("CMD-DEL-15"),)) -> dict[str, tuple[Claim, ...]]:  # noqa: B008 - immutable
    """Of the statistics of a delete without filter only one can be relied on (CMD-DEL-14)."""
    name = "records_deleted"
    return {"stats": (Claim(name, Present(), (R("CMD-DEL-14"),)), Claim(name, Within(low, high), because))}


def _by_data(turn: Turn, topics: list[Topic]) -> None:
    if len(topics) > 1 or not topics[0].config.keys:
        raise turn.refuse("a delete by data is modelled for one topic with key fields")
    topic = topics[0]
    try:
        key = read_key(turn, topic, turn.program.body)
    except PayloadError:
        key = None
    if key is None:
        raise turn.refuse("a delete by data without the key fields has no defined result")
    record = topic.records.get(key)
    claims = _deleted_claims(0, 0, (R("SOW-DEL-05"),)) if record is None else _deleted_claims(0 if record.maybe else 1, 1)
    expect_acks(turn, Answer(because=(R("CMD-DEL-10"),), claims=claims, dropped={"completed": R("CMD-DEL-12")}))
    if record is None:
        _touch(turn, topics)
        topic.ghosts.setdefault(key, (R("SOW-DEL-05"),))
        return
    chosen = [Chosen(topic=topic, record=other, match=other is record) for other in topic.records.values()]
    _remove(turn, topics, chosen, (R("SOW-DEL-04"),))


def _touch(turn: Turn, topics: list[Topic]) -> None:
    for topic in topics:
        turn.instance.changed(topic, turn.connection)


def _must_stay(records: Iterable[Record], rule: R) -> None:
    """What the delete did not select is there in the next query that reaches it, or the rule is broken: of a record that no query has
    shown yet too, the delete is the likelier explanation than a lost publish."""
    for record in records:
        fresh = record.fresh or (R("SOW-QRY-05"),)
        record.fresh = fresh if rule in fresh else (rule, *fresh)


def _silent_removal(turn: Turn, removed: Chosen) -> None:
    """Nobody who did not ask for oof hears of it (SOW-REC-20)."""
    for subscription in turn.instance.subscriptions_to(removed.topic.config.name):
        if not subscription.ended:
            because: Because = (R("SOW-REC-20"),)
            turn.draft.never(turn.step, (subscription.connection, "oof", subscription.sub_id), because)


def _remove(turn: Turn, topics: list[Topic], chosen: list[Chosen], because: Because) -> None:
    """What is selected goes, what may be selected may go, everything else stays."""
    _touch(turn, topics)
    for c in chosen:
        if c.match is True:
            _silent_removal(turn, c)
            del c.topic.records[c.record.key]
            c.topic.ghosts[c.record.key] = because
        elif c.match is None:
            c.record.maybe = because
    _must_stay((c.record for c in chosen if c.match is False), because[-1])
