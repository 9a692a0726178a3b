"""Which commands of a program are sent on a connection that a fault may have ended: read from the program alone."""

from __future__ import annotations

from dataclasses import dataclass

from reference_model.client.program import ClientProgram
from reference_model.fault import Fault
from reference_model.scenario import Close, Open, Scenario, Send

CHANGES = frozenset({"publish", "delta_publish", "sow_delete"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """From a fault (or the Open after it) to the Close of the connection, or to the end of the program.

    begin, end  indexes of steps: the first one that it concerns, and the first one after it
    sends       the commands in between on the connection, in order
    """

    fault: Fault
    connection: str
    begin: int
    end: int
    sends: tuple[Send, ...]

    @property
    def changes(self) -> tuple[Send, ...]:
        """The commands that change something, whose fate may stay unknown."""
        return tuple(send for send in self.sends if send.command.cmd in CHANGES)

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(send.label for send in self.sends)


def losses(scenario: Scenario | ClientProgram) -> tuple[Loss, ...]:
    """Every loss of a program, in the order in which they begin; the peer of a client has none."""
    if isinstance(scenario, ClientProgram):
        return ()
    found: list[Loss] = []
    opened: dict[str, None] = {}
    waiting: dict[str, Fault] = {}
    live: dict[str, tuple[Fault, int]] = {}
    for index, step in enumerate(scenario.steps):
        match step:
            case Fault() if step.ends:
                for connection in opened if step.connection is None else (step.connection,):
                    if connection in opened:
                        live.setdefault(connection, (step, index))
                    else:
                        waiting[connection] = step
            case Open():
                opened[step.connection] = None
                if step.connection in waiting:
                    live[step.connection] = (waiting.pop(step.connection), index)
            case Close():
                opened.pop(step.connection, None)
                if step.connection in live:
                    found.append(_loss(scenario, step.connection, *live.pop(step.connection), index))
            case _:
                pass
    found += [_loss(scenario, connection, fault, begin, len(scenario.steps)) for connection, (fault, begin) in live.items()]
    return tuple(sorted(found, key=lambda loss: loss.begin))


def _loss(scenario: Scenario, connection: str, fault: Fault, begin: int, end: int) -> Loss:
    sends = tuple(step for step in scenario.steps[begin:end] if isinstance(step, Send) and step.connection == connection)
    return Loss(fault=fault, connection=connection, begin=begin, end=end, sends=sends)
