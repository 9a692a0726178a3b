"""Which rule says that a topic pattern covers a name, or does not: by what in the pattern decides. Source: expressions.md section 9."""

from __future__ import annotations

import re
from typing import Final

from reference_model.expression.topics import PatternError, topic_matches
from reference_model.rule import Because, R

MADE_FREE: Final = (
    # A part of a pattern, what stands for anything in its place, and the rule of that part.
    (re.compile(r"\([^()]*\)(?![*+?{])"), ".*", R("EXPR-TOP-08")),
    (re.compile(r"\[[^\]]*\](?:\{[^}]*\})?|\{[^}]*\}"), ".*", R("EXPR-TOP-09")),
    (re.compile(r"(?<!\\)\.(?![*+?{])"), ".?", R("EXPR-TOP-02")),
)


def why_covered(pattern: str, name: str) -> R:
    """The rule whose breach would keep a message of that name from a subscription to the pattern."""
    inner = pattern.removeprefix("^").removesuffix("$")
    if not _matches(f"^(?:{inner})$", name):
        return R("EXPR-TOP-03")  # it matches somewhere in the name
    if "\\" in inner:
        return R("EXPR-TOP-37")
    if re.search(r"\(\?|\[|\{", inner):
        return R("EXPR-TOP-09")
    if "(" in inner:
        return R("EXPR-TOP-08")
    if ".*" in inner:
        return R("EXPR-TOP-07")
    if inner == name:
        return R("EXPR-TOP-11") if "." in inner else _anchors(pattern)
    return R("EXPR-TOP-02") if "." in inner else R("EXPR-TOP-12")


def _anchors(pattern: str) -> R:
    if pattern.startswith("^"):
        return R("EXPR-TOP-06") if pattern.endswith("$") else R("EXPR-TOP-04")
    return R("EXPR-TOP-05")


def why_not_covered(pattern: str, name: str, usual: R) -> Because:
    """The rule whose breach would bring a message of that name to a subscription to the pattern; the usual one if the two have nothing
    in common."""
    begins, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    inner = pattern[begins : len(pattern) - ends]
    if begins and _matches(pattern[1:], name):
        return (R("EXPR-TOP-04"), usual)
    if ends and _matches(pattern[:-1], name):
        return (R("EXPR-TOP-05"), usual)
    if begins and ends and _matches(inner, name):
        return (R("EXPR-TOP-06"), usual)
    if _matches(f"(?i){pattern}", name):
        return (R("EXPR-TOP-10"), usual)
    if "\\" in pattern and _matches(pattern.replace("\\", ""), name):
        return (R("EXPR-TOP-37"), usual)
    for part, anything, rule in MADE_FREE:
        free = part.sub(anything, pattern)
        if free != pattern and _matches(free, name):
            return (rule, usual)
    return (usual,)


def _matches(pattern: str, name: str) -> bool:
    """Whether the pattern, if it is one, matches."""
    try:
        return topic_matches(pattern, name)
    except PatternError:
        return False
