"""Fixtures of the suites. Options and the session are the plugin's matter: this file is read too late for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.suites.collecting import chunks_of
from conformance.suites.measuring import Measuring
from conformance.suites.session import SuiteSession, take_part

RANDOM: str = "test_random.py"
CLIENTS: str = "test_clients.py"


def pytest_configure(config: pytest.Config) -> None:
    """Take part, by whatever way the suites were found."""
    take_part(config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The profile smoke has no random items; a client is tested by what was written for clients, a server by the rest."""
    settings = take_part(config).settings
    if collection_path.name == RANDOM:
        return True if chunks_of(settings) == 0 else None
    if not collection_path.name.startswith("test_"):
        return None
    return True if (collection_path.name == CLIENTS) != (settings.client is not None) else None


@pytest.fixture(scope="session")
def suite_session(request: pytest.FixtureRequest) -> SuiteSession:
    """The session that this pytest takes part in."""
    return take_part(request.config)


@pytest.fixture(scope="session")
def measuring(suite_session: SuiteSession) -> Measuring:
    """What measures in this process."""
    assert suite_session.measuring is not None, "the session has not begun to measure"
    return suite_session.measuring
