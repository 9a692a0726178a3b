"""Recognising the delivery of a published message: what a delivery fence waits for. Pure."""

from __future__ import annotations

from reference_model.messages import Message
from reference_model.payload.json import PayloadError, parse


class Marker:
    """A message counts as the delivery of `published` (a command with logical names) if it is a `publish` of the same topic, and its
    body equals the published one or contains its marker text: the longest string value of the published body, wherever it stands.

    A merge writes a new body, so that equality is not enough for a delta; a program gives its marker a unique text.
    """

    __slots__ = ("_body", "_text", "_topic")

    def __init__(self, published: Message) -> None:
        self._topic = published.header.get("topic")
        self._body = published.body
        self._text = marker_text(published.body)

    def delivered_by(self, message: Message) -> bool:
        """Whether this message is the delivery."""
        header = message.header
        if header.get("cmd") != "publish" or header.get("topic") != self._topic:
            return False
        return message.body == self._body or (self._text is not None and self._text in message.body)


def marker_text(body: bytes) -> bytes | None:
    """The longest string value of a JSON body as it stands in UTF-8; None if there is none or JSON could write it in several ways."""
    try:
        tree = parse(body)
    except PayloadError:
        return None
    longest = max(_strings(tree), key=len, default="")
    if not longest or not longest.isascii() or not longest.isprintable() or any(char in longest for char in '"\\/'):
        return None
    return longest.encode()


def _strings(tree: object) -> list[str]:
    found: list[str] = []
    rest = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, dict):
            rest.extend(node.values())
        elif isinstance(node, list):
            rest.extend(node)
    return found
