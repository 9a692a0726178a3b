"""Filters, orders and select lists, typed against documents: a comparison names a field that one of them has and a value near its own.

Only forms whose meaning the documentation states; what compiles or not where it is silent is no matter for a program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.payload.json import write
from strategies.atoms import PLAIN_TEXTS, SMALL_NUMBERS, Draws, HypothesisDraws

exact_integer_max: Final = 2**53
"""Beyond it a comparison of numbers may go either way (expressions.md section 4)."""

USUAL: Final[Mapping[str, object]] = {"qty": 3, "side": "buy", "name": "b", "who": {"n": 2, "c": "x"}, "price": Decimal("1.5")}
"""What a filter is about where there is no document yet."""

BAD_FILTERS: Final = ("/qty >", "(/qty = 1", "/qty = = 1", "/qty IN (1,2", "NO_SUCH_FUNCTION(/qty) = 1", "/side LIKE", "AND /qty = 1")
"""Filters that do not compile, whatever the message."""

ORDERS: Final = (
    "/qty", "/qty DESC", "/qty ASC", "/side, /qty DESC", "/side DESC, /qty", "/who/n", "/who/n DESC", "/side",
    "/side DESC", "/name", "/price DESC", "{key}",
    "{key} DESC", "/side, {key}", "/qty, {key} DESC", "/qty TEXT", "/qty DESC, {key} DESC",
)  # fmt: skip
"""Orders; `{key}` stands for a key field of the topic."""

SELECTS: Final = (
    "-/,{keys},+/qty", "-/,{keys}", "-/,{keys},+/who/n,+/side", "-/note", "-/who", "-/who/n,-/qty", "-/,{keys},+/tags,+/no_such_field",
)  # fmt: skip
"""Select lists that keep the key fields: what a record is known by."""


def leaves(document: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Path and value of every number and plain text in a document, below objects only."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}/{name}")
        elif _comparable(value):
            yield f"{prefix}/{name}", value


def _comparable(value: object) -> bool:
    if isinstance(value, str):
        return value in PLAIN_TEXTS or value.isalnum()
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) < exact_integer_max
    return isinstance(value, Decimal) and "E" not in str(value)


def literal(value: object) -> str:
    """A value as it is written in a filter."""
    return f"'{value}'" if isinstance(value, str) else write(value).decode()


def _number_test(draws: Draws, path: str, value: object) -> str:
    own = literal(value)
    other = literal(draws.pick(SMALL_NUMBERS))
    return draws.pick(
        (
            f"{path} = {own}",
            f"{path} >= {own}",
            f"{path} > {other}",
            f"{path} < {other}",
            f"{path} <= {own}",
            f"{path} != {own}",
            f"{path} <> {other}",
            f"{path} IN ({own}, {other})",
            f"{path} BETWEEN 1 AND {own}",
            f"{path} + 1 > {other}",
            f"{path} * 2 >= {own}",
            f"{other} < {path}",
        )
    )


def _text_test(draws: Draws, path: str, value: str) -> str:
    own, other = literal(value), literal(draws.pick(PLAIN_TEXTS))
    return draws.pick(
        (
            f"{path} = {own}",
            f"{path} == {own}",
            f"{path} != {own}",
            f"{path} IN ({own}, {other})",
            f"{path} NOT IN ({own})",
            f"{path} LIKE '^{value[:1]}'",
            f"{path} LIKE '{value[-1:]}'",
            f"{path} BEGINS WITH ({literal(value[:1])})",
            f"{path} ENDS WITH ({own}, {other})",
            f"{path} <> {other}",
        )
    )


def _test(draws: Draws, document: Mapping[str, object]) -> str:
    found = list(leaves(document)) or list(leaves(USUAL))
    path, value = draws.pick(found)
    kind = draws.below(12)
    if kind == 0:
        return f"{path} IS NULL"
    if kind == 1:
        return f"{path} IS NOT NULL"
    return _text_test(draws, path, value) if isinstance(value, str) else _number_test(draws, path, value)


def filter_text(draws: Draws, documents: Sequence[Mapping[str, object]]) -> str:
    """A filter about these documents (or what they usually look like)."""
    one = _test(draws, draws.pick(documents) if documents else USUAL)
    kind = draws.below(20)
    if kind < 11:
        return one
    if kind == 11:
        return f"NOT ({one})"
    other = _test(draws, draws.pick(documents) if documents else USUAL)
    if kind == 12:
        return f"NOT ({one}) OR {other}"
    if kind == 13:
        return f"({one})\n\tAND\r\n({other})"
    return f"{one} AND {other}" if kind < 17 else f"{one} OR {other}"


def order_text(draws: Draws, keys: Sequence[str]) -> str:
    """An `orderby` for a topic with these key paths."""
    text = draws.pick(ORDERS)
    return text.replace("{key}", draws.pick(keys) if keys else "/name")


def select_text(draws: Draws, keys: Sequence[str]) -> str:
    """The value of a `select` option that keeps the fields at these paths."""
    text = draws.pick(SELECTS)
    return f"[{text.replace('{keys}', ','.join('+' + key for key in keys) or '+/name')}]"


def filters(*, documents: Sequence[Mapping[str, object]] = ()) -> st.SearchStrategy[str]:
    """Filters that compile, about these documents."""
    for document in documents:
        if not isinstance(document, Mapping):
            raise InvalidArgument(f"documents={documents!r} has an entry that is no object")
    return st.composite(lambda draw: filter_text(HypothesisDraws(draw), documents))()


def bad_filters() -> st.SearchStrategy[str]:
    """Filters that do not compile."""
    return st.sampled_from(BAD_FILTERS)


def orders(*, keys: Sequence[str] = ("/id",)) -> st.SearchStrategy[str]:
    """Values of `orderby`, over these key paths and the usual fields."""
    return st.composite(lambda draw: order_text(HypothesisDraws(draw), keys))()


def select_lists(*, keys: Sequence[str] = ("/id",)) -> st.SearchStrategy[str]:
    """Values of the option `select`, brackets and all."""
    return st.composite(lambda draw: select_text(HypothesisDraws(draw), keys))()
