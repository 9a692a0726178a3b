"""A configuration file to values: what the model and a simple server can honour; the rest becomes warnings (configuration.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from conformance.config_file.constraints import check
from conformance.config_file.document import Node, load
from conformance.config_file.features import features
from conformance.config_file.grammar import TLS, walk
from conformance.config_file.units import interval_s
from conformance.errors import UsageError
from reference_model.config import InstanceConfig, LoggedTopic, TopicConfig, TransportConfig

PROTOCOLS: Final[Mapping[str, str]] = {"amps": "amps", "json": "amps", "websocket": "websocket"}
LISTENERS: Final = ("tcp", "tcps", "amps-unix", "amps-replication", "amps-replication-secure")
PORT_MAX: Final = 65535
_ADDRESS: Final = re.compile(r"(?:(?:[^\s:\[\]]+|\[[0-9A-Fa-f:.]+\]):)?([0-9]{1,5})")
SWITCH: Final[Mapping[str, bool]] = {"true": True, "enabled": True, "false": False, "disabled": False}


def read(source: str | Path, variables: Mapping[str, str] | None = None) -> tuple[InstanceConfig, list[str]]:
    """The instance that a file (a Path) or a text describes, with real names, and one line for each thing that it cannot honour.

    `variables`: what `${NAME}` stands for; None: the environment. `features` are those of the whole file, whatever is honoured; where
    transports differ in type, both `multi-type` and `fixed-type` are there. Transports of other kinds than plain TCP with the protocol
    `amps` or `websocket` are left out with a warning; who does not speak `websocket` says so itself. Raises UsageError: one line that
    names the element.
    """
    try:
        return _read(load(source, variables))
    except UsageError as error:
        line = " ".join(str(error).split())
        raise UsageError(f"{source.name or source}: {line}" if isinstance(source, Path) else line) from None


def _read(root: Node) -> tuple[InstanceConfig, list[str]]:
    if root.tag != "AMPSConfig":
        raise UsageError(f"the root element is {root.tag}, not AMPSConfig")
    warnings: list[str] = []
    topics: list[TopicConfig] = []
    logged: list[LoggedTopic] = []
    transports: list[TransportConfig] = []
    regex_topics = True
    for here in walk(root, warnings):
        node, place = here.node, here.place
        match here.kind:
            case "AMPSConfig":
                regex_topics = _switch(node, "RegexTopicSupport", place, default=True)
            case "SOW/Topic":
                topics.append(_topic(node, place))
            case "TransactionLog/Topic":
                logged.append(LoggedTopic(name=_name(node, place), message_type=node.value("MessageType") or ""))
            case "Transport":
                transport, why_not = _transport(node, place)
                if transport is not None:
                    transports.append(transport)
                if why_not:
                    warnings.append(f"{place}: {why_not}")
            case _:
                pass
    check(root, warnings)
    config = InstanceConfig(topics=tuple(topics), logged=tuple(logged), transports=tuple(transports), regex_topics=regex_topics)
    return replace(config, features=features(root, config)), [" ".join(warning.split()) for warning in warnings]


def _name(node: Node, place: str) -> str:
    names = [child.text for child in node.all("Name", "Topic")]
    if len(names) != 1:
        raise UsageError(f"{place}: {'Name is missing' if not names else 'Name and Topic (its old word) stand there both'}")
    return names[0]


def _switch(node: Node, tag: str, place: str, *, default: bool) -> bool:
    text = node.value(tag)
    if text is None:
        return default
    if text.lower() not in SWITCH:
        raise UsageError(f"{place}/{tag}: 'true' or 'false' expected, not '{text}'")
    return SWITCH[text.lower()]


def _topic(node: Node, place: str) -> TopicConfig:
    return TopicConfig(
        name=_name(node, place),
        keys=tuple(key.text for key in node.all("Key")),
        message_type=node.value("MessageType") or "",
        key_domain=node.value("KeyDomain"),
        expiration_s=_expiration(node, place),
        durability=_durability(node, place),
    )


def _expiration(node: Node, place: str) -> float | None:
    text = node.value("Expiration")
    if text is None or text.lower() == "disabled":
        return None
    seconds = 0 if text.lower() == "enabled" else interval_s(text)
    if seconds is None:
        raise UsageError(f"{place}/Expiration: 'disabled', 'enabled' or an interval such as '30s' expected, not '{text}'")
    return seconds


def _durability(node: Node, place: str) -> Literal["persistent", "transient"]:
    texts = [child.text.lower() for child in node.all("Durability", "Duration")]
    if len(texts) > 1:
        raise UsageError(f"{place}: Durability and Duration (its old word) stand there both")
    match texts:
        case [] | ["persistent"]:
            return "persistent"
        case ["transient"]:
            return "transient"
        case _:
            raise UsageError(f"{place}/Durability: 'persistent' or 'transient' expected, not '{texts[0]}'")


def _transport(node: Node, place: str) -> tuple[TransportConfig | None, str]:
    """The listener, or None with the reason why it cannot be one."""
    kind, address = node.value("Type") or "", node.value("InetAddr")
    if kind not in LISTENERS:
        raise UsageError(f"{place}/Type: one of {', '.join(LISTENERS)} expected, not '{kind}'")
    if address is None and kind != "amps-unix":
        raise UsageError(f"{place}: InetAddr is missing")
    if address is not None and ((found := _ADDRESS.fullmatch(address)) is None or int(found[1]) > PORT_MAX):
        raise UsageError(f"{place}/InetAddr: a port or host:port expected, not '{address}'")
    protocol = PROTOCOLS.get(node.value("Protocol") or "amps")
    if kind != "tcp" or address is None:
        return None, f"Type {kind} cannot be honoured, the transport is left out"
    if node.first(*TLS) is not None:
        return None, "TLS cannot be honoured, the transport is left out"
    if protocol is None:
        return None, f"Protocol {node.value('Protocol')} cannot be honoured, the transport is left out"
    if not _switch(node, "InitialState", place, default=True):
        return None, "InitialState is disabled, the transport is left out"
    transport = TransportConfig(
        name=node.value("Name") or "", address=address, protocol=protocol, message_type=node.value("MessageType")
    )
    return transport, ""
