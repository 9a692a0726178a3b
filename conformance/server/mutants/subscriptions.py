"""Faults of subscriptions: which there are, what they cover, what they get and in which order, and how they end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.server.behaviour import Behaviour, FieldValues
from conformance.server.mutants.mutant import Collection
from conformance.server.request import RefusalError, Request
from conformance.server.session import Session
from conformance.server.subscription import Subscription
from conformance.server.topics import is_pattern
from reference_model.messages import Message
from reference_model.rule import R

subscriptions: Final = Collection()

_ack_late_s: Final = 0.2
"""How late the ack of a subscription is under `subscribe_acked_late`: longer than a message needs to be published and delivered."""


# ---- how they begin ----------------------------------------------------------------------------------------------------------------


@subscriptions(R("CMD-SUB-10"), name="subscribe_acked_late", text="a subscription is acknowledged after its first messages")
class _SubscribeAckedLate(Behaviour):
    def subscribe_ack_late_s(self) -> float:
        return _ack_late_s


@subscriptions(
    R("CMD-SUB-20"), R("CMD-MSG-03"), name="command_id_names_nothing", text="without sub_id the server makes the id of a subscription"
)
class _CommandIdNamesNothing(Behaviour):
    def subscription_id(self, sub_id: str | None, cmd_id: str | None, made: str) -> str:
        del cmd_id
        return super().subscription_id(sub_id, None, made)


@subscriptions(
    R("CMD-SUB-19"), R("CMD-MSG-03"), name="command_id_before_sub_id", text="the command id is the id of a subscription, sub_id or not"
)
class _CommandIdBeforeSubId(Behaviour):
    def subscription_id(self, sub_id: str | None, cmd_id: str | None, made: str) -> str:
        return super().subscription_id(cmd_id, sub_id, made)


@subscriptions(
    R("SUB-REG-10"), R("SUB-MULTI-01"), name="first_message_lost", text="a subscription does not get the first message that it matches"
)
class _FirstMessageLost(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._begun: set[Subscription] = set()

    def wants(self, subscription: Subscription) -> bool:
        begun = subscription in self._begun
        self._begun.add(subscription)
        return begun and super().wants(subscription)


@subscriptions(R("SUB-REG-14"), name="no_id_is_made", text="without sub_id and command id a subscription has an empty id")
class _NoIdIsMade(Behaviour):
    def subscription_id(self, sub_id: str | None, cmd_id: str | None, made: str) -> str:
        del made
        return super().subscription_id(sub_id, cmd_id, "")


@subscriptions(
    R("SUB-REG-11"), R("SUB-TOPIC-12"), name="last_message_retained", text="a subscription begins with the last message of its topic"
)
class _LastMessageRetained(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, bytes] = {}

    def taken(self, session: Session, request: Request) -> Request:
        topic = request.text("topic")
        if request.cmd == "publish" and topic is not None:
            self._last[topic] = request.message.body
        return super().taken(session, request)

    def subscribed(self, subscription: Subscription) -> None:
        super().subscribed(subscription)
        body = self._last.get(subscription.topic)
        if body is not None:
            header = {"cmd": "publish", "topic": subscription.topic, "sids": subscription.id}
            subscription.session.send(Message(header=header, body=body))


@subscriptions(R("SUB-REG-09"), name="failed_subscription_lives", text="a subscription that failed delivers all the same")
class _FailedSubscriptionLives(Behaviour):
    def after_failure(self, session: Session, request: Request) -> None:
        topic = request.text("topic")
        if request.cmd == "subscribe" and topic is not None and not is_pattern(topic):
            one = Subscription(
                id=request.text("sub_id") or request.cid or session.new_id(),
                session=session,
                topic=topic,
                message_type=session.message_type or "",
            )
            session.subscriptions.setdefault(one.id, one)


@subscriptions(
    R("SUB-TOPIC-14"), R("SUB-TOPIC-11"), name="unknown_topic_refused", text="a subscription to a topic without SOW is refused"
)
class _UnknownTopicRefused(Behaviour):
    def takes_topic(self, *, configured: bool) -> bool:
        return configured


@subscriptions(
    R("SUB-TOPIC-11"),
    R("DELTA-PUB-07"),
    R("CMD-PUB-01"),
    name="unknown_topic_not_delivered",
    text="a publish to a topic without SOW reaches nobody",
)
class _UnknownTopicNotDelivered(Behaviour):
    def passes_on(self, *, delta: bool) -> bool:
        del delta
        return False


@subscriptions(R("DELTA-PUB-07"), name="delta_without_sow_lost", text="a delta publish to a topic without SOW reaches nobody")
class _DeltaWithoutSowLost(Behaviour):
    def passes_on(self, *, delta: bool) -> bool:
        return not delta


# ---- what they cover ---------------------------------------------------------------------------------------------------------------


@subscriptions(
    R("EXPR-TOP-01"),
    R("EXPR-TOP-14"),
    R("SUB-MULTI-01"),
    name="topic_is_a_prefix",
    text="a literal topic covers topics that begin with it",
)
class _TopicIsPrefix(Behaviour):
    def covers(self, subscription: Subscription, topic: str) -> bool:
        return super().covers(subscription, topic) or (subscription.matcher is None and topic.startswith(subscription.topic))


@subscriptions(R("EXPR-TOP-14"), R("EXPR-TOP-01"), name="topic_is_a_suffix", text="a literal topic covers topics that end with it")
class _TopicIsSuffix(Behaviour):
    def covers(self, subscription: Subscription, topic: str) -> bool:
        return super().covers(subscription, topic) or (subscription.matcher is None and topic.endswith(subscription.topic))


@subscriptions(R("EXPR-TOP-14"), name="hyphen_makes_a_pattern", text="a topic with a slash or hyphen is a regular expression")
class _HyphenMakesPattern(Behaviour):
    def is_pattern(self, topic: str) -> bool:
        return super().is_pattern(topic) or "-" in topic or "/" in topic


@subscriptions(R("CMD-SUB-01"), name="topic_ignored", text="a subscription to a literal topic covers all topics")
class _TopicIgnored(Behaviour):
    def covers(self, subscription: Subscription, topic: str) -> bool:
        return subscription.matcher is None or super().covers(subscription, topic)


@subscriptions(
    R("EXPR-TOP-20"),
    R("DELTA-PUB-40"),
    name="published_topic_is_a_pattern",
    text="a publish to a regular expression reaches all topics that match",
)
class _PublishedTopicIsPattern(Behaviour):
    def covers(self, subscription: Subscription, topic: str) -> bool:
        if super().covers(subscription, topic):
            return True
        try:
            return is_pattern(topic) and re.search(topic, subscription.topic) is not None
        except re.error:
            return False


# ---- what they get -----------------------------------------------------------------------------------------------------------------


@subscriptions(
    R("SUB-MULTI-05"),
    R("SUB-MULTI-01"),
    R("SOW-REC-07"),
    name="one_connection_only",
    text="a message goes to one of the connections that subscribed",
)
class _OneConnectionOnly(Behaviour):
    def reached(self, sessions: Sequence[Session]) -> Sequence[Session]:
        return sessions[:1]


@subscriptions(
    R("SUB-MULTI-01"),
    name="sids_accumulate",
    text="sids names all subscriptions of the connection to the topic, whether they match or not",
)
class _SidsAccumulate(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._of: dict[str, str] = {}

    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        for one in super().publish_messages(message, topic_of_subscription):
            former = self._of.get(topic_of_subscription, "")
            sids = ",".join(dict.fromkeys(f"{one.header['sids']},{former}".strip(",").split(",")))
            self._of[topic_of_subscription] = str(one.header["sids"])
            yield Message(header={**one.header, "sids": sids}, body=one.body)


@subscriptions(R("SUB-MULTI-01"), name="only_one_of_three", text="of three subscriptions that match the second gets nothing")
class _OnlyOneOfThree(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        for one in super().publish_messages(message, topic_of_subscription):
            sids = str(one.header["sids"]).split(",")
            yield Message(header={**one.header, "sids": ",".join(sids[:1] + sids[2:])}, body=one.body)


def _with_field(message: Message, name: str, value: str) -> Message:
    return message if name in message.header else Message(header={**message.header, name: value}, body=message.body)


@subscriptions(R("SUB-MSG-10"), name="key_without_sow", text="messages of a topic without SOW carry a SOW key")
class _KeyWithoutSow(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        return (_with_field(one, "sow_key", "1") for one in super().publish_messages(message, topic_of_subscription))


@subscriptions(
    R("SUB-MSG-10"), name="key_of_former_message", text="messages of a topic without SOW carry the key that was delivered before"
)
class _KeyOfFormerMessage(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._former = ""

    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        for one in super().publish_messages(message, topic_of_subscription):
            former, self._former = self._former, str(one.header.get("sow_key", self._former))
            yield _with_field(one, "sow_key", former) if former else one


@subscriptions(
    R("CMD-PUB-22"), R("DELTA-PUB-22"), R("CMD-LOGON-26"), name="correlation_id_made", text="messages without correlation id get one"
)
class _CorrelationIdMade(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        return (_with_field(one, "correlation_id", "AA==") for one in super().publish_messages(message, topic_of_subscription))


@subscriptions(R("CMD-OPT-29"), name="timestamp_unasked", text="delivered messages carry a timestamp that nobody asked for")
class _TimestampUnasked(Behaviour):
    def publish_messages(self, message: Message, topic_of_subscription: str) -> Iterable[Message]:
        return (
            _with_field(one, "timestamp", "20250909T171919.976304Z") for one in super().publish_messages(message, topic_of_subscription)
        )


@subscriptions(
    R("DELTA-PUB-09"), R("CMD-MSG-01"), name="delta_delivered_as_delta", text="a delta publish is delivered as delta_publish"
)
class _DeltaDeliveredAsDelta(Behaviour):
    def delivered_command(self, *, delta: bool) -> str:
        return "delta_publish" if delta else super().delivered_command(delta=delta)


@subscriptions(R("CMD-MSG-01"), name="all_delivered_as_deltas", text="live messages are delivered as delta_publish")
class _AllDeliveredAsDeltas(Behaviour):
    def delivered_command(self, *, delta: bool) -> str:
        del delta
        return "delta_publish"


@subscriptions(R("SOW-REC-20"), name="removal_told_to_all", text="subscriptions are told of removed records without having asked")
class _RemovalToldToAll(Behaviour):
    def wants_oof(self, *, asked: bool) -> bool:
        del asked
        return True


@subscriptions(R("CMD-PUB-06"), name="publish_opens_a_group", text="a publish is answered with an empty group")
class _PublishOpensGroup(Behaviour):
    def taken(self, session: Session, request: Request) -> Request:
        if request.cmd == "publish":
            session.send(Message(header={"cmd": "group_begin"}))
            session.send(Message(header={"cmd": "group_end"}))
        return request


# ---- order -------------------------------------------------------------------------------------------------------------------------


def _live(messages: Sequence[Message]) -> list[int]:
    return [at for at, message in enumerate(messages) if message.cmd == "publish"]


@subscriptions(R("SUB-ORDER-01"), name="latest_message_first", text="messages that are delivered at once come in reverse order")
class _LatestMessageFirst(Behaviour):
    def outgoing(self, messages: Sequence[Message]) -> Sequence[Message]:
        places, ordered = _live(messages), list(messages)
        for at, source in zip(places, reversed(places), strict=True):
            ordered[at] = messages[source]
        return ordered


@subscriptions(R("SUB-ORDER-01"), name="short_message_first", text="of messages that are delivered at once the shorter ones come first")
class _ShortMessageFirst(Behaviour):
    def outgoing(self, messages: Sequence[Message]) -> Sequence[Message]:
        places, ordered = _live(messages), list(messages)
        for at, source in zip(places, sorted(places, key=lambda place: len(messages[place].body)), strict=True):
            ordered[at] = messages[source]
        return ordered


# ---- how they end ------------------------------------------------------------------------------------------------------------------


@subscriptions(
    R("SUB-UNSUB-03"), R("SUB-UNSUB-01"), name="unsubscribe_without_effect", text="messages are delivered after an unsubscribe"
)
class _UnsubscribeWithoutEffect(Behaviour):
    def ended_ids(self, asked: Sequence[str], present: Sequence[str]) -> Sequence[str]:
        del asked, present
        return ()


@subscriptions(R("SUB-UNSUB-04"), name="unsubscribe_ends_first", text="of a list of ids only the first one is ended")
class _UnsubscribeEndsFirst(Behaviour):
    def ended_ids(self, asked: Sequence[str], present: Sequence[str]) -> Sequence[str]:
        return super().ended_ids(asked[:1], present)


@subscriptions(R("SUB-UNSUB-05"), R("SUB-UNSUB-03"), name="unsubscribe_all_unknown", text="unsubscribe all ends nothing")
class _UnsubscribeAllUnknown(Behaviour):
    def ended_ids(self, asked: Sequence[str], present: Sequence[str]) -> Sequence[str]:
        del present
        return asked


@subscriptions(
    R("SUB-UNSUB-12"),
    R("SUB-UNSUB-01"),
    R("EXPR-FLT-03"),
    name="unsubscribe_ends_all",
    text="every unsubscribe ends all subscriptions of the connection",
)
class _UnsubscribeEndsAll(Behaviour):
    def ended_ids(self, asked: Sequence[str], present: Sequence[str]) -> Sequence[str]:
        del asked
        return present


class _AllSessions(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Session] = []

    def opened(self, session: Session) -> None:
        self.sessions.append(session)
        super().opened(session)

    def closed(self, session: Session) -> None:
        self.sessions.remove(session)
        super().closed(session)


@subscriptions(
    R("SUB-UNSUB-06"),
    R("EXPR-FLT-03"),
    name="unsubscribe_reaches_others",
    text="an unsubscribe ends subscriptions of other connections too",
)
class _UnsubscribeReachesOthers(_AllSessions):
    def ended_on(self, session: Session) -> Iterable[Session]:
        del session
        return tuple(self.sessions)


@subscriptions(R("SUB-UNSUB-15"), name="subscriptions_come_back", text="the subscriptions of a client come back when it connects again")
class _SubscriptionsComeBack(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._left: dict[str, list[Subscription]] = {}

    def closed(self, session: Session) -> None:
        self._left[session.client_name] = list(session.subscriptions.values())
        super().closed(session)

    def logged_on(self, session: Session) -> None:
        for one in self._left.pop(session.client_name, ()):
            one.session = session
            session.subscriptions[one.id] = one
        super().logged_on(session)


@subscriptions(
    R("CMD-FAIL-06"), name="failure_ends_subscriptions", text="a command that fails ends the subscriptions of its connection"
)
class _FailureEndsSubscriptions(Behaviour):
    def after_failure(self, session: Session, request: Request) -> None:
        session.subscriptions.clear()
        super().after_failure(session, request)


@subscriptions(R("CMD-ACK-17"), name="acks_for_all", text="acks go to all connections")
class _AcksForAll(_AllSessions):
    def also_acknowledged(self, session: Session) -> Iterable[Session]:
        return [other for other in self.sessions if other is not session]


@subscriptions(R("CMD-ACK-17"), name="completed_for_newest", text="completed acks go to the newest connection, too")
class _CompletedForNewest(_AllSessions):
    def __init__(self) -> None:
        super().__init__()
        self._completed = False

    def ack_headers(self, header: FieldValues) -> Iterable[FieldValues]:
        self._completed = header["ack_type"] == "completed"
        return super().ack_headers(header)

    def also_acknowledged(self, session: Session) -> Iterable[Session]:
        return [other for other in self.sessions[-1:] if self._completed and other is not session]


@subscriptions(
    R("CMD-FLUSH-11"),
    R("CMD-FLUSH-02"),
    name="flush_waits_for_others",
    text="a flush fails while another connection has changes that it did not flush",
)
class _FlushWaitsForOthers(Behaviour):
    def __init__(self) -> None:
        super().__init__()
        self._unflushed: set[int] = set()

    def taken(self, session: Session, request: Request) -> Request:
        if request.cmd in {"publish", "delta_publish", "sow_delete"}:
            self._unflushed.add(session.number)
        if request.cmd == "flush":
            self._unflushed.discard(session.number)
            if self._unflushed:
                raise RefusalError("busy")
        return super().taken(session, request)

    def closed(self, session: Session) -> None:
        self._unflushed.discard(session.number)
        super().closed(session)


@subscriptions(
    R("WIRE-FRAME-11"), R("CMD-FLUSH-02"), name="empty_frame_closes_all", text="a frame of length 0 ends all connections but the oldest"
)
class _EmptyFrameClosesAll(_AllSessions):
    def survives_empty_frame(self) -> bool:
        for session in self.sessions[1:]:
            session.closing = session.closing or "empty frame"
        return True
