"""What a row of the table of probes is, and the three ways to write one. The rows themselves live in modules by subject.

A row says of one filter, for bodies of one JSON document each, whether it matches; or, of a text, whether it may be taken as a filter
at all. What it says is typed from the text of its rule and never computed: evaluators are held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reference_model.rule import Because, R


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One row.

    rules    what it shows, the rule first that a wrong outcome breaks
    filter   the text of the filter, as it stands after the header has been decoded
    bodies   JSON objects as they are published
    matches  of each body whether the filter selects it; None: the documentation leaves it open
    refused  whether the command must fail (then there are no bodies), None: that is open
    """

    rules: Because
    filter: str
    bodies: tuple[bytes, ...] = ()
    matches: tuple[bool | None, ...] = ()
    refused: bool | None = False

    def __post_init__(self) -> None:
        assert len(self.bodies) == len(self.matches)
        assert self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Probes that can share one set of records: each filter is decided for the bodies of all of them.

    fill: members (JSON texts by name) that every body of the group gets that lacks them, where NULL would leave some filter open.
    """

    name: str
    probes: tuple[Probe, ...]
    fill: Mapping[str, str] = field(default_factory=dict)

    @property
    def bodies(self) -> tuple[bytes, ...]:
        """Every body once, filled, in the order of the rows."""
        return tuple(dict.fromkeys(self.filled(body) for probe in self.probes for body in probe.bodies))

    def filled(self, body: bytes) -> bytes:
        """A body of one of the rows, with the members that it lacks."""
        lacking = [name for name in self.fill if f'"{name}":'.encode() not in body]
        members = ",".join(f'"{name}":{self.fill[name]}' for name in lacking).encode()
        return body if not lacking else body.removesuffix(b"}") + (b"," if b":" in body else b"") + members + b"}"


def shows(rule: R, text: str, *, yes: str | Iterable[str] = (), no: str | Iterable[str] = (), also: Because = ()) -> Probe:
    """The filter matches the bodies `yes` and not the bodies `no`."""
    matching, others = _bodies(yes), _bodies(no)
    return Probe(
        rules=(rule, *also),
        filter=text,
        bodies=(*matching, *others),
        matches=(*(True for _ in matching), *(False for _ in others)),
    )


def leaves_open(rule: R, text: str, *bodies: str, taken: bool = True) -> Probe:
    """Whether the filter matches these bodies is not documented; nor whether it is taken as one, if not `taken`."""
    given = _bodies(bodies)
    return Probe(rules=(rule,), filter=text, bodies=given, matches=(None,) * len(given), refused=False if taken else None)


def refuses(rule: R, *texts: str) -> tuple[Probe, ...]:
    """Texts that are no filter: the command fails."""
    return tuple(Probe(rules=(rule,), filter=text, refused=True) for text in texts)


def _bodies(given: str | Iterable[str]) -> tuple[bytes, ...]:
    return tuple(body.encode() for body in ((given,) if isinstance(given, str) else given))
