"""Two evaluators, written apart, over the same generated filters and documents: the model's and the embedded server's.

Each expression is written twice, as people write it and with every parenthesis there is; both texts must be taken, read as the same
tree, and select the same documents. Where the model says what must be selected, the server must select that, in both readings of a
comparison with NULL. Where the model says that the documentation leaves it open, nothing is demanded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from conformance.server.documents import Document
from conformance.server.filters import BadFilterError, Filter
from conformance.server.scene import Scene
from reference_model.expression.evaluate import accept, matches
from reference_model.expression.render import render
from reference_model.expression.syntax import (
    Affix,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Expr,
    Identifier,
    In,
    Is,
    Like,
    String,
    references,
    walk,
)
from reference_model.payload.json import write
from strategies.atoms import RandomDraws
from strategies.typed import neighbour, pair, written

documents_each: Final = 5
"""Documents for one expression: its own and others that differ in a field or two of those that it names. Compiling costs more than
evaluating."""

shown_max: Final = 20
"""Disagreements that are kept as text; there are none, or many of one kind."""


@dataclass(slots=True)
class Tally:
    """What a comparison came to. `selected`: how often the model says of an expression's own document True, False or None (open), and
    of all documents; `reached`: per kind of node, operator and function the number of expressions that have it."""

    expressions: int = 0
    pairs: int = 0
    own: Counter[bool | None] = field(default_factory=Counter)
    selected: Counter[bool | None] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    disagreements: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.expressions += other.expressions
        self.pairs += other.pairs
        self.own += other.own
        self.selected += other.selected
        self.reached += other.reached
        self.disagreements += other.disagreements
        self.shown = [*self.shown, *other.shown][:shown_max]

    def disagree(self, text: str) -> None:
        self.disagreements += 1
        if len(self.shown) < shown_max:
            self.shown.append(text)


def compare(seed: int, start: int, expressions: int) -> Tally:
    """The expressions of a seed from number `start` on: the same whenever and wherever they are compared."""
    tally = Tally()
    for number in range(start, start + expressions):
        _compare(f"{seed}/{number}", tally)
    return tally


def _compare(seed: str, tally: Tally) -> None:
    draws = RandomDraws(seed)
    drawn = pair(draws)
    plain, full = written(draws, drawn.expr), render(drawn.expr)
    names = sorted({path.split("/")[1] for path in references(drawn.expr)})
    trees = [drawn.tree, *(neighbour(draws, drawn.tree, names) for _ in range(documents_each - 1))]
    tally.expressions += 1
    tally.reached.update(set(kinds(drawn.expr)))
    for text in (plain, full):
        acceptance = accept(text)
        if acceptance.refused is not False or acceptance.expr != drawn.expr:
            tally.disagree(f"{seed}: the model reads {text!r} otherwise than it was meant")
            return
    try:
        filters = [Filter(plain), Filter(full), Filter(full, null_is_false=False)]
    except BadFilterError as error:
        tally.disagree(f"{seed}: the server refuses {plain!r}: {error}")
        return
    for place, tree in enumerate(trees):
        said = matches(drawn.expr, tree)
        body = write(tree)
        scene = Scene(document=Document(body), topic="t", now=0.0)
        as_written, parenthesised, null_unknown = (one.matches(scene) for one in filters)
        tally.pairs += 1
        tally.selected[said] += 1
        if place == 0:
            tally.own[said] += 1
        if as_written is not parenthesised:
            tally.disagree(f"{seed}: {plain!r} is {as_written}, {full!r} is {parenthesised} of {body!r}")
        if said is not None and {as_written, null_unknown} != {said}:
            tally.disagree(f"{seed}: {plain!r} of {body!r}: the model says {said}, the server {as_written} and {null_unknown}")


def kinds(expr: Expr) -> Iterator[str]:
    """What an expression is made of: kinds of nodes, operators, negated tests, forms of identifiers and literals, functions."""
    for node in walk(expr):
        yield type(node).__name__
        form = _form(node)
        if form:
            yield form


def _form(node: Expr) -> str:
    match node:
        case Comparison(_, operator, _) | Arithmetic(_, operator, _):
            return operator
        case Call(name):
            return f"{name}()"
        case Is(what=what, negated=negated):
            return f"IS {'NOT ' if negated else ''}{what}"
        case Affix(where=where, negated=negated):
            return f"{'NOT ' if negated else ''}{where} WITH"
        case Between(negated=True) | In(negated=True):
            return f"NOT {type(node).__name__.upper()}"
        case Like(pattern=String(raw=True)):
            return "LIKE raw"
        case Identifier():
            return _form_of_path(node)
        case String(body, raw):
            return "raw string" if raw else "escape" if "\\" in body else "plain string"
        case _:
            return ""


def _form_of_path(path: Identifier) -> str:
    if path.subscript is not None:
        return "subscript"
    return "nested path" if len(path.steps) > 1 else "bracketed path" if " " in path.path else "plain path"
