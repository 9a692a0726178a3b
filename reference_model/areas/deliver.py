"""Deliveries: which live subscription gets a published message, what the message carries, in which order.

Source: subscriptions.md sections 3 to 7, commands.md section 6. Own publishes are never certain (SUB-MULTI-10).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from reference_model.areas.patterns import why_covered
from reference_model.areas.strays import forget_past, not_elsewhere, not_under_cmd_id, remember
from reference_model.config import TopicConfig
from reference_model.draft import Draft
from reference_model.expectation import Absent, Body, Claim, Is, Like, Occurs, OneOf, Present, Same, Unknown, Within
from reference_model.expression.syntax import Expr
from reference_model.rule import Because, R
from reference_model.select import selected, selects_nothing
from reference_model.state import Correlation, Delivered, Instance, Record, Subscription, key_members, match, trees_of
from reference_model.turn import Turn, burst_rule, form_rule, id_rules, many_commands_min

TIMESTAMP: Final = r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d[.,]\d{6}(Z|[+-]\d\d(:?\d\d)?)?"
"""ISO-8601 with a fraction of six digits, with or without separators and zone (WIRE-HDR-18)."""

generated_key_max: Final = 2**64 - 1
"""A key made by the server is the decimal digits of an unsigned long (SOW-KEY-07)."""


ODD_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9@/_-]")
"""What few topics have in their names, and every one may (SUB-TOPIC-22)."""

ORDINARY: Final = frozenset({R("SOW-REC-07")})
"""Rules of a publish that say no more than that it is delivered: a filter, or the place in a list of ids, is more particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to subscribers.

    record, config  the record that it made or changed, None for a topic without SOW
    body            None: what the message holds is open
    maybe           whether it is delivered at all is open
    presence        rules of the publish itself that demand the delivery
    merged_delta    the delta whose merged result this is
    """

    topic: str
    body: Body | None
    record: Record | None = None
    config: TopicConfig | None = None
    maybe: bool = False
    presence: Because = ()
    correlation: Correlation = field(default_factory=Correlation)
    merged_delta: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A live subscription that a message may go to. `matched`: whether its filter selects it. `beside`: the others of its connection:
    one message may serve them all, with the data and the header fields that any of them asked for (SUB-MULTI-02)."""

    subscription: Subscription
    matched: bool | None
    beside: tuple[Subscription, ...] = ()


def deliver(turn: Turn, delivery: Delivery) -> None:
    """Write down what each subscription of the instance gets of it."""
    trees = _trees(turn, delivery)
    not_elsewhere(turn, delivery.topic)
    receivers = _receivers(turn, delivery, trees)
    first = next((receiver.subscription.connection for receiver in receivers if _certain(turn, receiver, delivery)), None)
    for receiver in receivers:
        subscription = receiver.subscription
        certain = _certain(turn, receiver, delivery)
        body = _body(receiver, delivery, trees)
        if body is None or (not certain and _fits_anything(body)):
            # A slot that any message fits would take the place of one that is sure to come.
            turn.draft.scope(subscription.connection, "publish", subscription.sub_id)
            forget_past(turn, subscription)
            continue
        if certain and not subscription.delivered:
            not_under_cmd_id(turn, subscription, body)
        slot = turn.draft.slot(
            turn.step,
            (subscription.connection, "publish", subscription.sub_id),
            _presence(turn, receiver, delivery, first) if subscription.connection != turn.connection else (R("SUB-MULTI-10"),),
            key=None if delivery.record is None else (delivery.topic, delivery.record.key),
            key_of=None if delivery.config is None else delivery.config.keys or "sow_key",
            claims=_claims(turn, receiver, delivery),
            body=body,
            occurs=Occurs.ONCE if certain else Occurs.OPTIONAL,
            correlated=_correlated(subscription),
        )
        subscription.delivered.append(
            Delivered(slot=slot, publisher=turn.connection, topic=delivery.topic, phase=turn.instance.phase, burst=turn.burst)
        )
        if certain:
            subscription.failed_before = False
    if first is not None:
        turn.instance.reached(delivery.topic)
    if delivery.body is not None and delivery.body.exact is not None and not delivery.maybe:
        remember(turn, delivery.topic, delivery.body.exact, trees)


def _certain(turn: Turn, receiver: Receiver, delivery: Delivery) -> bool:
    """Whether the message must come: to a live subscription, selected by its filter, of somebody else."""
    subscription = receiver.subscription
    return (
        receiver.matched is True
        and not delivery.maybe
        and subscription.known
        and not subscription.ending
        and subscription.connection != turn.connection
    )


def _correlated(subscription: Subscription) -> Because:
    """Which rule a message under another id breaks."""
    if not subscription.own_id:
        return id_rules(subscription.sub_id, R("CMD-SUB-20"))
    return (*id_rules(subscription.sub_id, R("CMD-MSG-03")), R("CMD-SUB-19"))


def _trees(turn: Turn, delivery: Delivery) -> list[object] | None:
    """What filters may see of the message; None if that is open."""
    if delivery.body is None:
        return None
    return delivery.record.trees() if delivery.record else trees_of(turn.program.body)


def _receivers(turn: Turn, delivery: Delivery, trees: list[object] | None) -> list[Receiver]:
    """The subscriptions that may get the message. Of those that must not the absence is written down."""
    body = delivery.body or Body(exact=turn.program.body, members={}, complete=())
    live: list[Receiver] = []
    taken = {(s.connection, s.sub_id) for s in turn.instance.subscriptions if not s.ended}
    for subscription in turn.instance.subscriptions_to(delivery.topic):
        where = (subscription.connection, "publish", subscription.sub_id)
        matched = subscription.match(trees)
        if subscription.ended:
            if matched is not False and (subscription.connection, subscription.sub_id) not in taken:
                turn.draft.never(turn.step, where, subscription.ended, body=body)
        elif matched is False:
            turn.draft.never(turn.step, where, _why_not(subscription, delivery), body=body)
        else:
            live.append(Receiver(subscription=subscription, matched=matched))
    return [
        replace(
            receiver,
            beside=tuple(
                other.subscription
                for other in live
                if other is not receiver and other.subscription.connection == receiver.subscription.connection
            ),
        )
        for receiver in live
    ]


def _body(receiver: Receiver, delivery: Delivery, trees: list[object] | None) -> Body | None:
    """The body as the subscription gets it: whole, or what its select list leaves; None if that is open."""
    directives = receiver.subscription.select
    if delivery.body is None or directives is None:
        return delivery.body
    if selects_nothing(directives, trees):
        return None
    keys = key_members(delivery.config) if delivery.config is not None else frozenset()
    beside = [other.select or () for other in receiver.beside if other.select != directives]
    return selected(delivery.body, trees, directives, keys=keys, beside=beside)


def _fits_anything(body: Body) -> bool:
    return body.exact is None and all(isinstance(member.values, Unknown) for member in body.members.values())


def _delta_alone(expr: Expr | None, delivery: Delivery) -> bool | None:
    """What the filter would say of the delta itself."""
    return None if delivery.merged_delta is None else match(expr, trees_of(delivery.merged_delta))


def _why_not(subscription: Subscription, delivery: Delivery) -> Because:
    if _delta_alone(subscription.expr, delivery) is True:
        return (R("DELTA-PUB-10"), R("EXPR-FLT-01"))
    return _filter_rules(subscription, delivery.topic)


def _filter_rules(subscription: Subscription, topic: str) -> Because:
    if subscription.about:
        return (*subscription.about, R("EXPR-FLT-01"))
    subscription.filtered_topics.add(topic)
    if len(subscription.filtered_topics) > 1:
        return (R("EXPR-TOP-23"), R("EXPR-FLT-01"))
    text = subscription.filter_text or ""
    if any(char < " " for char in text):
        return (R("WIRE-HDR-06"), R("EXPR-FLT-18"), R("EXPR-FLT-01"))
    if "{" in text or "}" in text:
        return (R("WIRE-HDR-09"), R("EXPR-FLT-01"))
    return (R("EXPR-FLT-01"),)


def _presence(turn: Turn, receiver: Receiver, delivery: Delivery, first: str | None) -> Because:
    """Why the message must come, the most particular rule first. `first`: the first connection that must get it."""
    subscription = receiver.subscription
    rules = _circumstances(turn, subscription, delivery)
    particular = bool(delivery.presence) and delivery.presence[0] not in ORDINARY and not subscription.about
    selection = _selection_rules(turn, receiver, delivery)
    rules += [*delivery.presence, *selection] if particular else [*selection, *delivery.presence]
    if subscription.expr is None and not delivery.presence:
        burst = burst_rule(turn)
        if burst is not None and subscription.delivered:
            rules.append(burst)
        rules += _plain_rules(turn, subscription, delivery, first)
    return (*rules, R("SUB-REG-10"))


def _plain_rules(turn: Turn, subscription: Subscription, delivery: Delivery, first: str | None) -> list[R]:
    """Why a subscription without filter gets a message that nothing is particular about: what worked before is not to blame."""
    instance = turn.instance
    reached = delivery.topic in instance.topics_reached
    if not subscription.delivered and reached:
        return []
    rules = [R("SUB-MULTI-05")] if first not in {None, subscription.connection} else []
    if subscription.delivered:
        return [*rules, R("EXPR-FLT-03")]
    if instance.reached_configured and subscription.fresh_topic:
        rules.append(R("SUB-TOPIC-11"))
    return [*rules, R("CMD-PUB-01")]


def _circumstances(turn: Turn, subscription: Subscription, delivery: Delivery) -> list[R]:
    """What is particular about this command, and about the subscription at this moment."""
    rules: list[R] = []
    form = form_rule(turn)
    if form is not None and not turn.acks:  # otherwise the ack tells whether the command was taken
        rules.append(form)
    if subscription.failed_before:
        rules.append(R("CMD-FAIL-06"))
    if subscription.filter_text == "":
        rules.append(R("WIRE-HDR-11"))
    if ODD_IN_NAMES.search(delivery.topic) and not turn.is_pattern(subscription.topic):
        rules.append(R("SUB-TOPIC-22"))
    if delivery.merged_delta is not None and subscription.expr is not None and _delta_alone(subscription.expr, delivery) is False:
        rules.append(R("DELTA-PUB-10"))
    return rules


def _selection_rules(turn: Turn, receiver: Receiver, delivery: Delivery) -> list[R]:
    """Why this subscription gets it: its filter, its company, its pattern, its query."""
    subscription = receiver.subscription
    rules: list[R] = []
    if subscription.expr is not None:
        rules.extend(_filter_rules(subscription, delivery.topic))
    elif receiver.beside:
        rules.append(R("SUB-MULTI-01"))
    if turn.is_pattern(subscription.topic):
        unknown = delivery.topic not in turn.instance.topics and delivery.topic not in subscription.known_topics
        why = why_covered(subscription.topic, delivery.topic)
        if unknown and why in subscription.shown:
            rules.append(R("EXPR-TOP-22"))
        rules.append(why)
        subscription.shown.add(why)
    if subscription.batched:
        rules.append(R("SOW-BATCH-07"))
    elif subscription.after is not None:
        rules.append(R("CMD-SAS-01"))
    return rules


def _claims(turn: Turn, receiver: Receiver, delivery: Delivery) -> tuple[Claim, ...]:
    cmd_rule = R("DELTA-PUB-09") if turn.cmd == "delta_publish" else R("CMD-MSG-01")
    return (
        Claim("cmd", Is("publish"), (cmd_rule,)),
        Claim("topic", Is(delivery.topic), topic_rules(delivery.topic)),
        *correlation_claims(delivery.correlation),
        *_key_claims(receiver, delivery),
        *_timestamp_claims(receiver),
    )


def _key_claims(receiver: Receiver, delivery: Delivery) -> list[Claim]:
    subscription, config = receiver.subscription, delivery.config
    if config is None:
        return [Claim("sow_key", Absent(), (R("SUB-MSG-10"),))]
    if delivery.record is None:
        return []
    omitted = [other.no_sowkey for other in (subscription, *receiver.beside)]
    if all(omitted):
        # What the option does to keys that the publisher gave is not said (CMD-OPT-26).
        rule = R("CMD-OPT-26") if subscription.after is None else R("CMD-SAS-44")
        return [Claim("sow_key", Absent(), (rule,))] if config.keys else []
    claims = key_claims(config, delivery.record.key, present=R("CMD-OPT-27"), equal=R("SOW-REC-09"), given=R("SOW-KEY-23"))
    return claims if not any(omitted) else [claim for claim in claims if isinstance(claim.matcher, Within | Same)]


def _timestamp_claims(receiver: Receiver) -> list[Claim]:
    if receiver.subscription.timestamp:
        asked = R("CMD-OPT-28") if receiver.subscription.after is None else R("CMD-SAS-41")
        return [Claim("timestamp", Present(), (asked,)), Claim("timestamp", Like(TIMESTAMP), (R("WIRE-HDR-18"),))]
    if any(other.timestamp for other in receiver.beside):
        return []
    return [Claim("timestamp", Absent(), (R("CMD-OPT-29"),))]


def topic_rules(topic: str, usual: R = R("CMD-MSG-02")) -> Because:  # noqa: B008 - a rule id is an immutable value
    """Which rule a changed topic breaks: by the characters that are in it."""
    if not topic.isascii():
        return (R("WIRE-HDR-07"), usual)
    if '"' in topic or "\\" in topic:
        return (R("WIRE-HDR-05"), usual)
    return (usual,)


def correlation_claims(correlation: Correlation) -> list[Claim]:
    """The correlation id that a message or record carries."""
    values = correlation.values
    if not correlation.because:
        return []
    if values == (None,):
        return [Claim("correlation_id", Absent(), correlation.because)]
    if len(values) == 1 and values[0] is not None:
        return [Claim("correlation_id", Is(values[0]), correlation.because)]
    texts = tuple(value or "" for value in values)
    names = tuple("dropped" if value is None else "kept" for value in values)
    return [Claim("correlation_id", OneOf(texts, names), correlation.because)]


def key_claims(config: TopicConfig, key: tuple[str, ...], *, present: R, equal: R, given: R) -> list[Claim]:
    """The SOW key that a message of a record carries: made by the server and always the same, or as the publisher gave it."""
    if not config.keys:
        return [Claim("sow_key", Is(key[0]), (given, present))]
    return [
        Claim("sow_key", Present(), (present,)),
        Claim("sow_key", Within(0, generated_key_max), (R("SOW-KEY-07"),)),
        Claim("sow_key", Same(key_symbol(config, key)), (equal,)),
    ]


def key_symbol(config: TopicConfig, key: tuple[str, ...]) -> Hashable:
    """What stands for the SOW key that the server makes: the same domain, key fields and values give the same one (SOW-KEY-01)."""
    return ("sow_key", config.domain, config.keys, key)


def order_of_deliveries(instance: Instance, draft: Draft) -> None:
    """What a subscription gets comes after its ack or query, in each publisher's own order, in the instance's as far as known."""
    for subscription in instance.subscriptions:
        connection, deliveries = subscription.connection, subscription.delivered
        slots = tuple(delivered.slot for delivered in deliveries)
        if subscription.after is not None:
            draft.chain(connection, (subscription.after,), slots, because=(R("CMD-ORD-05"),))
        elif subscription.processed_slot is not None:
            draft.chain(connection, (subscription.processed_slot,), slots, because=(R("CMD-SUB-10"),))
        if subscription.ending_slot is not None:
            draft.chain(connection, slots, (subscription.ending_slot,), because=(R("SUB-UNSUB-03"),))
        publishers = dict.fromkeys(delivered.publisher for delivered in deliveries)
        for publisher in publishers:
            own = [delivered for delivered in deliveries if delivered.publisher == publisher]
            draft.chain(connection, *((delivered.slot,) for delivered in own), because=_order_rules(own))
        if len(publishers) > 1:
            phases = groupby(deliveries, key=lambda delivered: delivered.phase)
            groups = (tuple(delivered.slot for delivered in together) for _, together in phases)
            draft.chain(connection, *groups, because=(R("SUB-ORDER-02"), R("SUB-ORDER-01")))


def _order_rules(own: list[Delivered]) -> Because:
    """Why the messages of one publisher keep their order."""
    if any(delivered.burst >= many_commands_min for delivered in own):
        return (R("WIRE-FRAME-05"), R("SUB-ORDER-01"))
    if len({delivered.topic for delivered in own}) > 1:
        return (R("SUB-ORDER-04"), R("SUB-ORDER-01"))
    return (R("SUB-ORDER-01"),)
