"""The brackets of query results, and what may stand inside them. Source: sow.md section 7.3, commands.md section 7."""

from __future__ import annotations

from collections import Counter

from conformance.checks.registry import Chosen, Result, Seen, finding, judges
from reference_model.rule import R


@judges(R("CMD-ORD-14"), R("SOW-QRY-21"), R("CMD-ORD-10"), R("CMD-ORD-12"))
def brackets(seen: Seen) -> Result:
    """Each group_begin has one group_end; every record is inside; nothing of another kind is; nothing comes after the end."""
    open_group: dict[str, str | None] = {}
    begun: Counter[tuple[str, str]] = Counter()
    ended: Counter[tuple[str, str]] = Counter()
    at: dict[tuple[str, str], int] = {}
    with_ack: set[tuple[str, str]] = set()
    asked = seen.queries()
    endless = _endless(seen)
    for index, event in seen.received:
        message = event.message
        assert message is not None
        connection, query_id = event.connection, message.text("query_id") or ""
        if message.cmd in {"group_begin", "sow", "group_end"} and (connection, query_id) not in asked:
            continue
        inside = open_group.get(connection)
        if message.cmd == "group_begin":
            begun[connection, query_id] += 1
            at[connection, query_id] = index
            open_group[connection] = query_id
        elif message.cmd == "group_end":
            ended[connection, query_id] += 1
            at[connection, query_id] = index
            open_group[connection] = None
        elif message.cmd == "sow":
            yield R("SOW-QRY-21")
            if inside is None and ended[connection, query_id]:
                yield finding(R("SOW-QRY-21"), "a record comes after the group_end of its query", index, event, field="cmd", seen="sow")
        elif message.cmd == "ack" and inside is not None:
            with_ack.add((connection, inside))
        if inside is not None:
            yield R("CMD-ORD-10")
            foreign = message.cmd in {"publish", "oof"} or (message.cmd in {"sow", "group_begin"} and query_id != inside)
            foreign = foreign and (connection, inside) not in endless  # what is missing there is the group_end
            if foreign:
                yield finding(
                    R("CMD-ORD-10"), f"a {message.cmd} message stands inside the result of another query", index, event, field="cmd",
                    expected=f"records of {inside}", seen=message.cmd,
                )  # fmt: skip
    for key in begun:
        yield Chosen(rule=R("CMD-ORD-12"), choice="ack inside a result" if key in with_ack else "no ack inside a result")
    for key in begun.keys() | ended.keys():
        yield R("CMD-ORD-14")
        if begun[key] != ended[key] and key[0] in seen.ended:
            index = at[key]
            yield finding(
                R("CMD-ORD-14"),
                "group_begin and group_end of a query do not pair",
                index,
                seen.observation.events[index],
                field="group_end",
                expected=f"{begun[key]} group_end",
                seen=f"{ended[key]} group_end",
            )


def _endless(seen: Seen) -> set[tuple[str, str]]:
    """Queries whose group_end never came."""
    ids: dict[str, set[tuple[str, str]]] = {"group_begin": set(), "group_end": set()}
    for _, event in seen.received:
        if event.message is not None and event.message.cmd in ids:
            ids[event.message.cmd].add((event.connection, event.message.text("query_id") or ""))
    return ids["group_begin"] - ids["group_end"]
