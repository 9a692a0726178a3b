"""Servers for tests: of one seed, or one test for each of several seeds."""

from __future__ import annotations

import pytest
from server_peer import Server, make


@pytest.fixture(name="make")
def _make():
    return make


@pytest.fixture(params=range(12))
def server(request: pytest.FixtureRequest) -> Server:
    """Servers of several seeds: what the documentation decides holds for all of them."""
    return make(seed=request.param)


@pytest.fixture
def plain() -> Server:
    """The server of seed 0, whose manners are the readings of the digests."""
    return make()
