"""Which answers the commands sent on one connection still owe: what a barrier waits for. Pure bookkeeping, no sockets, no clock.

Waited for are documented ack types only (DOCUMENTED_ACKS), by command id. An answer is *sure* if the documentation promises it whatever
becomes of the command; what a failed command need not answer any more is *unsure* unless a `processed` ack was asked for, which tells.
"""

from __future__ import annotations

from typing import Final

from reference_model.config import InstanceConfig
from reference_model.messages import DOCUMENTED_ACKS, AckType, Message, Status, ack_types

QUERIES: Final = frozenset({"sow", "sow_and_subscribe", "sow_and_delta_subscribe"})
PUBLISHES: Final = frozenset({"publish", "delta_publish"})
CHANGES: Final = PUBLISHES | {"sow_delete"}

_END: Final = "group_end"
"""Stands among the ack types for the end of a query's result."""


class Entry:
    """What one command still owes. `sure`: all of it is promised. `listed`: it is still waited for."""

    __slots__ = ("cmd_id", "command", "group", "listed", "sure", "types")

    def __init__(self, command: str, cmd_id: str | None, group: str | None, types: set[str], *, sure: bool) -> None:
        self.command = command
        self.cmd_id = cmd_id
        self.group = group
        self.types = types
        self.sure = sure
        self.listed = True


class Awaited:
    """The open entries of one connection. `sure` and `unsure` count them."""

    __slots__ = ("_by_group", "_by_id", "_persisted_late", "sure", "unsure")

    def __init__(self, config: InstanceConfig) -> None:
        self._by_id: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._persisted_late = bool(config.logged)
        self.sure = 0
        self.unsure = 0

    def expect(self, command: Message) -> Entry | None:
        """Take note of a command that was sent; None if nothing of it is waited for."""
        name = command.cmd
        cmd_id = command.text("cmd_id") or None
        types = self._types(command) if cmd_id else set()
        group = None
        if name in QUERIES and AckType.COMPLETED not in types:
            group = command.text("query_id") or cmd_id
            if group:
                types.add(_END)
        if not types:
            return None
        sure = name == "flush" or AckType.PROCESSED in types or not types & {AckType.COMPLETED, AckType.STATS, _END}
        entry = Entry(name, cmd_id, group, types, sure=sure)
        if cmd_id:
            self._by_id.setdefault(cmd_id, []).append(entry)
        if group:
            self._by_group.setdefault(group, []).append(entry)
        self._count(entry, 1)
        return entry

    def _types(self, command: Message) -> set[str]:
        """The documented types that it asks for. A `completed` of sow_delete is documented with a filter only; success acks of logged
        publishes are conflated and carry no command id (CMD-ACK, commands.md §5.1)."""
        types: set[str] = {*(ack_types(command) & DOCUMENTED_ACKS.get(command.cmd, frozenset()))}
        if command.cmd == "sow_delete" and not command.text("filter"):
            types.discard(AckType.COMPLETED)
        if self._persisted_late and command.cmd in CHANGES:
            types.discard(AckType.PERSISTED)
        return types

    def take(self, message: Message) -> bool:
        """Take note of a message that came; True if it is progress of something that is waited for."""
        name = message.header.get("cmd")
        if name == "ack":
            entries = self._by_id.get(str(message.header.get("cmd_id", "")))
            return bool(entries) and self._take_ack(entries or [], message)
        if name == _END:
            entries = self._by_group.get(str(message.header.get("query_id", "")))
            if entries:
                self._settle(entries[0], {_END})
                return True
            return False
        return name in {"sow", "group_begin"}

    def _take_ack(self, entries: list[Entry], ack: Message) -> bool:
        kind = str(ack.header.get("ack_type", ""))
        entry = next((entry for entry in entries if kind in entry.types), None)
        failed = str(ack.header.get("status", "")).lower() == Status.FAILURE
        if entry is None:
            return False
        if not failed:
            self._settle(entry, {kind})
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
