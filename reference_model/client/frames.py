"""What each call must send: the claims on the fields of its command, each with the rules that demand it (clients.md §3 to §5, §9).

The atom of a command has its canonical header fields, `command` for its name, `asks.<type>` = yes for each ack type asked for, and
`unknown`: keys that are no header fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reference_model.client.program import REQUESTS, Call
from reference_model.client.uris import Reading
from reference_model.expectation import Absent, Body, Claim, Is, Matcher, OneOf, Present, Same
from reference_model.rule import Because, R

ASKED: Final = "yes"
NEEDED: Final = {
    **dict.fromkeys(REQUESTS, ("processed", R("CLI-ACK-01"))),
    "logon": ("processed", R("CLI-LOGON-02")),
    "sow_delete": ("stats", R("CLI-ACK-20")),
}
"""The ack type that a call waits for, and the rule that says so."""

BATCH_SIZE: Final = 10
QUERY_FIELDS: Final = ("top_n", "orderby")
BOOKMARKS: Final = {"EPOCH": ("0", R("CLI-BM-01")), "NOW": ("0|1|", R("CLI-BM-01")), "MOST_RECENT": ("0", R("CLI-BM-02"))}
"""The constants of a client, what stands for them without a bookmark store, and the rule that says so (clients.md §12)."""
PUBLISHED: Final = {"expiration": R("CLI-TEXT-08"), "sow_key": R("CLI-TEXT-09"), "correlation_id": R("CLI-TEXT-07")}


def claims(call: Call, about: Because, *, reading: Reading, store: bool) -> list[Claim]:
    """The claims on the command of a call. `about`: rules that stand before the general ones; `reading`: of the connection string."""
    found = [Claim("command", _name(call), (*about, *_sent(call)))]
    if call.do in REQUESTS:
        found += _request(call, about)
    elif call.do in {"publish", "delta_publish"}:
        found += _publish(call, about, store=store)
    else:
        found += _OTHERS[call.do](call, about, reading)
    if "timeout_ms" in call.arguments:
        found.append(Claim("unknown", Absent(), (R("CLI-ACK-14"),)))
    return found


def _name(call: Call) -> Matcher:
    """The command of a call; publish may be written `p` (the codec reads both as publish)."""
    return Is({"ack": "sow_delete"}.get(call.do, call.do))


def _sent(call: Call) -> Because:
    """The rule that says that the call sends its command at all."""
    special = {
        "logon": (R("CLI-LOGON-02"),),
        "delta_publish": (R("DELTA-PUB-16"), R("CLI-TEXT-10")),
        "unsubscribe": (R("CLI-ACK-22"),),
        "flush": (R("CLI-ACK-18"),),
        "heartbeat": (R("CLI-HB-01"),),
        "ack": (R("CLI-Q-01"),),
        "sow_delete": (R("CLI-ACK-21"), R("CLI-TEXT-10")),
    }
    return special.get(call.do, (R("CLI-TEXT-10"),))


def body(call: Call, about: Because) -> Body | None:
    """The body that the command must have; None where nothing is said of it."""
    data = call.arguments.get("data", b"")
    assert isinstance(data, bytes)
    if call.do not in {"publish", "delta_publish", "sow_delete"} or (call.do == "sow_delete" and not data):
        return None
    because = (*about, *((R("CLI-ACK-21"),) if call.do == "sow_delete" else (R("CLI-TEXT-04"), R("CLI-TEXT-10"))))
    return Body(exact=data, members={}, complete=(), verbatim=because)


def _request(call: Call, about: Because) -> Iterable[Claim]:
    given = call.arguments
    yield from _text("topic", given.get("topic"), (*about, R("CLI-TEXT-10")))
    yield from _text("filter", given.get("filter"), (*about, R("CLI-TEXT-10")), absent=(R("WIRE-HDR-19"),))
    yield _cmd_id(call)
    yield Claim("asks.processed", Is(ASKED), (R("CLI-ACK-01"),))
    for ack_type in _asked(call):
        yield Claim(f"asks.{ack_type}", Is(ASKED), (R("CLI-ACK-06"), R("CLI-ACK-01")))
    if call.do.endswith("subscribe"):
        sub_id = given.get("sub_id")
        if isinstance(sub_id, str):
            yield Claim("sub_id", Is(sub_id), (R("CLI-ID-04"),))
        else:
            yield Claim("sub_id", Present(), (R("CLI-ID-03"),))
        yield Claim("sub_id", Same(("sub", call.label)), (R("CLI-ID-05"),))
    if call.do.startswith("sow"):
        yield Claim("query_id", Same(("cid", call.label)), (R("CLI-ID-06"),))
        size = given.get("batch_size")
        explicit = isinstance(size, int)
        yield Claim(
            "batch_size", Is(size if isinstance(size, int) else BATCH_SIZE), (R("CLI-SOW-02") if explicit else R("CLI-SOW-01"),)
        )
        for name in QUERY_FIELDS:
            yield from _text(name, given.get(name), (*about, R("CLI-SOW-09")))
    bookmark = given.get("bookmark")
    if isinstance(bookmark, str):
        value, rule = BOOKMARKS.get(bookmark, (bookmark, R("CLI-SOW-09") if call.do.startswith("sow") else R("CLI-BM-03")))
        yield Claim("bookmark", Is(value), (*about, rule))
    options = given.get("options")
    if isinstance(options, str) and call.do != "sow_and_delta_subscribe":
        yield Claim("opts", Is(options), (*about, R("CLI-SOW-09") if call.do.startswith("sow") else R("CLI-TEXT-06")))


def _asked(call: Call) -> tuple[str, ...]:
    asked = call.arguments.get("acks", ())
    assert isinstance(asked, tuple)
    return tuple(str(ack_type) for ack_type in asked)


def _cmd_id(call: Call) -> Claim:
    given = call.arguments.get("command_id")
    return Claim("cmd_id", Is(given), (R("CLI-ID-02"),)) if isinstance(given, str) else Claim("cmd_id", Present(), (R("CLI-ID-01"),))


def _publish(call: Call, about: Because, *, store: bool) -> Iterable[Claim]:
    delta = call.do == "delta_publish"
    yield from _text("topic", call.arguments.get("topic"), (*about, R("DELTA-PUB-16") if delta else R("CLI-TEXT-10")))
    for name, rule in PUBLISHED.items():
        first = (R("DELTA-PUB-18"),) if delta and name == "sow_key" else ()
        yield from _text(name, call.arguments.get(name), (*first, rule))
    if store:
        yield Claim("asks.persisted", Is(ASKED), (R("CLI-ACK-05"),))
        yield Claim("seq", Present(), (R("CLI-ACK-05"),))
        yield Claim("seq", Same(("seq", call.label)), (R("CLI-PSTORE-01"),))
        return
    yield Claim("ack_type", Absent(), (R("CLI-ACK-04"),))
    yield Claim("cmd_id", Absent(), (R("CLI-ID-07"),))


def _logon(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    yield Claim("client_name", Is(str(call.arguments["client_name"])), (*about, R("CLI-LOGON-01")))
    yield Claim("asks.processed", Is(ASKED), (R("CLI-LOGON-02"),))
    yield Claim("cmd_id", Present(), (R("CLI-LOGON-02"),))
    yield Claim("version", Present(), (R("CLI-LOGON-03"),))
    if reading.user or reading.password:
        decoded = (R("WIRE-CONN-11"),) if not reading.user.isalnum() else ()
        yield Claim("user_id", Is(reading.user), (*decoded, R("CLI-LOGON-04")))
        yield Claim("password", Is(reading.password), (R("CLI-LOGON-04"),))
    yield Claim("message_type", Is(reading.message_type) if reading.message_type else Absent(), (R("WIRE-CONN-12"),))
    yield from _text("correlation_id", call.arguments.get("correlation_id"), (R("CLI-LOGON-16"),))
    options = str(call.arguments.get("options", ""))
    if options and not reading.pretty:
        yield Claim("opts", Is(options), (R("CLI-LOGON-15"),))


def _sow_delete(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    del reading
    given = call.arguments
    keys = given.get("keys", ())
    assert isinstance(keys, tuple)
    rule = (R("CLI-ACK-21"),)
    yield from _text("topic", given.get("topic"), (*about, R("CLI-TEXT-10")))
    yield from _text("filter", given.get("filter"), rule, absent=rule)
    yield from _text("sow_keys", ",".join(map(str, keys)) or None, rule, absent=rule)
    yield Claim("cmd_id", Present(), (R("CLI-ID-01"),))
    yield Claim("asks.stats", Is(ASKED), (R("CLI-ACK-20"),))


def _unsubscribe(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    del reading
    sub_id = call.arguments.get("sub_id", "all")
    if isinstance(sub_id, str):
        yield Claim("sub_id", Is(sub_id), (*about, R("CLI-ACK-22")))
    else:
        yield Claim("sub_id", Same(("sub", sub_id_owner(sub_id))), (*about, R("CLI-ID-05"), R("CLI-ACK-22")))


def sub_id_owner(value: object) -> str:
    """The label of the call whose id an argument refers to."""
    return str(getattr(value, "label", ""))


def _flush(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    del about, reading
    wanted = str(call.arguments.get("ack_type", "processed"))
    yield Claim("cmd_id", Present(), (R("CLI-ID-01"),))
    yield Claim(f"asks.{wanted}", Is(ASKED), (R("CLI-ACK-18") if wanted == "processed" else R("CLI-ACK-19"),))


def _heartbeat(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    del about, reading
    yield Claim("opts", Is("start," + str(call.arguments["interval_s"])), (R("CLI-HB-01"),))


def _ack(call: Call, about: Because, reading: Reading) -> Iterable[Claim]:
    del about, reading
    given = call.arguments
    yield from _text("topic", given.get("topic"), (R("CLI-Q-01"),))
    yield from _text("bookmark", given.get("bookmark"), (R("CLI-Q-01"),))
    yield Claim("ack_type", Absent(), (R("CLI-Q-02"),))
    yield from _text("opts", given.get("options"), (R("CLI-Q-03"),))


def beat() -> list[Claim]:
    """What the client sends when the server's heartbeat comes."""
    return [Claim("command", Is("heartbeat"), (R("CLI-HB-02"),)), Claim("opts", OneOf(("beat",)), (R("CLI-HB-02"),))]


_OTHERS: Final = {
    "logon": _logon,
    "sow_delete": _sow_delete,
    "unsubscribe": _unsubscribe,
    "flush": _flush,
    "heartbeat": _heartbeat,
    "ack": _ack,
}


def _text(field: str, value: object, because: Because, *, absent: Because = ()) -> Iterable[Claim]:
    """The field as the application gave it; where it gave none, absent if a rule says so."""
    if value not in {None, ""}:
        assert isinstance(value, str | int)
        yield Claim(field, Is(value), because)
    elif absent:
        yield Claim(field, Absent(), absent)
