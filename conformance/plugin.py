"""The pytest plugin: its options, and nothing else unless the conformance suites are asked for.

It is loaded in every pytest of its environment. So it imports pytest and the standard library only, takes no option name from anyone
else, and hands over to `conformance.suites.session` when an argument of the command line (or `testpaths`) leads to the suites.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

SUITES: Final = "conformance.suites"
SUITES_FOLDER: Final = Path(__file__).parent / "suites"
SHORT: Final = {"--target": "--amps-target", "--client": "--amps-client", "--toxiproxy": "--amps-toxiproxy"}
"""Aliases for those who type them, unless another plugin or a conftest has an option of that name."""

TARGET_HELP: Final = (
    "AMPS server to test: host:port, or tcp://user:password@host:port/amps/json; without it a server of our own is started"
)


CLIENT_HELP: Final = "test a client library instead: the command line of its adapter, or tcp://HOST:PORT of one that is running"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, all of them under a prefix of their own."""
    group = parser.getgroup("amps", "conformance of AMPS servers")
    group.addoption("--amps-target", metavar="URI", dest="amps_target", help=TARGET_HELP)
    group.addoption("--amps-target-file", metavar="FILE", help="the server as a TOML file: uri, credentials, TLS, features, limits")
    group.addoption("--amps-client", metavar="CMD", help=CLIENT_HELP)
    group.addoption("--amps-target-config", metavar="FILE", help="the server's own XML configuration, if it is not the printed one")
    group.addoption(
        "--amps-profile",
        choices=["smoke", "pr", "nightly", "faults"],
        default="smoke",
        help="smoke: directed scenarios; pr, nightly: also random ones until the time limit; faults: those with lost connections",
    )
    group.addoption("--amps-seed", type=int, metavar="N", help="seed of the random scenarios; drawn and shown if not given")
    group.addoption("--amps-time-limit", metavar="DURATION", help="90s, 10m or 2h; default 60s for pr, 1h for nightly")
    group.addoption("--amps-slots", metavar="A-B", help="slots of the configuration to use, one for each worker; default: from 0 on")
    group.addoption("--amps-report-dir", metavar="DIR", default="amps-report", help="where run.jsonl and summary.json go")
    group.addoption("--amps-strict", action="store_true", help="deviations from what the documentation only implies fail, too")
    group.addoption("--amps-known-failing", metavar="FILE", help="failures that are known (TOML): one item each at the end, not red")
    group.addoption("--amps-timeout-scale", type=float, default=1.0, metavar="X", help="multiply every wait")
    group.addoption("--amps-toxiproxy", metavar="HOST:PORT|auto", help="make faults by this toxiproxy too; auto starts one")
    group.addoption("--amps-toxiproxy-upstream", metavar="HOST:PORT", help="the server's address as toxiproxy sees it")
    group.addoption("--amps-toxiproxy-listen", metavar="HOST", help="the address of toxiproxy's machine on which its proxies listen")
    group.addoption("--amps-disruptive", action="store_true", help="send broken frames and very large messages to a remote target")


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: Sequence[str]) -> None:
    """Add the short names after all plugins and conftests have added theirs."""
    del early_config, args
    for short, full in SHORT.items():
        try:
            _, unknown = parser.parse_known_and_unknown_args([f"{short}=probe"])
            if f"{short}=probe" in unknown:
                name = full.removeprefix("--").replace("-", "_")
                parser.getgroup("amps").addoption(short, metavar="...", dest=name, default=None, help=f"the same as {full}")
        except (ValueError, argparse.ArgumentError, pytest.UsageError):
            continue


def pytest_configure(config: pytest.Config) -> None:
    """Take part if the suites are asked for."""
    if asked_for_suites(config.args, config.invocation_params.dir, pyargs=bool(config.getoption("pyargs", default=False))):
        from conformance.suites.session import take_part

        take_part(config)


def asked_for_suites(args: Sequence[str], folder: Path, *, pyargs: bool) -> bool:
    """Whether one of the arguments names the suites, something in them, or (in a clone) a folder that holds them."""
    suites = SUITES_FOLDER.resolve()
    installed = "site-packages" in suites.parts
    for arg in args:
        name = arg.partition("::")[0].partition("[")[0]
        if pyargs and (name == SUITES or name.startswith(f"{SUITES}.")):
            return True
        path = (folder / name).resolve()
        if path == suites or suites in path.parents or (not installed and path in suites.parents):
            return True
    return False
