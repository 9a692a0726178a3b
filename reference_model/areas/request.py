"""A query as it was asked, parsed: what the `sow` command and the commands built on it read of their headers and options.

Source: commands.md sections 3 and 4, sow.md section 7.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from reference_model.admission import decimal
from reference_model.expression.errors import ExpressionError
from reference_model.expression.order import OrderTerm, parse_order_by
from reference_model.expression.select import Directive
from reference_model.expression.syntax import Expr
from reference_model.messages import Options
from reference_model.rule import R
from reference_model.scenario import KeyOf
from reference_model.state import Topic
from reference_model.turn import Turn

known_flags: Final = frozenset({"no_sowkey", "timestamp", "send_keys", "oof", "replace"})
known_values: Final = frozenset({"top_n", "skip_n", "select"})

EXPRESSION: Final = re.compile(r"\s[-+*/%]\s|\(")
"""What makes a text between identifiers an expression: an operator, or the call of a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A query as it was asked, parsed.

    literal       its topic is a name, no pattern
    filter_error  the filter does not compile
    doubt         the may rule that lets a server refuse the command, or make what it likes of it
    """

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
    doubt: R | None


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
    topics = tuple(turn.instance.covered(pattern))
    literal = not turn.is_pattern(pattern)
    acceptance = turn.filter()
    top_option, skip_option = _limit(turn, "top_n"), _limit(turn, "skip_n")
    top_header = turn.number("top_n")
    if top_option is not None and top_header is not None:
        raise turn.refuse("top_n is given twice")
    batch_size = turn.number("batch_size")
    if batch_size is not None and batch_size < 1:
        raise turn.refuse("a batch size below 1 has no defined effect")
    order_by, order_doubt = _order_by(turn)
    top_n = top_option if top_option is not None else top_header
    doubt = _doubt(options, literal=literal, skips=skip_option is not None, top_n=top_n, ordered=bool(order_by)) or order_doubt
    if doubt is not None and (turn.cmd_id is None or "processed" not in turn.acks):
        raise turn.refuse(f"a query that may be refused must ask for the processed ack ({doubt})")
    return Request(
        topics=topics,
        literal=literal,
        expr=None if acceptance is None else acceptance.expr,
        filter_error=acceptance is not None and acceptance.refused is True,
        sow_keys=_sow_keys(turn),
        order_by=order_by,
        top_n=top_n,
        top_n_by_option=top_option is not None,
        skip_n=skip_option,
        batch_size=batch_size,
        no_sowkey="no_sowkey" in options.flags,
        send_keys="send_keys" in options.flags,
        timestamp="timestamp" in options.flags,
        select=turn.select(),
        doubt=doubt,
    )


def _doubt(options: Options, *, literal: bool, skips: bool, top_n: int | None, ordered: bool) -> R | None:
    if skips and top_n is None:
        return R("SOW-TOPN-08")
    if skips and not literal:
        return R("CMD-SOW-16")
    if skips and not ordered:
        return R("SOW-TOPN-09")
    return R("CMD-SOW-53") if options.flags & {"oof", "replace"} else None


def _limit(turn: Turn, name: str) -> int | None:
    text = turn.options.values.get(name)
    if text is None:
        return None
    value = decimal(text)
    if value is None:
        raise turn.refuse(f"the option {name} must be a number")
    return value


def _sow_keys(turn: Turn) -> tuple[str | KeyOf, ...] | None:
    keys = listed_keys(turn.program.header.get("sow_keys"))
    check_shown(turn, keys or ())
    return keys


def check_shown(turn: Turn, keys: tuple[str | KeyOf, ...]) -> None:
    """The SOW key of a record can only be taken from a message that has shown it, and is only sure to be shown by a query."""
    for key in keys:
        if isinstance(key, KeyOf):
            topic = turn.instance.topics.get(key.topic)
            if topic is None or (key.values not in topic.shown and not topic.unjudged):
                raise turn.refuse(f"no query has had to show the key of {key.topic} {key.values}")


def _order_by(turn: Turn) -> tuple[tuple[OrderTerm, ...], R | None]:
    """The terms; and if the text holds none, the rule that expects it to be refused. An expression is no term (EXPR-ORD-16)."""
    text = turn.text("orderby")
    if text is None:
        return (), None
    try:
        return parse_order_by(text), None
    except ExpressionError:
        return (), R("EXPR-ORD-16") if EXPRESSION.search(text) else R("EXPR-ORD-15")


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
