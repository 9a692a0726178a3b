"""Where the scenarios of a run come from."""

from __future__ import annotations

from reference_model.scenario import Scenario
from strategies.directed import ALL


def directed() -> tuple[Scenario, ...]:
    """The directed scenarios in their order."""
    return ALL
