"""A client against a server: conversations of an application through a relay, each judged twice, by the rules of either side.

What the application does is drawn from a seed. Each side has reports of its own: `client` and `server` in the report folder.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from conformance.adapters.process import Adapter
from conformance.compare import judge
from conformance.compare.clients import examine_client
from conformance.errors import TargetError
from conformance.naming import Naming
from conformance.peer.relay import END, Conversation, Relay
from conformance.results import Conclusion, Ledger, RunOutcome, Verdict
from conformance.rules import VOCABULARY, Catalogue, Side, load
from conformance.run.bench import Examined
from conformance.run.conduct import note_crash
from conformance.run.events import Events
from conformance.run.opening import header_of, limits_of, new_run_id, report_folder, serving
from conformance.run.selection import Selection
from conformance.run.settings import Settings, instance_of
from conformance.run_file import RUN_FILE, RunHeader, RunWriter
from conformance.targets.server import ServerTarget
from reference_model.client.program import Call
from reference_model.observation import Observation
from reference_model.scenario import Scenario
from reports.files import NAMED, in_line, write_reports
from reports.record import Report, from_ledger

CONVERSATIONS: Final = 30
"""In the profile smoke; with a time limit as many as there is time for."""

PRECEDENCE: Final = (RunOutcome.NONCONFORMING, RunOutcome.HARNESS_ERROR, RunOutcome.NOT_MEASURED, RunOutcome.CONFORMING)


def conversation(seed: int, number: int) -> tuple[Call, ...]:
    """What the application does in the n-th conversation of a seed: publishes, queries, subscriptions, deletes, each fenced."""
    source = random.Random(f"pair/{seed}/{number}")  # noqa: S311 (test data)
    calls = [
        Call(label="client", client="c", do="client", arguments={"name": "@c"}),
        Call(label="connect", client="c", do="connect", arguments={"uri": "tcp://{peer}/amps/json"}),
        Call(label="logon", client="c", do="logon", arguments={"timeout_ms": 5000}),
    ]

    def add(do: str, **arguments: Any) -> str:
        calls.append(Call(label=f"{do}{len(calls)}", client="c", do=do, arguments=arguments))
        return calls[-1].label

    def fence() -> None:
        add("flush", timeout_ms=5000, ack_type="completed")

    handlers = 0
    for _ in range(source.randint(2, 8)):
        kind = source.choice(("publish", "publish", "publish", "delta_publish", "subscribe", "sow", "sow", "sow_delete"))
        number_of = source.randint(1, 5)
        if kind in {"publish", "delta_publish"}:
            add(kind, topic="@orders", data=b'{"id":%d,"qty":%d}' % (number_of, source.randint(1, 99)))
        elif kind == "sow_delete":
            fence()
            add(kind, topic="@orders", filter=f"/id = {number_of}", timeout_ms=5000)
        else:
            fence()
            handlers += 1
            given = {"filter": f"/qty > {source.randint(1, 99)}"} if source.random() < 0.5 else {}
            add(kind, topic="@orders", handler=f"h{handlers}", timeout_ms=5000, **given)
    fence()
    calls.append(Call(label=END, client="c", do="flush", arguments={"timeout_ms": 5000, "ack_type": "completed"}))
    return tuple(calls)


@dataclass(slots=True, kw_only=True)
class _Half:
    """The evidence on one side."""

    side: Side
    header: RunHeader
    folder: Path
    writer: RunWriter
    ledger: Ledger = field(default_factory=Ledger)
    errors: list[str] = field(default_factory=list)
    scenarios: int = 0
    commands: int = 0


def run_pair(settings: Settings, events: Mapping[Side, Events]) -> Conclusion:
    """Let a client and a server converse; the graver of both conclusions. Raises UsageError before anything has run."""
    with report_folder(settings.report_dir):
        return _Pair(settings, events).run()


class _Pair:
    def __init__(self, settings: Settings, events: Mapping[Side, Events]) -> None:
        self.settings = settings
        self.events = events
        self.catalogue: Catalogue = load()
        self.instance, _ = instance_of(settings, settings.slots.start)
        self.run_id = new_run_id()
        self.halves: dict[Side, _Half] = {}
        self.unmeasured: list[str] = []
        self.began = time.monotonic()

    def run(self) -> Conclusion:
        assert self.settings.client is not None
        try:
            with serving(self.settings) as spec, Adapter.start(self.settings.client) as adapter:
                assert adapter.hello is not None
                features = frozenset({"client"} | (adapter.hello.features & VOCABULARY.keys()))
                limits, slot = limits_of(self.settings), self.settings.slots.start
                with ServerTarget.open(
                    spec, self.instance, slot=slot, run=self.run_id, slots=self.settings.slots, limits=limits
                ) as target:
                    nothing = Selection(directed=())
                    server = header_of(self.settings, nothing, self.instance, run=self.run_id, spec=spec, version=target.version)
                    hello = f"{adapter.hello.name} {adapter.hello.version} ({adapter.hello.language})"
                    client = replace(
                        server, side="client", uri=self.settings.client, version=hello, features=tuple(sorted(features)), required=()
                    )
                    self._begin("client", client)
                    self._begin("server", replace(server, required=()))
                    for number in self._numbers():
                        target.reset()
                        target.touch(["@orders"])
                        naming = target.naming()
                        talk = Relay(adapter, spec, naming, limits).converse(
                            f"pair-{self.settings.seed}-{number}", conversation(self.settings.seed, number)
                        )
                        self._judge(talk, naming, features)
        except KeyboardInterrupt:
            self.unmeasured.append("interrupted")
        except TargetError as error:
            self.unmeasured.append(str(error))
        return self._finish()

    def _numbers(self) -> Iterator[int]:
        limit_s = self.settings.limit_s
        number = 0
        while number < CONVERSATIONS if limit_s is None else time.monotonic() - self.began < limit_s:
            yield number
            number += 1

    def _begin(self, side: Side, header: RunHeader) -> None:
        folder = self.settings.report_dir / side
        folder.mkdir(parents=True, exist_ok=True)
        half = _Half(side=side, header=header, folder=folder, writer=RunWriter(folder / RUN_FILE, header, keep=self.settings.keep))
        self.halves[side] = half
        self.events[side].opened(header)
        total = CONVERSATIONS if self.settings.limit_s is None else None
        self.events[side].began("random", total=total, limit_s=self.settings.limit_s)

    def _judge(self, talk: Conversation, naming: Naming, features: frozenset[str]) -> None:
        """Both sides of one conversation."""
        self._take(
            "client", cast("Scenario", talk.program), talk.seen, naming,
            lambda: examine_client(talk.program, talk.seen, features, self.catalogue).verdict,
        )  # fmt: skip
        self._take(
            "server", talk.scenario, talk.observed, naming,
            lambda: judge(talk.scenario, talk.observed, self.instance, self.catalogue),
        )  # fmt: skip

    def _take(self, side: Side, scenario: Scenario, observation: Observation, naming: Naming, judged: Any) -> None:
        half = self.halves[side]
        verdict: Verdict | None = None
        error = None
        try:
            verdict = judged()
        except Exception as mistake:  # noqa: BLE001 (a mistake of ours is recorded with its conversation, and the run goes on)
            error = " ".join(f"judge: {type(mistake).__name__}: {mistake}".split())
            half.errors.append(f"{scenario.name}: {error}")
            note_crash(self.settings.report_dir, error, "".join(traceback.format_exception(mistake)))
        examined = Examined(scenario=scenario, verdict=verdict, observation=observation, naming=naming, error=error)
        examined.record(half.writer, "random")
        half.scenarios += 1
        half.commands += scenario.commands
        if verdict is not None:
            half.ledger.add(verdict)
        self.events[side].ended(examined)

    def _finish(self) -> Conclusion:
        conclusions = []
        for side, half in self.halves.items():
            report = self._report(half)
            half.writer.footer(report.conclusion)
            half.writer.close()
            write_reports(report, half.folder)
            self.events[side].concluded(report, in_line(half.folder, [*NAMED, RUN_FILE]))
            conclusions.append(report.conclusion)
        if not conclusions:
            return Conclusion(applies={RunOutcome.NOT_MEASURED: tuple(self.unmeasured)}, unmeasured=tuple(self.unmeasured))
        return min(conclusions, key=lambda conclusion: PRECEDENCE.index(conclusion.measured))

    def _report(self, half: _Half) -> Report:
        return from_ledger(
            half.header,
            half.ledger,
            seconds=time.monotonic() - self.began,
            commands=half.commands,
            scenarios=half.scenarios,
            unmeasured=self.unmeasured,
            harness_errors=half.errors,
            catalogue=self.catalogue,
        )
