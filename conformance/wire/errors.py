"""The one error of the codec. What a rule says about broken bytes is judged elsewhere."""

from __future__ import annotations

from conformance.errors import ConformanceError


class WireError(ConformanceError):
    """These bytes are no message of the protocol; the text says why, in one line.

    before  whole payloads that came ahead of the offence in the same `FrameReader.feed` (they are good and must not be lost)
    """

    def __init__(self, reason: str, *, before: tuple[bytes, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.before = before
