"""Headers of the target as bytes: white space, escapes, bare numbers. Source: wire.md section 3."""

from __future__ import annotations

import re

from conformance.checks.registry import Result, Seen, finding, judges
from conformance.wire import split
from reference_model.rule import R

STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
BARE_NUMBER = re.compile(rb'[,{]"(s|l)":("?)')


@judges(R("WIRE-HDR-02"), R("WIRE-HDR-08"), R("WIRE-HDR-13"))
def bytes_of_headers(seen: Seen) -> Result:
    """No white space outside of strings, no backslash-u, bare `s` and `l`."""
    unusual = {
        event.connection
        for event in seen.observation.events
        if event.kind == "sent"
        and event.message is not None
        and any(not str(value).isascii() for value in event.message.header.values())
    }
    for index, event in seen.received:
        message = event.message
        assert message is not None
        header, _ = split(event.payload)
        yield R("WIRE-HDR-02")
        outside = STRINGS.sub(b"", header)
        if re.search(rb"[ \t\r\n]", outside):
            yield finding(
                R("WIRE-HDR-02"),
                "white space outside of strings in a header",
                index,
                event,
                field="header",
                expected="none",
                seen=_cut(header),
            )
        if unusual and any(not str(value).isascii() for value in message.header.values()):
            yield R("WIRE-HDR-08")
        if b"\\u" in header:
            yield finding(
                R("WIRE-HDR-08"), "a \\u escape in a header", index, event, field="header", expected="raw UTF-8", seen=_cut(header)
            )
        for match in BARE_NUMBER.finditer(header):
            yield R("WIRE-HDR-13")
            if match.group(2):
                yield finding(
                    R("WIRE-HDR-13"),
                    "a quoted number",
                    index,
                    event,
                    field=match.group(1).decode(),
                    expected="bare digits",
                    seen=_cut(header),
                )
        if message.cmd == "sow":
            yield R("WIRE-HDR-13")


def _cut(header: bytes) -> str:
    return repr(header[:120])
