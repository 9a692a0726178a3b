"""What a mutant is: one named single fault, and the rules that it breaks; and how a module collects its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.server.behaviour import Behaviour
from reference_model.rule import R

Fault = type[Behaviour]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A fault of the server. `breaks`: the rules that a run against it has to find broken, the most telling one first; `fault`: the
    behaviour with its fault; `text`: what the server does wrong; `lossy`: it shows only where connections are lost or
    slow; `logged`: only with a transaction log."""

    name: str
    breaks: tuple[R, ...]
    text: str
    fault: Fault
    lossy: bool = False
    logged: bool = False


class Collection:
    """The mutants of one module, in the order of writing."""

    def __init__(self) -> None:
        self._mutants: list[Mutant] = []

    def __call__(self, *breaks: R, name: str, text: str, lossy: bool = False, logged: bool = False) -> Callable[[Fault], Fault]:
        """Decorates the class of a fault."""

        def collect(fault: Fault) -> Fault:
            self._mutants.append(Mutant(name=name, breaks=breaks, text=text, fault=fault, lossy=lossy, logged=logged))
            return fault

        return collect

    def __iter__(self) -> Iterator[Mutant]:
        return iter(self._mutants)
