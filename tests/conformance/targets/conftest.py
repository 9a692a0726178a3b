"""The scripted peer of the runner's tests, and the embedded server in this process with two slots."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))

from scripted_peer import answer, start

from conformance.config_file import expand
from conformance.server import EmbeddedServer
from conformance.targets.spec import TargetSpec
from reference_model.config import STANDARD

__all__ = ["answer", "start"]


@pytest.fixture
def serve():
    """serve(mutants=(), config=STANDARD, slots=2) -> TargetSpec of a server in this process."""
    running = []

    def begin(*, mutants=(), config=STANDARD, slots=2):
        server = EmbeddedServer(expand(config, range(slots)), mutants=mutants)
        server.__enter__()
        running.append(server)
        return TargetSpec(host="127.0.0.1", port=server.port)

    yield begin
    for server in running:
        server.__exit__(None, None, None)
