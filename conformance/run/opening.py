"""Opening what a run works on: the embedded server where no target is given, one slot of the target, the bench on it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from conformance.client.limits import Limits
from conformance.errors import MisconfiguredError, UsageError
from conformance.faults.proxies import proxies_of
from conformance.known import meets
from conformance.rules import EDITION, Catalogue
from conformance.run.again import instance_to_data
from conformance.run.bench import Bench
from conformance.run.selection import Selection
from conformance.run.settings import Settings, slots_text
from conformance.run_file import RUN_FILE, RunHeader, now_utc
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from conformance.targets.spec import TargetSpec
from conformance.version import VERSION
from reference_model.config import InstanceConfig
from reports.files import FILES

try:
    import fcntl
except ImportError:  # not on every system; there two runs on one folder are the user's to avoid
    fcntl = None  # type: ignore[assignment]  # tested where it is used

CRASH_FILE: Final = "crash.txt"
"""Tracebacks of our own mistakes, for whoever mends them."""

EMBEDDED_URI: Final = "tcp://127.0.0.1/amps/json"
"""Stands for the embedded server in the header of a run that did not come to start it."""

RUN_ID_BYTES: Final = 2


def new_run_id() -> str:
    """An id for a run: short, since it stands in client names; two runs at a time on one server have different ones."""
    return secrets.token_hex(RUN_ID_BYTES)


def limits_of(settings: Settings) -> Limits:
    """The waits of the run."""
    return Limits(timeout_scale=settings.timeout_scale)


@contextmanager
def serving(settings: Settings) -> Iterator[TargetSpec]:
    """The target's address; where none is given, that of a server of ours in a process of its own. Raises TargetError."""
    if settings.target is not None:
        yield settings.target
        return
    options = [] if settings.target_config is None else ["--config", str(settings.target_config)]
    with EmbeddedTarget.start(seed=settings.seed, slots=settings.slots.stop, options=options) as server:
        yield server.spec


@contextmanager
def bench_on(
    spec: TargetSpec, settings: Settings, instance: InstanceConfig, catalogue: Catalogue, selection: Selection, *, run: str, slot: int
) -> Iterator[Bench]:
    """The bench on one slot, emptied before and after, also after Ctrl-C. Raises TargetError."""
    limits = limits_of(settings)
    with contextlib.ExitStack() as stack:
        target = stack.enter_context(ServerTarget.open(spec, instance, slot=slot, run=run, slots=settings.slots, limits=limits))
        check_version(settings.versions, target.version)
        proxies = None if settings.proxies is None else stack.enter_context(proxies_of(settings.proxies, spec))
        yield Bench(target, catalogue, limits, chosen=selection.chosen, proxies=proxies)


def check_version(wanted: str | None, version: str) -> None:
    """Raises MisconfiguredError: the target is not of a version that its target file allows."""
    if not meets(version, wanted):
        said = f"says that it is version {version!r}" if version else "says no version"
        raise MisconfiguredError(f"the target {said}, and the target file wants {wanted}")


def header_of(
    settings: Settings,
    selection: Selection,
    instance: InstanceConfig,
    *,
    run: str,
    spec: TargetSpec | None,
    version: str = "",
    profile: str | None = None,
) -> RunHeader:
    """The header of the run file. `spec` None: there was no target to open; `profile` None: that of the settings."""
    spec = spec or settings.target
    options: dict[str, Any] = {"slots": slots_text(settings.slots), "timeout_scale": settings.timeout_scale, "keep": settings.keep}
    given = {
        "rules": settings.rules,
        "exclude": settings.exclude,
        "time_limit_s": settings.limit_s,
        "max_failures": settings.max_failures,
        "max_rate": settings.max_rate,
        "disruptive": settings.disruptive or None,
        "shard": f"{settings.shard[0]}/{settings.shard[1]}" if settings.shard[1] > 1 else None,
        "target_file": None if settings.target_file is None else str(settings.target_file),
        "toxiproxy": None if settings.proxies is None else settings.proxies.toxiproxy,
        "target_config": None if settings.target_config is None else str(settings.target_config),
        "left_out": {reason: list(rules) for reason, rules in selection.left_out.items()} or None,
    }
    return RunHeader(
        run=run,
        harness=VERSION,
        edition=EDITION,
        started_utc=now_utc(),
        uri=EMBEDDED_URI if spec is None else spec.uri,
        version=version or None,
        features=tuple(sorted(instance.features)),
        profile=profile or settings.profile,
        seed=settings.seed,
        strict=settings.strict,
        required=selection.required,
        options=options | {name: value for name, value in given.items() if value is not None},
        known=settings.known,
        instance=instance_to_data(instance),
    )


@contextmanager
def report_folder(folder: Path) -> Iterator[None]:
    """The folder for this run alone: made if it is not there, without what would speak of an earlier run if this one came to no end.

    Raises UsageError: it cannot be written to, or another run writes there now.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if fcntl is not None:
                held = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, held)
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in (*FILES, CRASH_FILE, RUN_FILE):
                (folder / name).unlink(missing_ok=True)
        except BlockingIOError:
            raise UsageError(f"another run writes to {folder} now; name another folder for this one") from None
        except FileExistsError:
            raise UsageError(f"cannot write to {folder}: it is no folder") from None
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
        yield
