"""Intervals, sizes and counts with their units (configuration.md section 1). A bad text is None: the caller names the element."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_INTERVAL_S: Final[Mapping[str, float]] = MappingProxyType(
    {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
)
_SIZE_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {"": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30, "t": 2**40, "tb": 2**40}
)
"""Whether kb is 1000 or 1024 is not said (configuration.md section 1); the greater reading refuses no file that could be right."""
_NUMBER: Final = re.compile(r"([0-9]{1,18})([a-z]*)", re.ASCII)


def interval_s(text: str) -> float | None:
    """Seconds of an interval such as `500ms`; a number without a unit is seconds."""
    found = _NUMBER.fullmatch(text.strip().lower())
    if found is None or found[2] not in _INTERVAL_S:
        return None
    unit = _INTERVAL_S[found[2]]
    return int(found[1]) / round(1 / unit) if unit < 1 else int(found[1]) * unit


def size_bytes(text: str) -> int | None:
    """Bytes of a size such as `5MB`; a number without a unit is bytes."""
    found = _NUMBER.fullmatch(text.strip().lower())
    return int(found[1]) * _SIZE_BYTES[found[2]] if found is not None and found[2] in _SIZE_BYTES else None


def write_interval(seconds: float) -> str:
    """The shortest exact interval in whole seconds, else in milliseconds or finer: `5s`, `500ms`."""
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6)):
        if seconds * factor == round(seconds * factor):
            return f"{round(seconds * factor)}{unit}"
    return f"{round(seconds * 10**9)}ns"
