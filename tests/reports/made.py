"""Runs that the tests of the formats tell: one with everything in it, also with hostile bytes wherever a target can write."""

from dataclasses import replace

from conformance.results import Finding, Ledger, Outcome, Verdict
from conformance.rules import load
from conformance.run_file import RunHeader, failure_of
from reports.record import from_ledger

FAILED, OTHER_FAILED = "SOW-TOPN-07", "SOW-QRY-01"
MASKED = "SOW-TOPN-11"
DEVIATES = "SOW-TOPN-14"
assert load()[DEVIATES].breach is Outcome.DEVIATES
PASSED = "CMD-ACK-03"
CHOSEN = "CMD-ACK-13"

HEADER = RunHeader(
    run="7f21",
    harness="0.1.0",
    edition="5.3.5",
    started_utc="2026-01-01T00:00:00.000+00:00",
    uri="tcp://amps.test:9007/amps/json",
    version="5.3.5.14",
    features=("sow", "delta"),
    profile="pr",
    seed=2917384,
    options={"slots": "0-1"},
)

TOPICS = ("SOW-TOPN-", "CMD-ACK-", "SOW-QRY-")
FEW = {rule.id: rule for rule in load().values() if rule.id.startswith(TOPICS)}
"""A catalogue for what does not depend on how many rules there are."""

HOSTILE = (
    "</script><script>hit()</script>\"'><img src=x onerror=hit()>${7*7}{{7*7}}<!--]]>&lt;&amp;<a href=javascript:hit()>`|"
    "\x00\x07\x1b[31m\x7f"
    "\x85\u202e\ufeff\udcff\ufffe\U0010ffff\r\n\u2028"
)
"""Mark-up, templates, entities, a colour, a bell, controls, a direction mark, half a surrogate pair, no characters, line ends."""


def finding(rule=FAILED, **fields):
    return Finding(**{"rule": rule, "kind": "wrong", "what": "record 1 came", "field": "/id", "step": "q1", **fields})


def explained(found, text=str, **more):
    """The failure record of a finding, with every part that an explanation has. `text` makes what the target wrote."""
    ledger = Ledger()
    ledger.add(Verdict(scenario=text("paging-1"), exercised={found.rule: 1}, findings=(found,)))
    return {
        **failure_of(ledger.of_rule(found.rule)[0]),
        "times": {"broken": 3, "of": 3},
        "steps": [
            {"n": 1, "on": text("a"), "text": text("logon"), "seen": text("ack processed success"), "label": "o1"},
            {"n": 2, "on": text("a"), "text": text("sow @orders  opts=top_n=1,skip_n=1"), "seen": "", "label": "q1"},
        ],
        "compare": [
            {"mark": "", "expected": text("group_begin"), "seen": text("group_begin"), "rule": ""},
            {"mark": "\u00d7", "expected": text('sow {"id":2,"qty":1}'), "seen": text('sow {"id":1,"qty":1}'), "rule": found.rule},
        ],
        "timeline": frames(text=text),
        "shrunk": {"from": 34, "to": 5, "runs": 41, "seconds": 2.2},
        "program": "programs/x.json",
        "replay": f"amps-conformance replay {text('programs/x.json')} --target tcp://amps.test:9007/amps/json",
        **more,
    }


def frames(count=6, text=str, *, lanes=("a", "b")):
    """The timeline of an execution with so many events; the last answers the first divergence."""
    made = []
    for n in range(count):
        frame = {"at": n / 1000, "on": text(lanes[n // 2 % len(lanes)]), "kind": "received" if n % 2 else "sent", "label": text("q1")}
        frame["text"] = text(f"ack completed success {n}" if n % 2 else f"sow @orders {n}")
        frame |= {"raw": text(f'{{"c":"ack","n":{n}}}'), "size": 20} | ({"answers": n - 1} if n % 2 else {})
        made.append(frame)
    first = count * 2 // 3
    return {"frames": made, "first": first, "missing": False, "marked": [first], "before": 0, "after": 0}


def rich(*, strict=False, text=str, known=(), count=6, **more):
    """A run with each outcome that evidence can give. count: events in the timeline of the first failure."""
    wrong, deviation = finding(what=text("record 1 came")), finding(DEVIATES, what=text("not as implied"))
    verdicts = [
        Verdict(
            scenario=text("paging-1"),
            exercised={FAILED: 2, DEVIATES: 1, PASSED: 5, MASKED: 1},
            findings=(wrong, deviation, finding(MASKED, kind="missing", masked_by=FAILED)),
            choices={CHOSEN: {text("success without"): 3, "failure": 1}},
            inconclusive={"SOW-QRY-21": text("somebody else published"), "q9": text("no usable witness")},
        )
    ]
    ledger = Ledger()
    for verdict in verdicts:
        ledger.add(verdict)
    header = replace(HEADER, strict=strict, uri=text(HEADER.uri), version=text("5.3.5.14"), features=("sow", "delta"), known=known)
    told = [explained(wrong, text, timeline=frames(count, text)), explained(deviation, text)]
    return from_ledger(header, ledger, **{"seconds": 3.1, "commands": 20, "explained": told, **more})


def hostile(word):
    """What a target writes in place of a word."""
    return f"{word}{HOSTILE}"
