"""How directed client programs are collected: a function writes one, a decorator names it and its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reference_model.client.program import ClientProgram
from reference_model.rule import R
from strategies.clients.build import ProgramOfClients

Writer = Callable[[ProgramOfClients], None]


class ClientCollection:
    """The programs of one subject, named `<subject>-<name of the function>`."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._programs: list[ClientProgram] = []

    def __call__(self, *exercises: R, needs: Iterable[str] = ()) -> Callable[[Writer], Writer]:
        """Decorates a function that writes a program. `exercises`: the rules that it is there for; `needs`: features."""

        def collect(write: Writer) -> Writer:
            program = ProgramOfClients(f"{self.subject}-{write.__name__.replace('_', '-')}")
            write(program)
            self._programs.append(program.program(*exercises, needs=needs))
            return write

        return collect

    def add(self, program: ClientProgram) -> None:
        """One that was written otherwise (a row of a table)."""
        self._programs.append(program)

    @property
    def programs(self) -> tuple[ClientProgram, ...]:
        return tuple(self._programs)
