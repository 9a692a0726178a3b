"""Breaches: a recording that kept a demand of the model, changed so that it breaks just that demand. For each kind of demand one way.

Demands are what an expectation is made of: a slot that must be filled or stay empty, a claim, an id, a body, an order, a pool, keys
that differ, nothing twice. Only demands that the recording really decided are listed.
"""

from dataclasses import dataclass, replace

from conformance.wire import decode, encode_message
from reference_model.expectation import Absent, Is, Like, Occurs, OneOf, Present, Same, Unknown, Within
from reference_model.messages import Message, SowRecord
from reference_model.observation import Event
from reference_model.payload.json import write
from reference_model.scenario import Fence

OTHER_ID = "no-such-id"


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A demand of one kind, the rule behind it, the events of the recording that breaks it, and fences that are then waited for in
    vain."""

    kind: str
    rule: str
    events: tuple[Event, ...]
    late: tuple[str, ...] = ()

    def recording(self, observation):
        return replace(observation, events=self.events, late=(*observation.late, *self.late))


def breaches(examination):
    """Every demand of the expectation that the recording decided, with its breach."""
    return _Breaches(examination).all()


class _Breaches:
    def __init__(self, examination):
        self.steps = examination.scenario.steps
        self.events = list(examination.observation.events)
        self.expectation = examination.expectation
        self.matched = examination.alignment.matched
        self.ended = {
            slot.where[0] for slot in self.expectation.slots if slot.step == f"end-{slot.where[0]}" and slot.id in self.matched
        }
        self.bound = set()

    def all(self):
        for slot in self.expectation.slots:
            atom = self.matched.get(slot.id)
            if slot.occurs is Occurs.NEVER:
                yield from self._forbidden(slot)
            elif atom is not None:
                yield from self._filled(slot, atom)
        yield from self._orders()
        yield from self._pools()
        yield from self._distinct()
        yield from self._scopes()
        yield from self._obligations()

    # ---- slots ---------------------------------------------------------------------------------------------------------------------

    def _filled(self, slot, atom):
        if slot.occurs is Occurs.ONCE and slot.because:
            late = tuple(step.label for step in self.steps if isinstance(step, Fence) and step.after == slot.step)
            yield Breach(kind=f"slot: {slot.where[1]}", rule=slot.because[0], events=self.without(atom), late=late)
        if atom.kind == "closed":
            return
        if slot.correlated and slot.occurs is Occurs.ONCE:
            yield Breach(kind=f"id: {slot.where[1]}", rule=slot.correlated[0], events=self.renamed(atom))
        for claim in slot.claims:
            yield from self._claim(atom, claim)
        if slot.body is not None and atom.tree.__class__ is dict:
            yield from self._body(slot.body, atom)

    def _claim(self, atom, claim):
        name, matcher = claim.field, claim.matcher
        kind = f"field: {type(matcher).__name__}"
        match matcher:
            case Absent():
                value = "20260101T000000.000000" if name == "timestamp" else "123456"
            case Present():
                value = None
            case Is() | OneOf():
                value = 999_999 if name in NUMBERS else {"success": "failure", "failure": "success"}.get(atom.text(name), "another")
            case Within():
                value = str(matcher.high + 1) if name not in NUMBERS else matcher.high + 1
            case Like():
                value = "not at all"
            case Same():
                if matcher.symbol not in self.bound:
                    self.bound.add(matcher.symbol)  # the first value could not have been wrong
                    return
                value = "424242"
        if isinstance(matcher, OneOf) and matcher.names:
            return
        if name == "cmd":
            value = "p2"
        yield Breach(kind=kind, rule=claim.because[0], events=self.changed(atom, name, value))

    def _body(self, body, atom):
        tree = dict(atom.tree)
        if body.exact is not None and body.verbatim and atom.body == body.exact and body.members:
            yield Breach(kind="body: bytes", rule=body.verbatim[0], events=self.with_body(atom, b" " + write(tree)))
        if body.complete:
            yield Breach(kind="body: nothing else", rule=body.complete[0], events=self.with_body(atom, write({**tree, "zzz": 1})))
        for name, because in body.gone.items():
            yield Breach(kind="body: gone", rule=because[0], events=self.with_body(atom, write({**tree, name: "back"})))
        for name, member in body.members.items():
            if isinstance(member.values, Unknown) or len(member.values) > 1 or name not in tree or not member.because:
                continue
            for path, because in member.inner.items():
                yield Breach(
                    kind="body: below", rule=because[0], events=self.with_body(atom, write({**tree, name: _other(tree[name], path)}))
                )
            if not member.inner:
                yield Breach(kind="body: value", rule=member.because[0], events=self.with_body(atom, write({**tree, name: "other"})))
            if member.missing:
                lacking = {other: value for other, value in tree.items() if other != name}
                yield Breach(kind="body: missing", rule=member.missing[0], events=self.with_body(atom, write(lacking)))

    def _forbidden(self, slot):
        connection, kind, correlation = slot.where
        if not slot.because or connection not in self.ended:
            return
        header = {"cmd": kind}
        body, records = b"", ()
        if kind == "ack":
            header |= {"ack_type": correlation[1], "status": "success"} | ({"cmd_id": correlation[0]} if correlation[0] else {})
        elif kind in {"group_begin", "group_end", "sow"}:
            header["query_id"] = correlation
        else:
            header |= {"topic": "@any", "sids": correlation}
        if slot.body is not None:
            body = slot.body.exact if slot.body.exact is not None else self.allowed(slot.body)
        if kind == "sow":
            topic, key = slot.key
            header |= {"topic": topic, "batch_size": 1}
            records = (SowRecord(header={"sow_key": "777" if slot.key_of != "sow_key" else key[0]}, data=_keyed(slot.key_of, key)),)
        at = self.place_for(slot)
        if at is not None:
            event = _received(connection, Message(header=header, body=body, records=records))
            yield Breach(kind=f"absence: {kind}", rule=slot.because[0], events=(*self.events[:at], event, *self.events[at:]))

    @staticmethod
    def allowed(body):
        tree = {}
        for name, member in body.members.items():
            value = "any" if isinstance(member.values, Unknown) else member.values[0]
            if value is not Unknown.ABSENT:
                tree[name] = value
        return write(tree)

    def place_for(self, slot):
        """Where the forbidden message is put: a record before the end of its result, anything else behind the step that must not
        cause it, if something comes later that shows that it would have been seen."""
        connection, kind, correlation = slot.where
        if kind == "sow":
            ends = [other for other in self.expectation.slots if other.where == (connection, "group_end", correlation)]
            return next((self.matched[other.id].event for other in ends if other.id in self.matched), None)
        sent = next((index for index, event in enumerate(self.events) if event.label == slot.step), None)
        if sent is None:
            return None
        if kind in {"publish", "oof"}:
            later = [
                other
                for other in self.expectation.slots
                if other.where[:2] == (connection, "publish") and other.id > slot.id and other.id in self.matched
                and (other.step != slot.step or other.where == slot.where)
            ]  # fmt: skip
            return sent + 1 if later else None
        last = next(
            (
                i
                for i in range(len(self.events) - 1, -1, -1)
                if self.events[i].connection == connection and self.events[i].kind == "sent"
            ),
            None,
        )
        return None if last is None else max(sent + 1, last)

    # ---- relations -----------------------------------------------------------------------------------------------------------------

    def _orders(self):
        for chain in self.expectation.chains:
            came = [[self.matched[slot] for slot in group if slot in self.matched] for group in chain.groups]
            came = [group for group in came if group]
            if len(came) > 1:
                yield Breach(kind="order", rule=chain.because[0], events=self.swapped(came[0][0], came[-1][-1]))

    def _pools(self):
        for pool in self.expectation.pools:
            came = [self.matched[slot] for slot in pool.slots if slot in self.matched]
            if came and len(came) == pool.low:
                yield Breach(kind="pool", rule=pool.because[0], events=self.without(came[-1]))

    def _distinct(self):
        for distinct in self.expectation.distinct:
            shown = {}
            for slot in self.expectation.slots:
                for claim in slot.claims:
                    if isinstance(claim.matcher, Same) and claim.matcher.symbol in distinct.symbols and slot.id in self.matched:
                        shown.setdefault(claim.matcher.symbol, []).append(self.matched[slot.id])
            if len(shown) > 1:
                first, *_, others = shown.values()
                key, events = {"sow_key": first[0].text("sow_key")}, self.events
                for atom in others:
                    events = _put(events, atom, lambda header, key=key: {**header, **key})
                yield Breach(kind="distinct", rule=distinct.because[0], events=tuple(events))

    def _scopes(self):
        for scope in self.expectation.scopes:
            if not scope.repeated or scope.correlation is None or scope.connection not in self.ended:
                continue
            for slot in self.expectation.slots:
                of_ack = scope.kind == "ack" and slot.where == (scope.connection, "ack", scope.correlation)
                of_record = (
                    scope.kind == "sow"
                    and isinstance(scope.correlation, tuple)
                    and slot.where == (scope.connection, "sow", scope.correlation[0])
                    and slot.key == scope.correlation[1]
                )
                if (of_ack or of_record) and slot.id in self.matched:
                    yield Breach(kind=f"repeated: {scope.kind}", rule=scope.repeated[0], events=self.twice(self.matched[slot.id]))

    def _obligations(self):
        for obligation in self.expectation.obligations:
            data = obligation.data
            kind = f"obligation: {obligation.check}"
            match obligation.check:
                case "answered_or_closed" | "refused_or_closed":
                    yield Breach(kind=kind, rule=data["rule"], events=self.silent(data["connection"], data["step"]))
                case "batches":
                    events = self.in_one_message(data["connection"], data["query_id"])
                    if events is not None:
                        yield Breach(kind=kind, rule=data["rule"], events=events)
                case "persisted_each":
                    where = (data["connection"], "ack", (data["cmd_ids"][0], "persisted"))
                    (slot,) = (slot for slot in self.expectation.slots if slot.where == where)
                    if slot.id in self.matched:
                        yield Breach(kind=kind, rule="CMD-CONF-13", events=self.without(self.matched[slot.id]))
                case "generated_id":
                    yield Breach(kind=kind, rule="SUB-REG-14", events=self.without_ids(data["connection"], data["topic"]))

    # ---- recordings ----------------------------------------------------------------------------------------------------------------

    def without(self, atom):
        """The recording without one atom: a whole message, a record of one, or one id in a list."""
        event = self.events[atom.event]
        left = None
        if atom.kind == "sow" and len(event.message.records) > 1:
            records = tuple(one for part, one in enumerate(event.message.records) if part != atom.part)
            left = replace(event.message, header={**event.message.header, "batch_size": len(records)}, records=records)
        elif atom.kind == "publish" and "," in (event.message.text("sids") or ""):
            ids = [one for one in event.message.text("sids").split(",") if one != atom.correlation]
            left = replace(event.message, header={**event.message.header, "sids": ",".join(ids)})
        new = [] if left is None else [_again(event, left)]
        return (*self.events[: atom.event], *new, *self.events[atom.event + 1 :])

    def silent(self, connection, step):
        """Nothing comes on the connection after the step."""
        sent = next(index for index, event in enumerate(self.events) if event.label == step)
        return tuple(
            event
            for index, event in enumerate(self.events)
            if index <= sent or event.connection != connection or event.kind not in {"received", "closed"}
        )

    def in_one_message(self, connection, query_id):
        """All records of a result in its first message; nothing if there is only one."""
        found = [
            index
            for index, event in enumerate(self.events)
            if event.kind == "received" and event.connection == connection
            and event.message.cmd == "sow" and event.message.text("query_id") == query_id
        ]  # fmt: skip
        if len(found) < 2 or len({self.events[index].message.text("topic") for index in found}) > 1:
            return None
        records = tuple(one for index in found for one in self.events[index].message.records)
        first = self.events[found[0]]
        whole = _again(first, replace(first.message, header={**first.message.header, "batch_size": len(records)}, records=records))
        return tuple(whole if index == found[0] else event for index, event in enumerate(self.events) if index not in found[1:])

    def without_ids(self, connection, topic):
        """The messages of a topic without the ids of subscriptions."""
        return tuple(
            _again(event, replace(event.message, header={k: v for k, v in event.message.header.items() if k != "sids"}))
            if event.kind == "received" and event.connection == connection and event.message.text("topic") == topic
            else event
            for event in self.events
        )

    def renamed(self, atom):
        """Under an id that is nobody's."""
        name = {"ack": "cmd_id", "publish": "sids"}.get(atom.kind, "query_id")
        event = self.events[atom.event]
        if atom.kind != "publish" or "," not in (event.message.text("sids") or ""):
            return tuple(_put_outer(self.events, atom, {**event.message.header, name: OTHER_ID}))
        ids = [OTHER_ID if one == atom.correlation else one for one in event.message.text("sids").split(",")]
        return tuple(_put_outer(self.events, atom, {**event.message.header, name: ",".join(ids)}))

    def changed(self, atom, name, value):
        def other(header):
            left = {key: old for key, old in header.items() if key != name}
            return left if value is None else {**left, name: value}

        if atom.kind == "sow" and name == "topic":
            return tuple(_put_outer(self.events, atom, other(self.events[atom.event].message.header)))
        return tuple(_put(self.events, atom, other))

    def with_body(self, atom, body):
        event = self.events[atom.event]
        if atom.kind != "sow":
            return (*self.events[: atom.event], _again(event, replace(event.message, body=body)), *self.events[atom.event + 1 :])
        records = list(event.message.records)
        records[atom.part] = replace(records[atom.part], data=body)
        return (
            *self.events[: atom.event], _again(event, replace(event.message, records=tuple(records))), *self.events[atom.event + 1 :],
        )  # fmt: skip

    def twice(self, atom):
        event = self.events[atom.event]
        return (*self.events[: atom.event], event, *self.events[atom.event :])

    def swapped(self, first, last):
        """The last one before the first one."""
        if first.event == last.event:
            event = self.events[first.event]
            records = list(event.message.records)
            records[first.part], records[last.part] = records[last.part], records[first.part]
            new = _again(event, replace(event.message, records=tuple(records)))
            return (*self.events[: first.event], new, *self.events[first.event + 1 :])
        moved = self.events[last.event]
        left = [event for index, event in enumerate(self.events) if index != last.event]
        return (*left[: first.event], moved, *left[first.event :])


NUMBERS = frozenset({"topic_matches", "matches", "records_returned", "records_deleted"})


def _other(value, path):
    """The object with another value at a path below it."""
    name, _, rest = path.removeprefix("/").partition("/")
    return {**value, name: _other(value[name], rest) if rest else "other"}


def _keyed(key_of, key):
    """A record's data from its key."""
    if key_of == "sow_key":
        return b'{"any":1}'
    tree = {}
    for path, text in zip(key_of, key, strict=True):
        *above, last = path.split("/")[1:]
        node = tree
        for step in above:
            node = node.setdefault(step, {})
        node[last] = Raw(text)
    return _written(tree)


class Raw(str):
    """JSON text that is written as it is."""

    __slots__ = ()


def _written(tree):
    if isinstance(tree, Raw):
        return tree.encode()
    return b"{" + b",".join(write(name) + b":" + _written(value) for name, value in tree.items()) + b"}"


def _put(events, atom, change):
    """The header of the atom changed: that of its record, if it is one."""
    event = events[atom.event]
    if atom.kind != "sow":
        return _put_outer(events, atom, change(event.message.header))
    records = list(event.message.records)
    records[atom.part] = replace(records[atom.part], header=change(records[atom.part].header))
    return [*events[: atom.event], _again(event, replace(event.message, records=tuple(records))), *events[atom.event + 1 :]]


def _put_outer(events, atom, header):
    event = events[atom.event]
    return [*events[: atom.event], _again(event, replace(event.message, header=header)), *events[atom.event + 1 :]]


def _again(event, message):
    """The message written anew, with the lengths that it has now."""
    records = tuple(replace(one, header=_without_length(one.header)) for one in message.records)
    message = replace(message, header=_without_length(message.header), records=records)
    payload = encode_message(message)[4:]
    return replace(event, payload=payload, message=decode(payload, sender="server"))


def _without_length(header):
    return {name: value for name, value in header.items() if name != "msg_len"}


def _received(connection, message):
    payload = encode_message(message)[4:]
    return Event(at_s=0.0, connection=connection, kind="received", payload=payload, message=decode(payload, sender="server"))
