"""Deliveries: which live subscription gets a published message, what the message carries, in which order.

Source: subscriptions.md sections 3 to 7, commands.md section 6. Own publishes are never certain (SUB-MULTI-10).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from reference_model.config import TopicConfig
from reference_model.draft import Draft
from reference_model.expectation import Absent, Body, Claim, Is, Like, Member, Occurs, OneOf, Present, Same, Unknown, Within
from reference_model.expression.syntax import Expr
from reference_model.expression.topics import is_regex, topic_matches
from reference_model.rule import Because, R
from reference_model.select import selected
from reference_model.state import Correlation, Instance, Record, Subscription, match, trees_of
from reference_model.turn import Turn, burst_rule, form_rule, id_rules, many_commands_min

TIMESTAMP: Final = r"\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d\.\d{6}Z?"
"""ISO-8601 with a fraction of six digits, with or without separators (WIRE-HDR-18)."""

generated_key_max: Final = 2**64 - 1
"""A key made by the server is the decimal digits of an unsigned long (SOW-KEY-07)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to subscribers.

    record, config  the record that it made or changed, None for a topic without SOW
    body            None: the body as it was sent, whatever becomes of it
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


def deliver(turn: Turn, delivery: Delivery) -> None:
    """Write down what each subscription of the instance gets of it."""
    body = delivery.body or Body(exact=turn.program.body, members={}, complete=())
    trees = delivery.record.trees() if delivery.record else trees_of(turn.program.body)
    company = _company(turn, delivery, trees)
    for subscription in turn.instance.subscriptions_to(delivery.topic):
        where = (subscription.connection, "publish", subscription.sub_id)
        if subscription.ended:
            turn.draft.never(turn.step, where, subscription.ended, body=body)
            continue
        matched = subscription.match(trees)
        if matched is False and not subscription.ending:
            turn.draft.never(turn.step, where, _why_not(subscription, delivery), body=body)
            continue
        certain = (
            matched is True
            and not delivery.maybe
            and subscription.known
            and not subscription.ending
            and subscription.connection != turn.connection
        )
        others = [other for other in company.get(subscription.connection, []) if other is not subscription]
        presence = _presence(turn, subscription, delivery, shared=bool(others))
        slot = turn.draft.slot(
            turn.step,
            where,
            presence if subscription.connection != turn.connection else (R("SUB-MULTI-10"),),
            key=None if delivery.record is None else (delivery.topic, delivery.record.key),
            key_of=None if delivery.config is None else delivery.config.keys or "sow_key",
            claims=_claims(turn, subscription, delivery, others),
            body=_body_for(subscription, body, trees, others),
            occurs=Occurs.ONCE if certain else Occurs.OPTIONAL,
            correlated=id_rules(subscription.sub_id, R("CMD-MSG-03") if subscription.own_id else R("CMD-SUB-20")),
        )
        subscription.delivered.append((slot, turn.connection))
        if certain:
            subscription.failed_before = False


def not_a_pattern(turn: Turn, topic: str) -> None:
    """A topic that is published to is a name: who has a topic that it would match as a pattern gets nothing (EXPR-TOP-20)."""
    if not is_regex(topic):
        _not_a_part(turn, topic)
        return
    because: Because = (R("DELTA-PUB-40"),) if turn.cmd == "delta_publish" else (R("EXPR-TOP-20"),)
    body = Body(exact=turn.program.body, members={}, complete=())
    for subscription in turn.instance.subscriptions:
        if not subscription.covers(topic, regex_topics=turn.instance.config.regex_topics) and topic_matches(topic, subscription.topic):
            turn.draft.never(turn.step, (subscription.connection, "publish", subscription.sub_id), because, body=body)
    for other in turn.instance.topics.values():
        if topic_matches(topic, other.config.name):
            for record in other.records.values():
                record.fresh_body = because
            other.unfenced.add(turn.connection)


def _not_a_part(turn: Turn, topic: str) -> None:
    """A topic without special characters is one name: what it is a part of, or is a part of it, is another (EXPR-TOP-01)."""
    body = Body(exact=turn.program.body, members={}, complete=())
    for subscription in turn.instance.subscriptions:
        other = subscription.topic
        if other != topic and not is_regex(other) and (other in topic or topic in other):
            marks = set(other) & {"/", "-", "_"}
            because: Because = (R("EXPR-TOP-14"), R("EXPR-TOP-01")) if marks else (R("EXPR-TOP-01"),)
            turn.draft.never(turn.step, (subscription.connection, "publish", subscription.sub_id), because, body=body)


def _company(turn: Turn, delivery: Delivery, trees: list[object] | None) -> dict[str, list[Subscription]]:
    """Per connection the subscriptions that the message is, or may be, for: one copy for all of them holds what any of them needs."""
    company: dict[str, list[Subscription]] = {}
    for subscription in turn.instance.subscriptions_to(delivery.topic):
        if not subscription.ended and subscription.match(trees) is not False:
            company.setdefault(subscription.connection, []).append(subscription)
    return company


def _body_for(subscription: Subscription, body: Body, trees: list[object] | None, others: list[Subscription]) -> Body:
    """With a select list the selected members; beside a subscription that wants others, those may come too."""
    if subscription.select is None:
        return body
    own = selected(body, trees, subscription.select)
    if all(other.select == subscription.select for other in others):
        return own
    whole = {name: member.values for name, member in body.members.items()}
    left_out = {
        name: Member(values=Unknown.ANY, because=())
        for name, values in whole.items()
        if name not in own.members or own.members[name].values != values
    }
    return replace(own, members={**own.members, **left_out}, gone={}, complete=own.complete if left_out else ())


def _delta_alone(expr: Expr | None, delivery: Delivery) -> bool | None:
    """What the filter would say of the delta itself."""
    return None if delivery.merged_delta is None else match(expr, trees_of(delivery.merged_delta))


def _why_not(subscription: Subscription, delivery: Delivery) -> Because:
    if _delta_alone(subscription.expr, delivery) is True:
        return (R("DELTA-PUB-10"), R("EXPR-FLT-01"))
    return _filter_rules(subscription)


def _filter_rules(subscription: Subscription) -> Because:
    if subscription.about:
        return (*subscription.about, R("EXPR-FLT-01"))
    text = subscription.filter_text or ""
    if any(char < " " for char in text):
        return (R("WIRE-HDR-06"), R("EXPR-FLT-18"), R("EXPR-FLT-01"))
    if "{" in text or "}" in text:
        return (R("WIRE-HDR-09"), R("EXPR-FLT-01"))
    return (R("EXPR-FLT-01"),)


def _presence(turn: Turn, subscription: Subscription, delivery: Delivery, *, shared: bool) -> Because:
    rules: list[R] = []
    form = form_rule(turn)
    if form is not None:
        rules.append(form)
    if subscription.failed_before:
        rules.append(R("CMD-FAIL-06"))
    if subscription.filter_text == "":
        rules.append(R("WIRE-HDR-11"))
    rules.extend(delivery.presence[:-1])  # what is particular about the message, before what its kind demands
    if subscription.expr is not None:
        if delivery.merged_delta is not None and _delta_alone(subscription.expr, delivery) is False:
            rules.append(R("DELTA-PUB-10"))
        rules.extend(_filter_rules(subscription))
    elif shared:
        rules.append(R("SUB-MULTI-01"))
    if is_regex(subscription.topic) and turn.instance.config.regex_topics:
        rules.append(pattern_rule(subscription.topic))
    if subscription.batched:
        rules.append(R("SOW-BATCH-07"))
    elif subscription.after is not None:
        rules.append(R("CMD-SAS-01"))
    rules.extend(delivery.presence[-1:])
    if subscription.expr is None and not delivery.presence:
        rules.append(R("EXPR-FLT-03") if subscription.delivered else R("CMD-PUB-01"))
    burst = burst_rule(turn)
    if burst is not None and rules[-1:] == [R("EXPR-FLT-03")]:
        rules.insert(-1, burst)
    return (*rules, R("SUB-REG-10"))


def _claims(turn: Turn, subscription: Subscription, delivery: Delivery, others: list[Subscription]) -> tuple[Claim, ...]:
    """The header of a delivery. What one of several subscriptions of a connection leaves out another one may want."""
    cmd_rule = R("DELTA-PUB-09") if turn.cmd == "delta_publish" else R("CMD-MSG-01")
    claims = [
        Claim("cmd", Is("publish"), (cmd_rule,)),
        Claim("topic", Is(delivery.topic), topic_rules(delivery.topic)),
        *correlation_claims(delivery.correlation),
    ]
    if subscription.no_sowkey:
        if all(other.no_sowkey for other in others):
            claims.append(Claim("sow_key", Absent(), (R("CMD-OPT-26"),)))
    elif delivery.config is None:
        if delivery.record is None and delivery.body is not None:
            claims.append(Claim("sow_key", Absent(), (R("SUB-MSG-10"),)))
    elif delivery.record is not None:
        claims.extend(
            key_claims(delivery.config, delivery.record.key, present=R("CMD-OPT-27"), equal=R("SOW-REC-09"), given=R("SOW-KEY-23"))
        )
    if subscription.timestamp:
        claims.append(Claim("timestamp", Present(), (R("CMD-OPT-28"),)))
        claims.append(Claim("timestamp", Like(TIMESTAMP), (R("WIRE-HDR-18"),)))
    elif not any(other.timestamp for other in others):
        claims.append(Claim("timestamp", Absent(), (R("CMD-OPT-29"),)))
    return tuple(claims)


def pattern_rule(pattern: str) -> R:
    """Which rule says that a pattern covers a topic: by its anchors."""
    if not pattern.startswith("^"):
        return R("EXPR-TOP-03")
    return R("EXPR-TOP-06") if pattern.endswith("$") else R("EXPR-TOP-04")


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
        Claim("sow_key", Same(("sow_key", config.domain, key)), (equal,)),
    ]


def order_of_deliveries(instance: Instance, draft: Draft) -> None:
    """One chain a subscription, in the order in which the instance took the messages in; and the ack before them (CMD-SUB-10)."""
    for subscription in instance.subscriptions:
        slots = subscription.delivered
        if not slots:
            continue
        if subscription.processed_slot is not None:
            draft.chain(subscription.connection, (subscription.processed_slot,), (slots[0][0],), because=(R("CMD-SUB-10"),))
        if subscription.after is not None:
            draft.chain(subscription.connection, (subscription.after,), (slots[0][0],), because=(R("CMD-ORD-05"),))
        publishers = {publisher for _, publisher in slots}
        because: Because = (R("SUB-ORDER-01"),) if len(publishers) == 1 else (R("SUB-ORDER-02"), R("SUB-ORDER-01"))
        if len(publishers) == 1 and len(slots) > many_commands_min:
            because = (R("WIRE-FRAME-05"), R("SUB-ORDER-01"))
        draft.chain(subscription.connection, *((slot,) for slot, _ in slots), because=because)
