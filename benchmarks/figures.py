"""The figures of the README, measured one after the other on this machine; other work on it makes them worse, never better.

    python benchmarks/figures.py [--write]

--write puts them into docs/figures.json, from which scripts/generate-docs makes the table. Takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import execute
import faulty
import scaling

ROOT: Final = Path(__file__).resolve().parents[1]
FIGURES: Final = ROOT / "docs" / "figures.json"


def smoke_s() -> float:
    """The whole of `amps-conformance run`, from the command line to the written reports."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "conformance", "run", "--report-dir", f"{folder}/report"], cwd=ROOT, check=True, capture_output=True
        )
        return time.monotonic() - begin


def soak(servers: int, scenarios: int, processes: int) -> tuple[float, int]:
    """Seconds, and the peak memory of a process in MB, of so many random scenarios on each of so many servers."""
    done = subprocess.run(
        [sys.executable, "scripts/soak", "--servers", str(servers), "--scenarios", str(scenarios), "-n", str(processes)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, megabytes = re.search(r"(\d+) s, at most (\d+) MB", done.stdout.splitlines()[-1]).groups()  # type: ignore[union-attr] # its last line
    return float(seconds), int(megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="write docs/figures.json")
    write = parser.parse_args().write
    grown = scaling.measure(rounds=3)
    thousand_s, _ = soak(2, 500, 2)
    _, short_mb = soak(1, 200, 1)
    _, long_mb = soak(1, 2000, 1)
    rows = [
        ("`run` with the profile smoke, everything included", "under 5 s", f"{smoke_s():.1f} s"),
        ("1,000 random scenarios of about 20 commands, two processes", "under 30 s", f"{thousand_s:.0f} s"),
        (
            "`execute()` against a client that sends the same bytes and only counts acks",
            "at most 2 times",
            f"{execute.measure(60, 5):.2f} times",
        ),
        ("10 times the records in a scenario", "at most 11 times the time", f"{grown['records']:.1f} times"),
        ("10 times the commands in a scenario", "at most 11 times the time", f"{grown['commands']:.1f} times"),
        ("directed scenarios on a server with ten mutants, against a clean one", "at most 2 times", f"{faulty.measure(3):.1f} times"),
        ("peak memory of a process after 200 and after 2,000 scenarios", "under 300 MB, flat", f"{short_mb} MB, {long_mb} MB"),
    ]
    for name, goal, measured in rows:
        print(f"{name}: {measured} (goal: {goal})")
    if write:
        figures = {
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
            "figures": [{"figure": name, "goal": goal, "measured": measured} for name, goal, measured in rows],
        }
        FIGURES.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
