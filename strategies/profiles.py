"""How random scenarios are shaped: how long they are, and what they do how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hypothesis.errors import InvalidArgument

from strategies.atoms import Draws

COMMANDS_DEFAULT: Final = 20
CONNECTIONS_MAX: Final = 4

ACTIONS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "publish": 24,
        "delta": 17,
        "query": 22,
        "query_again": 6,
        "query_changed": 5,
        "pages": 3,
        "delete": 12,
        "subscribe": 7,
        "sow_and_subscribe": 3,
        "unsubscribe": 2,
        "chat": 6,
        "explicit": 4,
        "wrong": 9,
        "flush": 2,
        "burst": 2,
        "together": 3,
        "close": 1,
        "deliveries": 3,
        "lose": 0,
        "slow": 0,
    }
)
"""What a scenario does, with weights. What makes no sense at a point (no record to delete, one connection only) becomes a publish."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """commands     about how many a scenario has; some are much shorter
    connections  the most that a scenario opens
    weights      of the actions
    form_percent how often a command is written in an unusual way
    proxy        whether there is a proxy that makes faults
    """

    commands: int = COMMANDS_DEFAULT
    connections: int = 3
    weights: Mapping[str, int] = field(default_factory=lambda: ACTIONS)
    form_percent: int = 10
    proxy: bool = False

    def __post_init__(self) -> None:
        if self.commands < 1:
            raise InvalidArgument(f"commands={self.commands} must be at least 1")
        if not 1 <= self.connections <= CONNECTIONS_MAX:
            raise InvalidArgument(f"connections={self.connections} must be from 1 to {CONNECTIONS_MAX}")
        unknown = self.weights.keys() - ACTIONS.keys()
        if unknown:
            raise InvalidArgument(f"weights has no action {min(unknown)!r}; known are {', '.join(ACTIONS)}")
        if any(weight < 0 for weight in self.weights.values()) or not any(self.weights.values()):
            raise InvalidArgument("weights must not be negative, and not all 0")


SWARM: Final = (0, 1, 1, 1, 2, 4)
"""By what the weight of each action is multiplied, drawn anew for each scenario: what is left out makes room for more of the rest, and
faults that need many of one kind, or none of another, get their chance."""

ALWAYS: Final = frozenset({"publish", "query", "lose"})
"""Actions that are never left out: without them little is left to say, or nothing of what the profile of faults is about."""


def swarm(draws: Draws, weights: Mapping[str, int]) -> tuple[str, ...]:
    """The actions of one scenario, each as often as it weighs there."""
    table = [name for name, weight in weights.items() for _ in range(weight * max(draws.pick(SWARM), 1 if name in ALWAYS else 0))]
    return tuple(table or [name for name, weight in weights.items() if weight])


STANDARD_SHAPE: Final = Shape()

FAULT_WEIGHTS: Final[Mapping[str, int]] = MappingProxyType({**ACTIONS, "lose": 30, "slow": 6, "burst": 0, "together": 0, "pages": 1})
"""Every third action or so is a fault. Bursts would be slow in pieces; what is concurrent leaves too much open beside a loss."""

FAULTY_SHAPE: Final = Shape(commands=16, weights=FAULT_WEIGHTS, form_percent=3)
