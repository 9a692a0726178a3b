"""Client libraries: every directed program for clients, with `--client`."""

from __future__ import annotations

from typing import cast

from conformance.suites.collecting import client_programs
from conformance.suites.measuring import Measuring
from reference_model.client.program import ClientProgram
from reference_model.scenario import Scenario


@client_programs()
def test_clients(scenario: ClientProgram, measuring: Measuring) -> None:
    measuring.directed(cast("Scenario", scenario))
