"""Subscriptions: what they are called, what they get of the past and of other topics, how they end."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Program
from strategies.directed.acks import EVERY
from strategies.directed.collection import Collection

subscriptions = Collection("subscriptions")


@subscriptions(R("CMD-SUB-08"), R("CMD-SUB-39"), R("CMD-ACK-15"), R("CMD-SUB-21"))
def with_every_ack(p: Program) -> None:
    """Received and processed come; of the other types nothing is promised."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", acks=EVERY)
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@subscriptions(
    R("CMD-SUB-01"), R("CMD-SUB-19"), R("SUB-TOPIC-11"), R("SUB-TOPIC-14"), R("SUB-TOPIC-22"), R("SUB-MULTI-05"), R("SUB-REG-17"),
    R("SUB-REG-10"),
)  # fmt: skip
def of_topics_of_all_names(p: Program) -> None:
    """A topic with a SOW, and topics that nobody ever named, with blanks and punctuation: several subscriptions at once, each gets what
    it asked for under the id that it was given, each connection its own copy, and nothing else comes."""
    names = ("@never-heard-of", "@with blanks", "@a,b;c:d!&%", "@#~=<>'`")
    one, other, writer = p.open("one"), p.open("other"), p.open("writer")
    one.subscribe("@orders", sub_id="mine")
    for name in names:
        one.subscribe(name)
    other.subscribe(names[0])
    writer.publish("@orders", {"id": 1})
    writer.publish("@elsewhere", {"n": 1})
    for name in (*names[1:], names[0]):
        marker = writer.publish(name, {"n": f"on {name}"})
    one.delivered(marker)
    other.delivered(marker)
    late = p.open("late")
    late.subscribe(names[0])
    late.delivered(writer.publish(names[0], {"n": "marker"}))


@subscriptions(R("SUB-REG-14"))
def without_an_id(p: Program) -> None:
    """Neither sub_id nor cmd_id: the messages name an id that the server made."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id=None, cmd_id=None, acks=None)
    reader.subscribe("@orders")
    writer.publish("@chat", {"n": 1})
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@orders", {"id": "marker"}))


@subscriptions(R("SUB-REG-11"), R("SUB-TOPIC-12"))
def of_the_past(p: Program) -> None:
    """What was published and confirmed before is not delivered, whether the topic keeps records or nothing."""
    reader, writer = p.open("reader"), p.open("writer")
    writer.publish("@orders", {"id": 1, "n": "old"})
    writer.publish("@chat", {"n": "old"})
    writer.fence()
    reader.subscribe("@orders")
    reader.subscribe("@chat")
    writer.publish("@orders", {"id": 2, "n": "new"})
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@subscriptions(R("CMD-UNSUB-07"), R("CMD-UNSUB-09"), R("CMD-UNSUB-10"), R("CMD-UNSUB-13"))
def ended_with_every_ack(p: Program) -> None:
    """Unsubscribe with every ack type; of an id that is none; the other subscription goes on."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id="a")
    reader.subscribe("@chat", sub_id="b")
    reader.delivered(writer.publish("@chat", {"n": 1}))
    reader.unsubscribe("a", acks=EVERY)
    reader.unsubscribe("none")
    reader.answered()
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@subscriptions(R("SUB-UNSUB-01"))
def ended_in_silence(p: Program) -> None:
    """No ack tells of the end; a flush of the same connection does."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id="a")
    reader.subscribe("@chat", sub_id="b")
    reader.delivered(writer.publish("@chat", {"n": 1}))
    reader.unsubscribe("a", acks=None)
    reader.fence()
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@subscriptions(R("SUB-UNSUB-04"), R("SUB-UNSUB-05"))
def ended_by_list_and_all(p: Program) -> None:
    """Two of three by a list, then what is left; another connection goes on."""
    reader, other, writer = p.open("reader"), p.open("other"), p.open("writer")
    for name in "abc":
        reader.subscribe("@chat", sub_id=name)
    other.subscribe("@chat")
    reader.delivered(writer.publish("@chat", {"n": 1}))
    reader.unsubscribe("a,b")
    writer.publish("@chat", {"n": 2})
    reader.delivered(writer.publish("@chat", {"n": 3}))
    reader.unsubscribe("all")
    writer.publish("@chat", {"n": 4})
    other.delivered(writer.publish("@chat", {"n": "marker"}))
    reader.subscribe("@orders")
    reader.delivered(writer.publish("@orders", {"id": "marker"}))


@subscriptions(
    R("EXPR-TOP-02"), R("EXPR-TOP-03"), R("EXPR-TOP-04"), R("EXPR-TOP-05"), R("EXPR-TOP-06"), R("EXPR-TOP-07"), R("EXPR-TOP-08"),
    R("EXPR-TOP-09"), R("EXPR-TOP-10"), R("EXPR-TOP-11"), R("EXPR-TOP-12"), R("EXPR-TOP-22"), R("EXPR-TOP-37"), needs=("regex-topic",),
)  # fmt: skip
def of_patterns(p: Program) -> None:
    """Anchors, any character, groups, classes, a backslash: names that match and names that nearly do."""
    begins, ends, parts, writer = p.open("begins"), p.open("ends"), p.open("parts"), p.open("writer")
    begins.subscribe("^@desk")
    begins.subscribe("^@fill$")
    ends.subscribe("@fill$")
    ends.subscribe("@fill.note")
    ends.subscribe("@note.*")
    ends.subscribe("(?i)^@desk[0-9]{2}$")
    ends.subscribe("@ab*c$")
    parts.subscribe("^@parts/(mech|elec)$")
    parts.subscribe("^@parts/a\\.b$")
    begins.subscribe("@parts/a.b")
    for line in (begins, ends, parts):
        line.subscribe("@mark")
    for number, topic in enumerate((
        "@desk", "@desk001", "my@desk", "@fill", "@fills", "my@fill", "my@fills", "@fillnote", "@fill/note", "eu/@fill-note", "@desk07",
        "@DESK42", "@notes", "@Desk", "@abbc", "@parts/mech", "@parts/hydr", "@parts/a.b", "@parts/a/b",
    )):  # fmt: skip
        writer.publish(topic, {"n": number})
    marker = writer.publish("@mark", {"n": "marker"})
    for line in (begins, ends, parts):
        line.delivered(marker)
