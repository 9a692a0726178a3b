"""Faults of LIKE, BEGINS WITH and ENDS WITH."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.language import Truth
from conformance.server.mutants.mutant import Collection
from conformance.server.scalars import Value
from reference_model.expression.syntax import Affix, Expr, Like, String
from reference_model.rule import R

texts: Final = Collection()


def _pattern(change: Callable[[bytes], bytes]) -> type[Behaviour]:
    class Pattern(Behaviour):
        def pattern(self, text: bytes) -> bytes:
            return change(text)

    return Pattern


texts(
    R("EXPR-LIKE-01"),
    R("EXPR-LIKE-02"),
    R("EXPR-LIKE-12"),
    R("EXPR-LIKE-16"),
    R("EXPR-LOG-23"),
    name="like_matches_at_start",
    text="LIKE matches at the start of a text only",
)(_pattern(lambda text: rb"\A(?:" + text + b")"))
texts(
    R("EXPR-LIKE-01"),
    R("EXPR-LIKE-02"),
    R("EXPR-LIKE-11"),
    R("EXPR-LIKE-12"),
    R("EXPR-LIKE-16"),
    R("EXPR-LIKE-17"),
    R("EXPR-LOG-23"),
    name="like_matches_whole",
    text="LIKE has to match the whole text",
)(_pattern(lambda text: rb"\A(?:" + text + rb")\z"))
texts(R("EXPR-LIKE-02"), name="like_anchors_at_lines", text="^ and $ of a pattern are literal characters")(
    _pattern(lambda text: re.sub(rb"(?<!\\)([\^$])(?![^\[]*\])", rb"\\\1", text))
)
texts(R("EXPR-LIKE-03"), name="like_ignores_case", text="LIKE ignores case")(_pattern(lambda text: b"(?i)" + text))
texts(R("EXPR-LIKE-04"), name="like_ignores_flags", text="(?i) has no effect")(_pattern(lambda text: text.replace(b"(?i)", b"")))
texts(R("EXPR-LIKE-05"), name="dot_matches_newline", text="a dot of a pattern matches a line break")(
    _pattern(lambda text: b"(?s)" + text)
)
texts(R("EXPR-LIKE-06"), name="star_is_plus", text="a star of a pattern wants one repetition")(
    _pattern(lambda text: text.replace(b"*", b"+"))
)
texts(R("EXPR-LIKE-07"), name="plus_is_once", text="a plus of a pattern allows one repetition only")(
    _pattern(lambda text: re.sub(rb"(?<!\\)\+", b"", text))
)
texts(R("EXPR-LIKE-08"), name="braces_are_literal", text="braces of a pattern are literal characters")(
    _pattern(lambda text: text.replace(b"{", rb"\{"))
)
texts(R("EXPR-LIKE-09"), name="ranges_are_literal", text="a hyphen in a class of a pattern is a literal character")(
    _pattern(lambda text: re.sub(rb"(?<=\[\w)-(?=\w\])", rb"\\-", text))
)
texts(R("EXPR-LIKE-10"), name="first_alternative_only", text="of two alternatives of a pattern only the first one matches")(
    _pattern(lambda text: re.sub(rb"\|[^|)]*", b"", text))
)
texts(R("EXPR-LIKE-11"), name="backreferences_unknown", text="a back reference of a pattern matches anything")(
    _pattern(lambda text: re.sub(rb"\\[1-9]", b".", text))
)
texts(R("EXPR-LIKE-12"), name="pattern_escapes_eaten", text="a backslash of a pattern is eaten before PCRE sees it")(
    _pattern(lambda text: re.sub(rb"\\([^0-9])", rb"\1", text).replace(b"++", b"+"))
)


@texts(
    R("EXPR-LIKE-13"), R("EXPR-LIT-24"), name="raw_pattern_anchored", text="a raw string as pattern of LIKE has to be the whole text"
)
class _RawPatternAnchored(Behaviour):
    def node(self, expr: Expr) -> Expr:
        if isinstance(expr, Like) and expr.pattern.raw:
            return Like(expr.operand, String(f"^{re.escape(expr.pattern.body)}$", raw=False, value=b""), expr.negated)
        return expr


@texts(R("EXPR-LIKE-16"), R("EXPR-BEG-08"), name="numbers_have_no_text", text="LIKE, BEGINS and ENDS WITH are not true for numbers")
class _NumbersHaveNoText(Behaviour):
    def text(self, value: Value) -> bytes | None:
        return value if isinstance(value, bytes) else None


@texts(R("EXPR-LIKE-17"), name="like_of_first_element", text="LIKE looks at the first element of an array only")
class _LikeOfFirstElement(Behaviour):
    def any_text(self, texts: Sequence[bytes | None], test: Callable[[bytes], bool], *, unknown: Truth) -> Truth:
        return super().any_text(texts[:1], test, unknown=unknown)


@texts(
    R("EXPR-LIKE-18"),
    name="null_is_an_empty_text",
    text="for LIKE, BEGINS and ENDS WITH a field without value is an empty text",
)
class _NullIsEmptyText(Behaviour):
    def any_text(self, texts: Sequence[bytes | None], test: Callable[[bytes], bool], *, unknown: Truth) -> Truth:
        return super().any_text([text or b"" for text in texts or (None,)], test, unknown=unknown)


@texts(
    R("EXPR-BEG-07"),
    R("EXPR-LIKE-18"),
    name="null_begins_with_all",
    text="BEGINS and ENDS WITH are true for a field without value",
)
class _NullBeginsWithAll(Behaviour):
    def any_text(self, texts: Sequence[bytes | None], test: Callable[[bytes], bool], *, unknown: Truth) -> Truth:
        return True if not any(texts) else super().any_text(texts, test, unknown=unknown)


@texts(
    R("EXPR-BEG-01"),
    R("EXPR-BEG-06"),
    R("EXPR-FLT-18"),
    R("EXPR-BEG-08"),
    name="begins_anywhere",
    text="BEGINS WITH is true of a text that holds the other anywhere",
)
class _BeginsAnywhere(Behaviour):
    def begins(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return any(one in text for one in wanted)


@texts(
    R("EXPR-BEG-02"),
    R("EXPR-BEG-03"),
    R("EXPR-BEG-07"),
    R("EXPR-BEG-08"),
    R("EXPR-BEG-04"),
    name="ends_at_start",
    text="ENDS WITH means BEGINS WITH",
)
class _EndsAtStart(Behaviour):
    def ends(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return self.begins(text, wanted)


@texts(R("EXPR-BEG-03"), name="first_affix_only", text="of several texts in the parentheses only the first one counts")
class _FirstAffixOnly(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return Affix(expr.operand, expr.where, expr.texts[:1], expr.negated) if isinstance(expr, Affix) else expr


@texts(R("EXPR-BEG-04"), name="not_begins_is_begins", text="NOT before BEGINS or ENDS WITH changes nothing")
class _NotBegins(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return Affix(expr.operand, expr.where, expr.texts) if isinstance(expr, Affix) else expr


@texts(R("EXPR-BEG-05"), name="affix_is_a_pattern", text="BEGINS and ENDS WITH take their texts for patterns")
class _AffixIsPattern(Behaviour):
    def begins(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return any(re.match(one.replace(b"(", rb"\("), text) for one in wanted)


@texts(R("EXPR-BEG-05"), name="affix_ignores_case", text="BEGINS and ENDS WITH ignore case")
class _AffixIgnoresCase(Behaviour):
    def begins(self, text: bytes, wanted: Sequence[bytes]) -> bool:
        return super().begins(text.lower(), [one.lower() for one in wanted])


@texts(R("EXPR-BEG-06"), name="affix_without_parentheses_is_false", text="BEGINS and ENDS WITH are not true without parentheses")
class _AffixWithoutParentheses(Behaviour):
    def filter_text(self, text: str) -> str:
        return re.sub(r"(?<=S WITH )(?:'[^']*'|\"[^\"]*\")", "(NULL)", text)
