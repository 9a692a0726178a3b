"""What an expression can see of the message that it is evaluated for."""

from __future__ import annotations

from dataclasses import dataclass

from .documents import Document


@dataclass(slots=True)
class Scene:
    """One message, or one record (`stored`). `updated_at`: of a record, seconds since the epoch; of a message, now. The client fields
    are those of the publisher (expressions.md §18, 22), None where nobody published just now."""

    document: Document
    topic: str
    now: float
    key: str | None = None
    key_hash: str | None = None
    correlation_id: str | None = None
    updated_at: float | None = None
    stored: bool = False
    client_name: str | None = None
    user: str | None = None
    address: str | None = None
    version: str | None = None
