"""From a failure that was seen once to one that can be told: shrunk, repeated, laid out, stored as a program with a replay line."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any, Final

from conformance import programs
from conformance.compare.explain import explain
from conformance.compare.judge import examine
from conformance.errors import HarnessError, UnreachableError
from conformance.results import Finding, FindingGroup
from conformance.rules import Catalogue
from conformance.run.bench import Bench, Examined
from conformance.run.settings import Settings
from conformance.run_file import Failure, digest, failure_of
from conformance.shrink import Bounds, Shrunk, shrink
from conformance.targets.spec import TargetSpec, Tls
from reference_model.config import InstanceConfig
from reference_model.scenario import Scenario

PROGRAMS: Final = "programs"
"""The folder of program files in the report folder."""

REPEATS: Final = 3
"""How often the shrunk program runs again, to say how sure its failure is."""

SHRINK_S_MAX: Final = 8.0
"""For one failure: on a quick target it is over in one or two seconds, on a slow one the next failure has its turn, too."""

DIGEST_CHARS: Final = 8


class Explainer:
    """Explains failures within a budget of time. `bench` None: from their recordings alone."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, config: InstanceConfig, *, bench: Bench | None = None, budget_s: float = 0.0
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._config = config
        self._bench = bench
        self._until = time.monotonic() + budget_s

    def explain(self, examined: Examined, finding: Finding) -> Failure:
        """The data of the failure as a run file has it. Raises TargetError (the target is gone), HarnessError (cannot write)."""
        best, shrunk = examined, None
        left_s = self._until - time.monotonic()
        if self._bench is not None and left_s > 0:
            best, shrunk = self._shrunk(self._bench, examined, finding, min(left_s, SHRINK_S_MAX))
        path = self._store(best, finding)
        return {
            **self._laid_out(best, finding),
            "times": None if shrunk is None else shrunk.times(),
            "shrunk": None if shrunk is None else shrunk.to_data(),
            "program": f"{PROGRAMS}/{path.name}",
            "replay": self._replay(path),
        }

    def _shrunk(self, bench: Bench, examined: Examined, finding: Finding, seconds_max: float) -> tuple[Examined, Shrunk]:
        """The last execution of the shortest program found, and how it was found."""
        last = examined

        def attempt(scenario: Scenario) -> frozenset[str]:
            nonlocal last
            again = bench.once(scenario)
            broken = frozenset(other.rule for other in again.decisive)
            if finding.rule in broken:
                last = again
            return broken

        bounds = Bounds(seconds_max=seconds_max)
        shrunk = shrink(examined.scenario, finding.rule, attempt, bounds, config=self._config, at=finding.step or None, confirm=REPEATS)
        if shrunk.lost:
            raise UnreachableError(shrunk.lost)
        return last, shrunk

    def _laid_out(self, examined: Examined, finding: Finding) -> dict[str, Any]:
        """Steps and both histories, or what the finding itself says where they cannot be laid out."""
        group = FindingGroup(first=finding, count=1, scenarios=[examined.scenario.name], in_scenarios=1)
        if examined.observation is None:
            return failure_of(group)
        grounds = examine(examined.scenario, examined.observation, self._config, self._catalogue)
        return explain(grounds, finding.rule, group=group)

    def _store(self, examined: Examined, finding: Finding) -> Path:
        """Write the program file, `<rule>-<digest>.json`, and return its path."""
        data = programs.to_json(examined.scenario)
        path = self._settings.report_dir / PROGRAMS / f"{finding.rule}-{digest(data)[:DIGEST_CHARS]}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            programs.dump(examined.scenario, path)
        except OSError as error:
            raise HarnessError(f"cannot write {path}: {error.strerror or error}") from error
        return path

    def _at(self, target: TargetSpec | None) -> list[str]:
        """The options that name the target, without credentials."""
        if target is None:
            return ["--seed", str(self._settings.seed)]
        if self._settings.target_file is not None:
            return ["--target-file", str(self._settings.target_file)]
        tls = target.tls or Tls()
        named = {"--ca-file": tls.ca_file, "--cert-file": tls.cert_file, "--key-file": tls.key_file, "--tls-name": tls.host_name}
        return ["--target", target.uri, *(word for name, value in named.items() if value is not None for word in (name, str(value)))]

    def _replay(self, path: Path) -> str:
        """The command line that runs the program again on the same target."""
        target = self._settings.target
        words = ["amps-conformance", "replay", str(path)]
        if self._settings.client is not None:
            return shlex.join([*words, "--client", self._settings.client])
        words += self._at(target)
        if self._settings.target_config is not None:
            words += ["--target-config", str(self._settings.target_config)]
        return shlex.join(words)
