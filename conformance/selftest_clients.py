"""Does the harness find what is broken in a client? Every mutant of the reference client, run until its first finding.

Here, and nowhere in what judges, the mutants are known. The client is a process of its own, driven like any other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

from conformance.client.limits import Limits
from conformance.client.mutants import ClientMutant
from conformance.errors import TargetError
from conformance.rules import Catalogue, load
from conformance.run.bench import Examined
from conformance.run.client_bench import ClientBench
from conformance.selftest import Blame, blame
from reference_model.client.program import ClientProgram
from strategies.clients.directed import CLIENT_PROGRAMS
from strategies.clients.drawing import client_programs

WAITS: Final = Limits(answer_s=1.0, impatient_s=0.05)
"""The client is on this machine; one that never answers is found sooner."""

REFERENCE: Final = f"{sys.executable} -m conformance.adapters.reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDetection:
    """What became of one mutant: the program in which it was found (None: it was not), how many ran, how long that took, and every
    rule blamed there, with how near it is to what the mutant breaks."""

    mutant: ClientMutant
    program: str | None
    programs: int
    seconds: float
    blamed: tuple[tuple[str, Blame], ...] = ()
    lost: str = ""

    @property
    def exact(self) -> bool:
        """Whether one of the rules that the mutant breaks was blamed."""
        return any(blame == "exact" for _, blame in self.blamed)


def detect_client(mutant: ClientMutant, *, seed: int, limit_s: float) -> ClientDetection:
    """Perform directed, then random programs with this fault until a rule is broken or the time is over."""
    catalogue, began, ran, lost = load(), time.monotonic(), 0, ""
    try:
        with ClientBench(f"{REFERENCE} --mutant {mutant.name}", catalogue, WAITS) as bench:
            for program in _programs(seed, mutant):
                if time.monotonic() - began > limit_s:
                    break
                ran += 1
                examined = bench.once(program)
                if examined.decisive:
                    blamed = _blamed(mutant, examined, catalogue)
                    seconds = time.monotonic() - began
                    return ClientDetection(mutant=mutant, program=program.name, programs=ran, seconds=seconds, blamed=blamed)
    except TargetError as error:
        lost = str(error)
    return ClientDetection(mutant=mutant, program=None, programs=ran, seconds=time.monotonic() - began, lost=lost)


def healthy_client() -> frozenset[str]:
    """The rules that the client without fault breaks in the directed programs: none, or what is found of mutants means nothing."""
    with ClientBench(REFERENCE, load(), Limits()) as bench:
        return frozenset(finding.rule for program in CLIENT_PROGRAMS for finding in bench.examine(program).decisive)


def _programs(seed: int, mutant: ClientMutant) -> Iterable[ClientProgram]:
    """Those first that were written for a rule which the mutant breaks: how soon it is found hangs on the order, and nothing else."""
    directed = sorted(CLIENT_PROGRAMS, key=lambda program: not set(program.exercises) & set(mutant.breaks))
    return chain(directed, client_programs(seed))


def _blamed(mutant: ClientMutant, examined: Examined, catalogue: Catalogue) -> tuple[tuple[str, Blame], ...]:
    return tuple((rule, blame(rule, mutant.breaks, catalogue)) for rule in dict.fromkeys(one.rule for one in examined.decisive))
