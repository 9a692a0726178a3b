"""Functions of the expression language that this server knows (expressions.md §8). Aggregates are none of them.

Arguments come as scalars (of an array its first element) except for `ARRAY_*`. NULL for an argument gives NULL unless said otherwise.
Missing: CRC64, ROUND of huge scales, MD5 letter case and all else that the table leaves open is what was simplest here.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pcre2

from .scalars import NAN, Value, in_range, is_nan, rank, to_number, to_text
from .scene import Scene

Body = Callable[[Scene, Sequence[Any]], Value]

_strftime_bytes_max: Final = 128
_earth_radius_m: Final = 6_371_000.0
_places_max: Final = 300


@dataclass(frozen=True, slots=True)
class Function:
    """One function: fewest and most arguments (None: any number), its body, whether arguments come as lists of values."""

    least: int
    most: int | None
    body: Body
    lists: bool = False
    sure: bool = True
    """False: non-deterministic."""


def _strings(body: Callable[..., Value]) -> Body:
    """All arguments as text; NULL among them gives NULL."""

    def call(_: Scene, arguments: Sequence[Value]) -> Value:
        texts = [to_text(argument) for argument in arguments]
        return None if None in texts else body(*texts)

    return call


def _numbers(body: Callable[..., Value]) -> Body:
    """All arguments as numbers; NULL among them gives NULL, NaN gives NaN, and so does whatever has no result."""

    def call(_: Scene, arguments: Sequence[Value]) -> Value:
        numbers = [to_number(argument) for argument in arguments]
        if None in numbers:
            return None
        if any(is_nan(number) for number in numbers):
            return NAN
        try:
            return body(*numbers)
        except (ValueError, OverflowError, ZeroDivisionError):
            return NAN

    return call


def _whole(value: Value) -> int | None:
    number = to_number(value)
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        return None
    return int(number)


def _substr(_: Scene, arguments: Sequence[Value]) -> Value:
    text, start = to_text(arguments[0]), _whole(arguments[1])
    if text is None or start is None:
        return None
    begin = start - 1 if start > 0 else max(len(text) + start, 0) if start < 0 else 0
    if len(arguments) == 2:
        return text[begin:] or None
    count = _whole(arguments[2])
    return None if count is None else text[begin : begin + max(count, 0)] or None


def _side(cut: Callable[[bytes, int], bytes]) -> Body:
    def call(_: Scene, arguments: Sequence[Value]) -> Value:
        text, count = to_text(arguments[0]), _whole(arguments[1])
        return None if text is None or count is None else cut(text, max(count, 0)) or None

    return call


def _trim(strip: Callable[[bytes, bytes], bytes]) -> Body:
    def call(_: Scene, arguments: Sequence[Value]) -> Value:
        text = to_text(arguments[0])
        letters = to_text(arguments[1]) if len(arguments) > 1 else b" "
        return None if text is None or letters is None else strip(text, letters) or None

    return call


def _searched(pattern: bytes) -> Any:
    try:
        return pcre2.compile(pattern)
    except pcre2.LibraryError:
        return None


def _regexp_match(text: bytes, pattern: bytes) -> Value:
    compiled = _searched(pattern)
    try:
        found = compiled.search(text) if compiled else None
    except pcre2.LibraryError:
        return None
    return bytes(found.group()) or None if found else None


def _regexp_replace(text: bytes, pattern: bytes, put: bytes) -> Value:
    compiled = _searched(pattern)
    try:
        return bytes(compiled.sub(lambda _: put, text)) or None if compiled else None
    except pcre2.LibraryError:
        return None


def _concat(_: Scene, arguments: Sequence[Value]) -> Value:
    return b"".join(to_text(argument) or b"" for argument in arguments) or None


def _coalesce(_: Scene, arguments: Sequence[Value]) -> Value:
    return next((argument for argument in arguments if argument is not None), None)


def _extreme(wanted: int) -> Body:
    def call(_: Scene, arguments: Sequence[Value]) -> Value:
        numbers = [number for argument in arguments if (number := to_number(argument)) is not None and not is_nan(number)]
        if not numbers:
            return NAN
        return max(numbers) if wanted > 0 else min(numbers)

    return call


def _round(_: Scene, arguments: Sequence[Value]) -> Value:
    number = to_number(arguments[0])
    places = _whole(arguments[1]) if len(arguments) > 1 else 0
    if number is None or places is None:
        return None
    if is_nan(number):
        return number
    places = max(-_places_max, min(places, _places_max))
    try:
        return round(number, places)
    except OverflowError:
        return NAN


def _bucket(x: float, low: float, high: float, count: float) -> Value:
    buckets = int(count)
    if x < low:
        return 0
    if x >= high:
        return buckets + 1
    return int((x - low) / (high - low) * buckets) + 1


def _distance(lat1: float, lon1: float, lat2: float, lon2: float) -> Value:
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * _earth_radius_m * math.asin(math.sqrt(half))


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _strftime(_: Scene, arguments: Sequence[Value]) -> Value:
    form, stamp = to_text(arguments[0]), to_number(arguments[1])
    if form is None or stamp is None or is_nan(stamp):
        return None
    try:
        moment = datetime.fromtimestamp(stamp, UTC)
        pattern = form.decode().replace("%03f", f"{moment.microsecond // 1000:03d}")
        return moment.strftime(pattern).encode()[:_strftime_bytes_max] or None
    except (ValueError, OverflowError, OSError):
        return None


def _strptime(text: bytes, form: bytes) -> Value:
    try:
        return datetime.strptime(text.decode(), form.decode().replace("%03f", "%f")).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def _uuid7(_: Scene, __: Sequence[Value]) -> Value:
    number = (int(time.time() * 1000) & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])).encode()


def _array_sum(_: Scene, arguments: Sequence[Sequence[Value]]) -> Value:
    numbers = [number for value in arguments[0] if (number := to_number(value)) is not None]
    total = sum(numbers) if numbers else None
    return in_range(total) if isinstance(total, int) else total


def _array_extreme(sign: int) -> Body:
    def call(_: Scene, arguments: Sequence[Sequence[Value]]) -> Value:
        best: Value = None
        for value in arguments[0]:
            if value is not None and (best is None or (rank(value, best) or 0) * sign > 0):
                best = value
        return best

    return call


def _array_to_string(_: Scene, arguments: Sequence[Sequence[Value]]) -> Value:
    between = to_text(arguments[1][0]) if arguments[1] else None
    absent = to_text(arguments[2][0]) if arguments[2] else None
    texts = [(absent or b"") if value is None else to_text(value) or b"" for value in arguments[0]]
    return (between or b"").join(texts) or None


def _math(function: Callable[[float], float]) -> Function:
    return Function(1, 1, _numbers(lambda x: function(float(x))))


def _given(value: Callable[[Scene], Value], *, sure: bool = True) -> Function:
    return Function(0, 0, lambda scene, _: value(scene), sure=sure)


def _text_of(value: str | None) -> bytes | None:
    return None if value is None else value.encode(errors="surrogateescape") or None


FUNCTIONS: Final[dict[str, Function]] = {
    "INSTR": Function(2, 2, _strings(lambda text, part: text.find(part) + 1)),
    "INSTR_I": Function(2, 2, _strings(lambda text, part: text.lower().find(part.lower()) + 1)),
    "STREQUAL_I": Function(2, 2, _strings(lambda left, right: left.lower() == right.lower())),
    "LENGTH": Function(1, 1, _strings(len)),
    "UPPER": Function(1, 1, _strings(bytes.upper)),
    "LOWER": Function(1, 1, _strings(bytes.lower)),
    "CONCAT": Function(1, None, _concat),
    "SUBSTR": Function(2, 3, _substr),
    "LEFT": Function(2, 2, _side(lambda text, count: text[:count])),
    "RIGHT": Function(2, 2, _side(lambda text, count: text[len(text) - min(count, len(text)) :])),
    "TRIM": Function(1, 2, _trim(bytes.strip)),
    "LTRIM": Function(1, 2, _trim(bytes.lstrip)),
    "RTRIM": Function(1, 2, _trim(bytes.rstrip)),
    "REVERSE": Function(1, 1, _strings(lambda text: text[::-1])),
    "REPLACE": Function(3, 3, _strings(lambda text, old, new: text.replace(old, new) or None)),
    "REGEXP_MATCH": Function(2, 2, _strings(_regexp_match)),
    "REGEXP_REPLACE": Function(3, 3, _strings(_regexp_replace)),
    "MD5": Function(1, 1, _strings(lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest().encode())),
    "CRC32": Function(1, 1, lambda _, arguments: _crc32c(to_text(arguments[0]) or b"")),
    "COALESCE": Function(1, None, _coalesce),
    "ABS": Function(1, 1, _numbers(abs)),
    "GREATEST": Function(1, None, _extreme(1)),
    "LEAST": Function(1, None, _extreme(-1)),
    "CEILING": Function(1, 1, _numbers(math.ceil)),
    "FLOOR": Function(1, 1, _numbers(math.floor)),
    "ROUND": Function(1, 2, _round),
    "SIGN": Function(1, 1, _numbers(lambda x: (x > 0) - (x < 0))),
    "EXP": _math(math.exp),
    "LN": _math(math.log),
    "LOG2": _math(math.log2),
    "LOG10": _math(math.log10),
    "SQRT": _math(math.sqrt),
    "POWER": Function(2, 2, _numbers(math.pow)),
    "RADIANS": _math(math.radians),
    "DEGREES": _math(math.degrees),
    "ACOS": _math(math.acos),
    "ASIN": _math(math.asin),
    "ATAN": _math(math.atan),
    "COS": _math(math.cos),
    "COSH": _math(math.cosh),
    "COT": _math(lambda x: 1 / math.tan(x)),
    "SIN": _math(math.sin),
    "SINH": _math(math.sinh),
    "TAN": _math(math.tan),
    "TANH": _math(math.tanh),
    "ATAN2": Function(2, 2, _numbers(math.atan2)),
    "WIDTH_BUCKET": Function(4, 4, _numbers(_bucket)),
    "UUID7": Function(0, 0, _uuid7),
    "GEO_DISTANCE": Function(4, 4, _numbers(_distance)),
    "STRFTIME": Function(2, 2, _strftime),
    "STRPTIME": Function(2, 2, _strings(_strptime)),
    "UNIX_TIMESTAMP": _given(lambda scene: scene.now, sure=False),
    "ARRAY_COUNT": Function(1, 1, lambda _, arguments: len(arguments[0]), lists=True),
    "ARRAY_SUM": Function(1, 1, _array_sum, lists=True),
    "ARRAY_MAX": Function(1, 1, _array_extreme(1), lists=True),
    "ARRAY_MIN": Function(1, 1, _array_extreme(-1), lists=True),
    "ARRAY_TO_STRING": Function(3, 3, _array_to_string, lists=True),
    "TRUE_VALUE": _given(lambda _: True),
    "FALSE_VALUE": _given(lambda _: False),
    "NAN_VALUE": _given(lambda _: NAN),
    "CHAR_VALUE": Function(1, 1, _numbers(lambda code: bytes([int(code)]))),
    "MESSAGE_SIZE": _given(lambda scene: len(scene.document.body)),
    "CORRELATION_ID": _given(lambda scene: _text_of(scene.correlation_id)),
    "TOPIC_NAME": _given(lambda scene: _text_of(scene.topic)),
    "LAST_UPDATED": _given(lambda scene: scene.updated_at),
    "LAST_READ": _given(lambda scene: scene.now if scene.stored else None, sure=False),
    "BOOKMARK": _given(lambda _: None),
    "LAST_LEASED": _given(lambda _: None),
    "LEASE_COUNT": _given(lambda _: None),
    "SOW_KEY": _given(lambda scene: _text_of(scene.key)),
    "SOW_KEY_HASH": _given(lambda scene: _text_of(scene.key_hash)),
    "CLIENT_NAME": _given(lambda scene: _text_of(scene.client_name)),
    "USER": _given(lambda scene: _text_of(scene.user)),
    "REMOTE_ADDRESS": _given(lambda scene: _text_of(scene.address)),
    "CLIENT_VERSION": _given(lambda scene: _text_of(scene.version)),
    "CONNECTION_NAME": _given(lambda scene: _text_of(scene.client_name)),
    "AMPS_INSTANCE_NAME": _given(lambda _: b"conformance"),
    "AMPS_GROUP_NAME": _given(lambda _: b"conformance"),
}
"""By upper-case name. `IF` is syntax of `filters`."""
