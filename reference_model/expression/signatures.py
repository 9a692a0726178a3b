"""Which functions the documentation has, and how many arguments they take (expressions.md §8): names only, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AGGREGATES: Final = frozenset(
    {"AVG", "ANY", "COUNT", "COUNT_DISTINCT", "GROUP_CONCAT", "MIN", "MAX", "STDDEV_POP", "STDDEV_SAMP", "SUM", "UNIQUE"}
)
"""Functions of a group of records, not available in filters (EXPR-FLT-17)."""

OPTIONAL: Final = frozenset(
    {"TIMEZONEOFFSET", "YEAR", "MONTH", "DAY", "DATE_UTC", "DATE", "TODAY_UTC", "TODAY", "VALUE_LOOKUP"},
)
"""Functions of modules that are not loaded by default."""

_BY_COUNT: Final[Mapping[tuple[int, int | None], str]] = {
    (0, 0): "UUID7 UNIX_TIMESTAMP TRUE_VALUE FALSE_VALUE NAN_VALUE MESSAGE_SIZE CORRELATION_ID TOPIC_NAME LAST_UPDATED LAST_READ"
    " BOOKMARK LAST_LEASED LEASE_COUNT SOW_KEY SOW_KEY_HASH CLIENT_NAME USER REMOTE_ADDRESS CLIENT_VERSION CONNECTION_NAME"
    " AMPS_INSTANCE_NAME AMPS_GROUP_NAME",
    (1, 1): "LENGTH UPPER LOWER REVERSE MD5 CRC32 CRC64 ABS CEILING FLOOR SIGN EXP LN LOG2 LOG10 SQRT RADIANS DEGREES ACOS ASIN ATAN"
    " COS COSH COT SIN SINH TAN TANH ARRAY_COUNT ARRAY_SUM ARRAY_MAX ARRAY_MIN CHAR_VALUE",
    (1, 2): "TRIM LTRIM RTRIM ROUND",
    (1, None): "CONCAT COALESCE GREATEST LEAST",
    (2, 2): "INSTR INSTR_I STREQUAL_I LEFT RIGHT REGEXP_MATCH POWER ATAN2 STRFTIME STRPTIME",
    (2, 3): "SUBSTR",
    (3, 3): "REPLACE REGEXP_REPLACE IF ARRAY_TO_STRING",
    (4, 4): "WIDTH_BUCKET GEO_DISTANCE",
}

SIGNATURES: Final[Mapping[str, tuple[int, int | None]]] = {name: count for count, names in _BY_COUNT.items() for name in names.split()}
"""Name to the least and the greatest number of arguments (None: any)."""
