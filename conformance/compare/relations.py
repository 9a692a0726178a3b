"""What holds between messages: how many of a pool, in which order, which keys differ, and that nothing came twice."""

from __future__ import annotations

from collections.abc import Hashable

from conformance.compare.case import Case, subject_of
from conformance.compare.explode import Atom
from conformance.compare.texts import named
from reference_model.expectation import Slot
from reference_model.rule import R


def judge_relations(case: Case) -> None:
    """All of them."""
    _pools(case)
    _chains(case)
    _distinct(case)
    _scopes(case)


def _pools(case: Case) -> None:
    # Which query a record with a wrong id belongs to is a guess.
    astray = {atom.connection for atom in case.alignment.renamed.values() if atom.kind == "sow"}
    for pool in case.expectation.pools:
        slots = case.expectation.slots
        if not pool.slots or any(slot_id in case.alignment.dropped for slot_id in pool.slots):
            continue
        if slots[pool.slots[0]].where[0] in astray:
            continue
        count = sum(slot_id in case.alignment.matched for slot_id in pool.slots)
        first = slots[pool.slots[0]]
        if case.place(first) >= case.limit != len(case.scenario.steps) or first.where[0] in case.closed:
            continue
        connection, _, query_id = first.where
        if count <= pool.high and (connection, "group_end", query_id) not in case.came:
            continue  # more of them may have been to come
        usual = f"{pool.low}" if pool.low == pool.high else f"{pool.low} to {pool.high}"
        if pool.low <= count <= pool.high:
            case.kept(pool.because)
            if pool.low < pool.high:
                case.choices[R("SOW-TOPN-12")]["exact" if count == pool.low else "rounded up"] += 1
                case.exercised[R("SOW-TOPN-12")] += 1
        else:
            case.broken(
                pool.because,
                "missing" if count < pool.low else "unexpected",
                "another number of records comes",
                slot=first,
                field="records",
                expected=usual,
                seen=str(count),
                subject=subject_of(first),
            )


def _chains(case: Case) -> None:
    for chain in case.expectation.chains:
        latest: Atom | None = None
        latest_slot: Slot | None = None
        groups = 0
        broken = False
        for group in chain.groups:
            atoms = [
                (case.alignment.matched[slot_id], slot_id)
                for slot_id in group
                if slot_id in case.alignment.matched and slot_id not in case.alignment.renamed
            ]
            if not atoms:
                continue
            groups += 1
            first, first_slot = min(atoms, key=lambda pair: pair[0].order)
            if latest is not None and latest_slot is not None and first.order < latest.order:
                slot = case.expectation.slots[first_slot]
                case.broken(
                    chain.because,
                    "order",
                    f"{named(slot)} comes before {named(latest_slot)}",
                    slot=slot,
                    atom=first,
                    field="order",
                    expected=f"after {named(latest_slot)}",
                    seen="before it",
                    subject=("order", slot.where),
                )
                broken = True
                break
            last, last_slot = max(atoms, key=lambda pair: pair[0].order)
            if latest is None or last.order > latest.order:
                latest, latest_slot = last, case.expectation.slots[last_slot]
        if groups > 1 and not broken:
            case.kept(chain.because)


_SHARED = {"cid": ("cmd_id", "two commands of a client share one id"), "seq": ("seq", "two commands share one sequence number")}
"""What a client must not use twice: the field, and how that is told. Everything else is about the keys of records."""


def _distinct(case: Case) -> None:
    for distinct in case.expectation.distinct:
        values: dict[str, Hashable] = {}
        for symbol in distinct.symbols:
            value = case.bound.get(symbol)
            if value is None:
                continue
            if value in values:
                domain = distinct.domain[0] if isinstance(distinct.domain, tuple) else ""
                name, what = _SHARED.get(domain, ("sow_key", "two records share one SOW key"))
                atom = next((a for a in case.atoms if a.text(name) == value), None)
                case.broken(
                    distinct.because,
                    "wrong",
                    what,
                    atom=atom,
                    field=name,
                    expected="values that differ",
                    seen=value,
                    place=case.place_of_event(atom.event) if atom is not None else None,
                )
                break
            values[value] = symbol
        else:
            if len(values) > 1:
                case.kept(distinct.because)


def _scopes(case: Case) -> None:
    """Nothing came twice where something came once: a test of what forbids it. (A surplus that did not come tests nothing: what a
    broken rule would bring along are the NEVER slots.)"""
    for scope in case.expectation.scopes:
        if scope.connection not in case.ended or scope.correlation is None:
            continue
        if scope.kind == "sow" and isinstance(scope.correlation, tuple):
            query_id, key = scope.correlation
            came = ((scope.connection, "sow", query_id), key) in case.came_about
        else:
            came = scope.kind == "ack" and (scope.connection, "ack", scope.correlation) in case.came
        if came and scope.repeated:
            case.kept(scope.repeated)
    for connection in case.ended:
        sent = {
            event.message.cmd
            for event in case.observation.events
            if event.kind == "sent" and event.connection == connection and event.message is not None
        }
        if sent & {"publish"} and not sent & {"subscribe", "sow"}:
            case.kept((R("CMD-PUB-06"),))
