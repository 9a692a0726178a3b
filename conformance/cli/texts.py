"""Sentences that several commands say."""

from __future__ import annotations


def not_measured(reason: str) -> str:
    """The line for a target that cannot be measured."""
    return f"Not measured: {reason}" + ("" if reason.endswith((".", "?", "!")) else ".")
