"""An expectation under construction: ids, and short ways to write down slots, orders and closed worlds. No semantics."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from reference_model.expectation import (
    Body,
    Chain,
    Claim,
    Distinct,
    Expectation,
    Obligation,
    Occurs,
    Pool,
    Scope,
    Slot,
    Where,
)
from reference_model.rule import Because, R


class Draft:
    """Collects the parts of an expectation; `finish` freezes it."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.slots: list[Slot] = []
        self.pools: list[Pool] = []
        self.chains: list[Chain] = []
        self.scopes: list[Scope] = []
        self.symbols: dict[tuple[R, Hashable], dict[Hashable, None]] = {}
        self.obligations: list[Obligation] = []
        self.unjudged: dict[str, str] = {}
        self.lossy: dict[str, frozenset[str]] = {}
        """Connections that may be lost at any time, so that nothing on them need come, and kinds of atoms that must all the same."""

    def loses(self, connection: str, kind: str) -> bool:
        """Whether an atom of that kind need not come since its connection may be lost."""
        return connection in self.lossy and kind not in self.lossy[connection]

    def slot(
        self,
        step: str,
        where: Where,
        because: Because,
        *,
        key: Hashable = None,
        key_of: tuple[str, ...] | str | None = None,
        claims: tuple[Claim, ...] = (),
        body: Body | None = None,
        occurs: Occurs = Occurs.ONCE,
        correlated: Because = (),
        when: tuple[int, str] | None = None,
    ) -> int:
        if occurs is Occurs.ONCE and self.loses(*where[:2]):
            occurs = Occurs.OPTIONAL
        slot = Slot(
            id=len(self.slots),
            step=step,
            where=where,
            because=because,
            key=key,
            key_of=key_of,
            claims=claims,
            body=body,
            occurs=occurs,
            correlated=correlated,
            when=when,
        )
        self.slots.append(slot)
        return slot.id

    def never(
        self,
        step: str,
        where: Where,
        because: Because,
        *,
        key: Hashable = None,
        key_of: tuple[str, ...] | str | None = None,
        body: Body | None = None,
    ) -> int:
        return self.slot(step, where, because, key=key, key_of=key_of, body=body, occurs=Occurs.NEVER)

    def chain(self, connection: str, *groups: tuple[int, ...], because: Because) -> None:
        groups = tuple(group for group in groups if group)
        if len(groups) > 1:
            self.chains.append(Chain(connection=connection, groups=groups, because=because))

    def pool(self, slots: tuple[int, ...], low: int, high: int, because: Because) -> None:
        if slots and self.loses(*self.slots[slots[0]].where[:2]):
            low = 0
        self.pools.append(Pool(slots=slots, low=low, high=high, because=because))

    def scope(
        self,
        connection: str,
        kind: str | None = None,
        correlation: Hashable = None,
        *,
        surplus: Because = (),
        repeated: Because = (),
    ) -> None:
        self.scopes.append(Scope(connection=connection, kind=kind, correlation=correlation, surplus=surplus, repeated=repeated))

    def oblige(self, check: str, data: Mapping[str, object]) -> None:
        if str(data.get("connection")) in self.lossy:
            return
        self.obligations.append(Obligation(check=check, data=data))

    def distinct(self, rule: R, domain: Hashable, symbol: Hashable) -> None:
        """Values bound to symbols of one domain differ pairwise, says the rule."""
        self.symbols.setdefault((rule, domain), {})[symbol] = None

    def finish(self) -> Expectation:
        return Expectation(
            scenario=self.scenario,
            slots=tuple(self.slots),
            pools=tuple(self.pools),
            chains=tuple(self.chains),
            scopes=tuple(self.scopes),
            distinct=tuple(
                Distinct(domain=domain, symbols=tuple(symbols), because=(rule,))
                for (rule, domain), symbols in self.symbols.items()
                if len(symbols) > 1
            ),
            obligations=tuple(self.obligations),
            unjudged=self.unjudged,
        )
