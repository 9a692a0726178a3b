"""The examples at the end of each command's help. Each is a line to type, and a test reads them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "run": (
        "amps-conformance run                                             on a server of our own",
        "amps-conformance run --target amps.test:9007                     the directed scenarios, seconds",
        "amps-conformance run --target amps.test:9007 --rules SOW-TOPN    a topic of rules",
        "amps-conformance run --profile pr --time-limit 10m               random scenarios as well",
        "amps-conformance run --only-failed --pause-on-failure            look at the server at each failure",
        "amps-conformance run --known-failing known.toml                  failures that are known are not red",
    ),
    "replay": (
        "amps-conformance replay amps-report/programs/SOW-TOPN-07-97187646.json --target amps.test:9007",
        "amps-conformance replay mine.json -v    every frame, on a server of our own",
    ),
    "rules": (
        "amps-conformance rules SOW-TOPN-02                    one rule in full",
        "amps-conformance rules SOW-TOPN --level must          some of them",
        "amps-conformance rules --outcome failed               what failed in the last run",
        "amps-conformance rules --area SOW --format markdown   a table",
    ),
    "config": ("amps-conformance config --slots 4 --port 9007 > amct.xml",),
    "serve": (
        "amps-conformance serve --listen 127.0.0.1:9007",
        "amps-conformance serve --listen 127.0.0.1:9007 --mutant skip_n_ignored    with a fault to find",
        "amps-conformance serve --mutant list                                      the faults there are",
    ),
    "doctor": ("amps-conformance doctor --target amps.test:9007", "amps-conformance doctor --target-file amps.toml"),
    "selftest": ("amps-conformance selftest --smoke", "amps-conformance selftest --mutant skip_n_ignored --shrink"),
    "update": (
        'amps-conformance known-failing update known.toml --reason "not done yet" --expires 2027-01-31',
        "amps-conformance known-failing update known.toml    takes out what passes now",
    ),
    "proxy": ("amps-conformance proxy --target amps.test:9007 --toxic latency:latency_ms=50",),
    "check": ('amps-conformance adapter check "python adapter.py"',),
    "completion": ('eval "$(amps-conformance completion bash)"    in ~/.bashrc',),
}


def examples(command: str) -> str:
    """The end of the help of a command."""
    return "\b\n" + "\n".join(LINES[command])
