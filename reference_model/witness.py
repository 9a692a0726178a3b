"""What the model takes from an observation, and nothing else: the order in which the target took concurrent commands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """`orders`: per label of a Together step the labels of its sends in the order adopted from the witness subscription. A Together
    step without an entry has no usable witness: what depends on its order cannot be judged."""

    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_WITNESS = Witness()
