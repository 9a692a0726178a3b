"""How the directed scenarios of one area are collected: a function writes one program, a decorator names it and its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reference_model.rule import R
from reference_model.scenario import Scenario
from strategies.build import Program

Writer = Callable[[Program], None]


class Collection:
    """The scenarios of an area, in the order of writing. Their names are `<area>-<name of the function>`."""

    def __init__(self, area: str) -> None:
        self.area = area
        self._scenarios: list[Scenario] = []

    def __call__(self, *exercises: R, needs: Iterable[str] = ()) -> Callable[[Writer], Writer]:
        """Decorates a function that writes a program. `exercises`: the rules that it is there for; `needs`: features."""

        def collect(write: Writer) -> Writer:
            program = Program(f"{self.area}-{write.__name__.replace('_', '-')}")
            write(program)
            self._scenarios.append(program.scenario(*exercises, needs=needs))
            return write

        return collect

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        return tuple(self._scenarios)
