"""What runs: which directed scenarios suit the target and the options, which rules they must exercise, and which rules are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.errors import UsageError
from conformance.rules import Catalogue, implied
from conformance.run.scope import required_rules
from reference_model.scenario import Open, Scenario, Send, SendBytes, Together

EXCLUDED: Final = "excluded"
"""Why a rule is unchecked that the options of the run left out."""

DISRUPTIVE: Final = "needs --disruptive, since the target is not on loopback"

BODY_BYTES_DISRUPTIVE: Final = 1_000_000
"""A body beyond this may disturb others on a shared server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a run is to do.

    directed  scenarios of the profile smoke, in their order
    chosen    the rules whose verdicts are wanted, None for all
    left_out  per reason the rules that this run does not check on purpose
    required  the rules that have to be exercised, or the target counts as not measured
    """

    directed: tuple[Scenario, ...]
    chosen: frozenset[str] | None = None
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def select(
    scenarios: Iterable[Scenario],
    catalogue: Catalogue,
    features: Iterable[str],
    *,
    rules: str | None = None,
    exclude: str | None = None,
    gentle: bool = False,
) -> Selection:
    """The selection for a target with these features.

    rules, exclude  comma-separated globs; with `rules` only scenarios run that were written for one of those rules
    gentle          leave out what may disturb others on a shared server

    UsageError: a glob names nothing, or nothing is left to run.
    """
    declared = frozenset(features)
    suited = [scenario for scenario in scenarios if scenario.needs <= implied(declared)]
    chosen = _chosen(catalogue, rules, exclude)
    wanted = [scenario for scenario in suited if chosen is None or chosen.intersection(scenario.exercises)]
    running = [scenario for scenario in wanted if not (gentle and disruptive(scenario))]
    if not running:
        why = "they need --disruptive" if wanted else "no scenario was written for them"
        raise UsageError(f"nothing to run for {rules or '*'}{f' without {exclude}' if exclude else ''}: {why}")
    written_for = {rule for scenario in running for rule in scenario.exercises}
    too_rough = {rule for scenario in wanted if scenario not in running for rule in scenario.exercises} - written_for
    left_out: dict[str, tuple[str, ...]] = {}
    if chosen is not None:
        left_out[EXCLUDED] = tuple(rule for rule in catalogue if rule not in chosen)
    if too_rough:
        left_out[DISRUPTIVE] = tuple(rule for rule in catalogue if rule in too_rough and (chosen is None or rule in chosen))
    required = required_rules(catalogue, declared)
    return Selection(
        directed=tuple(running),
        chosen=chosen,
        left_out=left_out,
        required=tuple(rule for rule in required if rule not in too_rough and (chosen is None or rule in chosen)),
    )


def shard_of(selection: Selection, part: int, parts: int) -> Selection:
    """The part-th of so many parts: every parts-th scenario. What has to be exercised is a matter of all parts together."""
    return replace(selection, directed=selection.directed[part - 1 :: parts])


def _chosen(catalogue: Catalogue, rules: str | None, exclude: str | None) -> frozenset[str] | None:
    if rules is None and exclude is None:
        return None
    chosen = {rule.id for rule in catalogue.match(rules)} if rules else set(catalogue)
    return frozenset(chosen - {rule.id for rule in catalogue.match(exclude)} if exclude else chosen)


def disruptive(scenario: Scenario) -> bool:
    """Whether the scenario sends broken frames or a very large body."""
    for step in scenario.steps:
        match step:
            case SendBytes(meaning="malformed"):
                return True
            case Send() if len(step.command.body) > BODY_BYTES_DISRUPTIVE:
                return True
            case Together() if any(len(send.command.body) > BODY_BYTES_DISRUPTIVE for lane in step.lanes for send in lane):
                return True
            case Open(logon=command) if command is not None and len(command.body) > BODY_BYTES_DISRUPTIVE:
                return True
            case _:
                pass
    return False
