"""The records of a `sow` message: `{ header data }*` without separators (wire.md section 7).

Strict: each `l` is exact and nothing is left over.
"""

from __future__ import annotations

from typing import Final

from conformance.wire.errors import WireError
from conformance.wire.header import Style, header_end, raw_fields, read_header, read_plain, write_header
from conformance.wire.names import RECORD_ORDER, SERVER_NAMES
from reference_model.messages import HeaderValue, SowRecord

SHORT_BYTES: Final = 1024
"""The small header of a record is shorter, with all its documented fields."""

RECORD_STYLE: Final = Style(names=SERVER_NAMES, order=RECORD_ORDER)


def read_records(payload: bytes, at: int) -> tuple[SowRecord, ...]:
    """The records from `at` to the end of the payload. Raises WireError if they do not fill it exactly."""
    records: list[SowRecord] = []
    plain = True
    while at < len(payload):
        read = _read_short(payload, at) if plain else None
        if read is None:
            plain = False
            try:
                read = read_header(payload, at)
            except WireError as error:
                raise WireError(f"record {len(records)} of a sow message: {error.reason}") from None
        header, start = read
        length = header.get("msg_len")
        if not isinstance(length, int) or length < 0:
            raise WireError(f"record {len(records)} of a sow message: its header has no length of its data (l), seen {length!r}")
        at = start + length
        if at > len(payload):
            raise WireError(f"record {len(records)} of a sow message: l is {length}, only {len(payload) - start} bytes are left")
        records.append(SowRecord(header=header, data=payload[start:at]))
    return tuple(records)


def _read_short(payload: bytes, at: int) -> tuple[dict[str, HeaderValue], int] | None:
    """The header at `at` and where it ends, the fast way, if it is short and plain."""
    read = read_plain(payload[at : at + SHORT_BYTES].decode("latin-1"), 0)
    return None if read is None else (read[0], at + read[1])


def raw_records(payload: bytes) -> tuple[tuple[tuple[bytes, bytes], ...], ...]:
    """`raw_fields` of the small header of every record of a server's `sow` payload. Raises WireError as reading the message does."""
    at = header_end(payload)
    headers: list[tuple[tuple[bytes, bytes], ...]] = []
    for record in read_records(payload, at):
        headers.append(raw_fields(payload, at))
        at = header_end(payload, at) + len(record.data)
    return tuple(headers)


def write_records(records: tuple[SowRecord, ...]) -> bytes:
    """The bytes of records; `l` is the length of the data unless the record's header itself says another (for a peer that lies)."""
    parts: list[bytes] = []
    for record in records:
        header = {"msg_len": len(record.data), **record.header}
        parts += (write_header(header, RECORD_STYLE), record.data)
    return b"".join(parts)
