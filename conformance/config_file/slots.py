"""Slots: the same topics once for each worker, under names that carry the slot (`amct_s03_orders`), and back to `@orders`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

from conformance.naming import slot_prefix
from reference_model.config import InstanceConfig, LoggedTopic, TopicConfig

T = TypeVar("T")

_SLOT: Final = re.compile(r"amct_s([0-9]{2})_")
_ANY_SLOT: Final = re.compile(r"amct_s(?:\[0-9\](?:\+|\{2\}|\[0-9\])|\\d(?:\+|\{2\}|\\d)|\.\.)_")
"""How a regular expression over all slots is written: `amct_s[0-9]+_`, `amct_s\\d\\d_`, `amct_s.._`."""


def expand(config: InstanceConfig, slots: range) -> InstanceConfig:
    """The instance with real names: each topic whose name holds `@` once for each slot, in the order of slots; others once."""
    topics: list[TopicConfig] = []
    logged: list[LoggedTopic] = []
    for slot in slots:
        prefix = slot_prefix(slot)
        for topic in config.topics:
            domain = None if topic.key_domain is None else topic.key_domain.replace("@", prefix)
            topics.append(replace(topic, name=topic.name.replace("@", prefix), key_domain=domain))
        logged += (replace(topic, name=topic.name.replace("@", prefix)) for topic in config.logged)
    return replace(config, topics=_once(topics), logged=_once(logged))


def slots_of(config: InstanceConfig) -> tuple[int, ...]:
    """The slots whose names any SOW topic of an instance carries, ascending."""
    return tuple(sorted({int(found[1]) for topic in config.topics if (found := _SLOT.match(topic.name))}))


def logical(config: InstanceConfig, slot: int) -> InstanceConfig:
    """The instance as one slot sees it: its topics as `@name`, in order; nothing of other slots, nothing that belongs to none.

    Logged topics are kept if they are of this slot or of all slots (a regular expression such as `^amct_s[0-9]+_tx_`).
    """
    prefix = slot_prefix(slot)
    topics = tuple(
        replace(
            topic,
            name=topic.name.replace(prefix, "@"),
            key_domain=None if topic.key_domain is None else topic.key_domain.replace(prefix, "@"),
        )
        for topic in config.topics
        if topic.name.startswith(prefix)
    )
    logged = tuple(
        replace(topic, name=name) for topic in config.logged if "@" in (name := _ANY_SLOT.sub("@", topic.name.replace(prefix, "@")))
    )
    return replace(config, topics=topics, logged=_once(logged))


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
