"""What running a scenario costs: `execute()` against a client that only counts frames, with the same bytes and the same fences.

    python benchmarks/execute.py [--scenarios N] [--rounds N]

Both speak to the same embedded server, in a process of its own, in turns within one run; the figure that counts is the ratio of the
medians. Drawing, predicting, aligning and recording are printed apart, in ms a scenario.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from conformance.compare.align import align
from conformance.compare.explode import explode
from conformance.compare.judge import judge
from conformance.programs import to_json
from conformance.recordings import observation_to_json
from conformance.rules import load
from conformance.runner import Limits, execute
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from conformance.targets.spec import TargetSpec
from conformance.wire import frame
from reference_model.config import STANDARD
from reference_model.model import predict
from reference_model.observation import Observation
from reference_model.scenario import Scenario
from strategies.generate import scenarios

ACK = b'{"c":"ack"'

QUIET = Limits(settle_ms=0.0, unsure_s=0.0)
"""Listening for surplus, and for acks that need not come, is waiting and not work; the counting client does neither."""


@dataclass(frozen=True)
class Script:
    """What a recording sent, and how many acks had come when it did: (connection, bytes) to send, (connection, count) to await."""

    steps: tuple[tuple[str, str, bytes | int], ...]


def script_of(observation: Observation) -> Script:
    """The same bytes in the same order, with an await wherever something had come before something was sent."""
    steps: list[tuple[str, str, bytes | int]] = []
    received: dict[str, int] = {}
    awaited: dict[str, int] = {}
    for event in observation.events:
        if event.kind == "opened":
            steps.append(("open", event.connection, b""))
        elif event.kind == "received" and event.message is not None and event.message.cmd == "ack":
            # Acks only: how a server splits results and deliveries into frames differs from run to run.
            received[event.connection] = received.get(event.connection, 0) + 1
        elif event.kind == "sent":
            for connection, count in received.items():
                if awaited.get(connection, 0) < count:
                    steps.append(("await", connection, count))
                    awaited[connection] = count
            steps.append(("send", event.connection, frame(event.payload)))
    steps += [("await", connection, count) for connection, count in received.items() if awaited.get(connection, 0) < count]
    return Script(steps=tuple(steps))


class Counter:
    """A client that knows nothing but frame lengths."""

    def __init__(self, spec: TargetSpec) -> None:
        self.address = (spec.host, spec.port)
        self.selector = selectors.DefaultSelector()
        self.sockets: dict[str, socket.socket] = {}
        self.counts: dict[str, int] = {}
        self.buffers: dict[str, bytearray] = {}

    def run(self, script: Script) -> None:
        out: dict[str, bytearray] = {}
        for kind, connection, data in script.steps:
            if kind == "open":
                sock = socket.create_connection(self.address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.sockets[connection] = sock
                self.counts[connection] = 0
                self.buffers[connection] = bytearray()
                self.selector.register(sock, selectors.EVENT_READ, connection)
            elif kind == "send":
                assert isinstance(data, bytes)
                out.setdefault(connection, bytearray()).extend(data)
            else:
                assert isinstance(data, int)
                for name, pending in out.items():
                    self.sockets[name].sendall(pending)
                out.clear()
                while self.counts[connection] < data:
                    ready = self.selector.select(2.0)
                    assert ready, "the server is silent"
                    for key, _ in ready:
                        self._read(key.data)
        for sock in self.sockets.values():
            sock.close()
        self.selector.close()

    def _read(self, connection: str) -> None:
        buffer = self.buffers[connection]
        chunk = self.sockets[connection].recv(256 * 1024)
        assert chunk, "the server closed"
        buffer += chunk
        at = 0
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if len(buffer) - at < 4 + length:
                break
            self.counts[connection] += buffer.startswith(ACK, at + 4)
            at += 4 + length
        del buffer[:at]


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--scenarios", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measure(options.scenarios, options.rounds)


def measure(count: int, rounds: int) -> float:
    """Print all of it, for so many scenarios and rounds; returns the ratio."""
    begin = time.perf_counter()
    programs: list[Scenario] = list(scenarios(seed=1, count=count))
    drawing = time.perf_counter() - begin
    catalogue = load()
    ratios: list[float] = []
    ours: list[float] = []
    theirs: list[float] = []
    with EmbeddedTarget.start(seed=1, slots=1) as server, ServerTarget.open(server.spec, STANDARD, slot=0, run="bench") as target:
        naming = target.naming()
        observations: list[Observation] = []
        for program in programs:
            target.reset()
            observations.append(execute(program, target, QUIET))
        keep = [(p, o, script_of(o)) for p, o in zip(programs, observations, strict=True) if not o.late and not o.unresolved]
        for _ in range(rounds):
            execute_s = count_s = 0.0
            for program, _observation, script in keep:
                target.reset()
                execute_s += timed(partial(execute, program, target, QUIET))
                target.reset()
                count_s += timed(partial(Counter(server.spec).run, script))
            ratios.append(execute_s / count_s)
            ours.append(execute_s / len(keep) * 1000)
            theirs.append(count_s / len(keep) * 1000)
    frames = sum(event.kind in {"sent", "received"} for _, o, _ in keep for event in o.events) / len(keep)
    print(f"{len(keep)} scenarios, {frames:.0f} frames a scenario, {rounds} rounds; ms a scenario, medians")
    print(f"  execute()             {statistics.median(ours):7.2f}")
    print(f"  counting client       {statistics.median(theirs):7.2f}")
    print(f"  ratio                 {statistics.median(ratios):7.2f}   (goal: at most 2)")
    stages = {
        "drawing": drawing,
        "predicting": timed(lambda: [predict(p, STANDARD) for p, _, _ in keep]),
        "aligning": timed(lambda: [align(predict(p, STANDARD), explode(o)) for p, o, _ in keep]),
        "judging, all of it": timed(lambda: [judge(p, o, STANDARD, catalogue) for p, o, _ in keep]),
        "recording": timed(lambda: [json.dumps([to_json(p), observation_to_json(o, naming)]) for p, o, _ in keep]),
    }
    for name, seconds in stages.items():
        print(f"  {name:<20}  {seconds / len(keep) * 1000:7.2f}")
    return statistics.median(ratios)


if __name__ == "__main__":
    main()
