"""One command being predicted: what every area needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from reference_model.admission import check_pattern
from reference_model.draft import Draft
from reference_model.expression.errors import ExpressionError
from reference_model.expression.evaluate import Acceptance, accept
from reference_model.expression.select import Directive, parse_select
from reference_model.expression.topics import is_regex
from reference_model.messages import Form, Message, Options, ack_types, parse_options
from reference_model.rule import Because, R
from reference_model.scenario import Command
from reference_model.state import Instance, ProgramError, Session

cached_ack_lists_max: Final = 256
"""A run uses a few dozen; they are read for every ack type of every command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`program`: the command with its opaque values; `command`: without them. `burst`: how many commands stand between the last
    barrier and this one on the connection."""

    instance: Instance
    draft: Draft
    session: Session
    step: str
    program: Command
    command: Message
    form: Form
    burst: int
    about: Because = ()

    @property
    def connection(self) -> str:
        return self.session.name

    @property
    def cmd(self) -> str:
        return self.program.cmd

    @property
    def cmd_id(self) -> str | None:
        return self.text("cmd_id")

    @property
    def query_id(self) -> str | None:
        """The id of the results: the query id, or the command id in its place (CMD-SOW-28)."""
        return self.text("query_id") or self.cmd_id

    @property
    def acks(self) -> frozenset[str]:
        return _ack_types(self.text("ack_type"))

    @property
    def options(self) -> Options:
        return parse_options(self.text("opts"))

    def text(self, name: str) -> str | None:
        """A field as text; an empty string counts as absent (WIRE-HDR-11)."""
        return self.command.text(name) or None

    @property
    def acked(self) -> bool:
        """Whether a barrier awaits an ack which says that the command was processed."""
        return self.cmd_id is not None and not self.acks.isdisjoint({"processed", "completed", "persisted"})

    def number(self, name: str) -> int | None:
        value = self.text(name)
        return None if value is None else int(value)

    def select(self) -> tuple[Directive, ...] | None:
        """The select list, None if there is none."""
        text = self.options.values.get("select")
        if text is None:
            return None
        if not (text.startswith("[") and text.endswith("]")):
            raise self.refuse("a select list stands in brackets")
        try:
            return parse_select(text[1:-1])
        except ExpressionError as error:
            raise self.refuse(f"what a malformed select list does is not documented (EXPR-SEL-22): {error}") from None

    def filter(self) -> Acceptance | None:
        """The filter, None if there is none (an empty string counts as none).

        One that may or may not compile is refused, but for a subscription that says what it is about (a probe).
        """
        text = self.text("filter")
        if text is None:
            return None
        acceptance = accept(text)
        if acceptance.refused is None and not (self.about and self.cmd == "subscribe"):
            raise self.refuse(f"whether the filter {text!r} compiles is not documented")
        return acceptance

    @property
    def filter_shared(self) -> bool:
        """Whether a command of another kind has used the same filter (EXPR-FLT-05)."""
        return bool(self.instance.filters.get(self.text("filter") or "", set()) - {self.cmd})

    def is_pattern(self, topic: str) -> bool:
        """Whether the topic of a query, subscription or delete is a regular expression."""
        return self.instance.config.regex_topics and is_regex(topic)

    def check_topic(self, topic: str) -> None:
        """Refuse a topic of which it is not certain what it covers."""
        if self.instance.config.regex_topics:
            check_pattern(self.step, topic)

    def refuse(self, why: str) -> ProgramError:
        return ProgramError(f"step {self.step}: {why}")


@lru_cache(maxsize=cached_ack_lists_max)
def _ack_types(text: str | None) -> frozenset[str]:
    return ack_types(Message(header={} if text is None else {"ack_type": text}))


quote_characters = frozenset('"\\')
bracket_characters = frozenset("{}[],:")
long_id_chars_min = 100
"""An id of at least this length is what WIRE-CMD-06 calls long (its observation uses 200 bytes)."""


def id_rules(text: str | None, usual: R) -> Because:
    """Which rule an id coming back changed breaks: by the characters that are in it."""
    if text is None:
        return (usual,)
    characters = set(text)
    if characters & quote_characters:
        return (R("WIRE-HDR-05"), usual)
    if characters & bracket_characters:
        return (R("WIRE-HDR-09"), usual)
    if len(text) >= long_id_chars_min:
        return (R("WIRE-CMD-06"), usual)
    return (usual,)


def form_rule(turn: Turn) -> R | None:
    """The rule that says that a command written in this unusual form is taken."""
    form = turn.form
    if form.blanks:
        return R("WIRE-HDR-03")
    if form.reverse:
        return R("WIRE-HDR-04")
    if form.quoted and any(isinstance(value, int) for value in turn.program.header.values()):
        return R("WIRE-HDR-10")
    if form.pieces != "whole":
        return R("WIRE-FRAME-04")
    if turn.cmd == "publish" and not form.p:
        return R("WIRE-CMD-01")
    return _names_rule(turn) if form.names != "client" else None


ABBREVIATED: Final = MappingProxyType(
    {
        "filter": R("CMD-ABBR-05"),
        "batch_size": R("CMD-ABBR-07"),
        "correlation_id": R("CMD-ABBR-11"),
        "opts": R("CMD-ABBR-06"),
    }
)
"""The rule of a field that few commands carry: where one is, its name is the likeliest to have been misread."""

ABBREVIATED_IN: Final = MappingProxyType(
    {
        "publish": R("CMD-ABBR-02"),
        "delta_publish": R("CMD-ABBR-02"),
        "flush": R("CMD-ABBR-01"),
        "unsubscribe": R("CMD-ABBR-03"),
        "sow": R("CMD-ABBR-04"),
    }
)
"""Else the command stands for one of the fields that nearly all of them carry: topic, cmd, cmd_id, ack_type."""


def _names_rule(turn: Turn) -> R | None:
    """The rule that says that a command with every documented abbreviation is taken."""
    carried = (rule for name, rule in ABBREVIATED.items() if name in turn.program.header)
    return next(carried, ABBREVIATED_IN.get(turn.cmd))


def burst_rule(turn: Turn) -> R | None:
    """The rule that says that a command right behind another one, without an answer between them, is taken."""
    if turn.burst > 0:
        return R("WIRE-FRAME-05") if turn.burst >= many_commands_min else R("WIRE-FRAME-03")
    return None


many_commands_min = 20
"""From the twenty-first command in one write on, WIRE-FRAME-05 (several frames in one segment) is what a loss breaks."""
