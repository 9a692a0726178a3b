"""Texts and bytes: Unicode, quotes, binary and large bodies, fields of a publish; what a client sends for each call."""

from __future__ import annotations

from typing import Final

from reference_model.rule import R
from strategies.clients.build import ProgramOfClients
from strategies.clients.collection import ClientCollection

texts = ClientCollection("texts")

EVERY_BYTE: Final = bytes(range(256))
UNICODE: Final = '{"s":"é ☃ 😀"}'.encode()
LARGE_BYTES: Final = 20_000_000
"""What a client must send and receive in one frame (WIRE-LIM-03)."""


@texts(R("CLI-TEXT-10"), R("WIRE-HDR-19"), R("WIRE-FRAME-01"), R("WIRE-FRAME-02"), R("WIRE-FRAME-03"), R("WIRE-HDR-01"))
def every_call(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("publish", topic="T", data=b'{"id":1}'))
    for number, do in enumerate(("subscribe", "sow", "sow_and_subscribe", "delta_subscribe", "sow_and_delta_subscribe")):
        a.request(do, f"T{number}", handler=f"h{number}", filter=f"/id > {number}")
        a.request(do, f"T{number}", handler=f"n{number}")


@texts(R("DELTA-PUB-16"), R("CMD-DPUB-26"), needs=("delta",))
def delta(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("delta_publish", topic="T", data=b'{"id":1,"q":2}'))


@texts(R("DELTA-PUB-18"), R("CLI-TEXT-09"), needs=("delta", "explicit-key"))
def explicit_keys(p: ProgramOfClients) -> None:
    a = p.start()
    a.receive(a.call("publish", topic="T", data=b"{}", sow_key="k1"))
    a.receive(a.call("delta_publish", topic="T", data=b"{}", sow_key="k2"))


@texts(R("CLI-TEXT-01"), R("CLI-TEXT-02"), R("WIRE-FRAME-06"), R("WIRE-CROB-05"))
def bodies(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    cases = ((UNICODE, R("CLI-TEXT-01")), (EVERY_BYTE, R("CLI-TEXT-02")), (b" {", R("WIRE-FRAME-06")), (b"}\xff\xfe", R("CLI-TEXT-02")))
    for data, rule in cases:
        a.receive(a.call("publish", topic="T", data=data), (rule,))
    for data, rule in (*cases[:3], (b"\xff\xfe\x00", R("WIRE-CROB-05"))):
        a.deliver(got, body=data, about=(rule,))


@texts(R("CLI-TEXT-04"), R("WIRE-FRAME-08"))
def bodies_are_not_read(p: ProgramOfClients) -> None:
    a = p.start()
    for data in (b'{"id":', b'no json "\\ at all', b"<x/>"):
        a.receive(a.call("publish", topic="T", data=data))
    a.receive(a.call("publish", topic="T", data=b""), (R("WIRE-FRAME-08"),))


@texts(R("CLI-TEXT-03"), R("WIRE-HDR-07"))
def unicode_names(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("tést☃", "h", sub_id="süb", filter="/s = 'é'", sent=(R("CLI-TEXT-03"),))
    del got
    a.deliver("süb", topic="tést☃", about=(R("CLI-TEXT-03"),))
    a.receive(a.call("publish", topic="tést☃", data=b"{}"), (R("CLI-TEXT-03"),))


@texts(R("CLI-TEXT-05"), R("WIRE-HDR-05"))
def escapes(p: ProgramOfClients) -> None:
    a = p.start(name='na"me\\')
    a.subscribe('t"o\\p', "h", sub_id='s"\\', filter='/s = "a\\b"', sent=(R("WIRE-HDR-05"),))
    a.deliver('s"\\', topic='t"o\\p', about=(R("CLI-TEXT-05"),))


@texts(R("WIRE-HDR-09"))
def brackets(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("T{x}[y]:z", "h", filter="/a = '},{:'", sent=(R("WIRE-HDR-09"),))


@texts(R("CLI-TEXT-06"), R("CLI-TEXT-07"), R("CLI-TEXT-08"))
def options_and_fields(p: ProgramOfClients) -> None:
    a = p.start()
    a.subscribe("T", "h", options="no_such_option,timestamp")
    a.receive(a.call("publish", topic="T", data=b"{}", correlation_id="QQ==", expiration=5))


@texts(R("WIRE-LIM-03"))
def large_bodies(p: ProgramOfClients) -> None:
    a = p.start()
    got = a.subscribe("T", "h")
    body = EVERY_BYTE * (LARGE_BYTES // len(EVERY_BYTE) + 1)
    a.receive(a.call("publish", topic="T", data=body), (R("WIRE-LIM-03"),))
    a.deliver(got, body=body, about=(R("WIRE-LIM-03"),))
