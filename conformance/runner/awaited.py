"""Which answers the commands sent on one connection still owe: what a barrier waits for. Pure bookkeeping, no sockets, no clock.

Waited for are documented ack types only (DOCUMENTED_ACKS), by command id. An answer is *sure* if the documentation promises it whatever
becomes of the command; what a failed command need not answer any more is *unsure* unless a `processed` ack was asked for, which tells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from reference_model.config import InstanceConfig
from reference_model.messages import DOCUMENTED_ACKS, AckType, Message, Status, ack_types

QUERIES: Final = frozenset({"sow", "sow_and_subscribe", "sow_and_delta_subscribe"})
PUBLISHES: Final = frozenset({"publish", "delta_publish"})
CHANGES: Final = PUBLISHES | {"sow_delete"}

_END: Final = "group_end"
"""Stands among the ack types for the end of a query's result."""

_UNPROMISED: Final = frozenset({AckType.COMPLETED, AckType.STATS, _END})
"""What a command that fails need not answer (commands.md section 8.1)."""


class Entry:
    """What one command still owes. `sure`: all of it is promised. `listed`: it is still waited for."""

    __slots__ = ("cmd_id", "command", "group", "listed", "sure", "types")

    def __init__(self, command: str, cmd_id: str, group: str, types: set[str], *, sure: bool) -> None:
        self.command = command
        self.cmd_id = cmd_id
        self.group = group
        self.types = types
        self.sure = sure
        self.listed = True


class Awaited:
    """The open entries of one connection. `sure` and `unsure` count them."""

    __slots__ = ("_by_group", "_by_id", "_logged", "sure", "unsure")

    def __init__(self, config: InstanceConfig) -> None:
        self._by_id: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._logged = bool(config.logged)
        self.sure = 0
        self.unsure = 0

    def expect(self, command: Message) -> Entry | None:
        """Take note of a command that was sent; None if nothing of it is waited for."""
        header = command.header
        name = str(header.get("cmd", ""))
        cmd_id = str(header.get("cmd_id", ""))
        types = set(_types(name, str(header.get("ack_type", "")), bool(header.get("filter")), self._logged)) if cmd_id else set()
        group = ""
        if name in QUERIES and AckType.COMPLETED not in types:
            group = str(header.get("query_id", "")) or cmd_id
            if group:
                types.add(_END)
        if not types:
            return None
        sure = AckType.PROCESSED in types or name == "flush" or types.isdisjoint(_UNPROMISED)
        entry = Entry(name, cmd_id, group, types, sure=sure)
        if cmd_id:
            self._by_id.setdefault(cmd_id, []).append(entry)
        if group:
            self._by_group.setdefault(group, []).append(entry)
        self._count(entry, 1)
        return entry

    def take(self, message: Message) -> bool:
        """Take note of a message that came; True if it is progress of something that is waited for."""
        name = message.header.get("cmd")
        if name == "ack":
            entries = self._by_id.get(str(message.header.get("cmd_id", "")))
            return entries is not None and self._take_ack(entries, message)
        if name == _END:
            entries = self._by_group.get(str(message.header.get("query_id", "")))
            if entries:
                self._settle(entries[0], {_END})
                return True
            return False
        return name in {"sow", "group_begin"}

    def _take_ack(self, entries: list[Entry], ack: Message) -> bool:
        kind = ack.header.get("ack_type")
        for entry in entries:
            if kind in entry.types:
                break
        else:
            return False
        if str(ack.header.get("status", "")).lower() != Status.FAILURE:
            self._settle(entry, {str(kind)})
        elif kind == AckType.PROCESSED and entry.command in PUBLISHES and AckType.PERSISTED in entry.types:
            self._settle(entry, entry.types - {AckType.PERSISTED})  # of a failed publish each ack that was asked for fails
            self._doubt(entry)
        else:
            self._settle(entry, set(entry.types))
        return True

    def _settle(self, entry: Entry, types: set[str]) -> None:
        entry.types -= types
        if not entry.types:
            self.drop(entry)

    def _doubt(self, entry: Entry) -> None:
        if entry.sure and entry.types:
            self._count(entry, -1)
            entry.sure = False
            self._count(entry, 1)

    def drop(self, entry: Entry) -> None:
        """Wait for this command no longer."""
        if not entry.listed:
            return
        entry.listed = False
        entry.types = set()
        for index, key in ((self._by_id, entry.cmd_id), (self._by_group, entry.group)):
            if key:
                index[key].remove(entry)
                if not index[key]:
                    del index[key]
        self._count(entry, -1)

    def give_up(self) -> None:
        """Wait for nothing any longer."""
        for entries in (*self._by_id.values(), *self._by_group.values()):
            for entry in entries:
                entry.listed = False
                entry.types = set()
        self._by_id.clear()
        self._by_group.clear()
        self.sure = self.unsure = 0

    def _count(self, entry: Entry, step: int) -> None:
        if entry.sure:
            self.sure += step
        else:
            self.unsure += step


@lru_cache(maxsize=1024)
def _types(name: str, asked: str, filtered: bool, logged: bool) -> frozenset[str]:
    """The documented ack types among those asked for. A `completed` of sow_delete is documented with a filter only; success acks of
    publishes to a logged topic are conflated and carry no command id (commands.md sections 5 and 5.1)."""
    types = ack_types(Message(header={"ack_type": asked})) & DOCUMENTED_ACKS.get(name, frozenset())
    if name == "sow_delete" and not filtered:
        types -= {AckType.COMPLETED}
    if logged and name in CHANGES:
        types -= {AckType.PERSISTED}
    return types
