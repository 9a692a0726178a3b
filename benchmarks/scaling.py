"""How the cost of a scenario grows: ten times the records, ten times the commands, each against the same in small, in one run.

    python benchmarks/scaling.py [--rounds N]

Executing, predicting and judging together, on an embedded server in a process of its own; what counts is the ratio of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time

from conformance.compare import judge
from conformance.rules import load
from conformance.runner import execute
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from reference_model.scenario import Scenario
from strategies.build import Program

TIMES = 10


def with_records(count: int) -> Scenario:
    """So many records, and queries that show all of them, in order, in batches, in part."""
    program = Program(f"{count}-records")
    a = program.open("a")
    for number in range(count):
        a.publish("@orders", {"id": number, "qty": number % 97, "side": "buy" if number % 2 else "sell"})
    a.fence()
    a.sow("@orders", acks="completed,stats")
    a.sow("@orders", acks="completed,stats", orderby="/qty DESC, /id", batch_size=10)
    a.sow("@orders", acks="completed,stats", filter="/side = 'buy'")
    return program.scenario()


def with_commands(count: int) -> Scenario:
    """So many commands on twenty records, watched by two subscriptions."""
    program = Program(f"{count}-commands")
    a, b = program.open("a"), program.open("b")
    b.subscribe("@orders")
    b.subscribe("@orders", filter="/qty > 10")
    for number in range(count // 4):
        a.publish("@orders", {"id": number % 20, "qty": number})
        a.delta("@orders", {"id": number % 20, "note": f"n{number}"})
        a.fence()
        a.sow("@orders", acks="completed,stats", filter=f"/id = {number % 20}")
    return program.scenario()


def medians(make: object, small: int, rounds: int) -> tuple[float, float]:
    """Seconds for the small and for the great scenario, in turns."""
    assert callable(make)
    catalogue = load()
    sizes = (make(small), make(small * TIMES))
    seconds: tuple[list[float], list[float]] = ([], [])
    with EmbeddedTarget.start(seed=1, slots=1) as server, ServerTarget.open(server.spec, STANDARD, slot=0, run="bench") as target:
        for _ in range(rounds):
            for scenario, times in zip(sizes, seconds, strict=True):
                target.reset()
                begin = time.perf_counter()
                verdict = judge(scenario, execute(scenario, target), STANDARD, catalogue)
                times.append(time.perf_counter() - begin)
                assert not verdict.findings, verdict.findings[0]
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measure(options.rounds)


def measure(rounds: int) -> dict[str, float]:
    """Print all of it; how many times the time ten times the records, and ten times the commands, take."""
    ratios: dict[str, float] = {}
    for name, make, small in (("records", with_records, 100), ("commands", with_commands, 100)):
        one, ten = medians(make, small, rounds)
        print(f"{small:>4} {name:<8} {one * 1000:7.0f} ms")
        print(f"{small * TIMES:>4} {name:<8} {ten * 1000:7.0f} ms   {ten / one:.1f} times (goal: at most 11)")
        ratios[name] = ten / one
    return ratios


if __name__ == "__main__":
    main()
