"""Runs against a client library: the programs for clients, performed through its adapter, into the same run file and reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from conformance import client_programs
from conformance.adapters.process import Hello
from conformance.client.limits import Limits
from conformance.compare.clients import examine_client
from conformance.compare.explain import explain
from conformance.errors import UnreachableError, UsageError
from conformance.results import Conclusion, Finding, FindingGroup
from conformance.rules import implied, load
from conformance.run.bench import Bench, Examined
from conformance.run.client_bench import ClientBench, features_of
from conformance.run.conduct import Run
from conformance.run.events import Events
from conformance.run.explaining import REPEATS, Explainer
from conformance.run.opening import header_of
from conformance.run.scope import required_rules
from conformance.run.selection import EXCLUDED, Selection
from conformance.run.settings import Settings
from conformance.run_file import RunHeader, failure_of
from conformance.shrink.clients import shrink_client
from conformance.shrink.search import Bounds, Shrunk
from conformance.targets.spec import TargetSpec
from reference_model.client.predict import predict_client
from reference_model.client.program import ClientProgram
from reference_model.config import InstanceConfig
from reference_model.scenario import Scenario
from reference_model.state import ProgramError
from strategies.clients.directed import CLIENT_PROGRAMS


def planned_for_clients(settings: Settings) -> Selection:
    """What a run against a client does, before it is known what the client can do. Raises UsageError: nothing would run."""
    catalogue = load()
    chosen = None
    if settings.rules is not None or settings.exclude is not None:
        named = {rule.id for rule in catalogue.match(settings.rules)} if settings.rules else set(catalogue)
        chosen = frozenset(named - {rule.id for rule in catalogue.match(settings.exclude)} if settings.exclude else named)
    programs = tuple(one for one in CLIENT_PROGRAMS if chosen is None or chosen.intersection(one.exercises))
    if not programs:
        raise UsageError(f"nothing to run for {settings.rules or '*'}: no client program was written for these rules")
    left_out = {} if chosen is None else {EXCLUDED: tuple(rule for rule in catalogue if rule not in chosen)}
    return Selection(directed=cast("tuple[Scenario, ...]", programs), chosen=chosen, left_out=left_out)


def run_client(settings: Settings, events: Events) -> Conclusion:
    """Run against a client. Raises UsageError before anything has run, and nothing else."""
    return ClientRun(settings, planned_for_clients(settings), events).conclude()


def replay_client(path: Path, settings: Settings, events: Events) -> Conclusion:
    """Judge one program file. Raises UsageError: it cannot be read or judged."""
    program = client_programs.load(path)
    try:
        predict_client(program)
    except ProgramError as error:
        raise UsageError(f"{program.name} cannot be judged: {error}") from error
    selection = Selection(directed=cast("tuple[Scenario, ...]", (program,)))
    return ClientRun(settings, selection, events, origin="replay").conclude()


def client_header(settings: Settings, selection: Selection, hello: Hello | None, *, run: str, profile: str | None = None) -> RunHeader:
    """The header of a run against a client; `hello` None: its adapter has not said what it is."""
    version = "" if hello is None else f"{hello.name} {hello.version} ({hello.language})"
    instance = InstanceConfig(topics=(), features=features_of(hello))
    header = header_of(settings, selection, instance, run=run, spec=None, version=version, profile=profile)
    return replace(header, side="client", uri=settings.client or "")


def suited(selection: Selection, features: frozenset[str], *, required: bool = True) -> Selection:
    """Without what the client cannot do; `required`: the core must be exercised, unless only some rules were chosen."""
    programs = tuple(one for one in selection.directed if one.needs <= implied(features))
    core = required_rules(load(), features, "client") if required and selection.chosen is None else ()
    return replace(selection, directed=programs, required=core)


class ClientRun(Run):
    """A run whose target is a client."""

    def __init__(
        self, settings: Settings, selection: Selection, events: Events, *, origin: Literal["smoke", "replay"] = "smoke"
    ) -> None:
        self.features: frozenset[str] = frozenset({"client"})
        self.hello: Hello | None = None
        super().__init__(settings, selection, events, origin=origin)

    def _kinds(self) -> dict[str, Iterator[Scenario]]:
        from strategies.clients.drawing import client_programs as draw  # noqa: PLC0415 (half a second that a smoke run does not need)

        return {"clients": cast("Iterator[Scenario]", draw(self.settings.seed))}

    def _header(self, spec: TargetSpec | None, version: str) -> RunHeader:
        del spec, version
        profile = "replay" if self.origin == "replay" else None
        return client_header(self.settings, self.selection, self.hello, run=self.run_id, profile=profile)

    def _measure(self) -> None:
        assert self.settings.client is not None
        limits = Limits(timeout_scale=self.settings.timeout_scale)
        with ClientBench(self.settings.client, self.catalogue, limits, chosen=self.selection.chosen) as bench:
            self.features, self.hello = bench.features, bench.hello
            self.selection = suited(self.selection, bench.features, required=self.origin != "replay")
            self.header = self._header(None, "")
            self._write()
            self.events.opened(self.header)
            either = cast("Bench", bench)  # examine and once are all that is asked of it
            self._work(either)
            self._explain(either)

    def _explainer(self, bench: Bench | None = None, budget_s: float = 0.0) -> Explainer:
        return ClientExplainer(self.settings, self.catalogue, self.instance, features=self.features, bench=bench, budget_s=budget_s)


class ClientExplainer(Explainer):
    """Explains what a client did wrong."""

    def __init__(self, *arguments: Any, features: frozenset[str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._features = features

    def _shrunk(self, bench: Bench, examined: Examined, finding: Finding, seconds_max: float) -> tuple[Examined, Shrunk]:
        last = examined

        def attempt(program: ClientProgram) -> frozenset[str]:
            nonlocal last
            again = bench.once(cast("Scenario", program))
            broken = frozenset(other.rule for other in again.decisive)
            if finding.rule in broken:
                last = again
            return broken

        program = cast("ClientProgram", examined.scenario)
        shrunk = shrink_client(program, finding.rule, attempt, Bounds(seconds_max=seconds_max), confirm=REPEATS)
        if shrunk.lost:
            raise UnreachableError(shrunk.lost)
        return last, shrunk

    def _laid_out(self, examined: Examined, finding: Finding) -> dict[str, Any]:
        group = FindingGroup(first=finding, count=1, scenarios=[examined.scenario.name], in_scenarios=1)
        if examined.observation is None:
            return failure_of(group)
        program = cast("ClientProgram", examined.scenario)
        grounds = examine_client(program, examined.observation, self._features, self._catalogue)
        return explain(grounds, finding.rule, group=group)
