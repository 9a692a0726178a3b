"""Cutting a stream into payloads: lengths, limits, what is left over."""

from __future__ import annotations

import tracemalloc

import pytest

from conformance.wire import FRAME_BYTES_MAX, FrameReader, WireError, cut, encode_command, frame
from reference_model.messages import Message


def test_many_frames_in_one_segment_come_in_order():
    payloads = [b"", b"{}", b"x" * 300, b"", b"\x00" * 4]
    assert FrameReader().feed(b"".join(map(frame, payloads))) == payloads


def test_nothing_is_pending_after_whole_frames():
    reader = FrameReader()
    reader.feed(frame(b"{}") + b"\x00\x00")
    assert reader.pending == 2
    assert reader.feed(b"\x00\x01a") == [b"a"]
    assert reader.pending == 0


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", (FRAME_BYTES_MAX + 1).to_bytes(4, "big"), b"HTTP"])
def test_a_length_over_the_limit_is_refused_at_once_and_for_good(length):
    reader = FrameReader()
    with pytest.raises(WireError, match="over the limit") as caught:
        reader.feed(frame(b"{}") + length)
    assert caught.value.before == (b"{}",)
    with pytest.raises(WireError, match="over the limit") as again:
        reader.feed(frame(b"{}"))
    assert again.value.before == ()


def test_the_limit_itself_is_allowed():
    reader = FrameReader(limit=5)
    assert reader.feed(frame(b"12345")) == [b"12345"]
    with pytest.raises(WireError):
        reader.feed(frame(b"123456"))


def test_a_split_length_over_the_limit_is_refused():
    reader = FrameReader()
    assert reader.feed(b"\xff\xff") == []
    with pytest.raises(WireError):
        reader.feed(b"\xff\xff")


def test_no_memory_is_taken_before_the_bytes_have_come():
    tracemalloc.start()
    try:
        reader = FrameReader()
        assert reader.feed(FRAME_BYTES_MAX.to_bytes(4, "big") + b"x") == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_large_frame_in_small_pieces():
    payload = bytes(range(256)) * 8192
    whole = frame(payload) + frame(b"next")
    reader = FrameReader()
    found = [one for start in range(0, len(whole), 1000) for one in reader.feed(whole[start : start + 1000])]
    assert found == [payload, b"next"]


WITH_BODY = Message(header={"cmd": "p", "topic": "T"}, body=b"12345678")
CUT = [
    (encode_command(WITH_BODY), [b"\x00\x00", b'\x00\x19{"c":"p"', b',"t":"T"}1234', b"5678"]),
    (encode_command(Message(header={"cmd": "p"})), [b"\x00\x00", b'\x00\x09{"c"', b':"p"}']),
    (b"\x00\x00\x00\x02xy", [b"\x00\x00", b"\x00\x02x", b"y"]),
    (b"\x00\x00\x00\x00", [b"\x00\x00", b"\x00\x00"]),
    (b"", []),
]


@pytest.mark.parametrize(("whole", "pieces"), CUT)
def test_cut_inside_length_header_and_body(whole, pieces):
    assert cut(whole, "cuts") == pieces
    assert cut(whole, "bytes") == [bytes([byte]) for byte in whole]
    assert cut(whole, "whole") == ([whole] if whole else [])
