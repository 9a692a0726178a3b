"""What faults cost: the directed scenarios on a server with ten mutants, against the same on a clean one, in turns within one run.

    python benchmarks/faulty.py [--rounds N]

Executing, judging and confirming, without shrinking; servers in processes of their own. What counts is the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

from conformance.client.limits import DEFAULT_LIMITS
from conformance.rules import load
from conformance.run.bench import Bench
from conformance.server.mutants import MUTANTS
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from strategies.directed import smoke

MUTANTS_AT_ONCE = 10


def some_mutants() -> list[str]:
    """Ten of them, evenly spread over the catalogue of mutants."""
    names = list(MUTANTS)
    return names[:: len(names) // MUTANTS_AT_ONCE][:MUTANTS_AT_ONCE]


def measure(rounds: int) -> float:
    """Print both, and the ratio; returns it."""
    scenarios = smoke(STANDARD)
    seconds: dict[str, list[float]] = {"clean": [], "faulty": []}
    findings = 0
    with ExitStack() as stack:
        benches = {name: _bench(stack, mutants) for name, mutants in (("clean", []), ("faulty", some_mutants()))}
        for _ in range(rounds):
            for name, bench in benches.items():
                begin = time.perf_counter()
                examined = [bench.examine(scenario) for scenario in scenarios]
                seconds[name].append(time.perf_counter() - begin)
                findings = max(findings, sum(len(one.decisive) for one in examined))
    clean, faulty = statistics.median(seconds["clean"]), statistics.median(seconds["faulty"])
    print(
        f"{len(scenarios)} directed scenarios: clean {clean:.2f} s; with {MUTANTS_AT_ONCE} mutants {faulty:.2f} s, {findings} findings"
    )
    print(f"  ratio                 {faulty / clean:7.2f}   (goal: at most 2)")
    return faulty / clean


def _bench(stack: ExitStack, mutants: Sequence[str]) -> Bench:
    server = stack.enter_context(EmbeddedTarget.start(seed=1, mutants=mutants, slots=1))
    target = stack.enter_context(ServerTarget.open(server.spec, STANDARD, slot=0, run="bench"))
    return Bench(target, load(), DEFAULT_LIMITS)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
