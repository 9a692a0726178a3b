"""Scenarios made from the table of probes: each row is a query of records with its bodies, and a subscription to which they are
published (probes Q and F of expressions.md).

What a filter must select is the model's matter, as in every scenario; the table says which rule each filter puts to the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Final

from reference_model.expression.parser import read
from reference_model.expression.syntax import Identifier, walk
from reference_model.messages import Form
from reference_model.probes import DOUBTFUL, GROUPS, REFUSED, WORKED, Probe
from reference_model.rule import R
from reference_model.scenario import Command, Scenario, Send, Value
from strategies.build import Line, Program

TOPICS: Final = ("@orders", "@items", "@sensors")
"""Topics whose key is `/id`: a scenario keeps the bodies of as many groups apart."""

CONSTANT_TOPIC: Final = "@pairs"
"""Rows without identifiers say the same of every record: they are asked of a topic with a single one."""

QUERIED: Final = (
    ("strings", "escapes", "numbers"),
    ("values", "falsehood", "arithmetic"),
    ("comparison", "conversion", "precedence"),
    ("null", "and-or-null", "logic"),
    ("in", "not-in"),
    ("between", "not-between"),
    ("like", "begins-ends", "not-begins-ends"),
    ("identifiers",),
    ("arrays", "elements", "null-elements"),
    ("choice", "regular-expressions"),
    ("string-functions", "number-functions"),
)
"""The groups that are records of one scenario, each in a topic of its own."""

BATCH_SIZE: Final = 100
"""A result comes in one message: there are many of them."""

BODIES_MAX: Final = 12
"""In one topic of subscriptions, or among the records of some queries: every body is a question to every filter there."""

_BY_NAME: Final = {group.name: group for group in GROUPS}


class Probes:
    """The scenarios, in the manner of a collection."""

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        return (
            *(queries(group_names) for group_names in QUERIED),
            worked(),
            deliveries(("filters",)),
            *(deliveries(group_names) for group_names in QUERIED),
            worked_deliveries(),
            refusals(),
            open_questions(),
            names(),
            bad_deletes(),
            topics(),
        )


def queries(group_names: Sequence[str]) -> Scenario:
    """The bodies of some groups as records; one query a row."""
    p = Program(f"probes-{group_names[0]}")
    a = p.open()
    groups = [_BY_NAME[name] for name in group_names]
    number = count(1)
    a.publish(CONSTANT_TOPIC, {"a": 1, "b": 1})
    for topic, group in zip(TOPICS, groups, strict=False):
        for body in group.bodies:
            a.publish(topic, with_id(body, next(number)))
    a.fence()
    for topic, group in zip(TOPICS, groups, strict=False):
        for probe in group.probes:
            ask(p, a, "sow", CONSTANT_TOPIC if is_constant(probe) else topic, probe)
    return p.scenario(*rules(probe for group in groups for probe in group.probes))


def worked() -> Scenario:
    """Rows that are in no group that is queried: a few bodies at a time are records, and are deleted again."""
    p = Program("probes-worked")
    a = p.open()
    rows = (*_BY_NAME["filters"].probes, *WORKED)
    number = count(1)
    for some in portions(rows):
        for body in bodies(some):
            a.publish("@orders", with_id(body, next(number)))
        a.fence()
        for row in some:
            ask(p, a, "sow", "@orders", row)
        a.delete("@orders", filter="1=1")
        a.fence()
    return p.scenario(*rules(rows))


def deliveries(group_names: Sequence[str]) -> Scenario:
    """The rows of some groups as subscriptions of one connection."""
    p = Program(f"probes-{group_names[0]}-delivered")
    rows = [probe for name in group_names for probe in _BY_NAME[name].probes]
    subscribe(p, rows)
    return p.scenario(*rules(rows))


def worked_deliveries() -> Scenario:
    """Rows that are in no group, as subscriptions."""
    p = Program("probes-worked-delivered")
    subscribe(p, WORKED)
    return p.scenario(*rules(WORKED))


def refusals() -> Scenario:
    """Texts that are no filters: the subscription fails, and so does the query."""
    p = Program("probes-refusals")
    a = p.open()
    for probe in REFUSED:
        ask(p, a, "subscribe", "@chat", probe)
        ask(p, a, "sow", "@orders", probe)
    return p.scenario(*rules(REFUSED))


def open_questions() -> Scenario:
    """Rows of which little or nothing is demanded: what the target makes of them is noted."""
    p = Program("probes-open-questions")
    subscribe(p, DOUBTFUL)
    return p.scenario(*rules(DOUBTFUL))


def subscribe(p: Program, rows: Sequence[Probe]) -> None:
    """Rows as subscriptions of one connection; the bodies are published once, those of a few rows to a topic of their own."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@marker")
    for number, some in enumerate(portions(rows), start=1):
        for row in some:
            ask(p, reader, "subscribe", f"@chat{number}", row)
        for body in bodies(some):
            writer.publish(f"@chat{number}", body)
    reader.delivered(writer.publish("@marker", {"marker": True}))


def portions(rows: Sequence[Probe]) -> list[list[Probe]]:
    """Rows in their order, as many together as have few bodies."""
    found: list[list[Probe]] = [[]]
    for row in rows:
        if len(bodies([*found[-1], row])) > BODIES_MAX:
            found.append([])
        found[-1].append(row)
    return found


def bodies(rows: Iterable[Probe]) -> tuple[bytes, ...]:
    """The bodies of rows, each once."""
    return tuple(dict.fromkeys(body for row in rows for body in row.bodies))


def names() -> Scenario:
    """Commands with every name short. (That a target reads every name in full is no promise: WIRE-KEY-01.)"""
    p = Program("probes-names")
    reader, writer = p.open("reader"), p.open("writer")
    for number, form in enumerate((Form(names="short"),)):
        few = {"topic": "@chat", "filter": "/n > 1", "ack_type": "processed"}
        label = p.label("s")
        command = Command(header={"cmd": "subscribe", "cmd_id": label, "sub_id": f"{label}.m", **few})
        p.send(Send(label=label, connection="reader", command=command, form=form, about=(R("CMD-ABBR-05"),)))
        reader.subscribe("@talk", opts="timestamp", form=form)
        writer.publish("@orders", {"id": 2 * number, "n": 1})
        writer.publish("@orders", {"id": 2 * number + 1, "n": 2})
        writer.publish("@chat", {"n": 1}, form=form)
        writer.publish("@talk", {"n": 1}, form=form)
        writer.publish("@talk", {"n": 2}, form=form, correlation_id="abc1")
        reader.delivered(writer.publish("@chat", {"n": 3}))
        writer.flush(form=form)
        writer.answered()
        writer.sow("@orders", form=form)
        writer.sow("@orders", batch_size=2, form=form)
        writer.sow("@orders", filter="/n < 2", form=form)
        reader.command("unsubscribe", {"sub_id": f"{label}.m"}, acks="processed", form=form)
        reader.command("unsubscribe", {"sub_id": "all"}, acks="processed", form=form)
        reader.answered()
    return p.scenario(
        *(R("CMD-ABBR-01"), R("CMD-ABBR-02"), R("CMD-ABBR-03"), R("CMD-ABBR-04"), R("CMD-ABBR-05"), R("CMD-ABBR-06")),
        *(R("CMD-ABBR-07"), R("CMD-ABBR-11")),
    )


def bad_deletes() -> Scenario:
    """A delete by what is no filter fails and deletes nothing."""
    p = Program("probes-bad-deletes")
    a = p.open()
    a.publish("@orders", {"id": 1, "n": 1})
    a.publish("@orders", {"id": 2, "n": 2})
    a.fence()
    a.sow("@orders", filter="/id > 0")
    a.delete("@orders", filter="/n >", acks="processed")
    a.delete("@orders", filter="(/n = 1", acks="processed")
    a.fence()
    a.sow("@orders")
    return p.scenario(R("EXPR-FLT-10"))


def topics() -> Scenario:
    """Names that are parts of each other, a name that would be a pattern; and every message for who has no filter."""
    p = Program("probes-topics")
    reader, writer = p.open("reader"), p.open("writer")
    for topic in ("@fill", "@a/b-c_1", "@chat"):
        reader.subscribe(topic)
    for topic in ("@fills", "@fil", "my@fill", "x@a/b-c_1", "@a/b-c_12", "@a/b-c"):
        writer.publish(topic, {"topic": topic})
    writer.publish("@ch.t", {"n": "no pattern"})
    reader.delivered(writer.publish("@a/b-c_1", {"n": "marker"}))
    for number in range(3):
        reader.delivered(writer.publish("@fill", {"n": number}))
    return p.scenario(R("EXPR-TOP-01"), R("EXPR-TOP-14"), R("EXPR-TOP-20"), R("EXPR-FLT-03"), needs=("regex-topic",))


def ask(p: Program, line: Line, cmd: str, topic: str, probe: Probe) -> None:
    """The filter of a row in a query or a subscription that asks to be told whether it is taken."""
    label = p.label("q" if cmd == "sow" else "s")
    id_name, id_value = ("query_id", f"{label}.r") if cmd == "sow" else ("sub_id", f"{label}.m")
    header: dict[str, Value] = {"cmd": cmd, "cmd_id": label, "ack_type": "processed", "topic": topic, "filter": probe.filter}
    header |= {id_name: id_value} if cmd == "subscribe" else {id_name: id_value, "batch_size": BATCH_SIZE}
    p.send(Send(label=label, connection=line.connection, command=Command(header=header), about=probe.rules))


def is_constant(probe: Probe) -> bool:
    """Whether the filter looks at no field."""
    return not any(isinstance(node, Identifier) for node in walk(read(probe.filter).expr))


def with_id(body: bytes, number: int) -> bytes:
    """A body with a member that makes it a record of its own."""
    members = body.removeprefix(b"{")
    return b'{"id":%d' % number + (b"" if members == b"}" else b",") + members


def rules(rows: Iterable[Probe]) -> tuple[R, ...]:
    """The rules that rows put to the test, each once."""
    return tuple(dict.fromkeys(row.rules[0] for row in rows))


probes: Final = Probes()
