"""Bodies that do not parse: which of them no reader can take. Source: commands.md section 10, CMD-PUB-37 and CMD-PUB-38."""

from __future__ import annotations

import re
from typing import Final

WHITE: Final = b" \t\r\n"
JSON_BEGINNING: Final = re.compile(rb'[\["\-0-9]|true|false|null')
MEMBER_WITHOUT_VALUE: Final = re.compile(rb'\{\s*+"(?:[^"\\]|\\.)*+"\s*+(?!:)', re.DOTALL)
QUOTE, BACKSLASH, OPENING, CLOSING = b'"\\{}'


def beyond_repair(body: bytes) -> bool:
    """Whether no reader can take a body for a JSON value: it begins like nothing in JSON, or like an object that does not end or has a
    member without a value."""
    text = body.strip(WHITE)
    if text[:1] != b"{":
        return bool(text) and JSON_BEGINNING.match(text) is None
    return MEMBER_WITHOUT_VALUE.match(text) is not None or not _ends(text)


def _ends(text: bytes) -> bool:
    """Whether the object that a text begins with has an end."""
    depth, in_string, escaped = 0, False, False
    for char in text:
        if in_string:
            in_string, escaped = char != QUOTE or escaped, char == BACKSLASH and not escaped
        elif char == QUOTE:
            in_string = True
        else:
            depth += (char == OPENING) - (char == CLOSING)
            if depth == 0:
                return True
    return False
