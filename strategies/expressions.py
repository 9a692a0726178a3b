"""Filters, orders and select lists, typed against documents: a comparison names a field that one of them has and a value near its own.

Only forms whose meaning the documentation states; what compiles or not where it is silent is no matter for a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.expression.syntax import Identifier
from reference_model.payload.json import write
from strategies.atoms import PLAIN_TEXTS, SMALL_NUMBERS, Draws, HypothesisDraws
from strategies.typed import About, Kind, Paths, condition, written

exact_integer_max: Final = 2**53
"""Beyond it a comparison of numbers may go either way (expressions.md section 4)."""

USUAL: Final[Mapping[str, object]] = {"qty": 3, "side": "buy", "name": "b", "who": {"n": 2, "c": "x"}, "price": Decimal("1.5")}
"""What a filter is about where there is no document yet."""

USUAL_PATHS: Final[Paths] = {
    "number": (Identifier(("qty",)), Identifier(("who", "n"))),
    "text": (Identifier(("side",)), Identifier(("name",))),
    "boolean": (Identifier(("any",)),),
    "array": (Identifier(("tags",)),),
    "nothing": (Identifier(("no_such_field",)), Identifier(("who", "none"))),
}

TYPED_PERCENT: Final = 40

_PLAIN_NAME: Final = re.compile(r"\w[\w.\-]*")

BAD_FILTERS: Final = ("/qty >", "(/qty = 1", "/qty = = 1", "/qty IN (1,2", "NO_SUCH_FUNCTION(/qty) = 1", "/side LIKE", "AND /qty = 1")
"""Filters that do not compile, whatever the message."""

ORDERS: Final = (
    "/qty", "/qty DESC", "/qty ASC", "/side, /qty DESC", "/side DESC, /qty", "/who/n", "/who/n DESC", "/side",
    "/side DESC", "/name", "/price DESC", "{key}",
    "{key} DESC", "/side, {key}", "/qty, {key} DESC", "/qty TEXT", "/qty TEXT",
    "/qty DESC TEXT", "/price TEXT", "{key} TEXT", "/qty DESC, {key} DESC",
)  # fmt: skip
"""Orders; `{key}` stands for a key field of the topic."""

SELECTS: Final = (
    "-/,{keys},+/qty", "-/,{keys}", "-/,{keys},+/who/n,+/side", "-/note", "-/who", "-/who/n,-/qty", "-/,{keys},+/tags,+/no_such_field",
)  # fmt: skip
"""Select lists that keep the key fields: what a record is known by."""


def leaves(document: Mapping[str, object], outer: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Steps and value of every number and plain text in a document, below objects only."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, (*outer, name))
        elif _comparable(value):
            yield (*outer, name), value


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
    steps, value = draws.pick(found)
    path, kind = "/" + "/".join(steps), draws.below(12)
    if kind == 0:
        return f"{path} IS NULL"
    if kind == 1:
        return f"{path} IS NOT NULL"
    return _text_test(draws, path, value) if isinstance(value, str) else _number_test(draws, path, value)


def paths_of(document: Mapping[str, object]) -> Paths:
    """The paths of a document by what stands there; usual ones of the kinds that it lacks."""
    found: dict[Kind, list[Identifier]] = {}
    for path, value in leaves(document):
        if all(map(_PLAIN_NAME.fullmatch, path)):
            found.setdefault("text" if isinstance(value, str) else "number", []).append(Identifier(path))
    for name, value in document.items():
        if _PLAIN_NAME.fullmatch(name) and (isinstance(value, bool) or value in ([], "", None)):
            found.setdefault("boolean" if isinstance(value, bool) else "nothing", []).append(Identifier((name,)))
        elif _PLAIN_NAME.fullmatch(name) and isinstance(value, list):
            found.setdefault("array", []).append(Identifier((name,)))
    return {kind: tuple(found.get(kind, usual)) for kind, usual in USUAL_PATHS.items()}


def typed_filter(draws: Draws, documents: Sequence[Mapping[str, object]]) -> str:
    """A filter of any kind about one of these documents, that it matches or does not."""
    one = draws.pick(documents) if documents else USUAL
    about = About(one, paths_of(one))
    return written(draws, condition(draws, about, draws.pick((0, 0, 1, 1, 2)), draws.chance(60)))


def filter_text(draws: Draws, documents: Sequence[Mapping[str, object]]) -> str:
    """A filter about these documents (or what they usually look like): a plain one, which is easy to read, or any."""
    if draws.chance(TYPED_PERCENT):
        return typed_filter(draws, documents)
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
