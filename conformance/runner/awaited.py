"""Which answers the commands sent on one connection still owe: what a barrier waits for. Pure bookkeeping, no sockets, no clock.

Waited for are documented ack types only (DOCUMENTED_ACKS), by command id. An answer is *sure* if the documentation promises it whatever
becomes of the command; what a failed command need not answer any more is *unsure* unless a `processed` ack was asked for, which tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
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
    """What one command still owes. `sure`: all of it is promised. `listed`: it is still waited for. `number`: its place in the order of
    sending."""

    __slots__ = ("cmd_id", "command", "group", "listed", "number", "sure", "types")

    def __init__(self, number: int, command: str, cmd_id: str, group: str, types: set[str], *, sure: bool) -> None:
        self.number = number
        self.command = command
        self.cmd_id = cmd_id
        self.group = group
        self.types = types
        self.sure = sure
        self.listed = True


class Awaited:
    """The open entries of one connection."""

    __slots__ = ("_answered", "_by_group", "_by_id", "_claimed", "_ids", "_logged", "_nameless", "_open", "_sent", "_sure")

    def __init__(self, config: InstanceConfig) -> None:
        self._open: dict[int, Entry] = {}
        self._by_id: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._ids: set[str] = set()
        self._logged = bool(config.logged)
        self._sure = self._sent = self._nameless = 0
        self._answered = -1
        self._claimed: Counter[str] = Counter()

    @property
    def sure(self) -> int:
        """How many entries are open whose answers are promised."""
        return self._sure

    @property
    def unsure(self) -> int:
        """How many entries are open whose answers are not."""
        return len(self._open) - self._sure

    @property
    def overtaken(self) -> bool:
        """Whether a command that was sent after every sure entry has been answered: what is open is then most likely lost."""
        newest = next((entry for entry in reversed(self._open.values()) if entry.sure), None)
        return newest is not None and newest.number < self._answered

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
        self._sent += 1
        self._nameless += not cmd_id
        self._ids.update((cmd_id, group))
        if not types:
            return None
        sure = AckType.PROCESSED in types or name == "flush" or types.isdisjoint(_UNPROMISED)
        entry = Entry(self._sent, name, cmd_id, group, types, sure=sure)
        self._open[entry.number] = entry
        self._sure += sure
        if cmd_id:
            self._by_id.setdefault(cmd_id, []).append(entry)
        if group:
            self._by_group.setdefault(group, []).append(entry)
        return entry

    def take(self, message: Message) -> bool:
        """Take note of a message that came; True if it is progress of something that is waited for."""
        header = message.header
        name = header.get("cmd")
        if name == "ack":
            kind = str(header.get("ack_type", ""))
            entry = self._answering(self._by_id, str(header.get("cmd_id", "")), kind)
            if entry is not None:
                self._take_ack(entry, kind, failed=str(header.get("status", "")).lower() == Status.FAILURE)
            return entry is not None
        if name == _END:
            entry = self._answering(self._by_group, str(header.get("query_id", "")), _END)
            if entry is not None:
                self._settle(entry, {_END})
            return entry is not None
        return name in {"sow", "group_begin"}

    def _answering(self, index: Mapping[str, list[Entry]], key: str, kind: str) -> Entry | None:
        """The entry that a message of this kind and id answers.

        An id that was never sent, or none, answers the oldest entry that waits for its kind (whether the id is right is judged
        elsewhere), unless commands without an id explain it.
        """
        entry = next((entry for entry in index.get(key, ()) if kind in entry.types), None)
        if entry is not None or (key and key in self._ids):
            return entry
        if self._logged and kind == AckType.PERSISTED:
            return None
        if self._claimed[kind] < self._nameless:
            self._claimed[kind] += 1
            return None
        return next((entry for entry in self._open.values() if kind in entry.types), None)

    def _take_ack(self, entry: Entry, kind: str, *, failed: bool) -> None:
        self._answered = max(self._answered, entry.number)
        if not failed:
            self._settle(entry, {kind})
        elif kind == AckType.PROCESSED and entry.command in PUBLISHES and AckType.PERSISTED in entry.types:
            self._settle(entry, entry.types - {AckType.PERSISTED})  # of a failed publish each ack that was asked for fails
            self._sure -= entry.sure
            entry.sure = False
        else:
            self._settle(entry, set(entry.types))

    def _settle(self, entry: Entry, types: set[str]) -> None:
        entry.types -= types
        if not entry.types:
            self.drop(entry)

    def drop(self, entry: Entry) -> None:
        """Wait for this command no longer."""
        if not entry.listed:
            return
        entry.listed = False
        entry.types = set()
        del self._open[entry.number]
        self._sure -= entry.sure
        for index, key in ((self._by_id, entry.cmd_id), (self._by_group, entry.group)):
            if key:
                index[key].remove(entry)
                if not index[key]:
                    del index[key]

    def give_up(self) -> None:
        """Wait for nothing any longer."""
        for entry in list(self._open.values()):
            self.drop(entry)


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
