"""The header: one flat JSON-like object, read tolerantly and written compactly (wire.md sections 3, 13 and 16.23).

Read: blanks between tokens; raw control characters in strings; numbers bare or quoted; other bare tokens as their text, `null` as
absent; all JSON escapes, of any other escaped character the character itself; bytes that are not UTF-8 kept (surrogateescape); of a key
given twice, under whatever names, the last one. Refused with WireError: nested values, what is not terminated, keys without double
quotes, missing values and separators. Two readers give equal results: a fast one for what is plain JSON, and the tolerant one.

Values are not interpreted here beyond text and number. Patterns are possessive: no input makes them backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import JSONDecoder
from json.scanner import make_scanner
from typing import Any, Final

from conformance.wire.errors import WireError
from conformance.wire.names import CANONICAL, TEXT_NAMES
from reference_model.messages import NUMBER_FIELDS, HeaderValue

HEADER_BYTES_MAX: Final = 1024 * 1024
"""No header is longer: the documented fields hold names, filters, keys and numbers. A header becomes some twenty times its length in
memory, so that the limit of a frame alone would not bound it."""

FIELDS_MAX: Final = 256
"""Some fifty fields are documented."""

U64_MAX: Final = 2**64 - 1
DECIMAL: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)
"""A number of at most 64 bits has at most 20 digits; longer ones stay text."""

_STRING: Final = rb'"(?:[^"\\]++|\\.)*+"'
_BLANK: Final = rb"[ \t\r\n]*+"
_WHOLE: Final = re.compile(rb'\{(?:[^"}]++|' + _STRING + rb")*+\}", re.DOTALL)
_EMPTY: Final = re.compile(rb"\{" + _BLANK + rb"\}")
_MEMBER: Final = re.compile(
    rb"[{,]"
    + _BLANK
    + rb"("
    + _STRING
    + rb")"
    + _BLANK
    + rb":"
    + _BLANK
    + rb"("
    + _STRING
    + rb'|[^ \t\r\n",{}\[\]][^",{}\[\]]*+)'
    + _BLANK,
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

LAST: Final = 1000
"""The place of fields that no order names."""
PLANS_MAX: Final = 1024
"""Sets of fields whose order of writing is remembered; a run uses some dozens."""

_JSON: Any = JSONDecoder(strict=False, parse_float=str, parse_constant=str, object_pairs_hook=list)
_scan_json = make_scanner(_JSON)


def header_end(payload: bytes, at: int = 0) -> int:
    """Where the header that begins at `at` ends: behind the first closing brace outside of strings. Raises WireError."""
    found = _WHOLE.match(payload, at, at + HEADER_BYTES_MAX)
    if found is None:
        raise WireError(_why_not_whole(payload, at))
    return found.end()


def split(payload: bytes) -> tuple[bytes, bytes]:
    """The bytes of the header and all that follows it (the body, or the records of a `sow`). Raises WireError."""
    end = header_end(payload)
    return payload[:end], payload[end:]


def read_header(payload: bytes, at: int = 0) -> tuple[dict[str, HeaderValue], int]:
    """The header that begins at `at`, by canonical names, and where it ends. Raises WireError.

    Fields of `NUMBER_FIELDS` are int where the value is a decimal integer of at most 64 bits, everything else is text. An empty string
    is a value: that it means 'absent' in some fields is a matter of meaning.
    """
    members, end = _members(payload, at)
    header: dict[str, HeaderValue] = {}
    for raw_key, raw_value in members:
        key = _text(raw_key)
        name = CANONICAL.get(key, key)
        header.pop(name, None)
        if raw_value != b"null":
            text = _text(raw_value)
            header[name] = as_number(text) if name in NUMBER_FIELDS else text
    return header, end


def read_plain(text: str, at: int) -> tuple[dict[str, HeaderValue], int] | None:
    """What `read_header` gives, faster, for a header that is plain JSON; None where the two could differ. Never raises.

    `text`: the payload decoded as Latin-1, so that places in it are those of the bytes. The cost of a None grows with the length of the
    text: after one, the caller reads the rest of this payload with `read_header`.
    """
    try:
        members, end = _scan_json(text, at)
    except (ValueError, StopIteration, RecursionError):
        return None
    if text[at] != "{" or len(members) > FIELDS_MAX:
        return None
    header: dict[str, HeaderValue] = {}
    for key, value in members:
        name = TEXT_NAMES.get(key)
        if name is not None and type(value) is str:
            header[name] = value
            continue
        name = name or CANONICAL.get(key) or key
        if type(value) is str:
            header[name] = as_number(value) if name in NUMBER_FIELDS else value
        elif type(value) is int and name in NUMBER_FIELDS and -U64_MAX <= value <= U64_MAX:
            header[name] = value
        else:
            return None
    if text.find("\\u", at, end) >= 0:
        return None
    return (header if text.isascii() or text[at:end].isascii() else _utf8(header)), end


def raw_fields(payload: bytes, at: int = 0) -> tuple[tuple[bytes, bytes], ...]:
    """Key and value of each member of the header that begins at `at`, as they stand there, quotes and escapes included, in order.

    A header without blanks is exactly `{` + the members joined by `:` and `,` + `}`. Raises WireError.
    """
    return tuple(_members(payload, at)[0])


def as_number(text: str) -> HeaderValue:
    """The int that a decimal text of at most 64 bits says, else the text itself."""
    if DECIMAL.fullmatch(text):
        number = int(text)
        if abs(number) <= U64_MAX:
            return number
    return text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Style:
    """How headers are written: canonical name to wire name, place of a name, names whose numbers are bare, blanks, order reversed."""

    names: Mapping[str, str]
    order: Mapping[str, int]
    bare: frozenset[str] = NUMBER_FIELDS
    blanks: bool = False
    reverse: bool = False


@lru_cache(maxsize=PLANS_MAX)
def _plan(style: Style, names: tuple[str, ...]) -> tuple[tuple[str, str, bool], ...]:
    """For a header with these names, in the order of writing: the name, what is written before its value, whether an int is bare."""
    colon = " : " if style.blanks else ":"
    ordered = sorted(names, key=lambda name: style.order.get(name, LAST))
    if style.reverse:
        ordered.reverse()
    return tuple((name, f'"{_escaped(style.names.get(name, name))}"{colon}', name in style.bare) for name in ordered)


def write_header(header: Mapping[str, HeaderValue], style: Style) -> bytes:
    """A header with these fields, by canonical names: those of `style.order` first, then the others as they stand.

    Bare are only int values of `style.bare`. Escaped are only quote and backslash; everything else is written raw, as UTF-8
    (WIRE-HDR-05 to WIRE-HDR-07). A text with lone surrogates that no reader made raises UnicodeEncodeError.
    """
    members: list[str] = []
    for name, before, bare in _plan(style, tuple(header)):
        value = header[name]
        if type(value) is not str:
            members.append(f"{before}{value}" if bare else f'{before}"{value}"')
        elif '"' in value or "\\" in value:
            members.append(f'{before}"{_escaped(value)}"')
        else:
            members.append(f'{before}"{value}"')
    text = f"{{ {' , '.join(members)} }}" if style.blanks else f"{{{','.join(members)}}}"
    return text.encode("utf-8", "surrogateescape")


# ---- parts of the tolerant reader ----------------------------------------------------------------------------------------------


def _utf8(header: dict[str, HeaderValue]) -> dict[str, HeaderValue]:
    """A header read from Latin-1 with its texts as UTF-8."""
    return {
        name.encode("latin-1").decode("utf-8", "surrogateescape"): value.encode("latin-1").decode("utf-8", "surrogateescape")
        if isinstance(value, str)
        else value
        for name, value in header.items()
    }


def _members(payload: bytes, at: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Raw key and value of each member, and the end of the header."""
    end = header_end(payload, at)
    empty = _EMPTY.match(payload, at, end)
    if empty is not None:
        return [], empty.end()
    members: list[tuple[bytes, bytes]] = []
    here = at
    while True:
        member = _MEMBER.match(payload, here, end)
        if member is None:
            raise WireError(_why_no_member(payload, here, end))
        if len(members) == FIELDS_MAX:
            raise WireError(f"a header of more than {FIELDS_MAX} fields")
        members.append((member[1], member[2].rstrip(b" \t\r\n")))
        here = member.end()
        closing = payload[here : here + 1]
        if closing == b"}":
            return members, here + 1
        if closing != b",":
            raise WireError(f"header byte {here - at}: ',' or '}}' expected, {_seen(payload, here)}")


def _text(raw: bytes) -> str:
    """The text of a raw string (with its quotes) or bare token."""
    text = (raw[1:-1] if raw.startswith(b'"') else raw).decode("utf-8", "surrogateescape")
    return _ESCAPE.sub(_unescape, text) if "\\" in text and raw.startswith(b'"') else text


def _unescape(found: re.Match[str]) -> str:
    high, low, unit, char = found.groups()
    if high is not None:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    if unit is not None:
        code = int(unit, 16)
        return "\N{REPLACEMENT CHARACTER}" if 0xD800 <= code <= 0xDFFF else chr(code)
    return _CONTROL.get(char, char)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# ---- what is wrong -------------------------------------------------------------------------------------------------------------


def _seen(payload: bytes, at: int) -> str:
    """What stands there, short."""
    return f"seen {payload[at : at + 12]!r}" if at < len(payload) else "seen the end"


def _why_not_whole(payload: bytes, at: int) -> str:
    if payload[at : at + 1] != b"{":
        return f"a header begins with '{{', {_seen(payload, at)}"
    if len(payload) - at > HEADER_BYTES_MAX:
        return f"the header does not end within {HEADER_BYTES_MAX} bytes"
    return "the header is not terminated"


def _why_no_member(payload: bytes, at: int, end: int) -> str:
    """Why no member begins with the brace or comma at `at`."""
    key = re.compile(rb"[{,]" + _BLANK + _STRING + _BLANK, re.DOTALL).match(payload, at, end)
    if key is None:
        return f"a key in double quotes expected, {_seen(payload, at + 1)}"
    colon = key.end()
    if payload[colon : colon + 1] != b":":
        return f"':' expected after a key, {_seen(payload, colon)}"
    value = payload[colon + 1 : end].lstrip(b" \t\r\n")
    if value.startswith((b"{", b"[")):
        return f"nested value, {_seen(payload, colon + 1)}"
    return f"a value expected, {_seen(payload, colon + 1)}"
