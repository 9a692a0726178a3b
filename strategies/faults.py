"""Actions that do something to a connection: it is lost in the middle of its commands, or slow for a while.

What was sent on a lost connection is not taken note of, unless it is sent again: nothing later builds on it.
"""

from __future__ import annotations

from typing import Final

from reference_model.fault import KINDS, Direction, Fault, FaultKind
from reference_model.payload.json import write
from strategies import changing
from strategies.atoms import Draws
from strategies.build import Line
from strategies.drawing import Drawing, Peer, TopicState
from strategies.payloads import Document, delta, document

Sent = tuple[TopicState, Document, bool, int | None]
"""What a command was about: topic, document, whether it is a delta, its number."""

OWN_ENDS: Final[tuple[FaultKind, ...]] = ("cut", "cut", "cut", "drop", "drop", "drop", "half_close", "deaf")
PROXY_ENDS: Final[tuple[FaultKind, ...]] = ("timeout", "limit_data", "limit_data", "down", "reset_peer")
PROXY_SLOW: Final[tuple[FaultKind, ...]] = ("latency", "bandwidth", "slow_close", "slicer")
"""Which faults are drawn, the telling ones more often."""

NUMBERS: Final[dict[str, tuple[int, ...]]] = {
    "bytes": (0, 1, 3, 4, 5, 20, 60, 90, 120, 150, 200, 260, 330, 400, 600, 1000),
    "frames": (1, 1, 1, 2, 2, 3, 4),
    "reset": (0, 1),
    "pause_ms": (0, 0, 0, 1),
    "latency_ms": (1, 5, 20),
    "jitter_ms": (0, 0, 5),
    "rate_kb_s": (20, 100, 1000),
    "delay_ms": (1, 20),
    "average_bytes": (1, 1, 2, 3, 7, 40),
    "variation_bytes": (0,),
    "delay_us": (0, 0, 100),
    "timeout_ms": (1, 5, 30),
}
"""Splits in the length, the header, a character and the body; and nothing that takes long."""

PIECES_BYTES: Final = (1, 2, 3, 5, 7, 50)

DOOMED: Final = (1, 1, 2, 2, 3, 4)
"""How many commands are sent on a connection before it is lost."""


def lose(drawing: Drawing) -> None:
    """A connection is lost with commands under way; its client comes back, sends again perhaps, and somebody looks."""
    draws = drawing.draws
    if len(drawing.peers) < 2 or any(topic.raw for topic in drawing.topics.values()):
        changing.publish(drawing)
        return
    for other in list(drawing.peers):
        drawing.close_deliveries(other)
    drawing.settle()
    name = drawing.someone()
    line = _ended(drawing, name)
    topics = [drawing.topics[topic] for topic in drawing.play]
    sent: list[Sent] = []
    if draws.chance(25):
        line.sow(draws.pick(topics).config.name, acks=draws.pick((None, "completed", "processed,completed")))
    for _ in range(draws.pick(DOOMED)):
        _doomed(drawing, line, draws.pick(topics), sent)
        drawing.commands += 1
    line.close()
    for other, peer in drawing.peers.items():
        peer.waiting = peer.waiting or (other != name and peer.listens)
    drawing.peers[name] = Peer(line=drawing.program.open(name))
    if sent and draws.chance(40):
        _again(drawing, name, sent)
    _look(drawing, topics)


def _ended(drawing: Drawing, name: str) -> Line:
    """A fault that ends the connection begins; the connection that it is on."""
    draws = drawing.draws
    kind = draws.pick((*OWN_ENDS, *PROXY_ENDS) if drawing.proxy else OWN_ENDS)
    line = drawing.peers[name].line
    direction: Direction = draws.pick(("upstream", "downstream")) if kind == "limit_data" else "downstream"
    if KINDS[kind].before:
        line.close()
        _begin(drawing, kind, name)
        return drawing.program.open(name)
    _begin(drawing, kind, name, direction)
    return line


def _begin(drawing: Drawing, kind: FaultKind, name: str | None, direction: Direction = "downstream") -> str:
    program = drawing.program
    numbers = _numbers(drawing.draws, kind)
    return program.add(Fault(label=program.label("e"), kind=kind, connection=name, numbers=numbers, direction=direction))


def _numbers(draws: Draws, kind: FaultKind) -> dict[str, int]:
    if kind == "pieces":
        return {"bytes": draws.pick(PIECES_BYTES), "pause_ms": draws.pick(NUMBERS["pause_ms"])}
    if kind == "drop":
        counted = "frames" if draws.chance(70) else "bytes"
        return {counted: draws.pick(NUMBERS[counted]), "reset": draws.below(2)}
    return {name: draws.pick(NUMBERS[name]) for name in KINDS[kind].numbers}


def _doomed(drawing: Drawing, line: Line, topic: TopicState, sent: list[Sent]) -> None:
    """One command whose fate may stay unknown."""
    draws, name = drawing.draws, topic.config.name
    acks = draws.pick((None, None, "processed", "persisted", "persisted", "processed,persisted"))
    keys = changing.target(draws, topic, existing_percent=60)
    choice = draws.below(20)
    if choice < 8:
        tree = document(draws, keys, regular=drawing.regular)
        number = drawing.number(line.connection, name)
        line.publish(name, write(tree), acks=acks, seq=number)
        sent.append((topic, tree, False, number))
    elif choice < 14:
        tree = {**delta(draws, keys, regular=drawing.regular), "qty": draws.below(100), "text": f"doomed-{draws.below(100)}"}
        number = drawing.number(line.connection, name)
        line.delta(name, write(tree), acks=acks, seq=number)
        sent.append((topic, tree, True, number))
    elif choice < 17:
        line.delete(name, body=write(keys), acks=acks, seq=drawing.number(line.connection, name))
        drawing.removed(topic, drawing.key(topic, keys))
        sent[:] = [one for one in sent if one[0] is not topic or drawing.key(topic, one[1]) != drawing.key(topic, keys)]
    else:
        line.flush()


def _again(drawing: Drawing, name: str, sent: list[Sent]) -> None:
    """What was sent on the lost connection is sent again, with its numbers if it had any."""
    for topic, tree, is_delta, number in sent:
        line = drawing.changes(name)
        send = line.delta if is_delta else line.publish
        send(topic.config.name, write(tree), seq=number)
        drawing.stored(topic, tree, delta=is_delta)


def _look(drawing: Drawing, topics: list[TopicState]) -> None:
    """Every record that may have changed is shown, and every delivery is closed."""
    line = drawing.asks(drawing.someone())
    for topic in topics:
        line.sow(topic.config.name, batch_size=10, acks=drawing.draws.pick(("completed", "completed,stats")))
    for name in list(drawing.peers):
        drawing.close_deliveries(name)


def slow(drawing: Drawing) -> None:
    """A connection, or all of them, become slow; or they are so no longer."""
    draws = drawing.draws
    if drawing.slowed is not None:
        drawing.program.mend(drawing.slowed)
        drawing.slowed = None
        return
    kind = draws.pick(("pieces", *PROXY_SLOW) if drawing.proxy else ("pieces",))
    name = drawing.someone() if draws.chance(70) else None
    direction: Direction = draws.pick(("upstream", "downstream")) if KINDS[kind].proxy else "downstream"
    drawing.slowed = _begin(drawing, kind, name, direction)
