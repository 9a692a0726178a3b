"""Whole scenarios, drawn action by action against what is known of the instance so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from reference_model.config import STANDARD, InstanceConfig
from reference_model.scenario import Scenario
from strategies import asking, changing, faults
from strategies.atoms import Draws, HypothesisDraws
from strategies.commands import FLUSH_ACKS
from strategies.drawing import Drawing
from strategies.profiles import STANDARD_SHAPE, Shape, swarm
from strategies.wrong import wrong

NAMES: Final = "abcdefgh"
"""Connections, in the order of opening."""

LENGTHS: Final = (1.0, 1.0, 1.0, 1.25, 0.75, 0.5, 0.2)
"""How long a scenario is, in parts of the usual length: short ones are easier to read."""

CONNECTIONS: Final = (1, 2, 2, 2, 3, 3)
"""How many connections a scenario begins with: deliveries are certain between two, concurrency needs three."""

NEEDED: Final = ("@orders", "@items", "@own", "@pairs", "@nested", "@stock", "@reorder", "@sensors")
"""The topics that scenarios are drawn over."""

PLAYS: Final = (
    ("@orders",), ("@orders",), ("@orders", "@items"), ("@orders", "@items"), ("@pairs",), ("@orders", "@pairs"),
    ("@nested", "@orders"),
    ("@stock", "@reorder"), ("@sensors", "@orders"), ("@orders", "@items", "@pairs"),
)  # fmt: skip
"""The topics with Key fields that one scenario is about: few, so that it comes back to the same records."""


def _flush(drawing: Drawing) -> None:
    drawing.commands += 1
    drawing.peers[drawing.someone()].line.flush(acks=drawing.draws.pick(FLUSH_ACKS))


def _explicit(drawing: Drawing) -> None:
    (changing.delete_explicit if drawing.draws.chance(15) else changing.explicit)(drawing)


def _deliveries(drawing: Drawing) -> None:
    drawing.close_deliveries(drawing.someone())


def _close(drawing: Drawing) -> None:
    """A connection ends, and another one begins."""
    if len(drawing.peers) < 2:
        changing.publish(drawing)
        return
    name = drawing.someone()
    drawing.close_deliveries(name)
    drawing.settle()
    line = drawing.peers.pop(name).line
    line.fence()  # what nothing asks an ack for has come too
    line.close()
    if drawing.next_name < len(NAMES):
        drawing.open(NAMES[drawing.next_name])


ACTIONS: Final[Mapping[str, Callable[[Drawing], None]]] = {
    "publish": changing.publish,
    "delta": changing.delta_publish,
    "query": asking.query,
    "query_again": asking.query_again,
    "query_changed": asking.query_changed,
    "pages": asking.pages,
    "delete": changing.delete,
    "subscribe": asking.subscribe,
    "sow_and_subscribe": asking.sow_and_subscribe,
    "unsubscribe": asking.unsubscribe,
    "chat": changing.chat,
    "explicit": _explicit,
    "wrong": wrong,
    "flush": _flush,
    "burst": changing.burst,
    "together": changing.together,
    "close": _close,
    "deliveries": _deliveries,
    "lose": faults.lose,
    "slow": faults.slow,
}


BEGINNINGS: Final[tuple[tuple[Callable[[Drawing], None], ...], ...]] = (
    (changing.fill,), (changing.fill,), (asking.subscribe, changing.fill), (changing.fill, asking.query, asking.subscribe),
    (asking.subscribe, asking.subscribe), (changing.fill, asking.sow_and_subscribe), (),
)  # fmt: skip
"""How a scenario begins: most have records to ask for, and somebody who listens, from the start."""


def drawn(draws: Draws, shape: Shape, config: InstanceConfig) -> Scenario:
    """One scenario."""
    drawing = Drawing(draws, config, form_percent=shape.form_percent)
    for number in range(min(draws.pick(CONNECTIONS), shape.connections)):
        drawing.open(NAMES[number])
    drawing.proxy = shape.proxy
    drawing.play = list(draws.pick(PLAYS))
    drawing.regular = draws.chance(50)
    kinds, alike = draws.below(2), draws.chance(60)
    for number, topic in enumerate(drawing.topics.values()):  # of one kind: the same values are keys in several topics
        topic.kind = "texts" if (kinds + (0 if alike else number)) % 2 else "numbers"
    length = max(1, round(shape.commands * draws.pick(LENGTHS)))
    table = swarm(draws, shape.weights)
    for begin in draws.pick(BEGINNINGS):
        if drawing.commands < length:
            begin(drawing)
    while drawing.commands < length:
        ACTIONS[draws.pick(table)](drawing)
        drawing.turns += 1
        if drawing.turns > 4 * length:
            break
    _last_look(drawing)
    return drawing.program.scenario()


def _last_look(drawing: Drawing) -> None:
    """Every delivery is closed, and what the topics in play hold is shown."""
    for name in list(drawing.peers):
        drawing.close_deliveries(name)
    line = drawing.asks(drawing.someone())
    for name in drawing.play:
        if drawing.topics[name].records:
            line.sow(name, batch_size=10, acks="completed")


def check_config(config: InstanceConfig) -> None:
    """Raises InvalidArgument if a topic is lacking over which scenarios are drawn."""
    lacking = [name for name in NEEDED if config.topic(name) is None]
    if lacking:
        raise InvalidArgument(f"config lacks the topic {lacking[0]}, over which scenarios are drawn")


def scenarios(*, shape: Shape = STANDARD_SHAPE, config: InstanceConfig = STANDARD) -> st.SearchStrategy[Scenario]:
    """Scenarios over the topics of the standard configuration, drawn data-first.

    Nearly all are accepted by the model; who draws them discards those that are not.
    """
    check_config(config)
    return st.composite(lambda draw: drawn(HypothesisDraws(draw), shape, config))()
