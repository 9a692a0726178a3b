"""How often random scenarios reach what is worth testing: the rates are written out (`-s` shows them), the least stand in a table."""

import re
import sys
from collections import Counter
from dataclasses import dataclass

import pytest

from conformance.shrink import Bounds, shrink
from reference_model.config import STANDARD
from reference_model.expectation import Occurs, OneOf, Unknown
from reference_model.model import predict
from reference_model.rule import R
from reference_model.scenario import Close, KeyOf, Scenario, Send, Together
from strategies import generate

SAMPLE = 600

SOUGHT = R("SOW-QRY-01")
"""Stands for 'the state is reached' where a shrinker wants to know of a rule."""

BOUNDS = Bounds(runs_max=300, seconds_max=60.0)

STATES = {
    # of all queries
    "a query with a filter": (22, 1),
    "a query with an order": (25, 1),
    "a query over a pattern": (6, 1),
    "a query by keys": (2, 2),
    "a query of nothing": (5, 1),
    "a query of three records or more": (17, 4),
    "a filter that leaves some and takes some": (7, 3),
    "fewer records than match": (10, 3),
    "top_n of 0": (2, 1),
    "skip_n past the end": (4, 2),
    "batches of several records": (20, 3),
    "a batch of 10,000": (4, 1),
    "a query that fails": (2, 1),
    "the same query of the same state": (3, 3),
    "ties in an order": (1, 4),
    # of all scenarios
    "a delta onto a record": (36, 3),
    "a delta onto a record of the last query": (34, 3),
    "a delta onto nothing": (17, 2),
    "a nested merge": (9, 3),
    "a merge that is open": (12, 3),
    "a record made again after a delete": (8, 4),
    "a delete that takes some and leaves some": (4, 4),
    "a delete by keys": (2, 3),
    "a delivery that must come": (40, 2),
    "a delivery that must not come": (35, 2),
    "a delivery after an unsubscribe that must not come": (2, 4),
    "one publish for several subscriptions": (8, 3),
    "sow_and_subscribe": (17, 1),
    "concurrent publishers": (4, 3),
    "several connections": (52, 2),
    "a connection that ends": (4, 0),
    "explicit keys": (17, 1),
    "composite keys": (14, 1),
    "nested keys": (6, 1),
    "a shared key domain": (7, 1),
    "a given key in a list": (2, 1),
    "a key that the target showed": (10, 3),
    "a malformed body": (3, 2),
    "a filter that does not compile": (13, 1),
    "no key in a body": (6, 1),
    "a command that fails and one that follows": (23, 2),
    "many commands in one write": (2, 21),
    "an unusual form": (35, 1),
    "a correlation id": (41, 1),
    "an odd id": (10, 1),
    "an integer of 17 digits or more": (6, 1),
    "a text beyond ASCII": (56, 1),
    "a control character": (2, 1),
    "NULL in a body": (17, 1),
    "an empty text in a body": (10, 1),
    "deep nesting": (12, 1),
    "white space in a body": (32, 1),
    "a select list": (23, 1),
}
"""Least percentages, and the commands of the program to which one that reaches the state shrinks, at most."""


def percent(part, whole):
    return 100 * part / whole if whole else 0.0


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """How often each state is reached, in percent, and the first program that reaches it."""

    rates: dict[str, float]
    first: dict[str, Scenario]


@pytest.fixture(scope="module")
def sampled():
    queries, scenarios, first = Counter(), Counter(), {}
    asked = total = 0
    for scenario in generate.scenarios(23, SAMPLE):
        total += 1
        look = Look(scenario)
        scenarios.update(look.reached())
        for features in look.queries():
            asked += 1
            queries.update(name for name, so in features.items() if so)
        for name in look.states():
            first.setdefault(name, scenario)
    rates = {name: percent(queries[name], asked) for name in queries}
    rates |= {name: percent(scenarios[name], total) for name in scenarios}
    width = max(map(len, STATES))
    lines = (f"{name:{width}} {rates.get(name, 0.0):6.1f} %  (at least {least} %)" for name, (least, _) in STATES.items())
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    return Sampled(rates=rates, first=first)


@pytest.mark.parametrize("name", STATES)
def test_reached(sampled, name):
    assert sampled.rates.get(name, 0.0) >= STATES[name][0]


@pytest.mark.parametrize("name", STATES)
def test_shrinks(sampled, name):
    """The shrinker finds the little that the state needs: against the model alone, without a target."""

    def attempt(program):
        return frozenset({SOUGHT} if name in Look(program).states() else ())

    shrunk = shrink(sampled.first[name], SOUGHT, attempt, BOUNDS, config=STANDARD)
    assert name in Look(shrunk.scenario).states()
    assert shrunk.after <= STATES[name][1]


class Look:
    """What one scenario reaches, told from its program and from what the model expects."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.expectation = predict(scenario, STANDARD)
        self.sends = []
        for step in scenario.steps:
            self.sends += (
                [step] if isinstance(step, Send) else [s for lane in step.lanes for s in lane] if isinstance(step, Together) else []
            )
        self.by_step = {}
        for slot in self.expectation.slots:
            self.by_step.setdefault(slot.step, []).append(slot)

    def slots(self, step, kind):
        return [slot for slot in self.by_step.get(step, ()) if slot.where[1] == kind]

    def states(self):
        """Every state that this program reaches, those of its queries too."""
        return {*self.reached(), *(name for features in self.queries() for name, so in features.items() if so)}

    def queries(self):
        for send in self.sends:
            header = send.command.header
            if header["cmd"] != "sow":
                continue
            records = self.slots(send.label, "sow")
            come = [slot for slot in records if slot.occurs is Occurs.ONCE]
            never = [slot for slot in records if slot.occurs is Occurs.NEVER]
            opts = str(header.get("opts", ""))
            failing = any(
                getattr(claim.matcher, "value", None) == "failure" for slot in self.slots(send.label, "ack") for claim in slot.claims
            )
            top_n = header.get("top_n") if "top_n" in header else (m := re.search(r"top_n=(\d+)", opts)) and int(m[1])
            pools = [pool for pool in self.expectation.pools if {slot.id for slot in records} & set(pool.slots)]
            rules = {slot.because[0] for slot in come}
            yield {
                "a query with a filter": "filter" in header,
                "a query with an order": "orderby" in header,
                "a query over a pattern": "(" in header["topic"] or "^" in header["topic"] or "*" in header["topic"],
                "a query by keys": "sow_keys" in header,
                "a query of nothing": not come and not pools and not failing,
                "a query of three records or more": len(come) >= 3,
                "a filter that leaves some and takes some": "filter" in header and bool(come) and bool(never),
                "fewer records than match": top_n is not None and (bool(pools) or (bool(never) and bool(come))),
                "top_n of 0": top_n == 0,
                "skip_n past the end": any(
                    claim.because[0] == "SOW-TOPN-10" for slot in self.slots(send.label, "ack") for claim in slot.claims
                ),
                "batches of several records": int(header.get("batch_size", 1)) > 1 and len(come) > 1,
                "a batch of 10,000": header.get("batch_size") == 10_000,
                "a query that fails": failing,
                "the same query of the same state": bool(rules & {"SOW-QRY-38", "SOW-REC-24", "SOW-BATCH-04"}),
                "ties in an order": any(
                    len(group) > 1
                    for chain in self.expectation.chains
                    if chain.because[-1] == "EXPR-ORD-01" and {slot.id for slot in records} & set(chain.groups[0])
                    for group in chain.groups
                ),
            }

    def reached(self):
        sends, slots = self.sends, self.expectation.slots
        text = b"\n".join(send.command.body for send in sends)
        rules = {rule for slot in slots for rule in slot.because}
        members = [m for slot in slots if slot.body for m in slot.body.members.values()]
        member_rules = {rule for m in members for rule in m.because}
        header = [send.command.header for send in sends]
        bodies = [slot.body for slot in slots if slot.body]
        publishes = [slot for slot in slots if slot.where[1] == "publish"]
        counts = Counter((slot.step, slot.where[0]) for slot in publishes if slot.occurs is Occurs.ONCE)
        failed = [
            index
            for index, send in enumerate(sends)
            if any(getattr(c.matcher, "value", None) == "failure" for slot in self.slots(send.label, "ack") for c in slot.claims)
        ]
        yield from (
            name
            for name, so in {
                "a delta onto a record": bool(member_rules & {"DELTA-PUB-01"}),
                "a delta onto a record of the last query": self.delta_of_shown(),
                "a delta onto nothing": "DELTA-PUB-06" in rules | member_rules,
                "a nested merge": bool(member_rules & {"DELTA-MRG-04", "DELTA-MRG-03", "DELTA-MRG-05"}),
                "a merge that is open": any(isinstance(m.values, Unknown) or len(m.values) > 1 for m in members),
                "a record made again after a delete": any("SOW-REC-08" in b.complete for b in bodies),
                "a delete that takes some and leaves some": self.partial_delete(),
                "a delete by keys": any(h["cmd"] == "sow_delete" and "sow_keys" in h for h in header),
                "a delivery that must come": any(slot.occurs is Occurs.ONCE for slot in publishes),
                "a delivery that must not come": any(slot.occurs is Occurs.NEVER for slot in publishes),
                "a delivery after an unsubscribe that must not come": any("SUB-UNSUB-03" in slot.because for slot in publishes),
                "one publish for several subscriptions": any(count > 1 for count in counts.values()),
                "sow_and_subscribe": any(h["cmd"] == "sow_and_subscribe" for h in header),
                "concurrent publishers": any(isinstance(step, Together) for step in self.scenario.steps),
                "several connections": len({send.connection for send in sends}) > 1,
                "a connection that ends": any(isinstance(step, Close) for step in self.scenario.steps),
                "explicit keys": any("sow_key" in h for h in header),
                "composite keys": any(h.get("topic") == "@pairs" for h in header),
                "nested keys": any(h.get("topic") == "@nested" for h in header),
                "a shared key domain": any(h.get("topic") == "@reorder" for h in header),
                "a given key in a list": any(
                    isinstance(h.get("sow_keys"), tuple) and isinstance(h["sow_keys"][0], str) for h in header
                ),
                "a key that the target showed": any(
                    isinstance(h.get("sow_keys"), tuple) and isinstance(h["sow_keys"][0], KeyOf) for h in header
                ),
                "a malformed body": any(c.because[0] == "CMD-PUB-37" for slot in slots for c in slot.claims),
                "a filter that does not compile": bool(
                    {"EXPR-FLT-08", "EXPR-FLT-09", "EXPR-FLT-10"}
                    & {c.because[0] for i in failed for slot in self.slots(sends[i].label, "ack") for c in slot.claims}
                ),
                "no key in a body": any(
                    isinstance(c.matcher, OneOf) and c.because[0] in {"SOW-KEY-40", "DELTA-PUB-15", "SOW-KEY-25"}
                    for slot in slots
                    for c in slot.claims
                ),
                "a command that fails and one that follows": "CMD-FAIL-05" in rules,
                "many commands in one write": "WIRE-FRAME-05" in rules
                or "WIRE-FRAME-05" in {r for c in self.expectation.chains for r in c.because},
                "an unusual form": any(send.form != send.form.__class__() for send in sends),
                "a correlation id": any("correlation_id" in h for h in header),
                "an odd id": any(not str(h.get("cmd_id", "a")).isalnum() for h in header),
                "an integer of 17 digits or more": re.search(rb"\d{17}", text) is not None,
                "a text beyond ASCII": not text.isascii(),
                "a control character": b"\\u0001" in text or b"\\t" in text,
                "NULL in a body": b"null" in text,
                "an empty text in a body": b':""' in text,
                "deep nesting": b"[[[[[]]]]]" in text or b'{"t":"end"}' in text,
                "white space in a body": any(b" :\t" in send.command.body or send.command.body[-1:] == b"\n" for send in sends),
                "a select list": any("select=" in str(h.get("opts")) for h in header),
            }.items()
            if so
        )

    def delta_of_shown(self):
        shown = False
        for send in self.sends:
            cmd = send.command.cmd
            if cmd == "sow":
                shown = bool(self.slots(send.label, "sow"))
            elif cmd == "delta_publish" and shown:
                return True
        return False

    def partial_delete(self):
        gone = any(slot.occurs is Occurs.NEVER and {"SOW-DEL-01", "SOW-DEL-02"} & {*slot.because} for slot in self.expectation.slots)
        left = any(slot.occurs is Occurs.ONCE and "SOW-DEL-01" in slot.because for slot in self.expectation.slots)
        return gone and left
