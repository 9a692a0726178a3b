"""Names of header fields on the wire, and the order in which they are written (wire.md sections 4 to 7)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from reference_model.messages import NUMBER_FIELDS

ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cmd": "c",
        "topic": "t",
        "cmd_id": "cid",
        "ack_type": "a",
        "filter": "f",
        "opts": "o",
        "batch_size": "bs",
        "bookmark": "bm",
        "sow_key": "k",
        "expiration": "e",
        "seq": "s",
        "correlation_id": "x",
        "password": "pw",
        "message_type": "mt",
        "version": "v",
        "timestamp": "ts",
        "leaseperiod": "lp",
        "msg_len": "l",
    }
)
"""Every documented abbreviation, by canonical name; a field without one travels under its canonical name."""

CANONICAL: Final[Mapping[str, str]] = MappingProxyType({short: name for name, short in ABBREVIATIONS.items()} | {"order_by": "orderby"})
"""Canonical name by any other name of a field. `order_by` is what the documentation's sow page calls `orderby`."""

TEXT_NAMES: Final[Mapping[str, str]] = {
    name: CANONICAL.get(name, name)
    for name in (
        *(*ABBREVIATIONS.values(), *ABBREVIATIONS),
        *("sub_id", "sids", "query_id", "orderby", "sow_keys", "client_name", "user_id", "status", "reason"),
    )
    if CANONICAL.get(name, name) not in NUMBER_FIELDS
}
"""Canonical name by every name of the fields whose value is text: a plain dict, since each field of each message is looked up here."""

CLIENT_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: short for name, short in ABBREVIATIONS.items() if name not in {"filter", "version", "batch_size", "bookmark"}}
)
"""What the official Python client writes: four fields in full, the others short."""

SERVER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: short for name, short in ABBREVIATIONS.items() if name not in {"filter", "version", "opts"}}
)
"""The names under which both official clients see a field (wire.md section 4, column `srv→`)."""


def _ranks(names: str) -> Mapping[str, int]:
    return MappingProxyType({name: rank for rank, name in enumerate(names.split())})


COMMAND_ORDER: Final = _ranks(
    "cmd topic cmd_id client_name user_id message_type filter ack_type sub_id version expiration query_id batch_size top_n orderby "
    "sow_keys correlation_id seq bookmark password opts sow_key"
)
"""Key order of the official Python client (wire.md section 5)."""

MESSAGE_ORDER: Final = _ranks(
    "cmd cmd_id query_id topic batch_size sub_id sids seq sow_key bookmark timestamp correlation_id user_id leaseperiod client_name "
    "ack_type status reason version opts matches topic_matches records_returned records_inserted records_updated records_deleted gseq "
    "msg_len"
)
"""Key order of a server's messages: that of the documentation's logged ack and of wire.md section 6; `s` is never last where the
message has a further field of its kind."""

RECORD_ORDER: Final = _ranks("sow_key msg_len correlation_id timestamp bookmark")
"""Key order of the small header of a record (wire.md section 7)."""
