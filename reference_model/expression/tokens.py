"""From text to tokens: literals, identifiers, names, keywords and operators (expressions.md §2).

Tokens are made one at a time as the parser asks for them, so a hopeless text is given up early. Forms that the documentation does not
show carry the rule that leaves them open as `doubt`; what could not be one of ours at all is an ExpressionError.
"""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException
from enum import Enum
from math import isinf
from typing import Final, NamedTuple, NoReturn

from reference_model.expression.errors import ExpressionError
from reference_model.expression.syntax import Identifier, Number, String
from reference_model.rule import R

# fmt: off
KEYWORDS: Final = frozenset({
    "AND", "OR", "NOT", "IN", "IS", "NULL", "NAN", "LIKE", "BETWEEN", "BEGINS", "ENDS", "WITH", "MOD", "IF", "AS", "OF", "CURRENT",
    "PREVIOUS", "HINT", "OPTIONAL", "SET_CURRENT",
})
# fmt: on

integer_min: Final = -(2**63)
integer_max: Final = 2**64 - 1
"""Range of integer literals: signed 64 bit, and unsigned above (EXPR-LIT-17)."""

number_characters_max: Final = 4000
"""Longer literals are refused before they are converted, which takes quadratic time for integers."""

subscript_digits_max: Final = 9
"""No message holds more elements than that; it keeps subscripts small integers."""

_WHITE: Final = re.compile(r"[ \t\r\n]*+")
_NUMBER: Final = re.compile(r"-?[0-9]++(?:(?P<point>\.[0-9]++)(?:[eE]-?[0-9]++)?|(?P<bare>[eE]-?[0-9]++))?")
_STRING: Final = re.compile(r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\"""", re.DOTALL)
_RAW: Final = re.compile(r"""[rR](?:'[^']*+'|"[^"]*+")""")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*+")
_OPERATOR: Final = re.compile(r"==|!=|<>|<=|>=|[=<>+\-*/%(),]")
_BRACKETED: Final = re.compile(r"\[([^\]]*+)\]")
_SUBSCRIPT: Final = re.compile(r"\[([0-9]++)\]")
_STEP: Final = re.compile(r"@?[\w][\w.\-]*+")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
_LETTER_ESCAPES: Final = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


class Kind(Enum):
    NUMBER = "a number"
    STRING = "a string"
    IDENTIFIER = "an identifier"
    NAME = "a name"
    KEYWORD = "a keyword"
    OPERATOR = "an operator"
    END = "the end"


class Token(NamedTuple):
    """One token. `text`: of an operator or name as written, of a keyword in upper case. `value`: the leaf that it stands for.

    A tuple, since a filter has thousands and they are made faster than other values.
    """

    kind: Kind
    text: str
    at: int
    value: Number | String | Identifier | None = None
    doubt: R | None = None

    @property
    def end(self) -> int:
        """The index after its last character."""
        return self.at + len(self.text)

    @property
    def ends_operand(self) -> bool:
        """Whether an operator may follow."""
        return self.value is not None or self.text in {")", "NULL", "NAN"}


class Tokenizer:
    """Cuts one text into tokens; after the last one it goes on giving END."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._at = 0

    def next(self, previous: Token | None) -> Token:
        """The next token. `previous` decides whether a minus before a digit is a sign. Raises ExpressionError."""
        source = self.source
        at = skip_white(source, self._at)
        if at == len(source):
            self._at = at
            return Token(Kind.END, "", at)
        char = source[at]
        operand_before = previous is not None and previous.ends_operand
        if char.isdecimal() or (char == "-" and not operand_before and source[at + 1 : at + 2].isdecimal()):
            token, self._at = read_number(source, at)
        elif char in "'\"" or (char in "rR" and source[at + 1 : at + 2] in {"'", '"'}):
            token, self._at = read_string(source, at)
        elif char == "[" or (char == "/" and _STEP.match(source, at + 1)):
            identifier, self._at = read_identifier(source, at)
            token = Token(Kind.IDENTIFIER, source[at : self._at], at, identifier)
        elif name := _NAME.match(source, at):
            self._at = name.end()
            token = _name(name.group(), at)
        else:
            token = self._operator(at, touching=operand_before)
        return token

    def _operator(self, at: int, *, touching: bool) -> Token:
        source = self.source
        found = _OPERATOR.match(source, at)
        if found is None:
            raise ExpressionError(source, at, "an operand or an operator", settled=False)
        self._at = found.end()
        text = found.group()
        after = source[self._at : self._at + 1]
        if text == "/" and after in {"/", "*", "@", "."}:
            raise ExpressionError(source, self._at, "a name or white space after the slash", settled=False)
        doubt = R("EXPR-NUM-24") if text == "-" and touching and after not in {" ", "\t", "\r", "\n", "(", ""} else None
        return Token(Kind.OPERATOR, text, at, None, doubt)


def skip_white(source: str, at: int) -> int:
    """The index of the next character that is no white space."""
    white = _WHITE.match(source, at)
    assert white is not None
    return white.end()


def _name(text: str, at: int) -> Token:
    upper = text.upper()
    if upper in KEYWORDS:
        return Token(Kind.KEYWORD, upper, at, None, None if text == upper else R("EXPR-LOG-21"))
    return Token(Kind.NAME, text, at)


def read_number(source: str, at: int) -> tuple[Token, int]:
    """`number = [ "-" ] digits [ "." digits [ exponent ] ] ; exponent = ( "e" | "E" ) [ "-" ] digits`

    `1e5` is read too, in doubt. A number ends before anything that could not be part of another token.
    """
    found = _NUMBER.match(source, at)
    if found is None:
        raise ExpressionError(source, at, "an ASCII digit", settled=False)
    text, end = found.group(), found.end()
    if source[end : end + 1] in {".", "_"} or source[end : end + 1].isalpha():
        raise ExpressionError(source, end, "the end of the number", settled=False)
    if len(text) > number_characters_max:
        raise ExpressionError(source, at, f"a number of at most {number_characters_max} characters", settled=False)
    value: int | Decimal
    if found["point"] or found["bare"]:
        try:
            value = Decimal(text)
        except DecimalException:
            value = Decimal("Infinity")
        if isinf(float(value)):
            raise ExpressionError(source, at, "a number in the range of a double", settled=False)
    else:
        value = int(text)
        if not integer_min <= value <= integer_max:
            raise ExpressionError(source, at, "an integer from -2^63 to 2^64-1", settled=False)
    return Token(Kind.NUMBER, text, at, Number(text, value), R("EXPR-LIT-27") if found["bare"] else None), end


def read_string(source: str, at: int) -> tuple[Token, int]:
    """`string = "'" { char | escape } "'" | '"' { char | escape } '"'` ;
    `raw_string = ( "r" | "R" ) ( "'" { char } "'" | '"' { char } '"' )`
    """
    raw = source[at] in "rR"
    found = (_RAW if raw else _STRING).match(source, at)
    if found is None:
        raise ExpressionError(source, len(source), "a closing quote")
    body = found.group()[1 + raw : -1]
    value = text_bytes(body) if raw else unescape(body)
    return Token(Kind.STRING, found.group(), at, String(body, raw, value)), found.end()


def unescape(body: str) -> bytes:
    r"""The bytes of an ordinary string literal: \a \b \t \n \f \r, \xHH, \OOO, and any other character for itself (EXPR-LIT-04..12)."""
    pieces: list[bytes] = []
    start = 0
    for found in _ESCAPE.finditer(body):
        pieces.append(text_bytes(body[start : found.start()]))
        start = found.end()
        hexadecimal, octal, other = found.groups()
        if hexadecimal:
            pieces.append(bytes([int(hexadecimal, 16)]))
        elif octal:
            pieces.append(bytes([int(octal, 8)]))
        else:
            pieces.append(text_bytes(_LETTER_ESCAPES.get(other, other)))
    pieces.append(text_bytes(body[start:]))
    return b"".join(pieces)


def text_bytes(text: str) -> bytes:
    """The bytes of a text: UTF-8; an unpaired surrogate gets three bytes of its own and so equals only itself."""
    return text.encode(errors="surrogatepass")


def read_identifier(source: str, at: int) -> tuple[Identifier, int]:
    """`identifier = [ qualifier ] ( path | bracketed ) [ subscript ] ; qualifier = [ "[" msgtype "]" "." ] "[" topic "]" "."`

    The version (`OF CURRENT`) is made of tokens of its own.
    """
    names: list[str] = []
    while found := _qualifier(source, at):
        names.append(found[0])
        at = found[1]
    if len(names) > 2:
        raise ExpressionError(source, at, "at most a message type and a topic before the path")
    steps, at = read_path(source, at)
    subscript = None
    if source.startswith("[", at):
        subscript, at = _subscript(source, at)
    return Identifier(steps, subscript, None, names[-1] if names else None, names[0] if len(names) == 2 else None), at


def read_path(source: str, at: int) -> tuple[tuple[str, ...], int]:
    """`path = "/" step { "/" step } ; step = [ "@" ] name_chars ; bracketed = "[" "/" { any but "]" } "]"`

    The "@" of an XML attribute stands in the last step only.
    """
    if source.startswith("[", at):
        return _bracketed(source, at)
    steps: list[str] = []
    while source.startswith("/", at):
        step = _STEP.match(source, at + 1)
        if step is None:
            raise ExpressionError(source, at + 1, "a name after the slash", settled=False)
        if steps and steps[-1].startswith("@"):
            raise ExpressionError(source, at, "the attribute to be the last step")
        steps.append(step.group())
        at = step.end()
    if not steps:
        raise ExpressionError(source, at, "a path")
    return tuple(steps), at


def _qualifier(source: str, at: int) -> tuple[str, int] | None:
    found = _BRACKETED.match(source, at)
    if found is None or not source.startswith((".[", "./"), found.end()):
        return None
    return found[1], found.end() + 1


def _bracketed(source: str, at: int) -> tuple[tuple[str, ...], int]:
    found = _BRACKETED.match(source, at)
    if found is None:
        raise ExpressionError(source, len(source), "a closing bracket")
    steps = tuple(found[1].split("/"))
    if steps[0] or not all(steps[1:]) or len(steps) < 2:
        raise ExpressionError(source, at + 1, "a path in the brackets")
    return steps[1:], found.end()


def _subscript(source: str, at: int) -> tuple[int, int]:
    found = _SUBSCRIPT.match(source, at)
    if found is None:
        closed = "]" in source[at:]
        return _refuse(source, at + 1, "a subscript of digits", settled=not closed)
    if len(found[1]) > subscript_digits_max:
        _refuse(source, at + 1, f"a subscript of at most {subscript_digits_max} digits", settled=False)
    if source.startswith(("/", "["), found.end()):
        _refuse(source, found.end(), "the subscript at the end of the identifier", settled=False)
    return int(found[1]), found.end()


def _refuse(source: str, at: int, expected: str, *, settled: bool) -> NoReturn:
    raise ExpressionError(source, at, expected, settled=settled)
