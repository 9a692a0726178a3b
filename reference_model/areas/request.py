"""A query as it was asked, parsed: what the `sow` command and the commands built on it read of their headers and options.

Source: commands.md sections 3 and 4, sow.md section 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reference_model.expression.errors import ExpressionError
from reference_model.expression.order import OrderTerm, parse_order_by
from reference_model.expression.select import Directive, parse_select
from reference_model.expression.syntax import Expr
from reference_model.scenario import KeyOf
from reference_model.state import Topic
from reference_model.turn import Turn

known_flags: Final = frozenset({"no_sowkey", "timestamp", "send_keys", "oof", "replace"})
known_values: Final = frozenset({"top_n", "skip_n", "select"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A query as it was asked, parsed. `filter_error`: the filter does not compile."""

    topics: tuple[Topic, ...]
    literal: bool
    expr: Expr | None
    filter_error: bool
    sow_keys: tuple[str | KeyOf, ...] | None
    order_by: tuple[OrderTerm, ...]
    top_n: int | None
    top_n_by_option: bool
    skip_n: int | None
    batch_size: int | None
    no_sowkey: bool
    send_keys: bool
    timestamp: bool
    select: tuple[Directive, ...] | None


def request_of(turn: Turn) -> Request:
    """The query that a command asks for. Raises ProgramError for what is not modelled."""
    pattern = turn.text("topic")
    if pattern is None or turn.query_id is None:
        raise turn.refuse("a query needs a topic, and a query_id or cmd_id to tell its result by")
    turn.check_topic(pattern)
    options = turn.options
    unknown = (options.flags - known_flags) | (options.values.keys() - known_values)
    if unknown:
        raise turn.refuse(f"option {min(unknown)} of sow is not modelled")
    topics = turn.instance.covered(pattern)
    literal = topics == [] or topics[0].config.name == pattern
    if not topics and pattern in {"", "@"}:
        raise turn.refuse("a query needs a topic")
    acceptance = turn.filter()
    top_option = options.values.get("top_n")
    top_header = turn.number("top_n")
    if top_option is not None and top_header is not None:
        raise turn.refuse("top_n is given twice")
    batch_size = turn.number("batch_size")
    if batch_size is not None and batch_size < 1:
        raise turn.refuse("a batch size below 1 has no defined effect")
    select = options.values.get("select")
    keys = turn.program.header.get("sow_keys")
    return Request(
        topics=tuple(topics),
        literal=literal,
        expr=None if acceptance is None else acceptance.expr,
        filter_error=acceptance is not None and acceptance.refused is True,
        sow_keys=listed_keys(keys),
        order_by=_order_by(turn),
        top_n=int(top_option) if top_option is not None else top_header,
        top_n_by_option=top_option is not None,
        skip_n=int(options.values["skip_n"]) if "skip_n" in options.values else None,
        batch_size=batch_size,
        no_sowkey="no_sowkey" in options.flags,
        send_keys="send_keys" in options.flags,
        timestamp="timestamp" in options.flags,
        select=parse_select(select.removeprefix("[").removesuffix("]")) if select is not None else None,
    )


def _order_by(turn: Turn) -> tuple[OrderTerm, ...]:
    text = turn.text("orderby")
    if text is None:
        return ()
    try:
        return parse_order_by(text)
    except ExpressionError as error:
        raise turn.refuse(f"what an orderby that does not parse gives is not documented: {error}") from None


def listed_keys(value: object) -> tuple[str | KeyOf, ...] | None:
    """The entries of a `sow_keys` header: keys as texts, or records whose key the target has shown."""
    if value is None or value == "":
        return None
    if isinstance(value, KeyOf):
        return (value,)
    if isinstance(value, tuple):
        return value
    return tuple(str(value).split(","))


def key_of(topic: Topic) -> tuple[str, ...] | str:
    """How a record of the topic is told from others: by the paths of its key fields, or by its explicit key."""
    return topic.config.keys or "sow_key"


def vague(request: Request) -> int:
    """How many records of unknown key the topics may hold besides those that the model knows."""
    return sum(topic.vague for topic in request.topics)
