"""Rules of subscriptions and of acks: a recording that keeps each, one that breaks it, one that could not have shown it.

Typed from subscriptions.md sections 3 to 5 and 12 and from commands.md sections 5 and 8.
"""

from dataclasses import dataclass, field, replace

import pytest
from tape import ack, broken, connect, delivery, fence, look, on, program, publish, query, result, send

from reference_model.messages import Message
from reference_model.rule import R
from reference_model.scenario import Close, Fence

N1, MARK = b'{"n":1}', b'{"n":"mark"}'


def subscribe(label, topic, *, on="a", acks="processed", sub_id=None, **more):
    sub_id = {"sub_id": sub_id or label} if sub_id != "" else {}
    cmd_id = {} if more.pop("nameless", False) else {"cmd_id": f"{label}.c"}
    asked = {"ack_type": acks} if acks else {}
    return send(label, "subscribe", on=on, topic=topic, **cmd_id, **sub_id, **asked, **more)


def mark(connection="a", topic="@chat", label="m"):
    return (publish(label, MARK, topic=topic, on="w"), Fence(label=f"d{label}", kind="delivery", connection=connection, after=label))


def chat(sids, body, topic="@chat"):
    return delivery(sids, body, topic=topic)


def unsubscribe(label, sub_id, acks="processed"):
    asked = {"ack_type": acks, "cmd_id": label} if acks else {}
    return send(label, "unsubscribe", sub_id=sub_id, **asked)


READER = (connect("a"), connect("w"))
S = subscribe("s", "@chat")
T = subscribe("t", "@chat")
MARKED = {"m": on("a", chat("s", MARK))}
TWO_COPIES = [*on("a", chat("s", N1)), *on("b", chat("t", N1))]
TWO_MARKS = [*on("a", chat("s", MARK)), *on("b", chat("t", MARK))]
ORDER_1, ORDER_2 = on("a", delivery("o", b'{"id":1}', sow_key="1")), on("a", delivery("o", b'{"id":2}', sow_key="2"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """As in test_compare_kinds: answers by label; `other` is the program of the recording that shows nothing."""

    rule: R
    steps: tuple
    kept: dict
    broken: dict
    undecided: dict = field(default_factory=dict)
    other: tuple


PERSISTED = tuple(publish(f"p{n}", b'{"id":%d}' % n, cmd_id=f"p{n}", ack_type="persisted") for n in (1, 2, 3))

ROWS = {
    "a message of another topic": Row(
        rule=R("CMD-SUB-01"),
        steps=(*READER, S, publish("p", N1, topic="@other", on="w"), *mark()),
        kept=MARKED,
        broken={"p": on("a", chat("s", N1, "@other")), **MARKED},
        other=(*READER, S, *mark()),
        undecided=MARKED,
    ),
    "a message under the cmd_id": Row(
        rule=R("CMD-SUB-19"),
        steps=(*READER, S, publish("p", N1, topic="@chat", on="w"), *mark()),
        kept={"p": on("a", chat("s", N1)), **MARKED},
        broken={"p": on("a", chat("s.c", N1)), **MARKED},
        other=(*READER, subscribe("s", "@chat", sub_id="s.c"), publish("p", N1, topic="@chat", on="w"), *mark()),
        undecided={"p": on("a", chat("s.c", N1)), "m": on("a", chat("s.c", MARK))},
    ),
    "a message from the past of a topic with records": Row(
        rule=R("SUB-REG-11"),
        steps=(
            *READER, publish("p", b'{"id":1}', on="w"), fence("f", "w"), subscribe("s", "@orders"), T, *mark(),
        ),
        kept={"m": on("a", chat("t", MARK))},
        broken={"s": [ack("s.c", "processed"), delivery("s", b'{"id":1}')], "m": on("a", chat("t", MARK))},
        other=(*READER, publish("p", b'{"id":1}', on="w"), subscribe("s", "@orders"), T, *mark()),
        undecided={"m": on("a", chat("t", MARK))},
    ),
    "a message from the past of another topic": Row(
        rule=R("SUB-TOPIC-12"),
        steps=(*READER, publish("p", N1, topic="@chat", on="w"), fence("f", "w"), S, *mark()),
        kept=MARKED,
        broken={"s": [ack("s.c", "processed"), chat("s", N1)], **MARKED},
        other=(*READER, S, *mark()),
        undecided=MARKED,
    ),
    "no id of its own": Row(
        rule=R("SUB-REG-14"),
        steps=(
            *READER, subscribe("n", "@chat", sub_id="", nameless=True, acks=None), subscribe("s", "@mark"),
            publish("p", N1, topic="@chat", on="w"), *mark(topic="@mark"),
        ),
        kept={"p": on("a", chat("made", N1)), "m": on("a", chat("s", MARK, "@mark"))},
        broken={"p": on("a", Message(header={"cmd": "publish", "topic": "@chat"}, body=N1)), "m": on("a", chat("s", MARK, "@mark"))},
        other=(*READER, subscribe("s", "@mark"), publish("p", N1, topic="@chat", on="w"), *mark(topic="@mark")),
        undecided={"m": on("a", chat("s", MARK, "@mark"))},
    ),
    "one of several subscriptions at once is not answered": Row(
        rule=R("SUB-REG-17"),
        steps=(connect("a"), S, T, subscribe("u", "@chat")),
        kept={},
        broken={"t": []},
        other=(connect("a"), S),
    ),
    "a topic that nobody knows": Row(
        rule=R("SUB-TOPIC-14"),
        steps=(connect("a"), subscribe("o", "@orders"), S),
        kept={},
        broken={"s": [ack("s.c", "processed", "failure", reason="no such topic")]},
        other=(connect("a"), S),
    ),
    "a message of a topic that nobody knows": Row(
        rule=R("SUB-TOPIC-11"),
        steps=(
            *READER, subscribe("o", "@orders"), S, publish("p", b'{"id":1}', on="w"), publish("c", N1, topic="@chat", on="w"),
            publish("e", b'{"id":2}', on="w"), Fence(label="d", kind="delivery", connection="a", after="e"),
        ),
        kept={"p": ORDER_1, "c": on("a", chat("s", N1)), "e": ORDER_2},
        broken={"p": ORDER_1, "e": ORDER_2},
        other=(*READER, S, publish("c", N1, topic="@chat", on="w"), *mark()),
        undecided={"c": on("a", chat("s", N1)), **MARKED},
    ),
    "the copy of a second connection": Row(
        rule=R("SUB-MULTI-05"),
        steps=(
            *READER, connect("b"), S, subscribe("t", "@chat", on="b"), publish("p", N1, topic="@chat", on="w"), *mark(),
            Fence(label="e", kind="delivery", connection="b", after="m"),
        ),
        kept={"p": TWO_COPIES, "m": TWO_MARKS},
        broken={"p": on("a", chat("s", N1)), "m": TWO_MARKS},
        other=(*READER, S, publish("p", N1, topic="@chat", on="w"), *mark()),
        undecided={"p": on("a", chat("s", N1)), **MARKED},
    ),
    "a subscription that comes later": Row(
        rule=R("SUB-REG-10"),
        steps=(
            *READER, connect("b"), S, *mark(), subscribe("t", "@chat", on="b"), publish("p", N1, topic="@chat", on="w"),
            *mark(label="n"), Fence(label="e", kind="delivery", connection="b", after="n"),
        ),
        kept={**MARKED, "p": TWO_COPIES, "n": TWO_MARKS},
        broken={**MARKED, "p": on("a", chat("s", N1)), "n": TWO_MARKS},
        other=(*READER, S, *mark()),
        undecided=MARKED,
    ),
    "ended in silence": Row(
        rule=R("SUB-UNSUB-01"),
        steps=(*READER, S, T, unsubscribe("u", "t", acks=None), fence("f", "a"), publish("p", N1, topic="@chat", on="w"), *mark()),
        kept={"p": on("a", chat("s", N1)), **MARKED},
        broken={"p": on("a", chat("s,t", N1)), **MARKED},
        other=(*READER, S, T, publish("p", N1, topic="@chat", on="w"), *mark()),
        undecided={"p": on("a", chat("s,t", N1)), "m": on("a", chat("s,t", MARK))},
    ),
    "ended with its connection": Row(
        rule=R("SUB-UNSUB-15"),
        steps=(
            *READER, T, Close(label="x", connection="a"), replace(connect("a"), label="again"), S,
            publish("p", N1, topic="@chat", on="w"), *mark(),
        ),
        kept={"p": on("a", chat("s", N1)), **MARKED},
        broken={"p": on("a", chat("s,t", N1)), **MARKED},
        other=(*READER, S, publish("p", N1, topic="@chat", on="w"), *mark()),
        undecided={"p": on("a", chat("s", N1)), **MARKED},
    ),
    "one persisted ack for three": Row(
        rule=R("CMD-CONF-13"),
        steps=(connect("a"), *PERSISTED),
        kept={},
        broken={"p1": [], "p2": []},
        other=(connect("a"), PERSISTED[0]),
    ),
    "received of subscribe": Row(
        rule=R("CMD-SUB-08"),
        steps=(connect("a"), subscribe("s", "@chat", acks="received,processed")),
        kept={},
        broken={"s": [ack("s.c", "processed")]},
        other=(connect("a"), S),
    ),
    "received of unsubscribe": Row(
        rule=R("CMD-UNSUB-07"),
        steps=(connect("a"), S, unsubscribe("u", "s", acks="received,processed")),
        kept={},
        broken={"u": [ack("u", "processed")]},
        other=(connect("a"), S, unsubscribe("u", "s")),
    ),
    "the key l of what has no body": Row(
        rule=R("CMD-ABBR-18"),
        steps=(connect("a"), S),
        kept={"s": [ack("s.c", "processed", msg_len=0)]},
        broken={"s": [ack("s.c", "processed", msg_len=3)]},
        other=(connect("a"), S),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_keeps_the_rule_is_a_test_of_it_and_breaks_nothing(row):
    verdict = look(program(*row.steps), row.kept).verdict
    assert verdict.findings == ()
    assert row.rule in verdict.exercised


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_breaks_the_rule_is_blamed_on_it_alone(row):
    assert broken(look(program(*row.steps), row.broken)) == {row.rule}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_decides_nothing_is_no_test_of_it(row):
    verdict = look(program(*row.other), row.undecided).verdict
    assert verdict.findings == ()
    assert row.rule not in verdict.exercised


ACKED = tuple(publish(f"p{n}", b'{"id":%d}' % n, cmd_id=f"p{n}", ack_type="processed") for n in (1, 2))
QUERY = (connect("a"), query("q"))
FREE = {
    # rule: program, two ways to answer it, what is noted of each
    "CMD-ACK-14": (
        (connect("a"), *ACKED),
        ({}, "as the commands"),
        ({"p1": [], "p2": [ack("p2", "processed"), ack("p1", "processed")]}, "another order"),
    ),
    "CMD-ACK-19": (
        QUERY,
        ({"q": result("q")}, "the result came after it"),
        ({"q": [*result("q", acks=()), ack("q", "processed"), ack("q", "completed")]}, "the result came first"),
    ),
    "CMD-SUB-21": (
        (connect("a"), S),
        ({"s": [ack("s.c", "processed", sub_id="s")]}, "that of the subscription"),
        ({"s": [ack("s.c", "processed", sub_id="x")]}, "another"),
    ),
    "WIRE-CONN-01": (
        (replace(connect("q"), logon=None), connect("a"), S),
        ({}, "the client speaks first"),
        ({"s": [("q", Message(header={"cmd": "heartbeat"})), ack("s.c", "processed")]}, "the server speaks first"),
    ),
}


@pytest.mark.parametrize("rule", FREE)
def test_what_is_free_is_noted(rule):
    steps, *ways = FREE[rule]
    for answers, choice in ways:
        examination = look(program(*steps), answers)
        assert choice in examination.verdict.choices[rule]
        assert rule not in broken(examination)
