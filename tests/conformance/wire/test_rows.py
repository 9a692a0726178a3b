"""Every frame of wire.md: read however it is fed, and written byte for byte."""

from __future__ import annotations

import pytest

from conformance.wire import FrameReader, decode, encode_command, encode_message, raw_fields, split
from tests.conformance.wire.rows import COMMANDS, MESSAGES, Row

NEXT = b"\x00\x00\x00\x07{"
"""The beginning of another frame behind the one that is looked at."""

BOTH = [*(("client", row) for row in COMMANDS), *(("server", row) for row in MESSAGES)]
SIDES = pytest.mark.parametrize(("sender", "row"), BOTH, ids=[f"{sender}-{row.name}" for sender, row in BOTH])


def fed_whole(row: Row) -> list[bytes]:
    return FrameReader().feed(row.frame)


def fed_byte_by_byte(row: Row) -> list[bytes]:
    reader = FrameReader()
    return [payload for byte in row.frame for payload in reader.feed(bytes([byte]))]


def fed_with_the_next_one_begun(row: Row) -> list[bytes]:
    reader = FrameReader()
    payloads = reader.feed(row.frame + NEXT)
    assert reader.pending == len(NEXT)
    return payloads


def fed_behind_an_empty_frame(row: Row) -> list[bytes]:
    empty, *payloads = FrameReader().feed(bytes(4) + row.frame)
    assert empty == b""
    return payloads


@SIDES
@pytest.mark.parametrize("feed", [fed_whole, fed_byte_by_byte, fed_with_the_next_one_begun, fed_behind_an_empty_frame])
def test_a_frame_is_read_however_it_comes(sender, row, feed):
    payloads = feed(row)
    assert payloads == [row.payload]
    assert decode(payloads[0], sender=sender) == row.message


EXACT = [(sender, row) for sender, row in BOTH if row.exact]


@pytest.mark.parametrize(("sender", "row"), EXACT, ids=[f"{sender}-{row.name}" for sender, row in EXACT])
def test_a_message_is_written_byte_for_byte(sender, row):
    frame = encode_command(row.message, row.form) if sender == "client" else encode_message(row.message)
    assert frame == row.frame


@SIDES
def test_what_is_written_for_any_row_reads_as_the_same_message(sender, row):
    frame = encode_command(row.message, row.form) if sender == "client" else encode_message(row.message)
    assert decode(frame[4:], sender=sender) == row.message


@pytest.mark.parametrize("row", MESSAGES, ids=[row.name for row in MESSAGES])
def test_a_server_header_is_its_raw_members_and_nothing_else(row):
    header, _ = split(row.payload)
    assert b"{" + b",".join(key + b":" + value for key, value in raw_fields(row.payload)) + b"}" == header


def test_the_order_of_keys_never_puts_s_last():
    for row in MESSAGES:
        keys = [key for key, _ in raw_fields(row.payload)]
        assert keys[-1] != b'"s"', row.name
