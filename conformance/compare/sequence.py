"""Deliveries of one subscription against what was expected of it: both are sequences, so that equal bodies are told apart by places.

What is sought is the reading with the fewest faults: a message expected that did not come, a message that nothing expected. What it
leaves over (all that came in another order, came wrong, came twice) is `align`'s to pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from conformance.compare.explode import Atom
from reference_model.expectation import Occurs, Slot

Fits = Callable[[Slot, Atom], bool]
Pairs = list[tuple[Slot, Atom]]

cells_max: Final = 40_000
"""Messages times slots that are weighed for the best reading: two hundred of each, some tens of milliseconds."""


def best_reading(slots: Sequence[Slot], atoms: Sequence[Atom], fits: Fits, *, spare: bool) -> Pairs:
    """Slots and atoms paired in the order of both, with the fewest faults; nothing where there are too many to weigh.

    Slots that must stay empty take no part. `spare`: messages that nothing expects are no fault on this subscription.
    """
    slots = [slot for slot in slots if slot.occurs is not Occurs.NEVER]
    plain = _plain(slots, atoms, fits)
    if plain is not None:
        return plain
    if len(slots) * len(atoms) > cells_max:
        return []
    return _weighed(slots, atoms, fits, spare=spare)


def _plain(slots: Sequence[Slot], atoms: Sequence[Atom], fits: Fits) -> Pairs | None:
    """The reading in which each message takes the first slot that it fits, if it has no fault: the usual one, found in one pass."""
    pairs: Pairs = []
    at = 0
    for atom in atoms:
        while at < len(slots) and not fits(slots[at], atom):
            if slots[at].occurs is Occurs.ONCE:
                return None
            at += 1
        if at == len(slots):
            return None
        pairs.append((slots[at], atom))
        at += 1
    return None if any(slot.occurs is Occurs.ONCE for slot in slots[at:]) else pairs


def _weighed(slots: Sequence[Slot], atoms: Sequence[Atom], fits: Fits, *, spare: bool) -> Pairs:
    """By dynamic programming from the end: cost[i][j] is the least at which atoms i.. are read by slots j.. .

    Of readings with as many faults the one with the most pairs counts.
    """
    width, height = len(slots), len(atoms)
    fault = min(width, height) + 1
    left_over = 0 if spare else fault
    lacking = [fault if slot.occurs is Occurs.ONCE else 0 for slot in slots]
    fitting = [[fits(slot, atom) for slot in slots] for atom in atoms]
    cost = [[0] * (width + 1) for _ in range(height + 1)]
    for j in range(width - 1, -1, -1):
        cost[height][j] = cost[height][j + 1] + lacking[j]
    for i in range(height - 1, -1, -1):
        row, below, fit = cost[i], cost[i + 1], fitting[i]
        row[width] = below[width] + left_over
        for j in range(width - 1, -1, -1):
            best = min(row[j + 1] + lacking[j], below[j] + left_over)
            row[j] = min(best, below[j + 1] - 1) if fit[j] else best
    pairs: Pairs = []
    i = j = 0
    while i < height and j < width:
        if fitting[i][j] and cost[i][j] == cost[i + 1][j + 1] - 1:
            pairs.append((slots[j], atoms[i]))
            i, j = i + 1, j + 1
        elif cost[i][j] == cost[i][j + 1] + lacking[j]:
            j += 1
        else:
            i += 1
    return pairs
