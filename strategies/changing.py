"""Actions that change the state or send messages: publishes, deltas, deletes, concurrent publishers."""

from __future__ import annotations

from typing import Final

from reference_model.expression.evaluate import accept, matches
from reference_model.payload.json import parse, write
from reference_model.scenario import KeyOf
from strategies.atoms import CORRELATION_IDS, EXPLICIT_KEYS, KEY_NUMBERS, KEY_TEXTS, PAIRS, Draws
from strategies.commands import DELETE_ACKS, LIFETIMES, PUBLISH_ACKS, WITHOUT_SOW, correlation, form, odd_id
from strategies.drawing import Drawing, RecordKey, TopicState
from strategies.expressions import filter_text
from strategies.payloads import Document, delta, document, key_fields, placed, written

BURST_SIZES: Final = (3, 21, 30)
"""More than 20 commands in one write are what WIRE-FRAME-05 speaks of."""

NO_SUCH_KEY: Final = "1"
"""A key that the server has made for no record."""

ODD_BODIES: Final = (b"", b" ", b"plain text", b"{not json", b'{"a":1}{"b":2}', b"\x00\xff\xfe", b" [1]", b'"text"')
"""Bodies for topics that nobody parses."""


def key_document(topic: TopicState, key: RecordKey) -> Document:
    """The key fields of a known record."""
    return placed(topic.config, tuple(parse(text.encode()) for text in key))


def target(draws: Draws, topic: TopicState, *, existing_percent: int) -> Document:
    """Key fields: of a record that is there, or any of the small domain."""
    if topic.records and draws.chance(existing_percent):
        return key_document(topic, draws.pick(list(topic.records)))
    return key_fields(draws, topic.config, kind=topic.kind)


def publish(drawing: Drawing) -> None:
    """A publish to a topic in play."""
    draws, topic = drawing.draws, drawing.topic()
    body = document(draws, key_fields(draws, topic.config, kind=topic.kind), regular=drawing.regular)
    _send(drawing, topic, body, delta=False)


def fill(drawing: Drawing) -> None:
    """Several records of a topic in play, in one write and in an order that no sort gives."""
    draws, topic = drawing.draws, drawing.topic()
    table = KEY_NUMBERS if topic.kind == "numbers" else KEY_TEXTS
    values = draws.some(PAIRS if len(topic.config.keys) > 1 else [(value,) for value in table], draws.pick((3, 4, 5)))
    name = drawing.publisher()
    for value in values:
        tree = document(draws, placed(topic.config, value), regular=drawing.regular)
        drawing.changes(name).publish(topic.config.name, written(draws, tree), correlation_id=correlation(draws))
        drawing.stored(topic, tree, delta=False)


def delta_publish(drawing: Drawing) -> None:
    """A delta, mostly onto a record that is there, and often onto one that the last query showed."""
    _delta_onto(drawing, drawing.topic(), existing_percent=80)


def _delta_onto(drawing: Drawing, topic: TopicState, *, existing_percent: int) -> None:
    keys = target(drawing.draws, topic, existing_percent=existing_percent)
    base = topic.records.get(drawing.key(topic, keys))
    _send(drawing, topic, delta(drawing.draws, keys, regular=drawing.regular, base=base), delta=True)


def change_of(drawing: Drawing, topic: TopicState) -> None:
    """A change of some record of this topic."""
    draws = drawing.draws
    if draws.chance(60):
        _delta_onto(drawing, topic, existing_percent=90)
    else:
        _send(drawing, topic, document(draws, target(draws, topic, existing_percent=70), regular=drawing.regular), delta=False)


def _send(drawing: Drawing, topic: TopicState, tree: Document, *, delta: bool) -> None:
    draws = drawing.draws
    body = written(draws, tree)
    acks = draws.pick(PUBLISH_ACKS)
    expires = draws.chance(40 if topic.config.expiration_s is not None else 4)
    header: dict[str, str | int | None] = {
        "correlation_id": correlation(draws),
        "expiration": draws.pick(LIFETIMES) if expires else None,
        "cmd_id": odd_id(draws, drawing.program.next("d" if delta else "p")) if acks is not None else None,
    }
    line = drawing.changes(drawing.publisher())
    send = line.delta if delta else line.publish
    send(topic.config.name, body, acks=acks, form=form(draws, drawing.form_percent), **header)
    drawing.stored(topic, tree, delta=delta)


def explicit(drawing: Drawing) -> None:
    """A publish or delta with a key that the publisher gives."""
    draws, topic = drawing.draws, drawing.topics["@own"]
    key = draws.pick(EXPLICIT_KEYS)
    line = drawing.changes(drawing.publisher())
    acks = draws.pick(PUBLISH_ACKS)
    own = correlation(draws)
    if draws.chance(6):
        line.publish("@own", draws.pick(ODD_BODIES), acks=acks, sow_key=key, correlation_id=own)
        topic.records[(key,)] = {}
        topic.raw.add((key,))
    elif draws.chance(40) and (key,) not in topic.raw:
        change = delta(draws, {"qty": draws.below(4)})
        line.delta("@own", write(change), acks=acks, sow_key=key, correlation_id=own)
        drawing.stored_at(topic, (key,), change, delta=True)
    else:
        tree = document(draws, {"qty": draws.below(4)})
        line.publish("@own", written(draws, tree), acks=acks, sow_key=key, correlation_id=own)
        drawing.stored_at(topic, (key,), tree, delta=False)


def chat(drawing: Drawing) -> None:
    """A publish or delta to a topic that keeps nothing."""
    draws = drawing.draws
    topic = draws.pick(drawing.heard if drawing.heard and draws.chance(60) else WITHOUT_SOW)
    acks = draws.pick(PUBLISH_ACKS)
    line = drawing.changes(drawing.publisher())
    unusual = form(draws, drawing.form_percent)
    if draws.chance(20):
        line.publish(topic, draws.pick(ODD_BODIES), acks=acks, form=unusual)
        return
    body = written(draws, document(draws, {"id": draws.below(4)}))
    send = line.delta if draws.chance(20) else line.publish
    send(topic, body, acks=acks, form=unusual, correlation_id=correlation(draws))


def burst(drawing: Drawing) -> None:
    """Many publishes in one write, to few records."""
    draws, topic = drawing.draws, drawing.topic()
    acks = draws.pick((None, "processed", "received,completed"))
    name = drawing.publisher()
    shift = draws.below(5)
    keys = [key_fields(draws, topic.config, kind=topic.kind) for _ in range(3)]
    for number in range(draws.pick(BURST_SIZES)):
        tree = {**keys[(number + shift) % 3], "n": number}
        drawing.changes(name).publish(topic.config.name, write(tree), acks=acks)
        drawing.stored(topic, tree, delta=False)


def delete(drawing: Drawing) -> None:
    """sow_delete by filter, by keys or by data, where it is certain what there is; else a publish."""
    draws, topic = drawing.draws, drawing.topic()
    if topic.open or not topic.records:
        publish(drawing)
        return
    kind = draws.below(10)
    acks = draws.pick(DELETE_ACKS)
    if kind < 8:
        drawing.settle()  # what it finds has to be certain
    line = drawing.changes(drawing.publisher())
    name = topic.config.name
    if kind == 0:
        line.delete(name, filter="1=1", acks=acks)
        topic.records.clear()
    elif kind < 5:
        text = filter_text(draws, topic.documents)
        line.delete(name, filter=text, acks=acks, form=form(draws, drawing.form_percent))
        _remove_matching(topic, text)
    elif kind < 8 and topic.seen:
        keys = draws.some(sorted(topic.seen), draws.pick((1, 2, 2)))
        line.delete(name, sow_keys=tuple(topic.key_of(key) for key in keys), acks=acks or "processed")
        for key in keys:
            drawing.removed(topic, key)
    else:
        tree = target(draws, topic, existing_percent=85)
        key = drawing.key(topic, tree)
        line.delete(name, body=written(draws, {**tree, "qty": 77}), acks=acks)
        drawing.removed(topic, key)


def delete_explicit(drawing: Drawing) -> None:
    """sow_delete with the keys that publishers gave."""
    draws, topic = drawing.draws, drawing.topics["@own"]
    if topic.open or not topic.records:
        explicit(drawing)
        return
    keys = draws.some(EXPLICIT_KEYS, draws.pick((1, 2)))
    drawing.settle()
    drawing.changes(drawing.publisher()).delete("@own", sow_keys=tuple(keys), acks=draws.pick((None, "processed", "processed,stats")))
    for key in keys:
        drawing.removed(topic, (key,))


def _remove_matching(topic: TopicState, text: str) -> None:
    expr = accept(text).expr
    assert expr is not None
    for key, tree in list(topic.records.items()):
        if matches(expr, tree) is not False:  # what may be gone is not counted on
            del topic.records[key]


def together(drawing: Drawing) -> None:
    """Two publishers at once, seen by a witness on a third connection. Once a scenario: afterwards less is certain."""
    draws, topic = drawing.draws, drawing.topic()
    if drawing.concurrent or len(drawing.peers) < 3 or any(state.raw for state in drawing.topics.values()):
        publish(drawing)
        return
    drawing.concurrent = True
    drawing.settle()
    reader, *lanes = draws.some(list(drawing.peers), 3)
    name = topic.config.name
    peer = drawing.peers[reader]
    if peer.companion is None:
        peer.companion = "@chat"
        peer.line.subscribe("@chat")
    witness = peer.line.subscribe(name)
    peer.subscriptions.append(f"{witness}.m")
    number = 0
    with drawing.program.together(witness):
        for lane in lanes:
            for _ in range(draws.pick((1, 2, 3))):
                number += 1
                tree = {**key_fields(draws, topic.config, kind=topic.kind), "qty": draws.below(4), "text": f"lane-{number}"}
                line = drawing.peers[lane].line
                send = line.delta if draws.chance(25) else line.publish
                send(
                    name,
                    write(tree),
                    acks=draws.pick((None, "processed")),
                    correlation_id=draws.pick((None, None, *CORRELATION_IDS[:1])),
                )
                drawing.stored(topic, tree, delta=False)
    drawing.commands += number + 1
    topic.open = True
    for lane in lanes:
        drawing.fence(lane)
    for other in drawing.peers.values():
        other.waiting = other.waiting or other.listens
    drawing.close_deliveries(reader)


def sow_keys(draws: Draws, topic: TopicState) -> tuple[str | KeyOf, ...] | None:
    """A list of keys of records that were shown, some of them perhaps gone; of given keys any. None if there is none to name."""
    if not topic.config.keys:
        return tuple(draws.some(EXPLICIT_KEYS, draws.pick((1, 2, 3))))
    if not topic.seen:
        return None
    keys = [topic.key_of(key) for key in draws.some(sorted(topic.seen), draws.pick((1, 2, 3)))]
    return (*keys, NO_SUCH_KEY) if draws.chance(25) else tuple(keys)
