"""What a run was asked to do, as values, and the texts in which users write them. Nothing here runs anything."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from conformance import config_file, known_file
from conformance.errors import UsageError
from conformance.faults.api import parse_address
from conformance.faults.proxies import AUTO, Place
from conformance.known import KnownFailure
from conformance.naming import SLOTS_MAX
from conformance.rules import load, standings
from conformance.run_file import Keep
from conformance.targets.spec import TargetSpec
from reference_model.config import STANDARD, InstanceConfig

Profile = Literal["smoke", "pr", "nightly", "faults"]
"""smoke: the directed scenarios; pr and nightly: those, then random ones until the time limit; faults: those, then random ones with
faults in them."""

PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

TIME_LIMIT_S: Final[dict[Profile, float | None]] = {"smoke": None, "pr": 60.0, "nightly": 3600.0, "faults": 60.0}

REPORT_DIR: Final = Path("amps-report")

SEED_BITS: Final = 31
"""A seed that is drawn for a run is short enough to be typed again."""

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_UNIT_S: Final = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}
_SHARD: Final = re.compile(r"(\d{1,4})/(\d{1,4})", re.ASCII)

SHARDS_MAX: Final = 1000

_SLOTS: Final = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a run.

    target         None: the embedded server, started for the run
    target_file    where the target is told, None: on the command line
    features       those of the target, None: those of its configuration; types: what its message types add to them
    versions       condition on the version of the target: another one is not measured
    target_config  the target's own XML configuration; None: the one that `config` prints
    rules, exclude globs over rule ids (`Catalogue.match`), None: all, none
    seed           of the random scenarios, and of the embedded server's choices
    time_limit_s   of the whole run without what follows it (explaining failures); None: until the scenarios are over
    max_failures   end the run after so many kinds of failures
    slots          the slots that the run may use, the first for the first worker
    timeout_scale  multiplies every wait
    max_rate       commands a second on average, None: as fast as it goes
    disruptive     broken frames and very large messages are allowed although the target is not on loopback
    keep           which recordings stay in the run file
    known          failures that are excused in advance
    pause          wait at each scenario that makes the run red, with its connections open
    corpus         a folder of programs that failed once: they run first, and what fails is added; None: there is none
    shard          (i, n): this run does the i-th of n parts
    restart        command line that starts the target again when it is gone; None: then the run ends
    client         command line of the adapter of a client under test (or tcp://HOST:PORT of a running one), None: a server is tested
    proxies        where toxiproxy is, for faults that only a proxy makes; None: there are none such
    """

    target: TargetSpec | None = None
    target_file: Path | None = None
    features: frozenset[str] | None = None
    types: frozenset[str] = frozenset()
    versions: str | None = None
    target_config: Path | None = None
    profile: Profile = "smoke"
    rules: str | None = None
    exclude: str | None = None
    seed: int
    time_limit_s: float | None = None
    max_failures: int | None = None
    report_dir: Path = REPORT_DIR
    strict: bool = False
    slots: range = range(1)
    timeout_scale: float = 1.0
    max_rate: float | None = None
    disruptive: bool = False
    keep: Keep = "some"
    known: tuple[KnownFailure, ...] = ()
    pause: bool = False
    corpus: Path | None = None
    shard: tuple[int, int] = (1, 1)
    restart: str | None = None
    client: str | None = None
    proxies: Place | None = None

    @property
    def limit_s(self) -> float | None:
        """The time limit that counts: the one given, else that of the profile."""
        return self.time_limit_s if self.time_limit_s is not None else TIME_LIMIT_S[self.profile]


def draw_seed() -> int:
    """A seed for a run that was given none."""
    return secrets.randbits(SEED_BITS)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `10m`, `2h`, `500ms` or a plain number of seconds. Raises UsageError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or float(found[1]) == 0:
        raise UsageError(f"'{text}' is no duration; write 90s, 10m or 2h")
    return float(found[1]) * _UNIT_S[found[2] or ""]


def place_of(toxiproxy: str | None, upstream: str | None, listen: str | None) -> Place | None:
    """The three options about toxiproxy together. Raises UsageError."""
    if toxiproxy is None:
        if upstream is not None or listen is not None:
            raise UsageError("--toxiproxy-upstream and --toxiproxy-listen go with --toxiproxy")
        return None
    if toxiproxy != AUTO:
        parse_address(toxiproxy, "--toxiproxy")
    if upstream is not None:
        parse_address(upstream, "--toxiproxy-upstream")
    return Place(toxiproxy=toxiproxy, upstream=upstream, listen=listen)


def parse_shard(text: str) -> tuple[int, int]:
    """(2, 8) of `2/8`. Raises UsageError."""
    found = _SHARD.fullmatch(text.strip())
    part, parts = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= part <= parts <= SHARDS_MAX:
        raise UsageError(f"'{text}' is no shard; write I/N with 1 <= I <= N <= {SHARDS_MAX}")
    return part, parts


def parse_slots(text: str) -> range:
    """The slots of `0-3`, or of `2` for one. Raises UsageError."""
    found = _SLOTS.fullmatch(text.strip())
    first = int(found[1]) if found else 0
    last = int(found[2] or found[1]) if found else -1
    if found is None or not first <= last < SLOTS_MAX:
        raise UsageError(f"'{text}' names no slots; write A-B with 0 <= A <= B < {SLOTS_MAX}")
    return range(first, last + 1)


def slots_text(slots: range) -> str:
    """The slots as `parse_slots` reads them."""
    return f"{slots.start}" if len(slots) == 1 else f"{slots.start}-{slots.stop - 1}"


def instance_of(settings: Settings, slot: int) -> tuple[InstanceConfig, tuple[str, ...]]:
    """The configuration that the target is declared to have, as one slot sees it (logical names), and warnings.

    UsageError: the file cannot be read, or has no topic of that slot.
    """
    if settings.target_config is None:
        return _declared(STANDARD, settings), ()
    whole, warnings = config_file.read(settings.target_config)
    instance = config_file.logical(whole, slot)
    if not instance.topics:
        raise UsageError(f"{settings.target_config} has no topic of slot {slot}; start from what 'amps-conformance config' prints")
    return _declared(instance, settings), tuple(warnings)


def _declared(instance: InstanceConfig, settings: Settings) -> InstanceConfig:
    """The instance with the features that a target file declares."""
    if settings.features is None and not settings.types:
        return instance
    features = instance.features if settings.features is None else settings.features
    return replace(instance, features=features | settings.types)


def knowing(settings: Settings, file: Path | None) -> Settings:
    """The settings with the known failures of a file, if there is one. UsageError: it is not fit for this target on this day."""
    if file is None:
        return settings
    instance, _ = instance_of(settings, settings.slots.start)
    catalogue = load()
    return replace(settings, known=known_file.read(file, catalogue, standings(catalogue, instance.features), instance.features))
