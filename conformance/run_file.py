"""The run file `run.jsonl`: how a run is recorded as it happens, and how such files are read again. One JSON record a line:

    header    once, first: what ran against what (RunHeader)
    scenario  one for each, appended when it ends: program, verdict, counts, digest, and the recording where it is kept
    failure   one for each group of findings, when it is explained: the data of a failure that reports show
    footer    once, last: the outcome; missing if the run was killed

`conformance/schemas/run.schema.json` is the exact shape. A record is one write to a file opened for appending: what ended before a
`kill -9` is there, several processes may append to one file. Nothing here judges or knows how programs and observations look.
"""

from __future__ import annotations

import dataclasses
import errno
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

from conformance.errors import HarnessError, UsageError
from conformance.known import KnownFailure
from conformance.results import Conclusion, FindingGroup, Ledger, Verdict, verdict_from_data, verdict_to_data

SCHEMA_VERSION: Final = 1
RUN_FILE: Final = "run.jsonl"

Origin = Literal["smoke", "random", "replay", "corpus"]
Keep = Literal["some", "all"]
"""Which recordings are kept: those of smoke and of whatever did not pass, or all of them."""

Record = Mapping[str, Any]
Failure = Mapping[str, Any]
"""The data of one failure; see `failure` in the schema and `failure_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What ran against what.

    run          id of the run; workers of one run share it
    harness      version of this package; edition: AMPS version whose rules were judged
    started_utc  ISO-8601
    uri          of the target, without credentials
    version      what the target says it is; None: not known
    features     declared features (without the implied ones)
    required     rules that had to be exercised (profile smoke)
    strict       deviations count as failures
    options      further options of the command line that shape the run; `left_out` among them: per reason the rules that the run
                 leaves out on purpose
    known        failures that are excused in advance
    instance     what the target was declared to be besides its features (`conformance.run.again`), None: not recorded
    """

    run: str
    harness: str
    edition: str
    started_utc: str
    uri: str
    version: str | None
    features: tuple[str, ...]
    profile: str
    seed: int
    side: Literal["server", "client"] = "server"
    strict: bool = False
    required: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    known: tuple[KnownFailure, ...] = ()
    instance: Mapping[str, Any] | None = None

    @property
    def left_out(self) -> dict[str, str]:
        """The rules that the run leaves out on purpose, each with the reason."""
        return {rule: reason for reason, rules in self.options.get("left_out", {}).items() for rule in rules}

    def to_data(self) -> dict[str, Any]:
        data = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        target = {"uri": data.pop("uri"), "version": data.pop("version"), "features": list(data.pop("features"))}
        data.update(target=target, required=list(self.required), options=dict(self.options))
        known = [entry.to_data() for entry in data.pop("known")]
        return {"record": "header", "schema_version": SCHEMA_VERSION, **data, **({"known": known} if known else {})}

    @classmethod
    def from_data(cls, data: Record) -> Self:
        """What `to_data` wrote; unknown members are passed over."""
        known = {item.name for item in dataclasses.fields(cls)}
        values = {name: value for name, value in {**data, **data["target"]}.items() if name in known}
        values.update(features=tuple(values["features"]), required=tuple(values.get("required", ())))
        values["known"] = tuple(KnownFailure.from_data(entry) for entry in values.get("known", ()))
        return cls(**values)


def now_utc() -> str:
    """The wall clock as a header and a footer write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


# ---- writing -----------------------------------------------------------------------------------------------------------------


class RunWriter:
    """Writes one run file; use it as a context manager.

    The folder is made if it is not there, a file of an earlier run is replaced. UsageError: the place cannot be written to.
    HarnessError: writing fails later on (disk full).
    """

    def __init__(self, path: Path, header: RunHeader, *, keep: Keep = "some") -> None:
        self.path = path
        self._keep = keep
        self._started = datetime.now(UTC)
        self.scenarios = 0
        self.commands = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o644)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {_why(error)}") from error
        self._write(header.to_data())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def scenario(
        self,
        *,
        origin: Origin,
        program: Record,
        observation: Record | None,
        verdict: Verdict | None,
        counts: Mapping[str, int],
        seconds: float,
        error: str | None = None,
    ) -> None:
        """Append the record of one scenario that has ended.

        program, observation  as the caller's JSON; observation None: it never came to one
        verdict  None if it was not judged, then `error` says why (a harness error, never a matter of a rule)
        counts   `commands` and whatever else was counted
        """
        assert verdict is not None or error is not None, "a scenario without a verdict says why"
        self.scenarios += 1
        self.commands += counts.get("commands", 0)
        record: dict[str, Any] = {
            "record": "scenario",
            "n": self.scenarios,
            "name": verdict.scenario if verdict else program.get("name", ""),
            "origin": origin,
            "seconds": round(seconds, 6),
            "counts": dict(counts),
            "digest": None if observation is None else digest(observation),
            "verdict": None if verdict is None else verdict_to_data(verdict),
            "error": error,
            "program": program,
        }
        if self._keep == "all" or origin == "smoke" or not _clean(verdict):
            record["observation"] = observation
        self._write(record)

    def copy(self, record: Record) -> None:
        """Append a scenario or failure record of another file of the same run; scenarios are numbered anew."""
        if record["record"] == "scenario":
            self.scenarios += 1
            self.commands += record["counts"].get("commands", 0)
            record = {**record, "n": self.scenarios}
        self._write(record)

    def failure(self, failure: Failure) -> None:
        """Append the data of one failure (see `failure_of`)."""
        self._write({"record": "failure", **failure})

    def footer(self, conclusion: Conclusion) -> None:
        """Append the end: the outcome, why, and the counts of what this writer has written."""
        self._write(
            {
                "record": "footer",
                "finished_utc": now_utc(),
                "outcome": conclusion.outcome.value,
                "exit_code": conclusion.exit_code,
                "applies": {outcome.value: list(reasons) for outcome, reasons in conclusion.applies.items()},
                "unmeasured": list(conclusion.unmeasured),
                "harness_errors": list(conclusion.harness_errors),
                "scenarios": self.scenarios,
                "commands": self.commands,
                "seconds": round((datetime.now(UTC) - self._started).total_seconds(), 3),
            }
        )

    def _write(self, record: Record) -> None:
        data = memoryview(json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            raise HarnessError(f"cannot write {self.path}: {_why(error)}") from error


def digest(data: Record) -> str:
    """SHA-256 of JSON data in one canonical spelling: tells whether a recording kept elsewhere is this one."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _clean(verdict: Verdict | None) -> bool:
    return verdict is not None and not verdict.findings and not verdict.inconclusive


def _why(error: OSError) -> str:
    return "no space left on the disk" if error.errno in {errno.ENOSPC, errno.EDQUOT} else (error.strerror or str(error))


# ---- failures ----------------------------------------------------------------------------------------------------------------


def failure_of(group: FindingGroup) -> dict[str, Any]:
    """The data of a failure that nobody has explained yet: what the findings themselves say.

    An explanation adds `times` (broken in how many of how many repetitions), `steps`, `compare`, `timeline`,
    `shrunk`, `program`, `replay`.
    """
    first = group.first
    return {
        "rule": first.rule,
        "kind": first.kind,
        "what": first.what,
        "field": first.field,
        "step": first.step,
        "expected": first.expected,
        "seen": first.seen,
        "count": group.count,
        "scenarios": list(group.scenarios),
        "in_scenarios": group.in_scenarios,
        "masked_by": first.masked_by,
        "slow": first.slow,
        "times": None,
        "steps": [],
        "compare": [],
        "timeline": None,
        "shrunk": None,
        "program": None,
        "replay": None,
    }


def failures(ledger: Ledger, explained: Iterable[Failure] = ()) -> tuple[Failure, ...]:
    """One failure for each group of findings, in the order of the ledger: the explained data where there is some (that of the shortest
    program if several are), with the counts of the ledger."""
    best: dict[tuple[object, ...], Failure] = {}
    for failure in explained:
        key = _failure_key(failure)
        if key not in best or _length(failure) < _length(best[key]):
            best[key] = failure
    found = []
    for group in ledger.groups.values():
        bare = failure_of(group)
        told = best.get(_failure_key(bare), {})
        counts = {name: bare[name] for name in ("count", "scenarios", "in_scenarios")}
        found.append({**bare, **told, **counts})
    return tuple(found)


def _failure_key(failure: Failure) -> tuple[object, ...]:
    return (failure["rule"], failure["kind"], failure["field"], failure.get("masked_by"), bool(failure.get("slow")))


def _length(failure: Failure) -> int:
    return len(failure["steps"]) or 1 << 30


# ---- reading -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A line that is no record. `cut`: it is the last one and has no end: the run was killed while writing it."""

    path: Path
    line: int
    cut: bool

    def __str__(self) -> str:
        return f"{self.path}: line {self.line} is {'cut off' if self.cut else 'damaged'}; it was left out"


def records(path: Path) -> Iterator[Record | Damage]:
    """The records of one file (`.gz`: compressed) in order, one at a time. UsageError: the file cannot be read."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                record = _parse(line)
                yield Damage(path=path, line=number, cut=not line.endswith(b"\n")) if record is None else record
    except OSError as error:
        raise UsageError(f"cannot read {path}: {_why(error)}") from error
    except (EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {path}: its compressed data is damaged") from error


def _parse(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "record" in record else None


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What reports need of one run file, without its recordings.

    footer    None: the run did not come to its end
    explained the failure records as they stand
    errors    harness errors of scenarios: "name: text"
    """

    path: Path
    header: RunHeader
    ledger: Ledger = field(default_factory=Ledger)
    explained: list[Failure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    footer: Record | None = None
    scenarios: int = 0
    commands: int = 0
    seconds: float = 0.0

    def take(self, record: Record) -> None:
        """Add one record of the file."""
        match record["record"]:
            case "scenario":
                self.scenarios += 1
                self.commands += record["counts"].get("commands", 0)
                self.seconds += record["seconds"]
                if record["verdict"] is not None:
                    self.ledger.add(verdict_from_data(record["verdict"]))
                if record["error"] is not None:
                    self.errors.append(f"{record['name']}: {record['error']}")
            case "failure":
                self.explained.append(record)
            case "footer":
                self.footer = record
                self.seconds = record["seconds"]
            case _:
                pass  # records of a later version of the file


def read(path: Path) -> Recorded:
    """One run file added up. UsageError: it cannot be read, or it does not begin with the header of a version that is known here."""
    lines = records(path)
    first = next(lines, None)
    if first is None or isinstance(first, Damage) or first.get("record") != "header":
        raise UsageError(f"{path} is no run file: it does not begin with a header")
    if first.get("schema_version") != SCHEMA_VERSION:
        raise UsageError(f"{path} is of version {first.get('schema_version')}, this is version {SCHEMA_VERSION}")
    try:
        found = Recorded(path=path, header=RunHeader.from_data(first))
        for record in lines:
            if isinstance(record, Damage):
                found.damage.append(record)
            else:
                found.take(record)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no run file of version {SCHEMA_VERSION}: {type(error).__name__} {error}") from error
    return found


def read_all(paths: Sequence[Path]) -> tuple[Recorded, ...]:
    """Several run files (workers, shards, variants), each added up."""
    return tuple(read(path) for path in paths)
