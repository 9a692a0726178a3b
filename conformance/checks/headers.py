"""Headers of the target as bytes: white space, escapes, bare numbers. Source: wire.md section 3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.registry import Result, Seen, finding, judges
from conformance.wire import split
from conformance.wire.header import header_end
from reference_model.observation import Event
from reference_model.rule import R

STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
WHITE = re.compile(rb"[ \t\r\n]")
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
        yield R("WIRE-HDR-02")
        if unusual and any(not str(value).isascii() for value in message.header.values()):
            yield R("WIRE-HDR-08")
        for header in _headers(event):
            if WHITE.search(STRINGS.sub(b"", header)):
                yield finding(
                    R("WIRE-HDR-02"), "white space outside of strings in a header", index, event, field="header",
                    expected="none", seen=_cut(header),
                )  # fmt: skip
            if b"\\u" in header:
                yield finding(
                    R("WIRE-HDR-08"), "a \\u escape in a header", index, event, field="header", expected="raw UTF-8", seen=_cut(header)
                )
            for match in BARE_NUMBER.finditer(header):
                yield R("WIRE-HDR-13")
                if match.group(2):
                    yield finding(
                        R("WIRE-HDR-13"), "a quoted number", index, event, field=match.group(1).decode(),
                        expected="bare digits", seen=_cut(header),
                    )  # fmt: skip


def _headers(event: Event) -> Iterator[bytes]:
    """The header of a frame, then those of its records."""
    payload = event.payload
    header, _ = split(payload)
    yield header
    at = len(header)
    for record in event.message.records if event.message is not None else ():
        end = header_end(payload, at)
        yield payload[at:end]
        at = end + len(record.data)


def _cut(header: bytes) -> str:
    return repr(header[:120])
