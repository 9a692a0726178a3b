"""A server on an address as a target: one slot of it, leased for a run, emptied between scenarios, on a control connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from conformance.client.limits import DEFAULT_LIMITS, Limits
from conformance.client.session import Session
from conformance.errors import SlotError, TargetError
from conformance.naming import Naming, slot_prefix
from conformance.targets.control import PATIENCE, Look, empty, missing_topic
from conformance.targets.slots import OWNER_TOPIC, Slot, own_topics
from conformance.targets.spec import TargetSpec
from reference_model.config import InstanceConfig


class ServerTarget:
    """Open it with `ServerTarget.open`, `reset` it before each scenario, `close` it in the end (it is a context manager).

    `config` is logical and holds one slot. `version` is that of the logon ack, empty if it names none.
    """

    def __init__(self, spec: TargetSpec, config: InstanceConfig, *, slot: Slot, limits: Limits = DEFAULT_LIMITS) -> None:
        self.spec = spec
        self.config = config
        self.slot = slot.number
        self.run = slot.run
        self.version = ""
        self._lease = slot
        self._limits = limits
        self._session: Session | None = None
        self._executions = 0
        self._all = tuple(topic.name for topic in own_topics(config, spec) if topic.name != OWNER_TOPIC)
        self._owned = any(topic.name == OWNER_TOPIC for topic in own_topics(config, spec))
        self._touched: set[str] = set(self._all)

    @classmethod
    def open(
        cls,
        spec: TargetSpec,
        config: InstanceConfig,
        *,
        slot: int,
        run: str,
        slots: range | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> ServerTarget:
        """Log on, take the slot and empty it. `run` is unique to the run; `slots`: all slots that the run uses.

        Raises UnreachableError, NotAmpsError, MisconfiguredError (a topic of the configuration is missing, the logon is refused),
        SlotError (in use by another run, or not to be emptied).
        """
        target = cls(spec, config, slot=Slot(slot, run=run, slots=slots), limits=limits)
        try:
            target._begin()
        except BaseException:
            target.close()
            raise
        return target

    def _begin(self) -> None:
        session = self._control()
        self.version = session.version
        if self._owned:
            self._lease.take(session)
        self.reset()
        if self._owned:
            self._lease.verify(session)

    def naming(self) -> Naming:
        """Real names for one execution; its client names have never been used before."""
        self._executions += 1
        return Naming(topics=slot_prefix(self.slot), clients=f"amct-{self.run}-s{self.slot:02d}-{self._executions}-")

    def touch(self, topics: Iterable[str]) -> None:
        """Take note that these SOW topics will hold records."""
        self._touched.update(topic for topic in topics if topic in self._all)

    def reset(self) -> None:
        """Empty what was touched since the last reset; an empty query is the proof. Keeps the owner record fresh.

        Raises SlotError if a topic cannot be emptied or the slot was taken by another run, MisconfiguredError if a topic is missing,
        UnreachableError if the target is gone.
        """
        try:
            self._reset(self._control())
        except TargetError:
            if self._session is not None and self._session.alive:
                raise
            self._reset(self._control())

    def _reset(self, session: Session) -> None:
        if self._lease.taken:
            self._lease.keep(session)
        prefix = slot_prefix(self.slot)
        names = {prefix + topic.removeprefix("@"): topic for topic in self._all if topic in self._touched}
        timeout_s = self._limits.answer_s * self._limits.timeout_scale * PATIENCE
        for name, seen in empty(session, list(names), timeout_s=timeout_s).items():
            self._check_empty(name, seen)
            self._touched.discard(names[name])

    def _check_empty(self, name: str, seen: Look) -> None:
        if seen.refused is not None:
            raise missing_topic(name, seen.refused)
        if seen.records:
            raise SlotError(f"slot {self.slot} cannot be emptied: {name} still shows {len(seen.records)} records after sow_delete")
        if not seen.complete:
            raise SlotError(f"slot {self.slot} cannot be emptied: a query of {name} was not answered to its end")

    def _control(self) -> Session:
        """The control connection; a new one if the target has ended the last."""
        if self._session is None or not self._session.alive:
            if self._session is not None:
                self._session.close()
            name = f"amct-{self.run}-s{self.slot:02d}-control"
            self._session = Session.open(self.spec, client_name=name, limits=self._limits)
        return self._session

    def close(self) -> None:
        """Empty the slot, give it back and close. Never raises for what the target does; idempotent, and right after Ctrl-C too."""
        with contextlib.suppress(TargetError):
            if self._lease.taken or (not self._owned and self._session is not None):
                self.reset()
                self._lease.release(self._control())
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
