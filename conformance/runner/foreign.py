"""Messages on our topics that no step of this scenario can have published: somebody else works in the slot. Pure.

Cautious on purpose, since a scenario with foreign messages gets no verdict and a wrong body is a breach that must not be excused: a
body is foreign only if it is an object with at least one scalar value, and none of its (path, value) pairs occurs in any body sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from reference_model.messages import Message
from reference_model.observation import Event
from reference_model.payload.json import PayloadError, parse

_Leaf = tuple[str, type, object]


def count_foreign(events: Iterable[Event]) -> int:
    """How many received `publish` messages and `sow` records are foreign."""
    published: set[bytes] = set()
    seen: Counter[bytes] = Counter()
    for event in events:
        message = event.message
        if event.kind == "sent":
            if message is None:
                return 0  # raw bytes may publish anything
            published.add(message.body)
        elif message is not None:
            seen.update(_bodies(message))
    unknown = [body for body in seen if body not in published]
    if not unknown:
        return 0
    ours = {leaf for body in published for leaf in _leaves_of(body)}
    return sum(seen[body] for body in unknown if _foreign(body, ours))


def _bodies(message: Message) -> Iterator[bytes]:
    name = message.header.get("cmd")
    if name == "publish" and str(message.header.get("topic", "")).startswith("@"):
        yield message.body
    elif name == "sow":
        yield from (record.data for record in message.records)


def _foreign(body: bytes, ours: set[_Leaf]) -> bool:
    leaves = _leaves_of(body)
    return bool(leaves) and ours.isdisjoint(leaves)


def _leaves_of(body: bytes) -> set[_Leaf]:
    """The (path, value) pairs of a JSON object; none for anything else."""
    try:
        tree = parse(body)
    except PayloadError:
        return set()
    leaves: set[_Leaf] = set()
    rest: list[tuple[str, object]] = [("", tree)] if isinstance(tree, dict) else []
    while rest:
        path, node = rest.pop()
        if isinstance(node, dict):
            rest.extend((f"{path}/{name}", value) for name, value in node.items())
        elif isinstance(node, list):
            rest.extend((path, value) for value in node)
        else:
            leaves.add((path, type(node), node))
    return leaves
