"""The corpus of a team: a folder of program files that failed once. What fails is added, what is mended stays, and all run first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance import programs
from conformance.errors import HarnessError, UsageError
from conformance.rules import implied
from conformance.run_file import Failure
from reference_model.config import InstanceConfig
from reference_model.model import predict
from reference_model.scenario import Scenario
from reference_model.state import ProgramError
from reports.files import write_file

PROGRAMS_MAX: Final = 10_000
"""Programs of a folder: a night that runs more has no time for anything new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regressions:
    """The programs of a corpus that suit a target, in the order of their names, and a line for each file that is none."""

    programs: tuple[Scenario, ...] = ()
    damage: tuple[str, ...] = ()


def regressions(folder: Path, instance: InstanceConfig) -> Regressions:
    """Read a corpus; a folder that is not there is empty. Programs that need what the target does not have are passed over.

    UsageError: the folder cannot be read, or holds more than PROGRAMS_MAX programs.
    """
    try:
        files = sorted(folder.glob("*.json")) if folder.exists() else []
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is no folder of program files")
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from None
    if len(files) > PROGRAMS_MAX:
        raise UsageError(f"{folder} holds {len(files):,} programs; at most {PROGRAMS_MAX:,} run in a night")
    found: list[Scenario] = []
    damage: list[str] = []
    for path in files:
        try:
            scenario = programs.load(path)
            if scenario.needs <= implied(instance.features):
                predict(scenario, instance)
                found.append(scenario)
        except (UsageError, ProgramError) as error:
            damage.append(f"corpus: {path}: {error}" if str(path) not in str(error) else f"corpus: {error}")
    return Regressions(programs=tuple(found), damage=tuple(damage))


def keep(folder: Path, report_dir: Path, failures: Iterable[Failure]) -> tuple[Path, ...]:
    """Copy the programs of failures into the corpus; returns the new ones. HarnessError: one cannot be read or written."""
    new: list[Path] = []
    for failure in failures:
        name = failure.get("program")
        if not name:
            continue
        path = folder / Path(name).name
        if path.exists():
            continue
        try:
            text = (report_dir / name).read_text("utf-8")
        except OSError as error:
            raise HarnessError(f"cannot read {report_dir / name}: {error.strerror}") from error
        write_file(path, text)
        new.append(path)
    return tuple(new)
