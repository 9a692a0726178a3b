"""predict: from a scenario, the instance's configuration and a witness to what the documentation allows. Dispatch only.

The barriers of the runner are known here, since they decide what is certain: before a step on another connection, and at a fence of
answers, the acks that the commands of a connection asked for have come. At the end every open connection is flushed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, assert_never

from reference_model.admission import check_command, check_labels, check_lanes, topic_of
from reference_model.areas import publish, sequence, session, sow, sow_and_subscribe, sow_delete, subscribe
from reference_model.areas.deliver import order_of_deliveries
from reference_model.areas.faults import Faults
from reference_model.config import InstanceConfig
from reference_model.draft import Draft
from reference_model.expectation import Expectation, Occurs
from reference_model.expression.topics import PatternLimitError
from reference_model.fault import Fault, Mend
from reference_model.losses import CHANGES
from reference_model.messages import PLAIN, AckType, Form
from reference_model.rule import Because, R
from reference_model.scenario import Advance, Close, Command, Fence, Open, Scenario, Send, SendBytes, Step, Together
from reference_model.state import Instance, ProgramError, Session
from reference_model.turn import Turn
from reference_model.witness import NO_WITNESS, Witness

COMMANDS: Final[Mapping[str, Callable[[Turn], None]]] = {
    "logon": session.logon,
    "flush": session.flush,
    "publish": publish.publish,
    "delta_publish": publish.publish,
    "sow": sow.sow,
    "sow_and_subscribe": sow_and_subscribe.sow_and_subscribe,
    "sow_delete": sow_delete.sow_delete,
    "subscribe": subscribe.subscribe,
    "unsubscribe": subscribe.unsubscribe,
}


def predict(scenario: Scenario, config: InstanceConfig, witness: Witness = NO_WITNESS) -> Expectation:
    """All histories that the documentation allows. Raises ProgramError if the scenario asks what the model does not judge."""
    try:
        return _Prediction(scenario, config, witness).run()
    except PatternLimitError as error:
        raise ProgramError(f"a topic pattern takes too long: {error}") from None


def _numbered(handler: Callable[[Turn], None], turn: Turn) -> None:
    sequence.change(turn, handler)


class _Prediction:
    def __init__(self, scenario: Scenario, config: InstanceConfig, witness: Witness) -> None:
        self.scenario = scenario
        self.witness = witness
        self.instance = Instance(config)
        self.draft = Draft(scenario.name)
        self.faults = Faults(self.instance, self.draft, witness)
        self.current: str | None = None
        self.ids: dict[tuple[str, str, str], object] = {}

    def run(self) -> Expectation:
        check_labels(self.scenario)
        for step in self.scenario.steps:
            self._step(step)
        for connection, session_ in list(self.instance.sessions.items()):
            if session_.lost is None:
                self._flush(f"end-{connection}", connection)
        order_of_deliveries(self.instance, self.draft)
        self._closed_worlds()
        return self.draft.finish()

    def _step(self, step: Step) -> None:
        self.faults.due(step.label)
        match step:
            case Open():
                self._switch(None)
                if step.connection in self.instance.sessions:
                    raise ProgramError(f"step {step.label}: connection {step.connection} is open already")
                self.instance.sessions[step.connection] = Session(name=step.connection)
                self.faults.opened(self.instance.sessions[step.connection])
                if step.logon is not None:
                    self._command(step.label, step.connection, step.logon, PLAIN)
                self._barrier(step.connection)
            case Send():
                self._switch(step.connection)
                self._command(step.label, step.connection, step.command, step.form, step.about)
            case SendBytes():
                self._switch(step.connection)
                session.raw_bytes(self._turn(step.label, step.connection, Command(header={"cmd": ""}), PLAIN), step.data, step.meaning)
            case Together():
                self._together(step)
            case Fence():
                self._fence(step)
            case Close():
                self._close(step)
            case Advance():
                self._switch(None)
            case Fault():
                self._switch(None)
                self.faults.begin(step)
            case Mend():
                self._switch(None)
                self.faults.mend(step)
            case _:
                assert_never(step)

    def _close(self, step: Close) -> None:
        if step.connection not in self.instance.sessions:
            raise ProgramError(f"step {step.label}: connection {step.connection} is not open")
        self._switch(step.connection)
        if self.instance.sessions[step.connection].lost is not None:
            self.faults.closed(self.instance.sessions[step.connection])
            return
        self._barrier(step.connection)
        for subscription in self.instance.subscriptions:
            if subscription.connection == step.connection and not subscription.ended:
                subscription.ended = (R("SUB-UNSUB-15"),)
        del self.instance.sessions[step.connection]

    def _turn(self, label: str, connection: str, command: Command, form: Form, about: Because = ()) -> Turn:
        session_ = self.instance.sessions.get(connection)
        if session_ is None:
            raise ProgramError(f"step {label}: connection {connection} is not open")
        return Turn(
            instance=self.instance,
            draft=self.draft,
            session=session_,
            step=label,
            program=command,
            command=command.plain(),
            form=form,
            burst=session_.burst,
            about=about,
        )

    def _command(self, label: str, connection: str, command: Command, form: Form, about: Because = ()) -> None:
        check_command(label, command, form)
        self._check_ids(label, connection, command)
        turn = self._turn(label, connection, command, form, about)
        lost = turn.session.lost is not None
        if turn.session.alive is not True and not lost:
            raise ProgramError(f"step {label}: whether connection {connection} is still open is not certain")
        handler = COMMANDS.get(command.cmd)
        if handler is None:
            raise ProgramError(f"step {label}: {command.cmd} is not modelled")
        if self.instance.config.logged and command.cmd in CHANGES:
            handler = partial(_numbered, handler)
        if lost:
            self.faults.command(turn, handler)
        elif not turn.session.logged_on and command.cmd != "logon":
            session.before_logon(turn)
        else:
            handler(turn)
        text = turn.text("filter")
        if text is not None:
            self.instance.filters.setdefault(text, set()).add(command.cmd)
        turn.session.burst += 1

    def _check_ids(self, label: str, connection: str, command: Command) -> None:
        """An id that stands for two commands of a connection stands for none. (A logon may come again after a Close.)"""
        plain = command.plain()
        cmd_id = plain.text("cmd_id") or None
        shape = (command.cmd, plain.text("ack_type")) if command.cmd == "logon" else label
        taken = {"cmd_id": cmd_id}
        if command.cmd in {"sow", "sow_and_subscribe", "sow_delete"}:
            taken["query_id"] = plain.text("query_id") or cmd_id
        if command.cmd in {"subscribe", "sow_and_subscribe"}:
            taken["sub_id"] = plain.text("sub_id") or cmd_id
        for name, value in taken.items():
            if value is not None and self.ids.setdefault((connection, name, value), shape) != shape:
                raise ProgramError(f"step {label}: the {name} {value!r} has been used on connection {connection}")

    def _switch(self, connection: str | None) -> None:
        """A step on another connection: the runner first awaits what the current one asked for."""
        if self.current is not None and self.current != connection:
            self._barrier(self.current)
        self.current = connection

    def _barrier(self, connection: str) -> None:
        """What the commands of the connection asked for has come."""
        session_ = self.instance.sessions.get(connection)
        if session_ is None or session_.lost is not None:
            return
        session_.burst = 0
        flushed, session_.flushed = session_.flushed, None
        if flushed is not None:
            self.instance.fence(connection, flushed.rule, flushed.topics)
        if session_.unsettled == "acked" or (flushed is not None and flushed.settles):
            session_.unsettled = None
        for subscription in self.instance.subscriptions:
            if subscription.connection == connection and not subscription.ended:
                subscription.known = subscription.known or subscription.awaited
                if subscription.ending_slot is not None:
                    subscription.ended = subscription.ending

    def _flushed(self, connection: str) -> None:
        """A flush after everything that the connection sent was answered: all of that has been processed."""
        session_ = self.instance.sessions[connection]
        session_.burst = 0
        session_.flushed = None
        session_.unsettled = None
        self.instance.fence(connection, R("CMD-FLUSH-12"))
        for subscription in self.instance.subscriptions:
            if subscription.connection == connection and not subscription.ended:
                subscription.known = True
                if subscription.ending:
                    subscription.ended = (R("SUB-UNSUB-01"),)

    def _fence(self, step: Fence) -> None:
        session_ = self.instance.sessions.get(step.connection)
        if session_ is None or session_.alive is not True or not session_.logged_on:
            raise ProgramError(f"step {step.label}: connection {step.connection} is not open, or not for certain")
        self._switch(step.connection)
        match step.kind:
            case "state":
                self._flush(f"fence-{step.label}", step.connection)
                self._flushed(step.connection)
            case "answers":
                self._barrier(step.connection)
            case "delivery":
                session_.burst = 0
                self._check_delivery(step)
            case _:
                assert_never(step.kind)

    def _check_delivery(self, step: Fence) -> None:
        """A fence that waits for something that need not come would make every target look slow."""
        if any(topic.unjudged for topic in self.instance.topics.values()):
            return
        if not any(
            slot.step == step.after and slot.where[:2] == (step.connection, "publish") and slot.occurs.value == "once"
            for slot in self.draft.slots
        ):
            raise ProgramError(f"step {step.label}: {step.after} need not be delivered to connection {step.connection}")

    def _flush(self, cmd_id: str, connection: str) -> None:
        """A flush of the runner itself."""
        command = Command(header={"cmd": "flush", "cmd_id": cmd_id, "ack_type": "completed"})
        turn = self._turn(cmd_id, connection, command, PLAIN)
        if turn.session.alive is not True:
            # The connection may be open still; the runner then flushes it.
            self.draft.slot(cmd_id, (connection, "ack", (cmd_id, "completed")), (R("CMD-FLUSH-02"),), occurs=Occurs.OPTIONAL)
        elif turn.session.logged_on:
            session.flush(turn)
        else:
            session.before_logon(turn)

    def _together(self, step: Together) -> None:
        """Concurrent lanes, in the order that the witness tells; without one nothing is certain but each lane's own order."""
        self._switch(None)
        check_lanes(step, self.scenario, self.instance)
        if any(session_.lost is not None for session_ in self.instance.sessions.values()):
            raise ProgramError(f"step {step.label}: nothing is concurrent while a connection may be lost")
        order = self.witness.orders.get(step.label)
        sends = {send.label: send for lane in step.lanes for send in lane}
        topics = [topic for topic in (self.instance.topics.get(topic_of(send)) for send in sends.values()) if topic is not None]
        publishers = {send.connection: self.instance.sessions[send.connection] for send in sends.values()}
        self.instance.phase += 1
        for topic in topics:
            topic.unjudged = topic.unjudged or order is None
        for publisher in publishers.values():
            publisher.unsettled = "open" if order is None else None
        last = {name: publisher.unsettled for name, publisher in publishers.items()}
        for label in order or sends:
            send = sends[label]
            self._command(label, send.connection, send.command, send.form, send.about)
            last[send.connection] = publishers[send.connection].unsettled
            if order is not None:
                publishers[send.connection].unsettled = None
            for topic in topics:
                topic.unfenced.discard(send.connection)
        for name, publisher in publishers.items():
            publisher.unsettled = last[name]
            self._barrier(name)
        for send in sends.values():
            if topic_of(send) in self.instance.topics:
                self.instance.topics[topic_of(send)].unfenced.add(send.connection)

    def _closed_worlds(self) -> None:
        """What else may come on each connection: nothing that nobody asked for."""
        for connection, step in self.instance.silent.items():
            for ack_type in AckType:
                if connection not in self.instance.nameless and not (ack_type == AckType.PERSISTED and self.instance.config.logged):
                    self.draft.never(step, (connection, "ack", (None, ack_type.value)), (R("CMD-ACK-01"),))
        for connection, cmd_ids in self.instance.persisted.items():
            if len(cmd_ids) > 1:  # of one ack it cannot be said whether it stands for several publishes
                self.draft.oblige("persisted_each", {"connection": connection, "cmd_ids": tuple(cmd_ids)})
        for connection in {slot.where[0] for slot in self.draft.slots}:
            self.draft.scope(connection, "publish", surplus=(R("CMD-MSG-03"),), repeated=(R("SUB-MULTI-01"),))
            self.draft.scope(connection, "oof", surplus=(R("SOW-REC-20"),))
            self.draft.scope(connection, "sow", surplus=(R("SOW-QRY-21"),))
            self.draft.scope(connection, "ack", surplus=(R("CMD-ACK-08"),), repeated=(R("CMD-ACK-05"),))
            self.draft.scope(connection, surplus=(R("CMD-PUB-06"),))
