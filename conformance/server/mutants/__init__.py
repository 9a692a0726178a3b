"""Single faults of the server by name. Each changes one behaviour and knows nothing of rules, scenarios or test data.

They show that the harness finds faults: a run against a server with one of them has to blame one of the rules that it `breaks`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conformance.errors import UsageError
from conformance.server.behaviour import Behaviour
from conformance.server.mutants.answers import ANSWER_MUTANTS
from conformance.server.mutants.changes import CHANGE_MUTANTS
from conformance.server.mutants.faults import LOSS_MUTANTS
from conformance.server.mutants.frames import FRAME_MUTANTS
from conformance.server.mutants.mutant import Mutant
from conformance.server.mutants.queries import QUERY_MUTANTS

__all__ = ["MUTANTS", "Mutant", "behaviour_with"]

MUTANTS: Final[Mapping[str, Mutant]] = MappingProxyType(
    {mutant.name: mutant for mutant in (*ANSWER_MUTANTS, *QUERY_MUTANTS, *CHANGE_MUTANTS, *FRAME_MUTANTS, *LOSS_MUTANTS)}
)


def behaviour_with(names: Sequence[str]) -> Behaviour:
    """The behaviour with these faults; without names, that of a server without fault. Raises UsageError for an unknown name."""
    for name in names:
        if name not in MUTANTS:
            raise UsageError(f"unknown mutant {name!r}; known are {', '.join(MUTANTS)}")
    faults = tuple(dict.fromkeys(MUTANTS[name].fault for name in names))
    return type("Faulty", faults, {})() if faults else Behaviour()
