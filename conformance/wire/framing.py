"""Frames on TCP: four bytes of length, then the payload (wire.md section 2). Sans-IO; knows nothing of headers.

Payloads may be empty (a frame of length 0 is legal). No memory is taken before the bytes have come.
"""

from __future__ import annotations

from typing import Final

from conformance.wire.errors import WireError

LENGTH_BYTES: Final = 4

FRAME_BYTES_MAX: Final = 256 * 1024 * 1024
"""Documented: 200 MB in total. Whether MB is 10^6 or 2^20 and whether header and length count is not said: hence the margin, which
still refuses 300 MB (wire.md section 16, 9)."""


def frame(payload: bytes) -> bytes:
    """The payload with its length before it: unsigned, big-endian, not counting itself (WIRE-FRAME-01, WIRE-FRAME-02)."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


class FrameReader:
    """Cuts a stream into payloads. `limit`: the greatest payload accepted, in bytes.

    After an error the stream has lost its framing: every further `feed` raises the same reason.
    """

    __slots__ = ("_broken", "_buffer", "_limit", "_need")

    def __init__(self, limit: int = FRAME_BYTES_MAX) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._need = LENGTH_BYTES
        self._broken = ""

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame have come (its length included); not 0 at the end of a stream: a truncated frame."""
        return len(self._buffer)

    @property
    def rest(self) -> bytes:
        """What has come of an unfinished frame."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are complete with `data`, in order; may be none, and each may be empty.

        Raises WireError for a length above the limit; its `before` holds the payloads of this call that came ahead of it.
        """
        if self._broken:
            raise WireError(self._broken)
        source: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._need:
                return []
            source = self._buffer
        payloads: list[bytes] = []
        at, end = 0, len(source)
        self._need = LENGTH_BYTES
        while end - at >= LENGTH_BYTES:
            start = at + LENGTH_BYTES
            length = int.from_bytes(source[at:start], "big")
            if length > self._limit:
                shown = bytes(source[at : at + 12])
                self._buffer = bytearray()
                self._broken = f"frame length {length} is over the limit of {self._limit} bytes (stream goes on with {shown!r})"
                raise WireError(self._broken, before=tuple(payloads))
            if end - start < length:
                self._need = LENGTH_BYTES + length
                break
            at = start + length
            with memoryview(source) as view:  # a slice of the buffer would be one more copy of what may be 200 MB
                payloads.append(bytes(view[start:at]))
        if source is self._buffer:
            del self._buffer[:at]
        else:
            self._buffer += source[at:]
        return payloads
