"""Bodies: documents of a topic, deltas onto a record, bodies that are no JSON.

A field keeps to one type nearly always (a filter or an order needs that to say much), and has another type, NULL or nothing at
times. The key fields are the topic's; everything else is the vocabulary `FIELDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.config import TopicConfig
from reference_model.payload.json import write
from strategies.atoms import (
    EXPLICIT_KEYS,
    KEY_NUMBERS,
    KEY_TEXTS,
    NUMBERS,
    PAIRS,
    PLAIN_TEXTS,
    SMALL_NUMBERS,
    TEXTS,
    Draws,
    HypothesisDraws,
    KeyKind,
)

Document = dict[str, object]

DEEP: Final[object] = {"p": [{"x": 1}, {"y": [2, []]}], "q": {"r": {"s": {"t": "end"}}}}

FIELDS: Final[Mapping[str, tuple[object, ...]]] = {
    "qty": SMALL_NUMBERS,
    "price": (Decimal("1.5"), Decimal("1.50"), Decimal("0.25"), 2, Decimal("-3.75"), 10),
    "side": ("buy", "sell", "buy", "sell", "é"),
    "name": PLAIN_TEXTS,
    "note": TEXTS,
    "any": (*NUMBERS, *TEXTS[:8], None, True, False),
    "tags": ([1, 2], ["a"], [3], ["a", "b", "é"], [1]),
    "who": ({"n": 1, "c": "x"}, {"n": 2, "c": "y"}, {"n": 3}, {"n": 10, "c": "x", "d": {"e": 1}}),
    "deep": (DEEP, {"q": {"r": 1}}, [[[[[]]]]]),
}
"""Per field the values that it takes; those of `any` are of every kind."""

TEMPLATES: Final = (
    ("qty", "side"), ("qty", "side", "name"), ("qty", "price", "who"), ("qty",), ("side", "qty", "tags"), ("who", "qty", "note"),
    ("qty", "any"), ("any", "side"), ("qty", "any", "who"), ("name", "qty", "price", "side", "who"), ("qty", "deep", "side"), (),
)  # fmt: skip
"""Which fields a document has beside its key."""

REGULAR_TEMPLATES: Final = (
    ("qty", "side", "who", "name"), ("qty", "side", "who"), ("qty", "side", "name", "price"), ("side", "qty", "tags", "who"),
)  # fmt: skip
"""Which fields the documents of a scenario have in which every document has those that filters and orders are about."""

CHANGES: Final = (
    ("qty",), ("qty",), ("side",), ("price",), ("name", "qty"), ("who",), ("tags",), ("any",), ("any", "qty"), (), ("deep",), ("note",),
    ("qty", "side"),
)  # fmt: skip
"""Which fields a delta names."""

PARTS: Final = ({"n": 4}, {"c": "z"}, {"n": 2, "c": "y"}, {"d": {"e": 2}}, {"d": {"f": 1}})
"""What a delta says of a nested object: mostly not all of it."""

OTHERS: Final[tuple[object, ...]] = ("", None, [], {}, "text", 7, [{"a": 1}, {"a": 2}], {"z": None})
"""Values of another type, NULL and empty ones, for a field that has a type of its own."""

ODD_PERCENT: Final = 5
"""How often a field has a value of another type."""

MALFORMED: Final = (b"{not json", b'{"qty":', b"\xff\xfe", b'{"qty":1,}', b"nothing at all", b'{"qty" 1}')
"""Bodies that do not parse and name no key field (one that does may be taken, CMD-PUB-38)."""


def key_fields(draws: Draws, topic: TopicConfig, *, kind: KeyKind) -> Document:
    """The key fields of one of a handful of records of a topic; the topic has at least one Key."""
    if len(topic.keys) > 1:
        values: tuple[object, ...] = draws.pick(PAIRS)
    else:
        values = (draws.pick(KEY_NUMBERS if kind == "numbers" else KEY_TEXTS),)
    return placed(topic, values)


def placed(topic: TopicConfig, values: tuple[object, ...]) -> Document:
    """Key values at the places where the topic has its keys."""
    document: Document = {}
    for path, value in zip(topic.keys, values, strict=True):
        *outer, last = path.split("/")[1:]
        inner = document
        for name in outer:
            below = inner.setdefault(name, {})
            assert isinstance(below, dict)
            inner = below
        inner[last] = value
    return document


def _field(draws: Draws, name: str) -> object:
    table = FIELDS[name]
    index = draws.below(len(table) * 100 // (100 - ODD_PERCENT) + 1)
    return table[index] if index < len(table) else draws.pick(OTHERS)


def document(draws: Draws, keys: Document, *, regular: bool = False) -> Document:
    """A document with these key fields, which stand first or last. `regular`: nothing is missing, nothing of another type."""
    names = draws.pick(REGULAR_TEMPLATES if regular else TEMPLATES)
    fields = {name: draws.pick(FIELDS[name]) if regular else _field(draws, name) for name in names}
    return {**fields, **keys} if len(names) == 1 else {**keys, **fields}


def delta(draws: Draws, keys: Document, *, regular: bool = False, base: Mapping[str, object] | None = None) -> Document:
    """A delta with these key fields. `regular`: nothing of another type; `base`: the record that it changes, mostly where it says
    something already."""
    changed: Document = {}
    known = [name for name in base or () if name in FIELDS]
    names = draws.some(known, draws.pick((1, 1, 2))) if known and draws.chance(60) else draws.pick(CHANGES)
    for name in names:
        if name == "who":
            changed[name] = draws.pick(PARTS)
        else:
            changed[name] = draws.pick(FIELDS[name]) if regular else _field(draws, name)
    return {**keys, **changed}


def written(draws: Draws, tree: Document, *, odd_percent: int = 10) -> bytes:
    """The bytes of a document: compact, or with white space that has to be kept."""
    body = write(tree)
    if not draws.chance(odd_percent):
        return body
    return draws.pick((b" %s", b"%s\n", b"\t%s \r\n")) % body if draws.chance(50) else _spread(tree)


def _spread(tree: Document) -> bytes:
    members = (write(name) + b" :\t" + write(value) for name, value in tree.items())
    return b"{ " + b" ,\n".join(members) + b" }"


def documents(*, topic: TopicConfig, kind: KeyKind = "numbers") -> st.SearchStrategy[Document]:
    """Documents of a topic with Key fields, from a small key domain."""
    if not topic.keys:
        raise InvalidArgument(f"{topic.name} has no Key: its documents have no key fields")
    return st.composite(lambda draw: document(HypothesisDraws(draw), key_fields(HypothesisDraws(draw), topic, kind=kind)))()


def deltas(*, topic: TopicConfig, kind: KeyKind = "numbers") -> st.SearchStrategy[Document]:
    """Deltas for a topic with Key fields."""
    if not topic.keys:
        raise InvalidArgument(f"{topic.name} has no Key: its deltas have no key fields")
    return st.composite(lambda draw: delta(HypothesisDraws(draw), key_fields(HypothesisDraws(draw), topic, kind=kind)))()


def malformed_bodies() -> st.SearchStrategy[bytes]:
    """Bodies that are no JSON and name no key field."""
    return st.sampled_from(MALFORMED)


def explicit_documents() -> st.SearchStrategy[tuple[str, Document]]:
    """An explicit key and a document without key fields."""
    return st.composite(lambda draw: (HypothesisDraws(draw).pick(EXPLICIT_KEYS), document(HypothesisDraws(draw), {})))()
