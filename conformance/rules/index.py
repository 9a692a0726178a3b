"""Where the code speaks of each rule: a scan of the sources for `R("SOW-TOPN-02")`, with what the place does to the rule.

The scan reads the packages where they are installed, so it works from a clone and from a wheel.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

Role = Literal["predicts", "judges", "breaks", "exercises", "mentions"]

PACKAGES: Final = ("reference_model", "strategies", "conformance")

ROLES: Final[tuple[tuple[str, Role], ...]] = (
    ("reference_model/", "predicts"),
    ("conformance/compare", "judges"),
    ("conformance/checks", "judges"),
    ("conformance/server/mutants", "breaks"),
    ("conformance/client/mutants", "breaks"),
    ("strategies/", "exercises"),
    ("conformance/suites", "exercises"),
)
"""Beginnings of paths and what a rule id written there means; anywhere else it is only mentioned."""

NAMED_BY: Final = ("name",)
"""Keyword arguments that name the value a rule id stands in: the mutant that breaks it, the scenario that exercises it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """One `R("…")` in the sources.

    file     path from the folder that holds the packages: `reference_model/areas/sow.py`
    line     1-based
    role     what the place does to the rule
    within   the name of the value around it (`skip_n_ignored` of `Mutant(name="skip_n_ignored", …)`), else the scenario, function
             or class around it, else empty
    """

    file: str
    line: int
    role: Role
    within: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


Index = Mapping[str, tuple[Place, ...]]
"""Per rule id its places by file and line."""


@cache
def scan() -> Index:
    """The index of the installed packages, built once (about half a second)."""
    return index(sources())


def index(files: Iterable[tuple[str, str]]) -> Index:
    """The index of source texts given as (path, text)."""
    found: dict[str, list[Place]] = {}
    for path, text in files:
        if 'R("' in text:
            for rule_id, place in places(path, text):
                found.setdefault(rule_id, []).append(place)
    return {rule_id: tuple(sorted(found[rule_id])) for rule_id in sorted(found)}


def sources() -> Iterator[tuple[str, str]]:
    """Path and text of every module of the packages, sorted by path. Nothing is imported."""
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            root = Path(folder)
            for file in sorted(root.rglob("*.py")):
                yield f"{package}/{file.relative_to(root).as_posix()}", file.read_text("utf-8")


def places(path: str, text: str) -> Iterator[tuple[str, Place]]:
    """Every (rule id, place) of one source text in the order of the text."""
    role = role_of(path)
    todo: list[tuple[ast.AST, str]] = [(ast.parse(text, path), "")]
    while todo:
        node, within = todo.pop()
        rule_id = _written_id(node)
        if rule_id is not None and isinstance(node, ast.Call):
            yield rule_id, Place(file=path, line=node.lineno, role=role, within=within)
        inside = _name_of(node) or within
        todo += [(child, inside) for child in reversed(list(ast.iter_child_nodes(node)))]


def role_of(path: str) -> Role:
    """What a rule id means in a file of that path."""
    return next((role for start, role in ROLES if path.startswith(start)), "mentions")


def of_role(found: Index, *roles: Role) -> frozenset[str]:
    """The ids that have a place of one of the roles."""
    return frozenset(rule_id for rule_id, where in found.items() if any(place.role in roles for place in where))


def checked(found: Index) -> frozenset[str]:
    """The ids that something predicts or judges."""
    return of_role(found, "predicts", "judges")


def _written_id(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="R") | ast.Attribute(attr="R"), args=[ast.Constant(value=str(rule_id))]):
            return rule_id
        case _:
            return None


def _name_of(node: ast.AST) -> str | None:
    """A function that is decorated with the rules it exercises is the scenario `paging-by-option`."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id=collection), args=[first, *_]) if _written_id(first) is not None:
                    return f"{collection}-{node.name.replace('_', '-')}"
                case _:
                    pass
        return node.name
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in NAMED_BY and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
                return keyword.value.value
    return None
