"""A pytest session with the suites: who starts the server, who measures what, and what it all came to.

Roles: *alone* measures by itself; under xdist the *controller* starts the server once, gives each *worker* a slot, and puts the parts
of the run file together. What a worker does is in `measuring`, what the controller knows of its workers in `Workers`.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, cast

import pytest

from conformance.adapters.process import Adapter, Hello
from conformance.errors import ConformanceError, HarnessError, TargetError, UsageError
from conformance.results import Outcome, RunOutcome
from conformance.rules import load
from conformance.run.client_bench import features_of
from conformance.run.clients import client_header, suited
from conformance.run.opening import bench_on, header_of, new_run_id, report_folder, serving
from conformance.run.programs import directed, drawn
from conformance.run.selection import Selection, select
from conformance.run.settings import Settings, draw_seed, instance_of, knowing, parse_duration, parse_slots, place_of
from conformance.run_file import RUN_FILE, RunHeader, RunWriter
from conformance.suites import ending, excused
from conformance.suites.client_measuring import ClientMeasuring
from conformance.suites.collecting import chunks_of, markers
from conformance.suites.failures import KIND, SuiteFailure, shown
from conformance.suites.measuring import Measuring, Place
from conformance.suites.workers import Workers
from conformance.targets.spec import TargetSpec, parse_target
from conformance.targets.target_file import read as read_target_file
from reference_model.client.program import ClientProgram
from reference_model.scenario import Scenario
from reports import terminal
from reports.files import NAMED, in_line
from reports.record import Report, from_files
from strategies.clients.directed import CLIENT_PROGRAMS

PLUGIN: Final = "amps-conformance-session"

UNSCALED: Final = 1.0
"""The default of --amps-timeout-scale."""

EXIT_HARNESS: Final = 3
EXIT_NOT_MEASURED: Final = 4

SLOTS_SERVED: Final = 8
"""Slots of a server of our own, as many as `config` prints; more if there are more workers."""

WORKER_DIED: Final = "???"
"""The phase that xdist gives the report of an item whose worker has died."""

CHUNK_NUMBERS: Final = 1_000_000
"""Numbers of random scenarios set aside for one item: more than it can come to."""

NOWHERE: Final = TargetSpec(host="127.0.0.1", port=0)
"""Stands for the address of a server where a client is tested."""

Role = Literal["alone", "controller", "worker"]


def take_part(config: pytest.Config) -> SuiteSession:
    """The session of this pytest, made when it is first asked for. Raises pytest.UsageError for options that make no sense."""
    known = config.pluginmanager.get_plugin(PLUGIN)
    if known is not None:
        assert isinstance(known, SuiteSession)
        return known
    for line in markers(load()):
        config.addinivalue_line("markers", line)
    try:
        session = SuiteSession(config)
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(session, PLUGIN)
    with contextlib.suppress(ValueError):  # not the main thread: somebody else hears signals there
        signal.signal(signal.SIGTERM, _interrupt)
    return session


def _interrupt(_number: int, _frame: object) -> None:
    """SIGTERM is like Ctrl-C: what was found is reported, the slots are emptied and given back."""
    raise KeyboardInterrupt


def _aimed(option: Any) -> dict[str, Any]:
    """What settings need of the options that name the target. What a target file says besides is the default of other options.

    Raises UsageError.
    """
    if option.amps_target_file is None:
        return {"target": None if option.amps_target is None else parse_target(option.amps_target)}
    if option.amps_target is not None:
        raise UsageError("--amps-target and --amps-target-file name two servers; give one of them")
    found = read_target_file(Path(option.amps_target_file))
    for name, value in found.options.items():
        where = f"amps_{name.replace('-', '_')}"
        if where == "amps_timeout_scale":
            option.amps_timeout_scale = float(value) if option.amps_timeout_scale == UNSCALED else option.amps_timeout_scale
        elif hasattr(option, where) and getattr(option, where) is None:
            setattr(option, where, value)
    return {
        "target": found.spec,
        "target_file": found.path,
        "features": found.features,
        "types": found.types,
        "versions": found.versions,
    }


def settings_of(config: pytest.Config) -> Settings:
    """The settings that the options of this pytest ask for. Raises UsageError."""
    option = config.option
    if config.inipath is None and config.rootpath == Path(option.amps_report_dir).resolve():
        raise UsageError("write --amps-report-dir=DIR: after a blank pytest takes a folder that exists for its root")
    aimed = _aimed(option)
    if option.amps_timeout_scale <= 0:
        raise UsageError("--amps-timeout-scale must be greater than 0")
    settings = Settings(
        **aimed,
        client=option.amps_client,
        target_config=None if option.amps_target_config is None else Path(option.amps_target_config),
        profile=option.amps_profile,
        seed=draw_seed() if option.amps_seed is None else option.amps_seed,
        time_limit_s=None if option.amps_time_limit is None else parse_duration(option.amps_time_limit),
        report_dir=Path(option.amps_report_dir),
        strict=option.amps_strict,
        slots=range(1) if option.amps_slots is None else parse_slots(option.amps_slots),
        timeout_scale=option.amps_timeout_scale,
        disruptive=option.amps_disruptive,
        proxies=place_of(option.amps_toxiproxy, option.amps_toxiproxy_upstream, option.amps_toxiproxy_listen),
    )
    return knowing(settings, None if option.amps_known_failing is None else Path(option.amps_known_failing))


class SuiteSession:
    """The plugin of a session in which the suites take part. `measuring`: what this process measures, once it does."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.catalogue = load()
        self.settings = settings_of(config)
        self.given: dict[str, Any] = getattr(config, "workerinput", {}).get(PLUGIN, {})
        if self.given:
            self.settings = replace(self.settings, seed=self.given["seed"], slots=parse_slots(self.given["slot"]))
        self.instance, _ = instance_of(self.settings, self.settings.slots.start)
        self.run_id: str = self.given.get("run") or new_run_id()
        self.measuring: Measuring | None = None
        self.workers = Workers(self.settings.slots if config.option.amps_slots is not None else None)
        self.report: Report | None = None
        self._stack = contextlib.ExitStack()
        self._spec: TargetSpec | None = None
        self._writer: RunWriter | None = None
        self._began = time.time()
        self._failed: dict[str, str] = {}

    @property
    def role(self) -> Role:
        if hasattr(self.config, "workerinput"):
            return "worker"
        return "controller" if self.config.pluginmanager.hasplugin("dsession") else "alone"

    @property
    def worker_count(self) -> int:
        """How many processes measure."""
        return int(self.given.get("workers", 1))

    @property
    def until(self) -> float | None:
        """Unix time at which the run has lasted for its limit."""
        if self.given:
            until: float | None = self.given["until"]
            return until
        limit_s = self.settings.limit_s
        return None if limit_s is None else self._began + limit_s

    def drawn(self, chunk: int) -> Iterator[Scenario]:
        """The random scenarios of one item; no two items draw the same."""
        if self.settings.client is not None:
            from strategies.clients.drawing import client_programs  # noqa: PLC0415 (a run against a server needs none)

            return cast("Iterator[Scenario]", client_programs(self.settings.seed, start=chunk * CHUNK_NUMBERS))
        return drawn(self.settings.seed, start=chunk * CHUNK_NUMBERS, config=self.instance, faults=self.settings.profile == "faults")

    @property
    def chunk_s(self) -> float:
        """How long an item of random scenarios takes: together they take the time limit, whoever runs them."""
        limit_s, chunks = self.settings.limit_s, chunks_of(self.settings)
        assert limit_s is not None
        assert chunks
        return limit_s / chunks * min(self.worker_count, chunks)

    @property
    def _whole(self) -> Path:
        return self.settings.report_dir / RUN_FILE

    # ---- beginning -------------------------------------------------------------------------------------------------------------

    def pytest_report_header(self) -> str:
        settings = self.settings
        target = settings.client or ("a server of our own" if settings.target is None else settings.target.uri)
        return f"amps-conformance: {target}, profile {settings.profile}, --amps-seed {settings.seed}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Under xdist the target is opened before any worker is there: it is there for all of them, or nothing begins."""
        if self.role != "controller" or self.config.option.collectonly:
            return
        with self._or_one_line():
            self._begin(replace(self.settings, slots=range(max(SLOTS_SERVED, self.settings.slots.stop, self._processes()))))
            assert self._spec is not None
            with self._bench(self._spec, self.settings.slots.start):
                pass

    def _begin(self, settings: Settings) -> None:
        """Start the server if there is no target. Raises TargetError, UsageError."""
        self._began = time.time()
        self._stack.enter_context(report_folder(self.settings.report_dir))
        self._spec = NOWHERE if settings.client is not None else self._stack.enter_context(serving(settings))

    @contextlib.contextmanager
    def _or_one_line(self) -> Iterator[None]:
        """Whatever is wrong ends the session with one line and exit code 4; the report says it, too."""
        try:
            yield
        except TargetError as error:
            self._stack.close()
            with contextlib.suppress(ConformanceError):
                header = self._header()
                ending.end(RunWriter(self._whole, header), began=self._began, unmeasured=[str(error)])
            raise pytest.UsageError(f"Not measured: {error}") from error
        except UsageError as error:
            self._stack.close()
            raise pytest.UsageError(str(error)) from error

    def _bench(self, spec: TargetSpec, slot: int) -> contextlib.AbstractContextManager[object]:
        """A slot of this run, emptied in the end."""
        if self.settings.client is not None:
            return contextlib.nullcontext()
        nothing = Selection(directed=())
        return bench_on(spec, self.settings, self.instance, self.catalogue, nothing, run=self.run_id, slot=slot)

    def _header(self) -> RunHeader:
        """The header of the whole run, of which no scenario is known here."""
        if self.settings.client is not None:
            with contextlib.suppress(TargetError):
                return client_header(self.settings, Selection(directed=()), self._hello, run=self.run_id)
            return client_header(self.settings, Selection(directed=()), None, run=self.run_id)
        return header_of(self.settings, Selection(directed=()), self.instance, run=self.run_id, spec=self._spec)

    def _processes(self) -> int:
        """How many workers xdist will start."""
        return max(1, len(getattr(self.config.option, "tx", None) or ()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker what it needs: the target, a slot, a file for its part of the run."""
        name = node.gateway.id
        try:
            slot = self.workers.take(name, self.settings.report_dir / f"run.{name}.jsonl")
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        assert self._spec is not None
        node.workerinput[PLUGIN] = {
            "run": self.run_id,
            "uri": self._spec.uri,
            "seed": self.settings.seed,
            "slot": str(slot),
            "file": str(self.workers.parts[name].resolve()),
            "until": self.until,
            "workers": self._processes(),
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        self.workers.ended(node.gateway.id, None if error is None else str(error))

    # ---- items -----------------------------------------------------------------------------------------------------------------

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out scenarios that do not suit the target."""
        with self._or_one_line():
            suited = {scenario.name for scenario in self._select(self._directed()).directed}
        left_out = [item for item in items if (scenario := _scenario(item)) is not None and scenario.name not in suited]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]

    def _directed(self) -> tuple[Scenario, ...]:
        return directed() if self.settings.client is None else cast("tuple[Scenario, ...]", CLIENT_PROGRAMS)

    @cached_property
    def _hello(self) -> Hello:
        """What the client is, asked before any of its items is chosen. Raises AdapterError."""
        assert self.settings.client is not None
        with Adapter.start(self.settings.client) as adapter:
            assert adapter.hello is not None
            return adapter.hello

    def _select(self, scenarios: tuple[Scenario, ...]) -> Selection:
        if self.settings.client is not None:
            return suited(Selection(directed=scenarios), features_of(self._hello))
        target = self.settings.target
        gentle = target is not None and not target.loopback and not self.settings.disruptive
        return select(scenarios, self.catalogue, self.instance.features, gentle=gentle)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Any:
        """Open the bench before the first item; after the last one the known failures have theirs."""
        self._open(session)
        result = yield
        parts = [self._whole] if self.role == "alone" else ending.usable(self.workers.parts.values())
        if self.role != "worker" and self.settings.known and self._measured and parts:
            excused.run(session, from_files(parts))
        return result

    def _open(self, session: pytest.Session) -> None:
        """Open the bench if there is something to measure here. Alone, a target that cannot be measured ends the session."""
        items = [item for item in session.items if "measuring" in getattr(item, "fixturenames", ())]
        if self.role == "controller" or self.config.option.collectonly or not items or session.testsfailed:
            return
        chosen = tuple(scenario for item in items if (scenario := _scenario(item)) is not None)
        selection = self._selected(chosen)
        if self.role == "worker":
            server = self.settings.target if self.settings.client is None else NOWHERE
            spec = server or parse_target(self.given["uri"])
            self.measuring = self._measure(spec, selection, Path(self.given["file"]))
            with contextlib.suppress(TargetError):  # it is on record, and every item says it
                self.measuring.open()
            return
        with self._or_one_line():
            self._begin(self.settings)
            assert self._spec is not None
            self.measuring = self._measure(self._spec, selection, self._whole)
            self._writer = self.measuring.open()

    @property
    def _measured(self) -> bool:
        """Whether this process has measured, or has had others measure."""
        return self.measuring is not None or bool(self.workers.parts)

    def _measure(self, spec: TargetSpec, selection: Selection, file: Path) -> Measuring:
        slot = self.settings.slots.start
        kind = Measuring if self.settings.client is None else ClientMeasuring
        return kind(self.settings, Place(run=self.run_id, spec=spec, slot=slot, file=file, until=self.until), selection)

    def _selected(self, chosen: tuple[Scenario, ...]) -> Selection:
        """What runs, and what it has to exercise: of a part of the scenarios only what these were written for."""
        if not chosen:
            return Selection(directed=())
        selection = self._select(chosen)
        if len(chosen) == len(self._select(self._directed()).directed):
            return selection
        written_for = {rule for scenario in chosen for rule in scenario.exercises}
        return replace(selection, required=tuple(rule for rule in selection.required if rule in written_for))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Any:
        """A failure of ours is shown as what it says, not as a traceback."""
        report: pytest.TestReport = yield
        if call.excinfo is not None and isinstance(call.excinfo.value, SuiteFailure):
            report.longrepr = shown(call.excinfo)  # type: ignore[assignment]  # what pytest makes itself, with other lines
            report.user_properties.append((KIND, call.excinfo.value.kind))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember for each item that failed of what kind its failure is."""
        if report.failed:
            kind = dict(report.user_properties).get(KIND, "harness" if str(report.when) == WORKER_DIED else "other")
            if self._failed.get(report.nodeid) != "other":
                self._failed[report.nodeid] = str(kind)

    # ---- the end ---------------------------------------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Empty the slots, put the run file together, conclude; the exit code is pytest's own wherever it says something."""
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
        try:
            if self.role == "worker":
                if self.measuring is not None:
                    self.measuring.close_part()
                return
            unmeasured: list[str] = []
            if self.measuring is not None:
                self.measuring.close()
                unmeasured = self.measuring.unmeasured
            elif self.workers.parts:
                parts = ending.usable(self.workers.parts.values())
                unmeasured = ending.reasons(parts)
                self._empty_slots_left()
                header = self._header()
                self._writer = ending.put_together(header, parts, self._whole) if parts else None
            if self._writer is not None:
                self.report = ending.end(
                    self._writer,
                    began=self._began,
                    unmeasured=unmeasured,
                    harness_errors=self.workers.deaths,
                    interrupted=interrupted,
                )
                session.exitstatus = self._exit_status(exitstatus, self.report)
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from error
        finally:
            self._stack.close()

    def _empty_slots_left(self) -> None:
        """Empty the slots of workers that did not come to do it themselves."""
        for slot in self.workers.slots.values():
            assert self._spec is not None
            with contextlib.suppress(TargetError), self._bench(self._spec, slot):
                pass

    def _exit_status(self, status: int, report: Report) -> int:
        if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or {"rule", "other"} & set(self._failed.values()):
            return status
        applies = report.conclusion.applies
        if RunOutcome.NONCONFORMING in applies:
            return pytest.ExitCode.TESTS_FAILED
        if RunOutcome.HARNESS_ERROR in applies or "harness" in self._failed.values():
            return EXIT_HARNESS
        return EXIT_NOT_MEASURED if RunOutcome.NOT_MEASURED in applies else status

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The totals, deviations that no item shows, and where the files are."""
        if self.report is None:
            return
        folder = self.settings.report_dir
        terminalreporter.section("amps-conformance")
        if not self.settings.strict:
            for rule in self.report.unexcused(Outcome.DEVIATES):
                self._write(terminalreporter, terminal.broken(self.report, rule))
        self._write(terminalreporter, terminal.closing(self.report, files=in_line(folder, [*NAMED, RUN_FILE])))

    def _write(self, terminalreporter: Any, part: Any) -> None:
        for line in terminal.lines(part):
            terminalreporter.write_line(line)


def _scenario(item: pytest.Item) -> Scenario | None:
    """The directed scenario (or client program) of an item."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    scenario = parameters.get("scenario")
    return cast("Scenario", scenario) if isinstance(scenario, Scenario | ClientProgram) else None
