"""One rule of the catalogue as a value, and what a breach of it means. Reading files and knowing the target are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from conformance.results import Outcome

Level = Literal["must", "default", "may", "undefined"]
Basis = Literal["documented", "example", "inferred"]
RuleSide = Literal["server", "client", "both"]
Side = Literal["server", "client"]
"""What the target of a run is."""

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
RULE_SIDES: Final[tuple[RuleSide, ...]] = get_args(RuleSide)
TIERS: Final = (1, 2, 3)
CORE_TIER: Final = 1

OBSERVED_MARK: Final = "Observed:"
"""Begins that part of a source that tells what was seen with official clients; parts of documentation always come before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One testable statement about AMPS.

    id          `SOW-TOPN-02`, kept for ever
    tier        order of work: 1 core, plain SOW and delta; 2 options of commands; 3 special set-ups
    level       must, default: a breach is a fault (default: where nothing changed the default); may, undefined: what the target does
                is noted
    basis       documented: said; example: only shown; inferred: follows from other statements
    side        whom the rule binds
    observe     how it shows
    needs       features without which it does not apply
    rests_on    rules whose failure makes this one unobservable
    source      chapters of the documentation, then perhaps `Observed: …`
    since, until  AMPS versions, None = every version of the edition
    """

    id: str
    tier: int
    level: Level
    basis: Basis
    side: RuleSide
    title: str
    text: str
    observe: str
    needs: frozenset[str]
    rests_on: tuple[str, ...]
    source: str
    since: str | None = None
    until: str | None = None

    @property
    def area(self) -> str:
        """`SOW` of `SOW-TOPN-02`."""
        return self.id.partition("-")[0]

    @property
    def topic(self) -> str:
        """`SOW-TOPN` of `SOW-TOPN-02`."""
        return self.id.rpartition("-")[0]

    @property
    def core(self) -> bool:
        """Of the first tier."""
        return self.tier == CORE_TIER

    @property
    def observed_only(self) -> bool:
        """The source is nothing but `Observed: …`: official clients demand it, the documentation does not say it."""
        return self.source.startswith(OBSERVED_MARK)

    @property
    def breach(self) -> Outcome:
        """The outcome of this rule if a target does otherwise.

        FAILED: the documentation states or shows it. DEVIATES: it is inferred, or only official clients demand it.
        OBSERVED: its level is may or undefined, nothing is a breach.
        """
        if self.level in {"may", "undefined"}:
            return Outcome.OBSERVED
        if self.basis == "inferred" or self.observed_only:
            return Outcome.DEVIATES
        return Outcome.FAILED
