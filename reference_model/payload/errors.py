"""The one error of every payload reader."""

from __future__ import annotations


class PayloadError(ValueError):
    """A body that is no message of its type. `reason`: one line that says what is wrong and, where known, at which character."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
