"""Single faults of the server by name. Each changes one behaviour and knows nothing of rules, scenarios or test data.

They show that the harness finds faults: a run against a server with one of them has to blame one of the rules that it `breaks`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conformance.errors import UsageError
from conformance.server.behaviour import Behaviour
from conformance.server.mutants.answers import answers
from conformance.server.mutants.changes import changes
from conformance.server.mutants.commands import commands
from conformance.server.mutants.faults import faults
from conformance.server.mutants.frames import frames
from conformance.server.mutants.literals import literals
from conformance.server.mutants.logic import logic
from conformance.server.mutants.mutant import Mutant
from conformance.server.mutants.queries import queries
from conformance.server.mutants.received import received
from conformance.server.mutants.records import records
from conformance.server.mutants.subscriptions import subscriptions
from conformance.server.mutants.texts import texts
from conformance.server.mutants.values import values
from conformance.server.mutants.written import written

__all__ = ["CANARY", "MUTANTS", "Mutant", "behaviour_with"]

_COLLECTIONS: Final = (
    answers,
    queries,
    changes,
    frames,
    commands,
    subscriptions,
    records,
    received,
    written,
    literals,
    values,
    logic,
    texts,
    faults,
)

MUTANTS: Final[Mapping[str, Mutant]] = MappingProxyType({mutant.name: mutant for collection in _COLLECTIONS for mutant in collection})

CANARY: Final = Mutant(name="no_fault", breaks=MUTANTS["skip_n_ignored"].breaks, text="nothing", fault=Behaviour)
"""Claims to break rules and breaks none: whoever finds it finds too much. It is none of MUTANTS."""


def behaviour_with(names: Sequence[str]) -> Behaviour:
    """The behaviour with these faults; without names, that of a server without fault. Raises UsageError for an unknown name."""
    for name in names:
        if name not in MUTANTS and name != CANARY.name:
            raise UsageError(f"unknown mutant {name!r}; known are {', '.join(MUTANTS)}")
    faults = tuple(dict.fromkeys(MUTANTS[name].fault for name in names if name != CANARY.name))
    return type("Faulty", faults, {})() if faults else Behaviour()
