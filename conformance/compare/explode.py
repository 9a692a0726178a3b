"""From frames to atoms: one record of a `sow` message, one subscription of a `publish` or `oof`, else the frame itself.

So free batches, and one copy or several for several subscriptions, need no alternatives. Pure; knows nothing of what was expected.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from reference_model.expectation import Where
from reference_model.messages import HeaderValue
from reference_model.observation import Observation
from reference_model.payload.json import PayloadError, parse


@dataclass(slots=True, kw_only=True)
class Atom:
    """One thing seen.

    event   index into the observation's events; `part` which record or subscription of it
    kind    as in `Slot.where`, or `other` for a message of an unknown kind
    fields  header fields, of the outer and the record's own header; `cmd` included
    """

    event: int
    part: int
    connection: str
    kind: str
    correlation: Hashable
    fields: Mapping[str, HeaderValue]
    body: bytes
    _tree: object = None
    _parsed: bool = False

    @property
    def where(self) -> Where:
        return (self.connection, self.kind, self.correlation)

    @property
    def order(self) -> tuple[int, int]:
        return (self.event, self.part)

    def text(self, name: str) -> str | None:
        value = self.fields.get(name)
        return None if value is None else str(value)

    @property
    def tree(self) -> object:
        """The parsed body, `Unparsed` if it is no JSON."""
        if not self._parsed:
            try:
                self._tree = parse(self.body)
            except PayloadError:
                self._tree = UNPARSED
            self._parsed = True
        return self._tree


class Unparsed:
    """Stands for a body that does not parse; equal to no value."""


UNPARSED = Unparsed()


def explode(observation: Observation) -> list[Atom]:
    """The atoms of an observation in the order in which they were seen."""
    atoms: list[Atom] = []
    for index, event in enumerate(observation.events):
        if event.kind == "closed":
            atoms.append(Atom(event=index, part=0, connection=event.connection, kind="closed", correlation=None, fields={}, body=b""))
        if event.kind != "received" or event.message is None:
            continue
        message, connection = event.message, event.connection
        kind = message.cmd
        if kind == "sow":
            outer = message.header
            query_id = message.text("query_id")
            for part, record in enumerate(message.records):
                fields = {**outer, **record.header}
                atoms.append(
                    Atom(
                        event=index,
                        part=part,
                        connection=connection,
                        kind="sow",
                        correlation=query_id,
                        fields=fields,
                        body=record.data,
                    )
                )
            continue
        parts: list[Hashable]
        if kind == "ack":
            parts = [(message.text("cmd_id"), message.text("ack_type") or "")]
        elif kind in {"group_begin", "group_end"}:
            parts = [message.text("query_id")]
        elif kind in {"publish", "oof"}:
            sids = message.text("sids")
            parts = [*sids.split(",")] if sids else [None]
        else:
            parts = [None]
            kind = "heartbeat" if kind == "heartbeat" else "other"
        for part, correlation in enumerate(parts):
            atoms.append(
                Atom(
                    event=index,
                    part=part,
                    connection=connection,
                    kind=kind,
                    correlation=correlation,
                    fields=message.header,
                    body=message.body,
                )
            )
    return atoms
