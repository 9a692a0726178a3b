"""A compact description of ALL histories that the documentation allows for a scenario: values only.

Expected atoms are slots; an atom is (frame, record) of a `sow` message, (frame, subscription) of a `publish` or `oof`, else the frame.
Every slot, claim, order and absence names the rules that demand it (`because`, most specific first).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from reference_model.rule import Because, R

Where = tuple[str, str, Hashable]
"""A bucket of atoms: connection, kind (ack, group_begin, sow, group_end, publish, oof, heartbeat, closed), correlation."""


# ---- matchers: what a field may be -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Is:
    value: str | int


@dataclass(frozen=True, slots=True)
class OneOf:
    """Either of several values; `names` says in words what each choice means (recorded, so that two targets can be compared)."""

    values: tuple[str | int, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Same:
    """Equal to every other value claimed with this symbol; the first one seen binds it."""

    symbol: Hashable


@dataclass(frozen=True, slots=True)
class Like:
    """The text matches the whole regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Within:
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Absent:
    """The field is not there."""


@dataclass(frozen=True, slots=True)
class Present:
    """The field is there and not empty; nothing is said of its value."""


Matcher = Is | OneOf | Same | Like | Within | Absent | Present


@dataclass(frozen=True, slots=True)
class Claim:
    """`field` must satisfy `matcher`, says `because`."""

    field: str
    matcher: Matcher
    because: Because


# ---- bodies ------------------------------------------------------------------------------------------------------------------


class Unknown(Enum):
    """A value that the documentation leaves open."""

    ANY = "any"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Member:
    """What one top-level member of a body may be.

    values   the allowed values (parsed JSON values of `reference_model.payload.json`; Unknown.ABSENT: the member is not there), or
             Unknown.ANY
    because  the rule to blame for another value; `missing`: if the member is not there at all (empty: `because`)
    choice   the may-rule that allows several values, with a name for each; recorded
    inner    rules of their own for places below an object, by relative path (`/y`)
    """

    values: tuple[object, ...] | Unknown
    because: Because
    missing: Because = ()
    choice: tuple[R, tuple[str, ...]] | None = None
    inner: Mapping[str, Because] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a body must be: the exact bytes, or a tree of members.

    exact     the bytes as published, or None where a merge or a select list made a new message
    members   every member that must (or may) be there
    gone      members of earlier states that must not be there any more, each with its reason
    complete  rules that say that there is nothing else
    verbatim  rules that demand the exact bytes
    """

    exact: bytes | None
    members: Mapping[str, Member]
    gone: Mapping[str, Because] = field(default_factory=dict)
    complete: Because
    verbatim: Because = ()


# ---- slots -------------------------------------------------------------------------------------------------------------------


class Occurs(Enum):
    ONCE = "once"
    OPTIONAL = "optional"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One expected (or forbidden) atom.

    id        unique in the expectation
    step      label of the step that it answers
    where     the bucket: (connection, kind, correlation); correlation is (cmd_id, ack type) of an ack, the query id of group_begin,
              sow, group_end, the subscription id of publish and oof
    key       which record it is about, as (topic, key): tells the atoms of a `sow` apart, and deliveries that are about another record
    key_of    how the key is read from an atom: paths of the body, or the field `sow_key`, or nothing
    correlated  the rule to blame if an atom comes with another correlation
    when      expected only if the slot named has matched with that status (local alternatives); otherwise the slot does not exist
    """

    id: int
    step: str
    where: Where
    because: Because
    key: Hashable = None
    key_of: tuple[str, ...] | str | None = None
    claims: tuple[Claim, ...] = ()
    body: Body | None = None
    occurs: Occurs = Occurs.ONCE
    correlated: Because = ()
    when: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Between `low` and `high` of these (OPTIONAL) slots match; `high_named` is the usual number, the rest is recorded."""

    slots: tuple[int, ...]
    low: int
    high: int
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Order between groups of slots of one connection; none inside a group. Slots that did not match are passed over."""

    connection: str
    groups: tuple[tuple[int, ...], ...]
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A closed world: an atom of this connection (kind, correlation; None = all) that no slot takes is a surplus, a second one of the
    same identity a repetition. `surplus` empty: tolerated. The narrowest scope counts."""

    connection: str
    kind: str | None = None
    correlation: Hashable = None
    surplus: Because = ()
    repeated: Because = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """The values bound by `Same` symbols of this domain differ pairwise."""

    domain: Hashable
    symbols: tuple[Hashable, ...]
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Input of the check registered for `check` (conformance/checks): what cannot be said as 'this message, these fields, this
    order'. `data` is plain data of that check."""

    check: str
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    scenario: str
    slots: tuple[Slot, ...]
    pools: tuple[Pool, ...] = ()
    chains: tuple[Chain, ...] = ()
    scopes: tuple[Scope, ...] = ()
    distinct: tuple[Distinct, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    unjudged: Mapping[str, str] = field(default_factory=dict)
    """Labels of steps whose results cannot be judged, with the reason (no usable witness)."""
