"""Rules between elements, and ranges of single ones (configuration.md sections 2 and 3).

A breach is one UsageError line that names the element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from conformance.config_file.document import Node
from conformance.config_file.grammar import label
from conformance.config_file.units import interval_s, size_bytes
from conformance.errors import UsageError

DEFAULT_TYPES: Final = frozenset({"fix", "nvfix", "xml", "json", "msgpack", "bson", "bflat", "binary"})
QUEUES: Final = ("Queue", "QueueDefinition", "LocalQueue", "GroupLocalQueue")
EXCLUSIVE_IN_QUEUE: Final = ("Priority", "BarrierExpression", "TargetQueueDepth")


def check(root: Node, warnings: list[str]) -> None:
    """Raises UsageError for the first breach; adds what the documentation's own examples break to `warnings`."""
    types = _types(root)
    _check_references(root, types)
    for log in root.all("TransactionLog"):
        _in_range(log, log.tag)
    seen: dict[str, Node] = {}
    for node in _of(root, "SOW"):
        place = f"SOW/{label(node)}"
        _in_range(node, place)
        match node.tag:
            case "Topic":
                _topic(node, place, types, warnings)
            case "View" | "ViewDefinition":
                _view(node, place, types, seen)
            case "ConflatedTopic" | "ReplicaDefinition":
                _conflated(node, place, seen)
            case tag if tag in QUEUES:
                _queue(root, node, place)
            case _:
                continue
        seen.setdefault(_name(node), node)


def _check_references(root: Node, types: dict[str, str]) -> None:
    """Names are unique, message types exist, and at most one transport takes replication in."""
    _unique(((label(node), node.value("Name")) for node in _of(root, "Transports")), "Transports")
    _unique(((label(node), (_name(node), node.value("MessageType"))) for node in _of(root, "SOW")), "SOW")
    for parent in ("Transports", "SOW", "TransactionLog"):
        for node in _of(root, parent):
            kind = node.value("MessageType")
            if kind is None and parent != "Transports":
                raise UsageError(f"{parent}/{label(node)}: MessageType is missing")
            if kind is not None and kind not in types:
                raise UsageError(f"{parent}/{label(node)}/MessageType: no message type '{kind}' is defined")
    incoming = [node for node in _of(root, "Transports") if (node.value("Type") or "").startswith("amps-replication")]
    if len(incoming) > 1:
        raise UsageError(f"Transports/{label(incoming[1])}: there may be only one incoming replication transport")


def _types(root: Node) -> dict[str, str]:
    """Module by name of every message type that connections and topics may name."""
    types = {name: name for name in DEFAULT_TYPES}
    for node in _of(root, "MessageTypes"):
        name, module = node.value("Name"), node.value("Module")
        if not name or not module:
            raise UsageError(f"MessageTypes/{label(node)}: {'Module' if name else 'Name'} is missing")
        types[name] = module
    return types


def _topic(node: Node, place: str, types: dict[str, str], warnings: list[str]) -> None:
    module = types[node.value("MessageType") or ""]
    transient = (node.value("Durability", "Duration") or "").lower() == "transient"
    expires = (node.value("Expiration") or "disabled").lower() != "disabled"
    _breach(
        place,
        ("KeyDomain goes only with Key", node.first("KeyDomain") is not None and node.first("Key") is None),
        ("KeyDomain does not go with KeyGenerator", node.first("KeyDomain") is not None and node.first("KeyGenerator") is not None),
        ("KeyGenerator goes only with Key", node.first("KeyGenerator") is not None and node.first("Key") is None),
        ("History goes only with Expiration disabled", node.first("History") is not None and expires),
        ("Pattern does not go with History", node.first("Pattern") is not None and node.first("History") is not None),
        ("Key does not go with MessageType binary", node.first("Key") is not None and module == "binary"),
        (
            f"Preprocessing and Enrichment do not go with MessageType {module}",
            module in {"protobuf", "struct"} and node.first("Preprocessing", "Enrichment") is not None,
        ),
    )
    if not transient and node.first("FileName") is None:
        warnings.append(f"{place}: FileName is missing, which a persistent topic needs")


def _view(node: Node, place: str, types: dict[str, str], seen: dict[str, Node]) -> None:
    source = node.first("UnderlyingTopic")
    if source is None:
        raise UsageError(f"{place}: UnderlyingTopic is missing")
    joined = source.first("Join") is not None
    module = types[node.value("MessageType") or ""]
    _breach(
        place,
        (
            f"MessageType {module} does not go with a view",
            module in {"binary", "protobuf", "struct", "composite-global"},
        ),
        ("Filter does not go with Join", joined and node.first("Filter") is not None),
        (f"UnderlyingTopic '{source.text}' is not defined before it", not joined and _plain(source.text) not in seen),
    )


def _plain(topic: str) -> str:
    """The name in `[type].[topic]`."""
    return topic.rsplit("].[", 1)[-1].strip("[]")


def _conflated(node: Node, place: str, seen: dict[str, Node]) -> None:
    source = seen.get(node.value("UnderlyingTopic") or "")
    if source is None:
        raise UsageError(f"{place}: UnderlyingTopic '{node.value('UnderlyingTopic') or ''}' is not defined before it")
    _breach(
        place,
        ("its UnderlyingTopic has another MessageType", source.value("MessageType") != node.value("MessageType")),
        ("TopicFormat goes only with a Pattern topic", node.first("TopicFormat") is not None and source.first("Pattern") is None),
    )


def _queue(root: Node, node: Node, place: str) -> None:
    exclusive = [tag for tag in EXCLUSIVE_IN_QUEUE if node.first(tag) is not None]
    once = (node.value("Semantics") or "").lower() == "at-most-once"
    _breach(
        place,
        ("a queue needs its topics in a TransactionLog", not any(_of(root, "TransactionLog"))),
        (f"{' and '.join(exclusive)} exclude each other", len(exclusive) > 1),
        (
            "at-most-once goes only with FairnessModel round-robin",
            once and (node.value("FairnessModel") or "round-robin").lower() != "round-robin",
        ),
    )


def _breach(place: str, *rules: tuple[str, bool]) -> None:
    for text, broken in rules:
        if broken:
            raise UsageError(f"{place}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """What a single value may be, and how that is said."""

    parse: Callable[[str], float | None]
    low: float = 0
    high: float = float("inf")
    says: str


RANGES: Final[Mapping[str, _Range]] = MappingProxyType(
    {
        "SlabSize": _Range(parse=size_bytes, low=1, high=2**30, says="a size up to 1GB"),
        "InitialSlabCount": _Range(parse=size_bytes, low=1, high=1024, says="a number up to 1024"),
        "Interval": _Range(parse=interval_s, low=0.1, says="an interval of at least 100ms"),
        "JournalSize": _Range(parse=size_bytes, low=10_000_000, says="a size of at least 10MB"),
        "MinJournalSize": _Range(parse=size_bytes, low=10_000_000, says="a size of at least 10MB"),
        "FlushInterval": _Range(parse=interval_s, low=1e-6, high=1, says="an interval from 1us to 1000ms"),
    }
)


def _in_range(node: Node, place: str) -> None:
    for child in node.children:
        allowed = RANGES.get(child.tag)
        if allowed is not None:
            value = allowed.parse(child.text)
            if value is None or not allowed.low <= value <= allowed.high:
                raise UsageError(f"{place}/{child.tag}: {allowed.says} expected, not '{child.text}'")


def _unique(items: Iterable[tuple[str, object]], place: str) -> None:
    seen: set[object] = set()
    for name, identity in items:
        if identity in seen:
            raise UsageError(f"{place}/{name} is defined twice")
        seen.add(identity)


def _name(node: Node) -> str:
    return node.value("Name", "Topic") or ""


def _of(root: Node, parent: str) -> Iterator[Node]:
    return (child for node in root.all(parent) for child in node.children if child.children)
