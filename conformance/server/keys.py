"""Which record a message is about: its SOW key (sow.md §4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from .documents import Document
from .hub import Hub
from .request import RefusalError
from .store import SowTopic, checksum

_TYPE_LETTERS: Final = {bool: "b", int: "n", Decimal: "n", str: "s"}


def record_key(hub: Hub, topic: SowTopic, document: Document, given: str | None) -> str:
    """The key of a message for this topic. `given`: the publisher's `sow_key`. Refuses a message that cannot be identified."""
    if topic.explicit:
        if given is None:
            raise RefusalError("bad sow key")
        return given
    if given is not None and hub.manners.surplus_key == "refused":
        raise RefusalError("bad sow key")
    if not document.readable and hub.behaviour.refuses_unreadable():
        raise RefusalError(hub.choices.text("unknown message format", "internal parse error"))
    found = [_value(document, hub.behaviour.key_path(path)) for path in topic.key_paths]
    values = ["" if value is None else _text(value) for value in found]
    if "" in values and hub.manners.keyless == "refused":
        raise RefusalError("bad sow key")
    material = hub.behaviour.key_material(topic.config.domain, hub.behaviour.key_values(document, values))
    if hub.manners.typed_keys:
        material += "|" + "".join("-" if value is None else _TYPE_LETTERS[type(value)] for value in found)
    return hub.behaviour.key_text(checksum(material))


def _value(document: Document, path: tuple[str, ...]) -> object:
    """The value of a key field, None if it is absent, null or empty. An array stands for its first element."""
    leaves = document.leaves(path)
    value = leaves[0] if leaves else None
    return None if value == "" else value


def _text(value: object) -> str:
    return _decimal_text(value) if isinstance(value, Decimal) else str(value)


def _decimal_text(value: Decimal) -> str:
    """One text for one value: `1.5` and `1.50` are the same, `1.0` is not the text of the integer 1."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    kept = "".join(map(str, digits)).rstrip("0") or "0"
    return f"{'-' if sign else ''}{kept}e{exponent + len(digits) - len(kept)}"
