"""Which elements a configuration may hold, how often, and what becomes of each (configuration.md section 2): data and one walk.

An entry is `name: occurrence[!]`: `1` once, `?` at most once, `*` any number; `!`: nothing here can honour it, which is a warning. What
has no `!` is used, or changes nothing that a client can see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from conformance.config_file.document import Node
from conformance.errors import UsageError

LIMITS: Final = {
    "MessageMemoryLimit": "?",
    "MessageDiskLimit": "?",
    "MessageDiskPath": "?",
    "ClientMessageAgeLimit": "?!",
    "ClientMaxCapacity": "?!",
}
ACCESS: Final = {"Authentication": "?!", "Entitlement": "?!"}
TLS: Final = dict.fromkeys(("Certificate", "PrivateKey", "Ciphers", "SecureSocketProtocols", "VerifyClient", "CAFile", "CAPath"), "?")

OLD_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"ViewDefinition": "View", "ReplicaDefinition": "ConflatedTopic", "QueueDefinition": "Queue"}
)
NAME: Final = {"Name": "?", "Topic": "?"}
"""`Topic` is an old word for `Name` there; that one of them stands is checked apart."""
INDEXES: Final = {"HashIndex": "*", "Index": "*"}

GRAMMAR: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "AMPSConfig": {
            "Name": "1",
            **dict.fromkeys(
                ("Group", "Description", "Environment", "ProcessName", "SuggestedMinimumVersion", "RequiredMinimumVersion"), "?"
            ),
            **dict.fromkeys(("ConfigValidation", "ConfigIncludeCommentDefault", "ConfigCycleDetectionThreshold"), "?"),
            "RegexTopicSupport": "?",
            "SOWStatsInterval": "?!",
            "SOWStatisticsInterval": "?!",
            **LIMITS,
            **ACCESS,
            **dict.fromkeys(("Tuning", "MiniDumpDirectory", "MiniDumpFileMask", "Externals", "Logging"), "?"),
            **dict.fromkeys(("Transports", "SOW", "TransactionLog", "MessageTypes"), "?"),
            **dict.fromkeys(("Admin", "Replication", "Actions", "Modules", "UserDefinedFunctions", "Protocols"), "?!"),
        },
        "Transports": {"Transport": "*"},
        "Transport": {
            "Name": "1",
            "Type": "1",
            **dict.fromkeys(("Protocol", "InetAddr", "MessageType", "FileName", "FileMask", "InitialState"), "?"),
            **LIMITS,
            **ACCESS,
            "TransportFilter": "*!",
            **TLS,
            "PerMessageDeflate": "?",
            "HTTPHeader": "*",
        },
        "MessageTypes": {"MessageType": "*"},
        "SOW": {
            "Topic": "*",
            **dict.fromkeys(("View", "ConflatedTopic", "Queue", "LocalQueue", "GroupLocalQueue"), "*!"),
        },
        "SOW/Topic": {
            **NAME,
            "MessageType": "1",
            **dict.fromkeys(("FileName", "Durability", "Duration", "RecoveryPoint", "Expiration", "KeyDomain"), "?"),
            "Key": "*",
            "KeyGenerator": "?!",
            **dict.fromkeys(("SlabSize", "InitialSlabCount", "ExpectedKeyCountHint"), "?"),
            **INDEXES,
            **dict.fromkeys(("History", "Preprocessing", "Enrichment", "Pattern"), "?!"),
        },
        "TransactionLog": {
            "JournalDirectory": "1",
            "Topic": "*",
            **dict.fromkeys(("JournalSize", "MinJournalSize", "PreallocatedJournalFiles", "FlushInterval", "O_DIRECT"), "?"),
            **dict.fromkeys(("JournalArchiveDirectory", "InactiveClientAckExpiration", "CompressedJournalCacheMemoryLimit"), "?"),
        },
        "TransactionLog/Topic": {**NAME, "MessageType": "1"},
    }
)
"""By the name of the element, with its parent's where one name is two things. An element without an entry is not looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """An element that the grammar knows, and its place for a message: `SOW/Topic 'orders'`."""

    node: Node
    place: str
    kind: str


def walk(root: Node, warnings: list[str]) -> Iterator[Walked]:
    """Every element with an entry, parents first; checks what its children may be. Raises UsageError, adds to `warnings`."""
    waiting = deque([Walked(node=root, place=root.tag, kind=root.tag)])
    while waiting:
        here = waiting.popleft()
        known = GRAMMAR[here.kind]
        _check_children(here, known, warnings)
        yield here
        for child in here.node.children:
            kind = next((kind for kind in (f"{here.node.tag}/{child.tag}", child.tag) if kind in GRAMMAR), None)
            if kind is not None and child.tag in known:
                prefix = "" if here.node is root else f"{here.place}/"
                waiting.append(Walked(node=child, place=prefix + label(child), kind=kind))


def label(node: Node) -> str:
    """`Topic 'orders'`, or `Transports` for what has no name."""
    name = node.value("Name") or node.value("Topic")
    return f"{node.tag} '{name}'" if name else node.tag


def _check_children(here: Walked, known: Mapping[str, str], warnings: list[str]) -> None:
    counts: dict[str, int] = {}
    for child in here.node.children:
        tag = OLD_NAMES.get(child.tag, child.tag)
        occurs = known.get(tag)
        where = label(child) if child.children else child.tag
        if child.attributes:
            warnings.append(f"{here.place}/{where}: attribute {child.attributes[0]} is ignored, settings are elements")
        if occurs is None:
            warnings.append(f"{here.place}/{where} is not a known element and is ignored")
            continue
        counts[tag] = counts.get(tag, 0) + 1
        if occurs[0] in "1?" and counts[tag] > 1:
            raise UsageError(f"{here.place}/{child.tag} stands there twice")
        if not child.children and not child.text and child.tag not in GRAMMAR:
            raise UsageError(f"{here.place}/{child.tag} is empty")
        if occurs.endswith("!"):
            warnings.append(f"{here.place}/{where} cannot be honoured and is ignored")
    for tag, occurs in known.items():
        if occurs[0] == "1" and tag not in counts:
            raise UsageError(f"{here.place}: {tag} is missing")
