"""The core scope: the topics whose rules the directed scenarios must exercise, or the target counts as not measured.

Which rules these are on a target follows from the catalogue and the target's features; the list of topics stands here alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.results import Outcome
from conformance.rules import Catalogue, Side, standings

CORE_TOPICS: Final[tuple[str, ...]] = (
    "CMD-LOGON",
    "CMD-ACK",
    "CMD-FLUSH",
    "CMD-PUB",
    "CMD-DPUB",
    "CMD-SOW",
    "CMD-STAT",
    "CMD-ORD",
    "CMD-DEL",
    "CMD-MSG",
    "CMD-FAIL",
    "SOW-REC",
    "SOW-KEY",
    "SOW-QRY",
    "SOW-ORD",
    "SOW-TOPN",
    "SOW-BATCH",
    "SOW-TOPIC",
    "SOW-DEL",
    "DELTA-PUB",
    "DELTA-MRG",
    "WIRE-FRAME",
    "WIRE-HDR",
    "WIRE-KEY",
    "WIRE-CMD",
    "WIRE-SOW",
)
"""Logon, publish, delta_publish, query, delete, acks and statistics, and the bytes that carry them."""


def required_rules(catalogue: Catalogue, features: Iterable[str], side: Side = "server") -> tuple[str, ...]:
    """The rules of the core scope that a run against a target with these features has to exercise, in the order of the catalogue.

    They are of the first tier, can be broken (level must or default), apply to the target, and have no stated reason for being
    unchecked.
    """
    standing = standings(catalogue, features, side)
    return tuple(
        rule.id
        for rule in catalogue.values()
        if rule.core
        and rule.topic in CORE_TOPICS
        and rule.level in {"must", "default"}
        and standing[rule.id].idle is Outcome.NOT_EXERCISED
    )
