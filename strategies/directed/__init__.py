"""Directed scenarios: each written for rules that it names, few and small, none to spare. They are the profile `smoke`."""

from __future__ import annotations

from typing import Final

from reference_model.config import InstanceConfig
from reference_model.scenario import Scenario
from strategies.directed.acks import acks
from strategies.directed.batches import batches
from strategies.directed.deletes import deletes
from strategies.directed.deliveries import deliveries
from strategies.directed.delta import delta
from strategies.directed.errors import errors
from strategies.directed.faults import faults
from strategies.directed.keys import keys
from strategies.directed.merge import merge
from strategies.directed.paging import paging
from strategies.directed.probes import probes
from strategies.directed.publish import publish
from strategies.directed.queries import queries
from strategies.directed.query_and_subscribe import query_and_subscribe
from strategies.directed.records import records
from strategies.directed.sequences import sequences
from strategies.directed.session import session
from strategies.directed.subscriptions import subscriptions
from strategies.directed.undefined import undefined
from strategies.directed.wire import wire

ALL: Final[tuple[Scenario, ...]] = tuple(
    scenario
    for collection in (
        deletes, session, acks, publish, deliveries, records, keys, queries, paging, batches, delta, merge, wire, errors,
        subscriptions, query_and_subscribe, undefined, probes, faults
    )
    for scenario in collection.scenarios
)  # fmt: skip
"""Every directed scenario, by areas. Deletes come first: a target that deletes nothing is found before its slot has to be emptied."""


LOGGED: Final[tuple[Scenario, ...]] = sequences.scenarios
"""Those for an instance with a transaction log."""


def smoke(config: InstanceConfig) -> tuple[Scenario, ...]:
    """Those that make sense on an instance with these features."""
    return tuple(scenario for scenario in (*ALL, *LOGGED) if scenario.needs <= config.features)
