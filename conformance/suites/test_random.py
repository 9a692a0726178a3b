"""Random scenarios, in items of some seconds each: profiles pr and nightly, until the time limit."""

from __future__ import annotations

import pytest

from conformance.suites.collecting import chunks_of
from conformance.suites.measuring import Measuring
from conformance.suites.session import SuiteSession, take_part


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("chunk", range(chunks_of(take_part(metafunc.config).settings)))


@pytest.mark.random
def test_random(chunk: int, measuring: Measuring, suite_session: SuiteSession) -> None:
    measuring.random(suite_session.drawn(chunk), suite_session.chunk_s)
