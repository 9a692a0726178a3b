"""Items of the suites: directed scenarios as parameters whose ids carry rule ids, with markers for level, area, tier and feature."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from conformance.rules import VOCABULARY, Catalogue, load
from conformance.run.programs import directed
from conformance.run.settings import Settings
from reference_model.client.program import ClientProgram
from reference_model.scenario import Scenario
from strategies.clients.directed import CLIENT_PROGRAMS

CHUNK_S = 10.0
"""About how long an item of random scenarios takes: short enough for a progress that moves and for workers that share the time."""

CHUNKS_MAX = 120


def scenarios_of(area: str) -> pytest.MarkDecorator:
    """Parametrizes a test over the directed scenarios of one area (the beginning of their names) as `scenario`."""
    return pytest.mark.parametrize("scenario", [_parameter(scenario) for scenario in directed() if area_of(scenario) == area])


def client_programs() -> pytest.MarkDecorator:
    """Parametrizes a test over the directed programs for clients as `scenario`."""
    return pytest.mark.parametrize("scenario", [_parameter(program) for program in CLIENT_PROGRAMS])


def area_of(scenario: Scenario) -> str:
    """`paging` of `paging-first-of-an-order`."""
    return scenario.name.partition("-")[0]


def _parameter(scenario: Scenario | ClientProgram) -> object:
    """Its id is `paging-pages:SOW-TOPN-07+SOW-TOPN-10`, so that `-k SOW-TOPN` finds it."""
    marks = [getattr(pytest.mark, name) for name in marker_names(scenario, load())]
    return pytest.param(scenario, id=f"{scenario.name}:{'+'.join(scenario.exercises)}", marks=marks)


def marker_names(scenario: Scenario | ClientProgram, catalogue: Catalogue) -> list[str]:
    """`tier1`, `level_must`, `area_SOW`, `feature_sow` … of all the rules that the scenario was written for."""
    rules = [catalogue[rule] for rule in scenario.exercises]
    names = {name for rule in rules for name in (f"tier{rule.tier}", f"level_{rule.level}", f"area_{rule.area}")}
    return sorted(names | {_feature(name) for rule in rules for name in rule.needs})


def markers(catalogue: Catalogue) -> Iterator[str]:
    """The lines that register the markers."""
    for tier in (1, 2, 3):
        yield f"tier{tier}: rules of tier {tier}{' (the core)' if tier == 1 else ''}"
    for level in ("must", "default", "may", "undefined"):
        yield f"level_{level}: rules of level {level}"
    for area in catalogue.areas:
        yield f"area_{area}: rules of the area {area}"
    for name, feature in VOCABULARY.items():
        yield f"{_feature(name)}: {feature.meaning}"
    yield "random: random scenarios, profiles pr and nightly"


def _feature(name: str) -> str:
    return f"feature_{name.replace('-', '_')}"


def chunks_of(settings: Settings) -> int:
    """Into how many items the time of random scenarios is cut; 0 for smoke."""
    if settings.profile == "smoke" or settings.limit_s is None:
        return 0
    return min(CHUNKS_MAX, max(1, math.ceil(settings.limit_s / CHUNK_S)))
