"""What every acknowledgement must be, whatever it answers. Source: commands.md sections 5 and 8."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.checks.registry import Chosen, Result, Seen, finding, judges, judges_obligation
from reference_model.messages import DOCUMENTED_ACKS, AckType, ack_types
from reference_model.observation import Observation
from reference_model.rule import R

STATUSES = frozenset({"success", "failure"})


@judges(R("CMD-ACK-06"), R("CMD-ACK-07"), R("CMD-ACK-10"), R("CMD-ACK-11"), R("CMD-MSG-25"))
def form_of_acks(seen: Seen) -> Result:
    """An ack has cmd ack, one known type, a status, and no body."""
    logons = {
        event.message.text("cmd_id")
        for event in seen.observation.events
        if event.kind == "sent" and event.message is not None and event.message.cmd == "logon"
    }
    for index, event in seen.received:
        message = event.message
        assert message is not None
        kind = message.text("ack_type")
        if message.cmd != "ack":
            if kind is not None and message.cmd not in {"publish", "sow", "oof", "group_begin", "group_end", "heartbeat"}:
                yield finding(R("CMD-ACK-06"), "an ack has another cmd", index, event, field="cmd", expected="ack", seen=message.cmd)
            continue
        yield R("CMD-ACK-06")
        yield R("CMD-ACK-07")
        if kind not in set(AckType):
            yield finding(
                R("CMD-ACK-07"),
                "an ack has an ack_type that is not one of the five",
                index,
                event,
                field="ack_type",
                expected="one ack type",
                seen=kind or "absent",
            )
        status = message.text("status")
        yield R("CMD-ACK-10")
        if not status:
            yield finding(R("CMD-ACK-10"), "an ack has no status", index, event, field="status", expected="present", seen="absent")
        else:
            yield R("CMD-ACK-11")
            allowed = STATUSES | ({"retry"} if message.text("cmd_id") in logons else set())
            if status.lower() not in allowed:
                yield finding(
                    R("CMD-ACK-11"),
                    "an ack has another status",
                    index,
                    event,
                    field="status",
                    expected="success or failure",
                    seen=status,
                )
            yield Chosen(rule=R("WIRE-MSG-15"), choice="lower case" if status == status.lower() else "other case")
        yield R("CMD-MSG-25")
        if message.body:
            yield finding(
                R("CMD-MSG-25"),
                "bytes follow the header of an ack",
                index,
                event,
                field="body",
                expected="none",
                seen=repr(message.body[:80]),
            )


listed_types_min = 3
"""A lone ack to a command that asked for so many types shows that the list was not read as one (CMD-ACK-04)."""


@judges(R("CMD-ACK-04"), R("CMD-ACK-13"))
def acks_of_lists(seen: Seen) -> Result:
    """Each type of a list has an ack of its own; success may come with a reason."""
    got: dict[tuple[str, str], set[str]] = {}
    failed: set[tuple[str, str]] = set()
    last: dict[tuple[str, str], int] = {}
    for index, event in seen.received:
        message = event.message
        assert message is not None
        cmd_id = message.text("cmd_id")
        if message.cmd != "ack" or cmd_id is None:
            continue
        key = (event.connection, cmd_id)
        got.setdefault(key, set()).add(message.text("ack_type") or "")
        last[key] = index
        if (message.text("status") or "").lower() != "success":
            failed.add(key)
        else:
            yield Chosen(rule=R("CMD-ACK-13"), choice="success with a reason" if message.text("reason") else "success without")
    for event in seen.answerable():
        if event.message is None or event.connection not in seen.ended:
            continue
        key = (event.connection, event.message.text("cmd_id") or "")
        asked = ack_types(event.message) & DOCUMENTED_ACKS.get(event.message.cmd, frozenset())
        if len(asked) < listed_types_min or key not in got or key in failed:
            continue
        yield R("CMD-ACK-04")
        if len(got[key]) == 1:
            yield finding(
                R("CMD-ACK-04"),
                "one ack answers a list of ack types",
                last[key],
                seen.observation.events[last[key]],
                field="ack_type",
                expected=", ".join(sorted(asked)),
                seen=", ".join(got[key]),
                step=event.label or "",
            )


def owners_of_acks(observation: Observation) -> dict[str, set[str]]:
    """Per cmd_id with which acks were asked for, the connections that did."""
    owners: dict[str, set[str]] = {}
    for event in observation.events:
        if event.kind == "sent" and event.message is not None:
            cmd_id = event.message.text("cmd_id")
            if cmd_id is not None and ack_types(event.message):
                owners.setdefault(cmd_id, set()).add(event.connection)
    return owners


@judges(R("CMD-ACK-17"))
def acks_stay_home(seen: Seen) -> Result:
    """No ack of a command that only another connection sent."""
    owners = owners_of_acks(seen.observation)
    connections = {connection for owner in owners.values() for connection in owner}
    if len(connections) > 1 and seen.ended >= connections:
        yield R("CMD-ACK-17")
    for index, event in seen.received:
        assert event.message is not None
        cmd_id = event.message.text("cmd_id")
        if event.message.cmd == "ack" and cmd_id in owners and event.connection not in owners[cmd_id]:
            yield finding(
                R("CMD-ACK-17"),
                "a connection got the ack of a command of another connection",
                index,
                event,
                field="cmd_id",
                expected=f"only on {', '.join(sorted(owners[cmd_id]))}",
                seen=f"on {event.connection}",
            )


@judges(R("CMD-DEL-16"))
def query_id_of_delete(seen: Seen) -> Result:
    """An ack of sow_delete that carries a query_id carries the one sent."""
    sent = {
        (event.connection, event.message.text("cmd_id")): event.message.text("query_id")
        for event in seen.observation.events
        if event.kind == "sent" and event.message is not None and event.message.cmd == "sow_delete" and event.message.text("query_id")
    }
    for _, event in seen.received:
        assert event.message is not None
        key = (event.connection, event.message.text("cmd_id"))
        if event.message.cmd == "ack" and key in sent:
            query_id = event.message.text("query_id")
            yield Chosen(
                rule=R("CMD-DEL-16"),
                choice="absent" if query_id is None else "as sent" if query_id == sent[key] else "another",
            )


@judges(R("CMD-SUB-21"))
def sub_id_of_subscribe(seen: Seen) -> Result:
    """An ack of subscribe that carries a sub_id carries that of the subscription."""
    ids = {
        (event.connection, event.message.text("cmd_id")): event.message.text("sub_id") or event.message.text("cmd_id")
        for event in seen.observation.events
        if event.kind == "sent" and event.message is not None and event.message.cmd == "subscribe" and event.message.text("cmd_id")
    }
    for _, event in seen.received:
        assert event.message is not None
        key = (event.connection, event.message.text("cmd_id"))
        if event.message.cmd == "ack" and key in ids:
            sub_id = event.message.text("sub_id")
            choice = "absent" if sub_id is None else "that of the subscription" if sub_id == ids[key] else "another"
            yield Chosen(rule=R("CMD-SUB-21"), choice=choice)


@judges_obligation("persisted_each")
def persisted_each(seen: Seen, data: Mapping[str, object]) -> Result:
    """Where some publishes of a connection have a persisted ack, each has one (CMD-CONF-13); not a matter of this rule if none has."""
    connection, cmd_ids = data["connection"], data["cmd_ids"]
    assert isinstance(cmd_ids, tuple)
    if connection not in seen.ended:
        return
    acked = {
        event.message.text("cmd_id")
        for _, event in seen.received
        if event.connection == connection and event.message is not None and event.message.text("ack_type") == "persisted"
    }
    places = {id(event): index for index, event in enumerate(seen.observation.events)}
    sent = {
        event.message.text("cmd_id"): places[id(event)]
        for event in seen.answerable()
        if event.connection == connection and event.message is not None
    }
    asked = [cmd_id for cmd_id in cmd_ids if cmd_id in sent]
    lacking = [cmd_id for cmd_id in asked if cmd_id not in acked]
    if len(asked) < 2 or len(lacking) == len(asked):
        return
    yield R("CMD-CONF-13")
    if lacking:
        index = sent[lacking[0]]
        yield finding(
            R("CMD-CONF-13"),
            "one persisted ack stands for several publishes",
            index,
            seen.observation.events[index],
            field="ack_type",
            expected=f"{len(asked)} persisted acks",
            seen=f"{len(asked) - len(lacking)}",
        )


@judges(R("CMD-ACK-14"))
def order_of_acks(seen: Seen) -> Result:
    """In which order the acks of different commands come; any order is right."""
    sent: dict[str, list[str]] = {}
    got: dict[str, list[str]] = {}
    for event in seen.observation.events:
        cmd_id = None if event.message is None else event.message.text("cmd_id")
        if event.message is None or cmd_id is None:
            continue
        if event.kind == "sent" and event.message.text("ack_type"):
            sent.setdefault(event.connection, []).append(cmd_id)
        elif event.kind == "received" and event.message.cmd == "ack":
            got.setdefault(event.connection, []).append(cmd_id)
    for connection, commands in sent.items():
        place = {cmd_id: number for number, cmd_id in enumerate(commands)}
        places = [place[cmd_id] for cmd_id in got.get(connection, ()) if cmd_id in place]
        if len(set(places)) > 1:
            yield Chosen(rule=R("CMD-ACK-14"), choice="as the commands" if places == sorted(places) else "another order")


@judges(R("CMD-ACK-19"))
def processed_before_result(seen: Seen) -> Result:
    """Whether the result of a query was still to come when its processed ack came."""
    queries = {
        (event.connection, event.message.text("query_id") or event.message.text("cmd_id")): event.message.text("cmd_id")
        for event in seen.observation.events
        if event.kind == "sent" and event.message is not None and event.message.cmd == "sow"
    }
    asked = {(connection, cmd_id) for (connection, _), cmd_id in queries.items()}
    begun: set[tuple[str, str | None]] = set()
    for _, event in seen.received:
        assert event.message is not None
        if event.message.cmd == "group_begin":
            cmd_id = queries.get((event.connection, event.message.text("query_id")))
            begun.add((event.connection, cmd_id))
        elif event.message.text("ack_type") == "processed" and event.message.text("status") == "success":
            cmd_id = event.message.text("cmd_id")
            if (event.connection, cmd_id) in asked:
                choice = "the result came first" if (event.connection, cmd_id) in begun else "the result came after it"
                yield Chosen(rule=R("CMD-ACK-19"), choice=choice)


@judges(R("CMD-CONF-04"), R("CMD-CONF-05"))
def conflated_numbers(seen: Seen) -> Result:
    """The numbers of conflated persisted acks rise on each connection, and are such as its client has sent."""
    sent: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, event in enumerate(seen.observation.events):
        message, connection = event.message, event.connection
        if event.kind == "opened":
            last.pop(connection, None)
        if message is None:
            continue
        number = message.header.get("seq")
        if not isinstance(number, int):
            continue
        if event.kind == "sent":
            sent[connection] = max(number, sent.get(connection, 0))
        elif message.text("ack_type") == "persisted" and message.text("cmd_id") is None:
            yield R("CMD-CONF-04")
            if number > sent.get(connection, 0):
                yield finding(
                    R("CMD-CONF-04"), "a persisted ack covers a number that was never sent", index, event, field="seq",
                    expected=f"at most {sent.get(connection, 0)}", seen=str(number),
                )  # fmt: skip
            if connection in last:
                yield R("CMD-CONF-05")
                if number < last[connection]:
                    yield finding(
                        R("CMD-CONF-05"), "the numbers of persisted acks fall", index, event, field="seq",
                        expected=f"at least {last[connection]}", seen=str(number),
                    )  # fmt: skip
            last[connection] = number
