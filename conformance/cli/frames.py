"""Lines about the frames of a scenario: what was sent and received when and where, what is open at a failure. Nothing prints here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.recordings import without_passwords
from conformance.rules import Catalogue
from conformance.run.bench import Examined
from reports.plain import shortened

FRAME_CHARS_MAX: Final = 400
"""How much of one frame is shown; the run file has all of it."""

_ARROWS: Final = {"sent": ">", "received": "<"}


def frames(examined: Examined) -> Iterator[str]:
    """The name of the scenario, then a line for each event: seconds, connection, `>` sent or `<` received, the payload of the frame."""
    yield f"{examined.scenario.name}"
    if examined.observation is None:
        yield f"  {shortened(examined.error or '')}"
        return
    events = without_passwords(examined.observation).events
    wide = max((len(event.connection) for event in events), default=0)
    for event in events:
        what = event.payload.decode("utf-8", "backslashreplace") if event.payload else f"({event.kind}) {event.detail}"
        yield f"  {event.at_s:8.4f}  {event.connection:<{wide}}  {_ARROWS.get(event.kind, ' ')} {shortened(what, FRAME_CHARS_MAX)}"


def paused(examined: Examined, rules: Sequence[str], catalogue: Catalogue) -> Iterator[str]:
    """What was broken, and how to find the open connections and the records on the server."""
    findings = {finding.rule: finding.what for finding in reversed(examined.decisive)}
    yield ""
    for rule in rules:
        yield f"{catalogue[rule].breach.name}  {rule}  {catalogue[rule].title}: {shortened(findings[rule])}"
    naming, seen = examined.naming, examined.observation
    names = dict.fromkeys(event.connection for event in seen.events if event.connection) if seen is not None else {}
    if naming is not None:
        yield f"  scenario {examined.scenario.name}; its records are in the topics {naming.topics}*"
        yield f"  open connections: {', '.join(f'{name} (client name {naming.clients}{name})' for name in names)}"
