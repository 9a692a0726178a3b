"""predict: from a scenario, the instance's configuration and a witness to what the documentation allows. Dispatch only.

The barriers of the runner are known here, since they decide what is certain: before a step on another connection, and at every fence,
the acks that the commands of a connection asked for have come. At the end every open connection is flushed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never

from reference_model.areas import publish, session, sow, sow_and_subscribe, sow_delete, subscribe
from reference_model.areas.deliver import order_of_deliveries
from reference_model.config import InstanceConfig
from reference_model.draft import Draft
from reference_model.expectation import Expectation, Occurs
from reference_model.messages import PLAIN, Form
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
    return _Prediction(scenario, config, witness).run()


class _Prediction:
    def __init__(self, scenario: Scenario, config: InstanceConfig, witness: Witness) -> None:
        self.scenario = scenario
        self.witness = witness
        self.instance = Instance(config)
        self.draft = Draft(scenario.name)
        self.current: str | None = None

    def run(self) -> Expectation:
        for step in self.scenario.steps:
            self._step(step)
        for connection in list(self.instance.sessions):
            self._flush(f"end-{connection}", connection)
        order_of_deliveries(self.instance, self.draft)
        self._closed_worlds()
        return self.draft.finish()

    def _step(self, step: Step) -> None:
        match step:
            case Open():
                self._switch(None)
                if step.connection in self.instance.sessions:
                    raise ProgramError(f"step {step.label}: connection {step.connection} is open already")
                self.instance.sessions[step.connection] = Session(name=step.connection)
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
                self._switch(step.connection)
                self._barrier(step.connection)
                for subscription in self.instance.subscriptions:
                    if subscription.connection == step.connection and not subscription.ended:
                        subscription.ended = (R("SUB-UNSUB-15"),)
                del self.instance.sessions[step.connection]
            case Advance():
                self._switch(None)
            case _:
                assert_never(step)

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
        turn = self._turn(label, connection, command, form, about)
        if turn.session.alive is not True:
            raise ProgramError(f"step {label}: whether connection {connection} is still open is not certain")
        handler = COMMANDS.get(command.cmd)
        if handler is None:
            raise ProgramError(f"step {label}: {command.cmd} is not modelled")
        if not turn.session.logged_on and command.cmd != "logon":
            session.before_logon(turn)
        else:
            handler(turn)
        turn.session.burst += 1

    def _switch(self, connection: str | None) -> None:
        """A step on another connection: the runner first awaits what the current one asked for."""
        if self.current is not None and self.current != connection:
            self._barrier(self.current)
        self.current = connection

    def _barrier(self, connection: str) -> None:
        session_ = self.instance.sessions.get(connection)
        if session_ is None:
            return
        session_.burst = 0
        if session_.open_fence is not None:
            self.instance.fence(connection, session_.open_fence)
            session_.open_fence = None
        for subscription in self.instance.subscriptions:
            if subscription.connection == connection:
                subscription.known = subscription.known or subscription.processed_slot is not None
                if subscription.ending and not subscription.ended:
                    subscription.ended = (R("SUB-UNSUB-03"), R("SUB-UNSUB-01"))

    def _fence(self, step: Fence) -> None:
        self._switch(step.connection)
        match step.kind:
            case "state":
                self._flush(f"fence-{step.label}", step.connection)
                for subscription in self.instance.subscriptions:
                    if subscription.connection == step.connection:
                        subscription.known = True
                self._barrier(step.connection)
                self.instance.fence(step.connection, R("CMD-FLUSH-12"))
            case "answers":
                self._barrier(step.connection)
            case "delivery":
                self._barrier(step.connection)
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
        session_ = self.instance.sessions.get(connection)
        if session_ is None:
            raise ProgramError(f"connection {connection} is not open")
        if session_.alive is None:
            # The connection may be open still; the runner then flushes it.
            self.draft.slot(cmd_id, (connection, "ack", (cmd_id, "completed")), (R("CMD-FLUSH-02"),), occurs=Occurs.OPTIONAL)
        if session_.alive is not True or not session_.logged_on:
            return
        command = Command(header={"cmd": "flush", "cmd_id": cmd_id, "ack_type": "completed"})
        session.flush(self._turn(cmd_id, connection, command, PLAIN))
        session_.open_fence = None

    def _together(self, step: Together) -> None:
        self._switch(None)
        order = self.witness.orders.get(step.label)
        sends = {send.label: send for lane in step.lanes for send in lane}
        if order is None:
            for send in sends.values():
                topic = self.instance.topics.get(send.command.plain().text("topic") or "")
                if topic is not None:
                    topic.unjudged = True
        for label in order or sends:
            send = sends[label]
            self._command(label, send.connection, send.command, send.form)
            for topic in self.instance.topics.values():
                topic.unfenced.discard(send.connection)
        for lane in step.lanes:
            for send in lane:
                self._barrier(send.connection)
                topic = self.instance.topics.get(send.command.plain().text("topic") or "")
                if topic is not None:
                    topic.unfenced.add(send.connection)

    def _closed_worlds(self) -> None:
        """What else may come on each connection: nothing that nobody asked for."""
        for connection in {slot.where[0] for slot in self.draft.slots}:
            self.draft.scope(connection, "publish", surplus=(R("CMD-MSG-03"),), repeated=(R("SUB-MULTI-01"),))
            self.draft.scope(connection, "oof", surplus=(R("SOW-REC-20"),))
            self.draft.scope(connection, "sow", surplus=(R("SOW-QRY-21"),))
            self.draft.scope(connection, "ack", surplus=(R("CMD-ACK-08"),), repeated=(R("CMD-ACK-05"),))
            self.draft.scope(connection, surplus=(R("CMD-PUB-06"),))
