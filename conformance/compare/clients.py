"""From a client program and its recording to a verdict: the judge of servers, with the model and checks for clients. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.checks.client_wire import CLIENT_CHECKS
from conformance.compare.case import Case
from conformance.compare.client_atoms import explode_client
from conformance.compare.judge import Examination, examined_case
from conformance.rules import Catalogue, applicable
from reference_model.client.predict import predict_client
from reference_model.client.program import ClientProgram
from reference_model.observation import Observation


def examine_client(program: ClientProgram, observation: Observation, features: Iterable[str], catalogue: Catalogue) -> Examination:
    """The verdict with its grounds. Raises ProgramError if the model does not judge such a program."""
    declared = frozenset(features)
    atoms = explode_client(observation)
    case = Case(program, observation, predict_client(program), catalogue, atoms, [], in_turn=True)
    return examined_case(case, lambda rule: rule in catalogue and applicable(catalogue[rule], declared, "client"), CLIENT_CHECKS)
