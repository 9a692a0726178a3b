"""Faults in how the text of a filter is read: white space, literals, identifiers, functions, precedence."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from conformance.server.behaviour import Behaviour
from conformance.server.documents import Path
from conformance.server.mutants.mutant import Collection
from conformance.server.scalars import Value
from reference_model.expression.syntax import (
    And,
    Arithmetic,
    Comparison,
    Expr,
    Identifier,
    Is,
    Like,
    Not,
    Null,
    Number,
    Or,
    String,
)
from reference_model.rule import R

literals: Final = Collection()

_signed_integer_max: Final = 2**63 - 1

_IN_QUOTES: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
"""A string literal in the text of a filter."""

AGGREGATES: Final = frozenset(
    {"AVG", "ANY", "COUNT", "COUNT_DISTINCT", "GROUP_CONCAT", "MAX", "MIN", "STDDEV_POP", "STDDEV_SAMP", "SUM", "UNIQUE"}
)


def _outside_of_quotes(text: str, change: Callable[[str], str]) -> str:
    """The text with everything but its string literals changed."""
    parts, at = [], 0
    for found in _IN_QUOTES.finditer(text):
        parts += [change(text[at : found.start()]), found.group()]
        at = found.end()
    return "".join([*parts, change(text[at:])])


# ---- white space, identifiers, functions -----------------------------------------------------------------------------------------


@literals(R("EXPR-FLT-18"), name="filter_on_one_line", text="a line break in a filter ends it")
class _OneLine(Behaviour):
    def filter_text(self, text: str) -> str:
        return text.split("\n", 1)[0]


@literals(R("EXPR-FLT-18"), name="blank_before_parenthesis", text="a parenthesis without a blank before it is refused")
class _BlankBeforeParenthesis(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(?<=WITH)\(", "(((", part))


@literals(
    R("EXPR-NUM-16"),
    R("EXPR-ID-01"),
    R("EXPR-ID-04"),
    R("EXPR-ID-10"),
    R("EXPR-ID-11"),
    name="slash_divides",
    text="a slash behind a name divides, blanks or not",
)
class _SlashDivides(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(?<=\w)/(?=\w)", " / /", part))


@literals(R("EXPR-NUM-17"), R("EXPR-IN-07"), name="touching_star_adds", text="a star that touches its operands adds")
class _TouchingStarAdds(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(?<=\S)\*", " + ", part))


@literals(
    R("EXPR-NUM-18"), R("EXPR-ID-08"), R("EXPR-LIT-20"), name="hyphen_subtracts", text="a hyphen behind a name subtracts, blanks or not"
)
class _HyphenSubtracts(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(?<=[A-Za-z_])-(?=\w)", " - /", part))


@literals(R("EXPR-ID-08"), name="dot_ends_name", text="a dot ends the name of a field")
class _DotEndsName(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return tuple(step.split(".")[0] for step in identifier.steps)


@literals(
    R("EXPR-ID-04"),
    R("EXPR-NUM-17"),
    R("EXPR-CMP-18"),
    name="digits_begin_no_name",
    text="a step of an identifier cannot begin with a digit",
)
class _DigitsBeginNoName(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return tuple(step.lstrip("0123456789") for step in identifier.steps)


@literals(R("EXPR-ID-05"), R("EXPR-ID-06"), name="names_in_lower_case", text="names of fields are looked up in lower case")
class _NamesInLowerCase(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return tuple(step.lower() for step in identifier.steps)


@literals(R("EXPR-ID-06"), name="bracketed_blanks_lost", text="blanks of a bracketed identifier are lost")
class _BracketedBlanksLost(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return tuple(step.replace(" ", "") for step in identifier.steps)


@literals(R("EXPR-ID-06"), name="bracketed_is_null", text="a bracketed identifier has no value")
class _BracketedIsNull(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(?<!\w)\[/[^\]]*\]", "NULL", part))


@literals(
    R("EXPR-ID-01"),
    R("EXPR-NUM-16"),
    R("EXPR-ID-04"),
    R("EXPR-ID-10"),
    R("EXPR-ID-11"),
    name="last_step_only",
    text="only the last step of an identifier counts",
)
class _LastStepOnly(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return identifier.steps[-1:]


@literals(R("EXPR-ID-01"), name="deep_path_cut", text="of an identifier only the first two steps count")
class _DeepPathCut(Behaviour):
    def path(self, identifier: Identifier) -> Path:
        return identifier.steps[:2]


@literals(R("EXPR-FLT-14"), R("EXPR-ID-06"), name="open_bracket_closed", text="a bracket that is left open is closed")
class _OpenBracketClosed(Behaviour):
    def filter_text(self, text: str) -> str:
        return _outside_of_quotes(text, lambda part: re.sub(r"(\[/?\w*)(?=\s)", r"\1]", part).replace("[]", "[0]"))


@literals(R("EXPR-FLT-08"), name="surplus_parenthesis_ignored", text="a parenthesis too many at the end is ignored")
class _SurplusParenthesisIgnored(Behaviour):
    def filter_text(self, text: str) -> str:
        while text.endswith(")") and text.count(")") > text.count("("):
            text = text[:-1]
        return text


@literals(R("EXPR-FLT-15"), name="unknown_function_is_null", text="a function that does not exist gives NULL")
class _UnknownFunctionIsNull(Behaviour):
    def knows_function(self, name: str, *, exists: bool) -> bool:
        return exists or name not in AGGREGATES


@literals(R("EXPR-FLT-17"), name="aggregates_in_filters", text="aggregate functions are taken in filters")
class _AggregatesInFilters(Behaviour):
    def knows_function(self, name: str, *, exists: bool) -> bool:
        return exists or name in AGGREGATES


@literals(R("EXPR-FLT-06"), name="constants_refused", text="a filter without an identifier is refused")
class _ConstantsRefused(Behaviour):
    def filter_text(self, text: str) -> str:
        return text if "/" in text else f"({text}"


# ---- literals ----------------------------------------------------------------------------------------------------------------------


@literals(R("EXPR-LIT-01"), R("EXPR-LIT-03"), name="single_quoted_blanks_lost", text="a text in single quotes loses its blanks")
class _SingleQuotedBlanksLost(Behaviour):
    def filter_text(self, text: str) -> str:
        return _IN_QUOTES.sub(lambda found: found.group().replace(" ", "") if found.group().startswith("'") else found.group(), text)


@literals(
    R("EXPR-LIT-02"),
    name="double_quoted_blanks_lost",
    text="a text in double quotes loses its blanks",
)
class _DoubleQuotedBlanksLost(Behaviour):
    def filter_text(self, text: str) -> str:
        return _IN_QUOTES.sub(lambda found: found.group().replace(" ", "") if found.group().startswith('"') else found.group(), text)


@literals(R("EXPR-LIT-03"), R("EXPR-LIT-12"), name="other_quotes_lost", text="quotes of the other kind inside of a text are lost")
class _OtherQuotesLost(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value.translate(None, b"'\"")


def _escape_unknown(letter: str, meaning: bytes) -> type[Behaviour]:
    class EscapeUnknown(Behaviour):
        def string_value(self, literal: String) -> bytes:
            written = not literal.raw and f"\\{letter}" in literal.body
            return literal.value.replace(meaning, letter.encode()) if written else literal.value

    return EscapeUnknown


for _letter, _meaning, _rule in (
    ("a", b"\a", R("EXPR-LIT-04")),
    ("b", b"\b", R("EXPR-LIT-05")),
    ("t", b"\t", R("EXPR-LIT-06")),
    ("n", b"\n", R("EXPR-LIT-07")),
    ("f", b"\f", R("EXPR-LIT-08")),
    ("r", b"\r", R("EXPR-LIT-09")),
):
    literals(_rule, name=f"escape_{_letter}_unknown", text=f"in a text \\{_letter} stands for the letter {_letter}")(
        _escape_unknown(_letter, _meaning)
    )


def _reread(literal: String, escape: str, put: Callable[[re.Match[str]], bytes]) -> bytes:
    """The bytes of a literal, those of its escapes that fit the pattern read by `put`."""
    parts: list[bytes] = []
    for found in re.finditer(rf"(?P<escape>\\(?:{escape}))|(?P<rest>\\.|[^\\])", literal.body, re.DOTALL):
        rest = found["rest"]
        if rest is None:
            parts.append(put(found))
        elif rest.startswith("\\"):
            parts.append({"a": b"\a", "b": b"\b", "t": b"\t", "n": b"\n", "f": b"\f", "r": b"\r"}.get(rest[1], rest[1:].encode()))
        else:
            parts.append(rest.encode(errors="surrogateescape"))
    return b"".join(parts)


@literals(
    R("EXPR-LIT-10"),
    R("EXPR-LIT-13"),
    R("EXPR-LIT-14"),
    R("EXPR-LIT-11"),
    name="hex_escapes_unknown",
    text="in a text \\x41 stands for x41",
)
class _HexEscapesUnknown(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value if literal.raw else _reread(literal, "x[0-9A-Fa-f]{2}", lambda found: found["escape"][1:].encode())


@literals(
    R("EXPR-LIT-11"),
    R("EXPR-LIT-13"),
    R("EXPR-LIT-14"),
    R("EXPR-LIT-10"),
    name="octal_escapes_unknown",
    text="in a text \\101 stands for 101",
)
class _OctalEscapesUnknown(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value if literal.raw else _reread(literal, "[0-7]{3}", lambda found: found["escape"][1:].encode())


@literals(
    R("EXPR-LIT-12"),
    R("EXPR-LIT-13"),
    R("EXPR-LIT-14"),
    R("EXPR-LIT-10"),
    R("EXPR-LIT-11"),
    name="unknown_escapes_kept",
    text="a backslash before any other character stays",
)
class _UnknownEscapesKept(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value if literal.raw else _reread(literal, "[^abtnfrx0-7]", lambda found: found["escape"].encode())


@literals(R("EXPR-LIT-13"), name="text_ends_at_nul", text="a text ends at its first NUL")
class _TextEndsAtNul(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value.split(b"\0")[0]

    def of_leaf(self, leaf: object) -> Value:
        value = super().of_leaf(leaf)
        return value.split(b"\0")[0] or None if isinstance(value, bytes) else value


@literals(R("EXPR-LIT-14"), name="literals_in_seven_bits", text="characters of a literal lose their eighth bit")
class _LiteralsInSevenBits(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return bytes(byte & 0x7F for byte in literal.value)


@literals(R("EXPR-LIT-15"), name="integers_lose_last_digit", text="an integer of three digits or more loses its last one")
class _IntegersLoseLastDigit(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        value = literal.value
        return value // 10 if isinstance(value, int) and value > 99 else value


@literals(
    R("EXPR-LIT-16"),
    R("EXPR-NUM-09"),
    R("EXPR-LIT-17"),
    R("EXPR-TYPE-12"),
    R("EXPR-NUM-02"),
    name="minus_lost",
    text="the minus of a literal is lost",
)
class _MinusLost(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        return -literal.value if literal.value < 0 else literal.value


@literals(R("EXPR-LIT-17"), name="literals_signed", text="integer literals end at the greatest signed one")
class _LiteralsSigned(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        value = literal.value
        return min(value, _signed_integer_max) if isinstance(value, int) else value


@literals(R("EXPR-LIT-18"), R("EXPR-LIT-17"), R("EXPR-TYPE-09"), name="integers_as_doubles", text="integers are compared as doubles")
class _IntegersAsDoubles(Behaviour):
    def rank(self, left: Value, right: Value) -> int | None:
        return super().rank(*(float(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in (left, right)))


@literals(R("EXPR-LIT-19"), R("EXPR-LIT-16"), name="fractions_cut", text="the fraction of a literal is cut off")
class _FractionsCut(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        return Decimal(int(literal.value)) if isinstance(literal.value, Decimal) else literal.value


@literals(R("EXPR-LIT-20"), name="exponents_ignored", text="the exponent of a literal is ignored")
class _ExponentsIgnored(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        return Decimal(re.split("[eE]", literal.text)[0]) if isinstance(literal.value, Decimal) else literal.value


@literals(R("EXPR-LIT-21"), R("EXPR-NULL-03"), name="null_is_a_text", text="the literal NULL is the text NULL")
class _NullIsText(Behaviour):
    def node(self, expr: Expr) -> Expr:
        return String("NULL", raw=False, value=b"NULL") if isinstance(expr, Null) else expr


@literals(R("EXPR-LIT-22"), R("EXPR-NULL-04"), name="empty_literal_is_text", text="an empty literal is a text of one NUL")
class _EmptyLiteralIsText(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return literal.value or b"\0"


@literals(
    R("EXPR-LIT-23"),
    R("EXPR-CMP-19"),
    name="literal_on_the_left_exchanged",
    text="a literal on the left of a comparison is read as one on the right",
)
class _LiteralOnTheLeftExchanged(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Comparison(String() | Number() as left, operator, right) if not isinstance(right, String | Number):
                return Comparison(right, operator, left)
            case _:
                return expr


@literals(R("EXPR-LIT-24"), R("EXPR-LIKE-13"), name="raw_strings_as_patterns", text="a raw string is a pattern for LIKE")
class _RawAsPattern(Behaviour):
    def is_literal(self, pattern: String) -> bool:
        del pattern
        return False


@literals(R("EXPR-LIT-25"), name="escapes_in_raw_strings", text="backslashes of raw strings are escapes")
class _EscapesInRaw(Behaviour):
    def string_value(self, literal: String) -> bytes:
        return _reread(literal, "(?!)", lambda found: found["escape"].encode()) if literal.raw else literal.value


@literals(R("EXPR-LIT-26"), name="leading_zeros_octal", text="an integer with a leading zero is octal")
class _LeadingZerosOctal(Behaviour):
    def number_value(self, literal: Number) -> int | Decimal:
        return int(literal.text, 8) if re.fullmatch("0[0-7]+", literal.text) else literal.value


# ---- precedence --------------------------------------------------------------------------------------------------------------------


@literals(R("EXPR-NUM-13"), name="sums_first", text="sums bind tighter than products")
class _SumsFirst(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Arithmetic(left, "+" | "-" as outer, Arithmetic(inner, "*" | "/" as operator, right)):
                return Arithmetic(Arithmetic(left, outer, inner), operator, right)
            case _:
                return expr


@literals(R("EXPR-NUM-14"), R("EXPR-NUM-06"), name="right_to_left", text="operators of one rank are taken from right to left")
class _RightToLeft(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Arithmetic(Arithmetic(left, inner, middle), outer, right) if {inner, outer} <= {"+", "-"} or {inner, outer} <= {
                "*",
                "/",
            }:
                return Arithmetic(left, inner, Arithmetic(middle, outer, right))
            case _:
                return expr


@literals(R("EXPR-NUM-15"), R("EXPR-NUM-06"), name="parentheses_ignored", text="a sum in parentheses before a product loses them")
class _ParenthesesIgnored(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Arithmetic(Arithmetic(left, "+" | "-" as inner, middle), "*" | "/" as outer, right):
                return Arithmetic(left, inner, Arithmetic(middle, outer, right))
            case _:
                return expr


@literals(R("EXPR-LOG-15"), name="or_before_and", text="OR binds tighter than AND")
class _OrBeforeAnd(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Or((And((*ands, last)), *ors)):
                return And((*ands, Or((last, *ors))))
            case Or((first, And((second, *ands)))):
                return And((Or((first, second)), *ands))
            case _:
                return expr


@literals(R("EXPR-LOG-14"), name="not_after_and", text="NOT takes the whole conjunction behind it")
class _NotAfterAnd(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case And((Not(operand), *others)):
                return Not(And((operand, *others)))
            case Or((Not(operand), *others)):
                return Not(Or((operand, *others)))
            case _:
                return expr


@literals(
    R("EXPR-LOG-23"),
    R("EXPR-LOG-14"),
    R("EXPR-LOG-13"),
    R("EXPR-ARR-03"),
    name="not_before_comparison",
    text="NOT takes only the operand before a comparison or LIKE",
)
class _NotBeforeComparison(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Not(Comparison(Identifier() as left, operator, right)):
                return Comparison(Not(left), operator, right)
            case Not(Like(Identifier() as operand, pattern, negated)):
                return Like(Not(operand), pattern, negated)
            case _:
                return expr


@literals(R("EXPR-LOG-16"), R("EXPR-NULL-08"), name="not_before_is", text="NOT takes only the operand before IS NULL")
class _NotBeforeIs(Behaviour):
    def node(self, expr: Expr) -> Expr:
        match expr:
            case Not(Is(operand, what, negated)):
                return Is(Not(operand), what, negated)
            case _:
                return expr
