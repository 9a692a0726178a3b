"""What the model takes from an observation, and nothing else: what only the target can know.

That is the order in which it took concurrent commands in, and of commands on a connection that was lost which of them it took in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """orders  per label of a Together step the labels of its sends in the order adopted from the witness subscription. A Together step
            without an entry has no usable witness: what depends on its order cannot be judged
    fates   per label of a change sent on a connection that was lost: the label of the step before which it took effect (its own: at
            once), None if it never did. Without an entry: at once
    acked   changes on such connections whose effect was acknowledged: by their own persisted ack, or by a flush behind them
    torn    changes on such connections of which only a part was sent
    whole   queries on such connections whose group_end came
    """

    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fates: Mapping[str, str | None] = field(default_factory=dict)
    acked: Mapping[str, Literal["persisted", "flushed"]] = field(default_factory=dict)
    torn: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


NO_WITNESS = Witness()
