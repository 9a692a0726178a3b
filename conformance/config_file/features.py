"""Which features a configuration declares (configuration.md section 7): read from its elements, never from what a server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from conformance.config_file.document import Node
from reference_model.config import InstanceConfig

ALWAYS: Final = frozenset({"select", "replace", "conflation", "heartbeat"})
"""What needs no element. Compression, preflight and event topics need none either, but nothing of the harness reaches them yet, and the
file that `config` prints must declare the same whether it was printed or read."""
WITH_SOW: Final = frozenset({"sow", "delta", "oof", "aggregation", "pagination"})
WITH_LOG: Final = frozenset({"txlog", "bookmark-range", "bookmark-not-found", "top-n-replay", "pause", "rate", "live", "fully-durable"})
LIMITS: Final = ("ClientMessageAgeLimit", "ClientMaxCapacity", "MessageMemoryLimit", "MessageDiskLimit")
OPEN_MODULES: Final = frozenset(
    {"amps-default-authentication-module", "amps-implicit-authentication-module", "amps-default-entitlement-module"}
)

QUEUE_FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "LeasePeriod": "lease",
        "FairnessModel": "fairness",
        "Priority": "priority",
        "BarrierExpression": "barrier",
        "TargetQueueDepth": "target-depth",
        "MaxDeliveries": "max-deliveries",
        "MaxCancels": "max-cancels",
        "Expiration": "expiration",
    }
)
MODULE_FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {"libamps_udf_legacy_compatibility.so": "legacy-functions", "libamps_udf_experimental.so": "value-lookup"}
)


def features(root: Node, config: InstanceConfig) -> frozenset[str]:
    """The features of a whole file: `root` for what no simple value holds, `config` for what was read from it."""
    found: set[str] = set(ALWAYS)
    found.add("regex-topic" if config.regex_topics else "no-regex-topic")
    for part in (_of_topics, _of_transports, _of_views, _of_log, _of_access, _of_modules):
        found.update(part(root, config))
    return frozenset(found)


def _of_topics(root: Node, config: InstanceConfig) -> Iterator[str]:
    if config.topics:
        yield from WITH_SOW
    tests: tuple[tuple[str, Callable[[Node], bool]], ...] = (
        ("explicit-key", lambda topic: not topic.value("Key") and topic.first("KeyGenerator") is None),
        ("key-domain", lambda topic: topic.first("KeyDomain") is not None),
        ("key-generator", lambda topic: topic.first("KeyGenerator") is not None),
        ("pattern-topic", lambda topic: topic.first("Pattern") is not None),
        ("hash-index", lambda topic: topic.first("HashIndex") is not None),
        ("history", lambda topic: topic.first("History") is not None),
        ("enrichment", lambda topic: topic.first("Preprocessing", "Enrichment") is not None),
    )
    for topic in _children(root, "SOW", "Topic"):
        yield from (feature for feature, test in tests if test(topic))
        generator = topic.first("KeyGenerator")
        if generator is not None and "chaining" in (generator.value("Module") or ""):
            yield "chaining-keys"
    for read in config.topics:
        if read.expiration_s is not None:
            yield "expiration"


def _of_transports(root: Node, config: InstanceConfig) -> Iterator[str]:
    for transport in config.transports:
        if transport.protocol == "websocket":
            yield "websocket"
        yield "multi-type" if transport.message_type is None else "fixed-type"
    here = [node for node in _children(root, "Transports", "Transport") if (node.value("Type") or "").startswith("amps-replication")]
    if here and root.first("Replication") is not None:
        yield "replication"


def _of_views(root: Node, _config: InstanceConfig) -> Iterator[str]:
    for view in _children(root, "SOW", "View", "ViewDefinition"):
        yield "view"
        source = view.first("UnderlyingTopic")
        if source is not None and source.first("Join") is not None:
            yield "join"
        if (view.value("JoinNullEquivalency") or "").lower() in {"enabled", "true"}:
            yield "join-null"
        if (view.value("Conflation") or "").lower() == "inline":
            yield "view-conflation"
    if any(_children(root, "SOW", "ConflatedTopic", "ReplicaDefinition")):
        yield "conflated-topic"


def _of_log(root: Node, config: InstanceConfig) -> Iterator[str]:
    for queue in _children(root, "SOW", "Queue", "QueueDefinition", "LocalQueue", "GroupLocalQueue"):
        yield "queue"
        yield from (feature for element, feature in QUEUE_FEATURES.items() if queue.first(element) is not None)
        if (queue.value("Leasing") or "").lower() == "strict":
            yield "strict-leasing"
        if (queue.value("Semantics") or "").lower() == "at-most-once":
            yield "at-most-once"
    if config.logged:
        yield from WITH_LOG
    elif root.first("TransactionLog") is None:
        yield "no-txlog"


def _of_access(root: Node, _config: InstanceConfig) -> Iterator[str]:
    owners = (root, *_children(root, "Transports", "Transport"))
    for owner in owners:
        for kind, feature in (("Authentication", "auth"), ("Entitlement", "entitlement")):
            access = owner.first(kind)
            if access is None:
                continue
            module, options = access.value("Module"), access.first("Options")
            required = None if options is None else options.value("RequireLogon")
            if module == "amps-implicit-authentication-module" or (required or "").lower() == "false":
                yield "implicit-logon"
            if module not in OPEN_MODULES:
                yield feature
    if any(owner.first(*LIMITS) is not None for owner in owners):
        yield "slow-client"


def _of_modules(root: Node, _config: InstanceConfig) -> Iterator[str]:
    if any(admin.value("InetAddr") for admin in root.all("Admin")):
        yield "admin"
    if root.first("SOWStatsInterval", "SOWStatisticsInterval") is not None:
        yield "sow-stats-event"
    if any(_children(root, "UserDefinedFunctions", "Function")):
        yield "udf"
    if any(_children(root, "Actions", "Action")):
        yield "action"
    for loaded in _children(root, "Modules", "Module"):
        feature = MODULE_FEATURES.get((loaded.value("Library") or "").rsplit("/", 1)[-1])
        if feature is not None:
            yield feature
    for kind in _children(root, "MessageTypes", "MessageType"):
        if (kind.value("EarlyTerminationOptimization") or "").lower() in {"false", "disabled"}:
            yield "json-full-parse"


def _children(root: Node, parent: str, *tags: str) -> Iterator[Node]:
    return (child for node in root.all(parent) for child in node.all(*tags))
