"""The configuration file that a real server needs to be tested in N slots (configuration.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from conformance.config_file.slots import expand
from conformance.config_file.units import write_interval
from reference_model.config import InstanceConfig, TopicConfig, TransportConfig

PORT_DEFAULT: Final = 9007
SLAB_SIZE: Final = "1MB"
"""A server takes up to topics x cores x SlabSize; 1 MB holds every record that the harness makes by default."""


def render(config: InstanceConfig, slots: range, *, port: int = PORT_DEFAULT) -> str:
    """A complete file for the slots: real names, transports of the configuration or one for every message type on `port`.

    Relative paths of data start at the working directory of the server. Ends with a line break.
    """
    real = expand(config, slots)
    transports = real.transports or (TransportConfig(name="tcp-any", address=str(port)),)
    lines = [
        f"<!-- For amps-conformance: slots {slots.start}-{slots.stop - 1}. Everything it writes stays in topics named amct_sNN_... -->",
        *_folders(real),
        "<AMPSConfig>",
        f" {_element('Name', 'amct')}",
        *([] if real.regex_topics else [f" {_element('RegexTopicSupport', 'false')}"]),
        " <Tuning><NUMA><Enabled>disabled</Enabled></NUMA></Tuning>",
        " <Logging>",
        "  <Target><Protocol>stdout</Protocol><Level>warning</Level></Target>",
        " </Logging>",
        " <Transports>",
        *(f"  {_transport(transport)}" for transport in transports),
        " </Transports>",
        *_transaction_log(real),
        " <SOW>",
        *(f"  {_topic(topic)}" for topic in real.topics),
        " </SOW>",
        "</AMPSConfig>",
    ]
    return "\n".join(lines) + "\n"


def _folders(config: InstanceConfig) -> list[str]:
    sow = ["sow"] if any(topic.durability == "persistent" for topic in config.topics) else []
    journal = ["journal"] if config.logged else []
    return [f"<!-- Make these directories where the server starts: {', '.join(sow + journal)} -->"] if sow + journal else []


def _transport(transport: TransportConfig) -> str:
    parts = [("Name", transport.name), ("Type", "tcp"), ("InetAddr", transport.address), ("Protocol", transport.protocol)]
    if transport.message_type is not None:
        parts.append(("MessageType", transport.message_type))
    return f"<Transport>{_elements(parts)}</Transport>"


def _transaction_log(config: InstanceConfig) -> list[str]:
    if not config.logged:
        return []
    return [
        " <TransactionLog>",
        f"  {_elements([('JournalDirectory', './journal'), ('JournalSize', '10MB'), ('PreallocatedJournalFiles', '1')])}",
        *(f"  <Topic>{_elements([('Name', topic.name), ('MessageType', topic.message_type)])}</Topic>" for topic in config.logged),
        " </TransactionLog>",
    ]


def _topic(topic: TopicConfig) -> str:
    parts = [("Name", topic.name), ("MessageType", topic.message_type), *(("Key", key) for key in topic.keys)]
    if topic.key_domain is not None:
        parts.append(("KeyDomain", topic.key_domain))
    if topic.durability == "persistent":
        parts.append(("FileName", "./sow/%n.sow"))
    else:
        parts.append(("Durability", topic.durability))
    if topic.expiration_s is not None:
        parts.append(("Expiration", write_interval(topic.expiration_s) if topic.expiration_s else "enabled"))
    parts.append(("SlabSize", SLAB_SIZE))
    return f"<Topic>{_elements(parts)}</Topic>"


def _elements(parts: Iterable[tuple[str, str]]) -> str:
    return "".join(_element(name, text) for name, text in parts)


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"
