"""Actions that ask: queries of all kinds, again, in pages, after a change; subscriptions and their end."""

from __future__ import annotations

from strategies.changing import change_of, publish, sow_keys
from strategies.commands import (
    BATCH_SIZES,
    OTHER_PATTERNS,
    PLAIN_OPTIONS,
    QUERY_ACKS,
    REGEX_TOPICS,
    SUBSCRIBE_ACKS,
    SUBSCRIBE_OPTIONS,
    WITHOUT_SOW,
    form,
    limits,
    odd_id,
)
from strategies.drawing import Drawing, LastQuery, Peer, TopicState
from strategies.expressions import filter_text, order_text, select_text
from strategies.payloads import Document

SUBSCRIPTIONS_MAX = 3
COMPANIONS = ("@orders", "@items", "@chat")
"""Topics to which a marker can be published: a Key of one field, or none."""


def query(drawing: Drawing) -> None:
    """A query of one topic, or of several by a regular expression."""
    draws = drawing.draws
    pattern, names = draws.pick(REGEX_TOPICS) if draws.chance(15) else ("", ())
    if not pattern:
        names = ("@own",) if drawing.topics["@own"].records and draws.chance(25) else (drawing.topic().config.name,)
        if not drawing.topics[names[0]].records and draws.chance(70):  # there is little to ask of an empty topic
            publish(drawing)
            return
    states = [drawing.topics[name] for name in names]
    keys = states[0].config.keys
    documents = [one for state in states for one in state.documents]
    header: dict[str, str | int | None] = {"batch_size": draws.pick(BATCH_SIZES)}
    plan = draws.below(10)
    if plan < 5:
        header["filter"] = filter_text(draws, documents)
    if plan in {3, 4, 5, 6, 7} and len(names) == 1:  # what an order over several topics is, is not documented
        header["orderby"] = order_text(draws, keys)
    expected = (len(documents) + 1) // 2 if "filter" in header else len(documents)
    limit = limits(draws, expected, ordered="orderby" in header)
    options = [*limit.options]
    option = draws.pick(PLAIN_OPTIONS)
    if option is not None:
        options += _options(drawing, option, keys, limited=bool(options))
    header["top_n"] = None if limit.by_option else limit.top_n
    header["opts"] = ",".join(options) or None
    _ask(drawing, LastQuery(topic=pattern or names[0], names=names, header=header, pattern=bool(pattern)), states)


def _options(drawing: Drawing, option: str, keys: tuple[str, ...], *, limited: bool) -> list[str]:
    """The parts of the options of a query; what takes away by what a record is known is left out on topics without Key fields."""
    parts = option.split(",")
    if limited:
        parts = [part for part in parts if part != "none"]
    if not keys:
        parts = [part for part in parts if part not in {"no_sowkey", "select", "send_keys"}]
    return [f"select={select_text(drawing.draws, keys)}" if part == "select" else part for part in parts]


def _ask(drawing: Drawing, last: LastQuery, states: list[TopicState]) -> None:
    draws = drawing.draws
    label = drawing.program.next("q")
    acks = draws.pick(QUERY_ACKS)
    if any(doubtful in str(last.header.get("opts")) for doubtful in (("skip_n", "oof") if last.pattern else ("oof",))):
        acks = "processed,completed"  # it may be refused (CMD-SOW-16, CMD-SOW-53)
    line = drawing.asks(drawing.someone())
    keyed = sow_keys(draws, states[0]) if len(states) == 1 and draws.chance(35 if states[0].config.keys else 55) else None
    query_id = draws.below(12)
    line.sow(
        last.topic,
        acks=acks,
        form=form(draws, drawing.form_percent),
        cmd_id=odd_id(draws, label),
        query_id=None if query_id == 0 else f'{label}."r"' if query_id == 1 else f"{label}.r",
        sow_keys=keyed,
        **last.header,
    )
    options = str(last.header.get("opts") or "")
    whole = keyed is None and "filter" not in last.header and last.header.get("top_n") is None and "top_n" not in options
    if whole and not any(option in options for option in ("select", "no_sowkey", "oof")):
        drawing.shown(last.names)
    drawing.last = last


def query_again(drawing: Drawing) -> None:
    """The last query once more, on any connection, in other batches: nothing has changed."""
    if drawing.last is None:
        query(drawing)
        return
    last = drawing.last
    last.header = {**last.header, "batch_size": drawing.draws.pick(BATCH_SIZES)}
    _ask(drawing, last, [drawing.topics[name] for name in last.names])


def query_changed(drawing: Drawing) -> None:
    """A change of what the last query showed, and the query once more."""
    if drawing.last is None or drawing.last.names == ("@own",):
        query(drawing)
        return
    change_of(drawing, drawing.topics[drawing.draws.pick(drawing.last.names)])
    query_again(drawing)


def pages(drawing: Drawing) -> None:
    """Pages that tile an ordered result, up to and past its end."""
    draws, topic = drawing.draws, drawing.topic()
    size = draws.pick((1, 2, 2, 3))
    order = draws.pick(topic.config.keys) + draws.pick(("", " DESC"))
    text = filter_text(draws, topic.documents) if draws.chance(30) else None
    batch_size = draws.pick((None, 1, size, 2, 10))
    acks = draws.pick(("processed,completed,stats", "completed", "processed"))
    line = drawing.asks(drawing.someone())
    for number in range(min(len(topic.records) // size + draws.pick((1, 1, 2)), 4)):
        drawing.commands += number > 0
        line.sow(
            topic.config.name, acks=acks, orderby=order, filter=text, batch_size=batch_size, opts=f"top_n={size},skip_n={number * size}"
        )


# ---- subscriptions -----------------------------------------------------------------------------------------------------------------


def subscribe(drawing: Drawing) -> None:
    """A subscription: to a topic in play, to one without SOW, to given keys, or to a pattern."""
    draws = drawing.draws
    peer = _reader(drawing)
    if peer is None:
        publish(drawing)
        return
    place = draws.below(10)
    documents: list[Document] = []
    keys: tuple[str, ...] = ()
    if place < 5:
        state = drawing.topic()
        topic, documents, keys = state.config.name, state.documents, state.config.keys
    elif place < 7:
        plain = draws.pick(WITHOUT_SOW)
        topic, names = draws.pick(OTHER_PATTERNS) if draws.chance(45) else (plain, (plain,))
        drawing.heard += names
    elif place < 8:
        topic, documents = "@own", drawing.topics["@own"].documents
    else:
        topic, names = draws.pick(REGEX_TOPICS)
        documents = [one for name in names for one in drawing.topics[name].documents]
        keys = drawing.topics[names[0]].config.keys
    header: dict[str, str | int | None] = {"filter": filter_text(draws, documents) if draws.chance(55) else None}
    option = draws.pick(SUBSCRIBE_OPTIONS)
    if option is not None:
        header["opts"] = f"select={select_text(draws, keys)}" if option == "select" else option
    label = peer.line.subscribe(topic, acks=draws.pick(SUBSCRIBE_ACKS), form=form(draws, drawing.form_percent), **header)
    peer.subscriptions.append(f"{label}.m")
    drawing.commands += 1


def sow_and_subscribe(drawing: Drawing) -> None:
    """A query and a subscription from the same instant."""
    draws = drawing.draws
    peer = _reader(drawing)
    if peer is None:
        publish(drawing)
        return
    topic = drawing.topic()
    drawing.settle()
    drawing.commands += 1
    option = draws.pick(SUBSCRIBE_OPTIONS)
    label = peer.line.sow_and_subscribe(
        topic.config.name,
        acks=draws.pick(("processed,completed", "processed,completed,stats", "received,processed")),
        filter=filter_text(draws, topic.documents) if draws.chance(50) else None,
        orderby=order_text(draws, topic.config.keys) if draws.chance(30) else None,
        batch_size=draws.pick(BATCH_SIZES),
        opts=f"select={select_text(draws, topic.config.keys)}" if option == "select" else option,
    )
    peer.subscriptions.append(f"{label}.m")


def _reader(drawing: Drawing) -> Peer | None:
    """A connection with room for one more subscription, and a companion whose messages close its deliveries."""
    draws = drawing.draws
    names = [name for name, peer in drawing.peers.items() if len(peer.subscriptions) < SUBSCRIPTIONS_MAX]
    if len(drawing.peers) < 2 or not names:
        return None
    peer = drawing.peers[draws.pick(names)]
    drawing.settle()
    if peer.companion is None:
        peer.companion = draws.pick(COMPANIONS)
        peer.line.subscribe(peer.companion)
        drawing.commands += 1
    return peer


def unsubscribe(drawing: Drawing) -> None:
    """The end of a subscription that is no companion, or of one that does not exist."""
    draws = drawing.draws
    named = [(name, sub_id) for name, peer in drawing.peers.items() for sub_id in peer.subscriptions]
    if not named:
        publish(drawing)
        return
    name, sub_id = draws.pick(named)
    drawing.close_deliveries(name)
    drawing.settle()
    drawing.commands += 1
    peer = drawing.peers[name]
    if draws.chance(15):
        peer.line.unsubscribe("no-such-id")
        return
    peer.line.unsubscribe(sub_id)
    peer.subscriptions.remove(sub_id)
