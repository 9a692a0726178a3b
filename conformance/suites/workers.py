"""What the controller of an xdist session knows of its workers: who has which slot and which part, who died."""

from __future__ import annotations

from pathlib import Path

from conformance.errors import UsageError
from conformance.naming import SLOTS_MAX
from conformance.run.settings import slots_text


class Workers:
    """`given`: the slots that the user names, None: from 0 on.

    slots   of the workers that have not ended in order
    parts   the file of each worker, also of those that ended
    deaths  a line for each worker that died
    """

    def __init__(self, given: range | None) -> None:
        self._given = given
        self.slots: dict[str, int] = {}
        self.parts: dict[str, Path] = {}
        self.deaths: list[str] = []

    def take(self, name: str, part: Path) -> int:
        """A slot for a new worker. UsageError: there are more workers than slots."""
        free = (slot for slot in self._given or range(SLOTS_MAX) if slot not in self.slots.values())
        slot = next(free, None)
        if slot is None:
            slots = slots_text(self._given) if self._given else f"0-{SLOTS_MAX - 1}"
            raise UsageError(f"--amps-slots {slots}: no slot is left for worker {name}; each worker needs one")
        self.slots[name], self.parts[name] = slot, part
        return slot

    def ended(self, name: str, error: str | None) -> None:
        """A worker has ended; after an error its slot may be taken by its successor, which empties it."""
        self.slots.pop(name, None)
        if error is not None and "keyboard-interrupt" not in error:
            self.deaths.append(f"worker {name} died: {error}")
