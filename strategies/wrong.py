"""Commands that are wrong, or of which the documentation leaves open what they do. Each asks how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reference_model.areas.damage import beyond_repair
from reference_model.payload.json import write
from strategies.commands import TOO_LARGE
from strategies.drawing import Drawing
from strategies.expressions import BAD_FILTERS, filter_text
from strategies.payloads import MALFORMED, delta, document


def _query_with_a_bad_filter(drawing: Drawing) -> None:
    topic = drawing.topic()
    drawing.asks(drawing.someone()).sow(
        topic.config.name, filter=drawing.draws.pick(BAD_FILTERS), acks=drawing.draws.pick(("processed,completed", "processed", None))
    )


def _subscription_with_a_bad_filter(drawing: Drawing) -> None:
    drawing.commands += 1
    drawing.peers[drawing.someone()].line.subscribe(drawing.draws.pick(("@orders", "@chat")), filter=drawing.draws.pick(BAD_FILTERS))


def _delete_with_a_bad_filter(drawing: Drawing) -> None:
    topic = drawing.topic()
    if not topic.open:
        line = drawing.changes(drawing.publisher())
        line.delete(topic.config.name, filter=drawing.draws.pick(BAD_FILTERS), acks="processed")


def _query_without_sow(drawing: Drawing) -> None:
    drawing.asks(drawing.someone()).sow(drawing.draws.pick(("@chat", "@café")), acks="processed,completed")


def _batch_too_large(drawing: Drawing) -> None:
    drawing.asks(drawing.someone()).sow(drawing.topic().config.name, batch_size=TOO_LARGE, acks="processed")


def _malformed_body(drawing: Drawing) -> None:
    draws, topic = drawing.draws, drawing.topic()
    body = draws.pick(MALFORMED)
    drawing.changes(drawing.publisher()).publish(topic.config.name, body, acks=draws.pick(("processed", "processed", None)))
    topic.open = topic.open or not beyond_repair(body)


def _without_key_fields(drawing: Drawing) -> None:
    draws, topic = drawing.draws, drawing.topic()
    line = drawing.changes(drawing.publisher())
    if draws.chance(60):
        line.delta(topic.config.name, write(delta(draws, {})), acks="processed")
    else:
        line.publish(topic.config.name, write(document(draws, {})), acks="processed")
    topic.open = True


def _without_given_key(drawing: Drawing) -> None:
    draws = drawing.draws
    drawing.changes(drawing.publisher()).publish("@own", write(document(draws, {})), acks="processed")
    drawing.topics["@own"].open = True


def _skip_without_company(drawing: Drawing) -> None:
    draws, topic = drawing.draws, drawing.topic()
    line = drawing.asks(drawing.someone())
    if draws.chance(50):
        line.sow(topic.config.name, orderby="/qty", opts=f"skip_n={draws.below(3)}", acks="processed")
    else:
        line.sow(topic.config.name, opts=f"top_n={draws.below(3)},skip_n={draws.below(3)}", acks="processed")


def _incomplete_delete(drawing: Drawing) -> None:
    draws, topic = drawing.draws, drawing.topic()
    kind = draws.below(3)
    if kind == 0 and len(drawing.peers) > 1:
        drawing.stranger().delete(None, filter="1=1", acks="processed")
        return
    line = drawing.changes(drawing.publisher())
    if kind == 1:
        line.delete("@chat", filter=filter_text(draws, []), acks="processed")
    else:
        line.delete(topic.config.name, acks="processed")
        topic.records.clear()  # it may delete them all


def _publish_without_topic(drawing: Drawing) -> None:
    if len(drawing.peers) < 2:
        _query_without_sow(drawing)
        return
    drawing.concurrent = True  # whether it is taken in before or after concurrent publishers could not be told
    drawing.stranger().publish(None, {"to": "nobody"}, acks=drawing.draws.pick(("processed", None)))


def _second_logon(drawing: Drawing) -> None:
    if len(drawing.peers) < 2:
        _query_without_sow(drawing)
        return
    drawing.stranger().logon()


MISTAKES: Final[tuple[Callable[[Drawing], None], ...]] = (
    _query_with_a_bad_filter, _query_with_a_bad_filter, _query_with_a_bad_filter, _query_with_a_bad_filter,
    _subscription_with_a_bad_filter, _subscription_with_a_bad_filter,
    _delete_with_a_bad_filter, _delete_with_a_bad_filter, _query_without_sow, _query_without_sow,
    _batch_too_large, _batch_too_large, _second_logon, _second_logon,
    _malformed_body, _malformed_body, _malformed_body, _without_key_fields,
    _without_given_key, _skip_without_company, _skip_without_company, _incomplete_delete, _publish_without_topic,
)  # fmt: skip


def wrong(drawing: Drawing) -> None:
    """One of the mistakes."""
    drawing.draws.pick(MISTAKES)(drawing)
