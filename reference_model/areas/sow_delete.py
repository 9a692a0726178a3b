"""sow_delete in its four forms: by filter, by SOW keys, by data, and (refused here) by bookmark. Source: sow.md section 8."""

from __future__ import annotations

from dataclasses import dataclass

from reference_model.areas.acks import Answer, expect_acks
from reference_model.areas.query import Chosen, choose
from reference_model.areas.request import listed_keys
from reference_model.expectation import Claim, Is, Present, Within
from reference_model.payload.json import PayloadError, parse
from reference_model.rule import Because, R
from reference_model.state import Topic, key_of_tree
from reference_model.turn import Turn


def sow_delete(turn: Turn) -> None:
    """Dispatch on the selector; exactly one is documented (SOW-DEL-16)."""
    by_filter, keys, body = turn.text("filter"), turn.program.header.get("sow_keys"), turn.program.body
    given = sum((by_filter is not None, keys not in {None, ""} if isinstance(keys, str | None) else True, bool(body)))
    if turn.text("bookmark"):
        raise turn.refuse("queue acknowledgements are not modelled")
    if given > 1:
        raise turn.refuse("more than one selector has no defined result (SOW-DEL-16)")
    _no_data_messages(turn)
    name = turn.text("topic")
    if name is None:
        expect_acks(turn, Answer(status="either", because=(R("CMD-DEL-08"),), dropped=_all_but_processed(turn)))
        return
    topics = turn.instance.covered(name)
    if not topics:
        expect_acks(turn, Answer(status="either", because=(R("CMD-DEL-36"),), dropped=_all_but_processed(turn)))
        return
    if given == 0:
        expect_acks(turn, Answer(status="either", because=(R("CMD-DEL-35"),), dropped=_all_but_processed(turn)))
        return
    if not _judged(turn, topics):
        return
    if by_filter is not None:
        _by_filter(turn, topics, by_filter)
    elif body:
        _by_data(turn, topics)
    else:
        _by_keys(turn, topics)


def _judged(turn: Turn, topics: list[Topic]) -> bool:
    """Whether it is known what the topics hold; if not, the acks are written down and nothing more."""
    if any(topic.unjudged for topic in topics):
        expect_acks(turn, Answer(status="either", because=(R("CMD-ACK-15"),), dropped=_all_but_processed(turn)))
        for topic in topics:
            topic.unjudged = True
        return False
    for topic in topics:
        if topic.unfenced - {turn.connection}:
            raise turn.refuse(f"{topic.config.name} has unfenced changes of another connection")
        if topic.vague:
            raise turn.refuse(f"what a delete finds in {topic.config.name} is open")
    return True


def _all_but_processed(turn: Turn) -> dict[str, R]:
    return {ack: R("CMD-ACK-27") for ack in turn.acks if ack not in {"received", "processed"}}


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
        expect_acks(turn, Answer(status="failure", because=(R("EXPR-FLT-10"), R("CMD-DEL-10"))))
        for topic in topics:
            for record in topic.records.values():
                record.fresh = record.fresh or (R("EXPR-FLT-10"), R("SOW-QRY-05"))
        return
    chosen = choose(turn.instance, topics, acceptance.expr, None)
    everything = text.replace(" ", "") == "1=1"
    counts = _counts(topics, chosen)
    because: Because = (R("SOW-DEL-02"), R("SOW-DEL-01")) if everything else (R("SOW-DEL-01"),)
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
            status="either" if nothing and "stats" not in turn.acks and "completed" not in turn.acks else "success",
            because=(R("SOW-DEL-28"),) if nothing else (R("CMD-DEL-10"),),
            claims={"stats": tuple(claims)},
        ),
    )
    if turn.cmd_id is not None and "stats" in turn.acks:
        turn.draft.oblige("deleted_equals_matches", {"connection": turn.connection, "cmd_id": turn.cmd_id, "step": turn.step})
    _remove(turn, topics, chosen, because)


def _counts(topics: list[Topic], chosen: list[Chosen]) -> Counts:
    return Counts(
        low=sum(c.match is True for c in chosen),
        high=sum(c.match is not False for c in chosen),
        stored_low=sum(not r.maybe for topic in topics for r in topic.records.values()),
        stored_high=sum(len(topic.records) for topic in topics),
    )


def _by_keys(turn: Turn, topics: list[Topic]) -> None:
    entries = listed_keys(turn.program.header.get("sow_keys")) or ()
    chosen = choose(turn.instance, topics, None, entries)
    found = {c.listed for c in chosen if c.listed is not None}
    missing = any(entry not in found for entry in entries)
    explicit = any(not topic.config.keys for topic in topics)
    counts = _counts(topics, chosen)
    deleted = Claim("records_deleted", Within(counts.low, counts.high), (R("CMD-DEL-15"),))
    dropped = {"completed": R("CMD-DEL-12")}
    if missing:
        # Deleted as far as they exist, or refused as a whole (SOW-DEL-07): what is left of the listed ones is then open.
        dropped |= {"stats": R("SOW-DEL-07"), "persisted": R("SOW-DEL-07")}
        expect_acks(turn, Answer(status="either", because=(R("SOW-DEL-07"),), dropped=dropped))
        for topic in topics:
            topic.version += 1
            topic.unfenced.add(turn.connection)
        for c in chosen:
            if c.match is not False:
                c.record.maybe = True
        return
    expect_acks(turn, Answer(because=(R("CMD-DEL-10"),), claims={"stats": (deleted,)}, dropped=dropped))
    _remove(turn, topics, chosen, (R("SOW-KEY-24"), R("SOW-DEL-03")) if explicit else (R("SOW-DEL-03"),))


def _by_data(turn: Turn, topics: list[Topic]) -> None:
    if len(topics) > 1 or not topics[0].config.keys:
        raise turn.refuse("a delete by data is modelled for one topic with key fields")
    topic = topics[0]
    try:
        key = key_of_tree(parse(turn.program.body), topic.config.keys)
    except PayloadError:
        key = None
    if key is None:
        raise turn.refuse("a delete by data without the key fields has no defined result")
    record = topic.records.get(key)
    deleted = Claim(
        "records_deleted", Within(0 if record is None or record.maybe else 1, 0 if record is None else 1), (R("CMD-DEL-15"),)
    )
    if record is None:
        deleted = Claim("records_deleted", Is(0), (R("SOW-DEL-05"),))
    expect_acks(
        turn,
        Answer(because=(R("CMD-DEL-10"),), claims={"stats": (deleted,)}, dropped={"completed": R("CMD-DEL-12")}),
    )
    if record is None:
        topic.ghosts[key] = (R("SOW-DEL-05"),)
        topic.unfenced.add(turn.connection)
        topic.version += 1
        return
    _remove(turn, [topic], [Chosen(topic=topic, record=record, match=True)], (R("SOW-DEL-04"),))


def _silent_removal(turn: Turn, removed: Chosen) -> None:
    """Nobody who did not ask for oof hears of it (SOW-REC-20)."""
    for subscription in turn.instance.subscriptions_to(removed.topic.config.name):
        if not subscription.ended:
            because: Because = (R("SOW-REC-20"),)
            turn.draft.never(turn.step, (subscription.connection, "oof", subscription.sub_id), because)


def _remove(turn: Turn, topics: list[Topic], chosen: list[Chosen], because: Because) -> None:
    for topic in topics:
        topic.unfenced.add(turn.connection)
        topic.version += 1
    for c in chosen:
        if c.match is True:
            _silent_removal(turn, c)
            del c.topic.records[c.record.key]
            c.topic.ghosts[c.record.key] = because
        elif c.match is None:
            c.record.maybe = True
    for c in chosen:
        if c.match is False and because[0] in {R("SOW-DEL-03"), R("SOW-DEL-01"), R("SOW-DEL-04")}:
            # Of a record that no query has shown yet the delete is the likelier explanation than a lost publish.
            fresh = c.record.fresh or (R("SOW-QRY-05"),)
            c.record.fresh = fresh if because[0] in fresh else (because[0], *fresh)
