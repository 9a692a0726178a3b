"""The bytes: unusual ways to write a command, several in one write, one in many pieces, characters of all kinds."""

from __future__ import annotations

from reference_model.messages import Form
from reference_model.rule import R
from strategies.build import Program
from strategies.directed.collection import Collection

wire = Collection("wire")


@wire(R("WIRE-FRAME-04"))
def byte_by_byte(p: Program) -> None:
    """A frame in single bytes, and one cut inside the length, the header and the body."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    reader.delivered(writer.publish("@chat", {"n": "whole"}))
    writer.publish("@chat", {"n": "bytes"}, form=Form(pieces="bytes"))
    writer.publish("@chat", {"n": "cuts"}, form=Form(pieces="cuts"), acks="processed")
    reader.delivered(writer.publish("@chat", {"n": "marker"}))


@wire(R("WIRE-FRAME-03"), R("WIRE-FRAME-05"), R("WIRE-FRAME-01"), R("WIRE-FRAME-02"), R("WIRE-FRAME-12"), R("WIRE-HDR-01"))
def a_hundred_in_one_write(p: Program) -> None:
    """100 publishes that ask for an ack, and their 100 deliveries, all in order."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    for number in range(100):
        last = writer.publish("@chat", {"n": number}, acks="processed")
    reader.delivered(last)


@wire(R("WIRE-HDR-03"), R("WIRE-HDR-04"), R("WIRE-HDR-10"), R("WIRE-CMD-01"))
def other_spellings(p: Program) -> None:
    """Blanks between tokens, the command last, numbers in quotes, `publish` in full, short names."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@orders", form=Form(reverse=True))
    reader.delivered(writer.publish("@orders", {"id": 0}))
    writer.publish("@orders", {"id": 1}, form=Form(blanks=True))
    writer.answered()
    writer.publish("@orders", {"id": 2}, form=Form(p=False))
    writer.answered()
    writer.publish("@orders", {"id": 3}, form=Form(quoted=True), expiration=7000)
    writer.answered()
    writer.publish("@orders", {"id": 4})
    writer.publish("@orders", {"id": 5}, form=Form(names="short"))
    reader.delivered(writer.publish("@orders", {"id": 6, "n": "marker"}))
    writer.fence()
    writer.sow("@orders", form=Form(quoted=True), batch_size=2, top_n=4)


@wire(R("WIRE-HDR-06"))
def line_breaks_in_a_filter(p: Program) -> None:
    """A filter over several lines, with raw line breaks and a tab in the header."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", filter="/a = 1\n\tAND\r\n/b = 2")
    writer.publish("@chat", {"a": 1, "b": 1})
    writer.publish("@chat", {"a": 1, "b": 2})
    writer.publish("@chat", {"a": 2, "b": 2})
    reader.delivered(writer.publish("@chat", {"a": 1, "b": 2, "n": "marker"}))


@wire(R("WIRE-HDR-05"), R("WIRE-HDR-07"), R("WIRE-HDR-08"), R("WIRE-HDR-09"))
def odd_characters(p: Program) -> None:
    """Accents and emojis, quotes and backslashes, braces and commas: in topics, ids and filters."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@caf\u00e9", sub_id="m\u00fcller")
    reader.subscribe("@\U0001f436", cmd_id="\u732b")
    reader.subscribe('@say"so"', sub_id='m"1\\')
    reader.subscribe("@chat", filter="/a = '},{:'")
    writer.publish('@say"so"', {"n": 1})
    writer.publish("@chat", {"a": "},{"})
    writer.publish("@chat", {"a": "},{:"})
    writer.publish("@caf\u00e9", {"n": 1})
    writer.publish("@cafe", {"n": 2})
    reader.delivered(writer.publish("@\U0001f436", {"n": "marker"}))
