"""What the instance under test was told to be: its topics and features. Values only; reading and writing files is elsewhere.

Topic names are logical: `@` stands for the slot's prefix (`@orders` is `amct_s03_orders` in slot 3). Source: configuration.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicConfig:
    """One SOW topic. `keys` empty: the publisher gives the key (explicit keys). `expiration_s`: None = disabled, 0 = enabled
    without a default, n = default lifetime in seconds."""

    name: str
    keys: tuple[str, ...] = ()
    message_type: str = "json"
    key_domain: str | None = None
    expiration_s: float | None = None
    durability: Literal["persistent", "transient"] = "transient"

    @property
    def domain(self) -> str:
        """What stands for the topic in the computation of SOW keys (SOW-KEY-08)."""
        return self.key_domain or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedTopic:
    """A topic specification of the transaction log: a literal name or a regular expression."""

    name: str
    message_type: str = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportConfig:
    """A listener. `message_type` None: any type, the client names it at logon."""

    name: str
    address: str
    protocol: str = "amps"
    message_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceConfig:
    """An instance: SOW topics in configuration order, logged topics, transports, and the features it is declared to have."""

    topics: tuple[TopicConfig, ...]
    logged: tuple[LoggedTopic, ...] = ()
    transports: tuple[TransportConfig, ...] = ()
    regex_topics: bool = True
    features: frozenset[str] = frozenset()

    def topic(self, name: str) -> TopicConfig | None:
        """The SOW topic of that literal name."""
        return next((topic for topic in self.topics if topic.name == name), None)


STANDARD: Final = InstanceConfig(
    topics=(
        TopicConfig(name="@orders", keys=("/id",)),
        TopicConfig(name="@items", keys=("/id",)),
        TopicConfig(name="@pairs", keys=("/a", "/b")),
        TopicConfig(name="@nested", keys=("/ref/id",)),
        TopicConfig(name="@own"),
        TopicConfig(name="@stock", keys=("/sku",), key_domain="amct_sku"),
        TopicConfig(name="@reorder", keys=("/sku",), key_domain="amct_sku"),
        TopicConfig(name="@sensors", keys=("/id",), expiration_s=0),
        TopicConfig(name="@slot", keys=("/slot",)),
    ),
    features=frozenset(
        {
            "sow",
            "delta",
            "explicit-key",
            "key-domain",
            "expiration",
            "select",
            "regex-topic",
            "oof",
            "replace",
            "pagination",
            "conflation",
            "aggregation",
            "heartbeat",
            "multi-type",
            "no-txlog",
        }
    ),
)
"""The topics that `amps-conformance config` prints for each slot. `@slot` holds the owner record of the slot; any other name
(`@plain`, `@chat`) has no SOW."""


LOGGED: Final = replace(
    STANDARD,
    logged=(LoggedTopic(name="@orders"), LoggedTopic(name="@items"), LoggedTopic(name="@chat")),
    features=STANDARD.features - {"no-txlog"} | {"txlog"},
)
"""The same with a transaction log over some of the topics, and one without SOW."""
