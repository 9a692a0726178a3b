"""Where the scenarios of a run come from: the directed ones, and random ones by seed and number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.errors import UsageError
from reference_model.config import STANDARD, InstanceConfig
from reference_model.scenario import Scenario
from strategies.directed import ALL, LOGGED


def directed(config: InstanceConfig = STANDARD) -> tuple[Scenario, ...]:
    """The directed scenarios in their order."""
    return (*ALL, *LOGGED) if config.logged else ALL


def drawn(
    seed: int, *, start: int = 0, config: InstanceConfig = STANDARD, faults: bool = False, proxy: bool = False
) -> Iterator[Scenario]:
    """Random scenarios without end, `random-<seed>-<start>` first; with `faults` in them `fault-<seed>-<start>`, also such as only a
    `proxy` makes. Raises UsageError: none can be drawn for such an instance."""
    from hypothesis.errors import InvalidArgument  # noqa: PLC0415 (half a second that a smoke run does not need)

    from strategies.generate import scenarios  # noqa: PLC0415 (see above)
    from strategies.profiles import FAULTY_SHAPE  # noqa: PLC0415 (see above)
    from strategies.scenarios import check_config  # noqa: PLC0415 (see above)

    try:
        check_config(config)
    except InvalidArgument as error:
        raise UsageError(f"no random scenarios for this configuration: {error}") from error
    if faults:
        return scenarios(seed, start=start, config=config, shape=replace(FAULTY_SHAPE, proxy=proxy), kind="fault")
    return scenarios(seed, start=start, config=config)
