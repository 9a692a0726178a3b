"""Which answers the commands sent on one connection still owe: what a barrier waits for. Pure bookkeeping, no sockets, no clock.

Waited for are documented ack types only (DOCUMENTED_ACKS), by command id. An answer is *sure* if the documentation promises it whatever
becomes of the command; what a failed command need not answer any more is *unsure* unless a `processed` ack was asked for, which tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Final

from conformance.runner.habits import Habits, Kind
from reference_model.config import InstanceConfig
from reference_model.messages import DOCUMENTED_ACKS, AckType, Message, Status, ack_types

QUERIES: Final = frozenset({"sow", "sow_and_subscribe", "sow_and_delta_subscribe"})
PUBLISHES: Final = frozenset({"publish", "delta_publish"})
CHANGES: Final = PUBLISHES | {"sow_delete"}

_END: Final = "group_end"
"""Stands among the ack types for the end of a query's result."""

_UNPROMISED: Final = frozenset({AckType.COMPLETED, AckType.STATS, _END})
"""What a command that fails need not answer (commands.md section 8.1)."""


class Need(Enum):
    """What a wait still lacks, from the least to the most: nothing; what need not come; what this target leaves out for good; what is
    promised, but later commands have been answered meanwhile; what is promised."""

    NOTHING = 0
    UNSURE = 1
    LEFT_OUT = 2
    OVERTAKEN = 3
    SURE = 4


class Entry:
    """What one command still owes. `need`: UNSURE, LEFT_OUT or SURE. `listed`: it is still waited for. `number`: its place in the order
    of sending."""

    __slots__ = ("cmd_id", "command", "group", "listed", "need", "number", "types")

    def __init__(self, number: int, command: str, cmd_id: str, group: str, types: set[str], need: Need) -> None:
        self.number = number
        self.command = command
        self.cmd_id = cmd_id
        self.group = group
        self.types = types
        self.need = need
        self.listed = True


class Awaited:
    """The open entries of one connection.

    answered   what was answered
    missed     what was given up after a whole wait and has not come since
    """

    __slots__ = (
        "_by_group",
        "_by_id",
        "_claimed",
        "_count",
        "_given_up",
        "_habits",
        "_ids",
        "_last_answered",
        "_logged",
        "_nameless",
        "_open",
        "_sent",
        "answered",
    )

    def __init__(self, config: InstanceConfig, habits: Habits | None = None) -> None:
        self._open: dict[int, Entry] = {}
        self._by_id: dict[str, list[Entry]] = {}
        self._by_group: dict[str, list[Entry]] = {}
        self._ids: set[str] = set()
        self._logged = bool(config.logged)
        self._habits = habits
        self._count = {Need.UNSURE: 0, Need.LEFT_OUT: 0, Need.SURE: 0}
        self._sent = self._nameless = 0
        self._last_answered = -1
        self._claimed: Counter[str] = Counter()
        self._given_up: dict[tuple[str, str], str] = {}
        self.answered: set[Kind] = set()

    @property
    def need(self) -> Need:
        """The most that is lacking."""
        if self._count[Need.SURE]:
            newest = next(entry for entry in reversed(self._open.values()) if entry.need is Need.SURE)
            return Need.OVERTAKEN if newest.number < self._last_answered else Need.SURE
        if self._count[Need.LEFT_OUT]:
            return Need.LEFT_OUT
        return Need.UNSURE if self._open else Need.NOTHING

    @property
    def missed(self) -> frozenset[Kind]:
        return frozenset((command, kind) for (_, kind), command in self._given_up.items())

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
        entry = Entry(self._sent, name, cmd_id, group, types, Need.SURE if sure else Need.UNSURE)
        self._open[entry.number] = entry
        self._count[entry.need] += 1
        self._reconsider(entry)
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
        if entry is not None:
            self.answered.add((entry.command, kind))
        elif key and key in self._ids:
            late = self._given_up.pop((key, kind), None)
            if late is not None:
                self.answered.add((late, kind))
        elif self._logged and kind == AckType.PERSISTED:
            pass
        elif self._claimed[kind] < self._nameless:
            self._claimed[kind] += 1
        else:
            entry = next((entry for entry in self._open.values() if kind in entry.types), None)
        return entry

    def _take_ack(self, entry: Entry, kind: str, *, failed: bool) -> None:
        self._last_answered = max(self._last_answered, entry.number)
        if not failed:
            self._settle(entry, {kind})
        elif kind == AckType.PROCESSED and entry.command in PUBLISHES and AckType.PERSISTED in entry.types:
            self._rank(entry, Need.UNSURE)
            self._settle(entry, entry.types - {AckType.PERSISTED})  # of a failed publish each ack that was asked for fails
        else:
            self._settle(entry, set(entry.types))

    def _settle(self, entry: Entry, types: set[str]) -> None:
        entry.types -= types
        if entry.types:
            self._reconsider(entry)
        else:
            self.drop(entry)

    def _reconsider(self, entry: Entry) -> None:
        if self._habits is not None and entry.need is Need.SURE and self._habits.lost(entry.command, entry.types):
            self._rank(entry, Need.LEFT_OUT)

    def _rank(self, entry: Entry, need: Need) -> None:
        self._count[entry.need] -= 1
        entry.need = need
        self._count[need] += 1

    def drop(self, entry: Entry, *, missed: bool = False) -> None:
        """Wait for this command no longer. `missed`: after a whole wait."""
        if not entry.listed:
            return
        entry.listed = False
        if missed:
            self._given_up |= {(entry.group if kind == _END else entry.cmd_id, kind): entry.command for kind in entry.types}
        entry.types = set()
        del self._open[entry.number]
        self._count[entry.need] -= 1
        for index, key in ((self._by_id, entry.cmd_id), (self._by_group, entry.group)):
            if key:
                index[key].remove(entry)
                if not index[key]:
                    del index[key]

    def give_up(self, *, missed: bool = False) -> None:
        """Wait for nothing any longer. `missed`: after a whole wait for all that is promised."""
        for entry in list(self._open.values()):
            self.drop(entry, missed=missed and entry.need is not Need.UNSURE)


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
