"""What a run says on a terminal: everything that was found, nothing that a target sent does anything to it."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.results import Finding, Ledger, Verdict
from conformance.run_file import RunHeader, failure_of
from reports.plain import number, safe
from reports.record import from_ledger
from reports.terminal import console, final, opening, show, verdict

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
WRONG = Finding(rule="SOW-TOPN-07", kind="wrong", what="record 1 came", field="/id", step="s2")
MASKED = Finding(rule="SOW-TOPN-09", kind="missing", what="no record came", masked_by="SOW-TOPN-07")
RUN = [
    Verdict(scenario="paging-1", exercised={"SOW-TOPN-07": 2}, findings=(WRONG, MASKED)),
    Verdict(scenario="paging-2", exercised={"SOW-TOPN-07": 2}, findings=(WRONG, replace(WRONG, field="/x", what="another record"))),
]
GOOD = [Verdict(scenario="good", exercised={"SOW-TOPN-07": 2, "SOW-QRY-01": 1})]


def _explained():
    ledger = Ledger()
    ledger.add(RUN[0])
    return {
        **failure_of(ledger.of_rule("SOW-TOPN-07")[0]),
        "times": {"broken": 3, "of": 3},
        "steps": [
            {"n": 1, "on": "a", "text": "logon", "seen": "ack processed success", "label": "s1"},
            {"n": 2, "on": "a", "text": "sow orders opts=top_n=1,skip_n=1", "seen": "", "label": "s2"},
            {"n": 3, "on": "a", "text": "flush", "seen": "", "label": "s3"},
        ],
        "compare": [
            {"mark": "", "expected": "group_begin", "seen": "group_begin", "rule": ""},
            {"mark": "\u00d7", "expected": 'sow {"id":2}', "seen": 'sow {"id":1}', "rule": "SOW-TOPN-07"},
        ],
        "shrunk": {"from": 34, "to": 5, "runs": 41, "seconds": 2.2},
        "program": "programs/x.json",
        "replay": "amps-conformance replay amps-report/programs/x.json --target tcp://amps.test:9007/amps/json",
    }


EXPLAINED = _explained()


def report(verdicts=RUN, header=HEADER, **more):
    ledger = Ledger()
    for one in verdicts:
        ledger.add(one)
    return from_ledger(header, ledger, **{"seconds": 3.1, "commands": 20, **more})


def plain(*parts):
    file = io.StringIO()
    show(console(file), *parts)
    return file.getvalue()


@pytest.fixture(autouse=True)
def _no_width(monkeypatch):
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_failed_rule_from_its_words_to_the_line_that_replays_it():
    lines = plain(final(report(explained=[EXPLAINED]), files=["amps-report/summary.json", "run.jsonl"])).splitlines()
    told = [
        "FAILED  SOW-TOPN-07  skip_n skips in the order   must, documented   3 of 3 times",
        "  With orderby, top_n and skip_n a query returns the records at positions skip_n+1 .. skip_n+top_n.",
        "  Source: User Guide: Querying the SOW, Managing Result Sets",
        "",
        "    record 1 came",
        "    #  on  step                              seen",
        "    1  a   logon                             ack processed success",
        "    2  a   sow orders opts=top_n=1,skip_n=1",
        "             expected      seen",
        "             group_begin   group_begin",
        '          \u00d7  sow {"id":2}  sow {"id":1}  SOW-TOPN-07',
        "    3  a   flush",
        "    shrunk from 34 commands to 5 in 41 runs, 2.2 s; found in scenario paging-1, seen in 1 more",
        "    replay  amps-conformance replay amps-report/programs/x.json --target tcp://amps.test:9007/amps/json",
        "    also  wrong /x: another record  (1 time)",
        "    masked  SOW-TOPN-09  missing: no record came  (1 time)",
    ]
    assert lines[: len(told)] == told
    assert lines[-1] == "amps-report/summary.json   run.jsonl"


def test_a_failure_that_nobody_explained_is_told_all_the_same():
    finding = replace(WRONG, expected="x", seen="y")
    text = plain(final(report([Verdict(scenario="only", exercised={"SOW-TOPN-07": 1}, findings=(finding,))])))
    assert "    expected  x\n    seen      y\n    found in scenario only\n" in text
    assert "must, documented   1 time\n" in text


def test_totals_hide_nothing():
    undecided = Verdict(scenario="u", inconclusive={"SOW-QRY-21": "foreign publishes", "s5": "no usable witness"})
    lines = plain(final(report([*RUN, undecided], harness_errors=["rnd-3: boom"], unmeasured=["the slot was lost"]))).splitlines()
    assert "INCONCLUSIVE  SOW-QRY-21  " in "\n".join(lines)
    assert "Masked by failures above: SOW-TOPN-09" in lines
    assert "Not judged: the answers to 1 step: no usable witness" in lines
    assert any(line.startswith("Not exercised: ") and line.split()[-2:-1] != ["and"] for line in lines)
    assert "Harness errors: 1 scenario or stage without a verdict" in lines
    assert "  rnd-3: boom" in lines
    assert "Not measured as well: the slot was lost" in lines
    assert "Not conforming: 1 rule failed, 0 deviate. 0 of 532 core rules passed." in lines
    core = next(line for line in lines if line.startswith("Core: "))
    assert (
        sum(int(part.split()[0].replace(",", "")) for part in core.removeprefix("Core: ").partition(" (")[0].rstrip(".").split(", "))
        == 532
    )


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (report(GOOD), "Conforming: 2 of 532 core rules passed, 0 failed, 0 deviate."),
        (report([]), "Not measured: nothing was exercised. 0 of 532 core rules passed."),
        (
            report(GOOD, interrupted=True),
            "Interrupted after 1 scenario: 0 rules failed, 0 deviate by then. 2 of 532 core rules passed.",
        ),
        (
            report(GOOD, harness_errors=["boom"]),
            "Harness error: 1 error of ours; 0 rules failed, 0 deviate. 2 of 532 core rules passed.",
        ),
        (report(RUN, replace(HEADER, strict=True)), "Not conforming: 1 rule failed, 0 deviate (strict). 0 of 532 core rules passed."),
    ],
)
def test_the_outcome_in_one_sentence(made, said):
    assert verdict(made) == said


def test_the_opening():
    assert plain(opening(HEADER)).splitlines() == [
        "amps-conformance 0.1.0   rules of AMPS 5.3.5   profile pr   seed 2917384   slots 0-1",
        "target   tcp://amps.test:9007/amps/json   AMPS 5.3.5.14   2 features declared",
    ]
    assert "version not known" in plain(opening(replace(HEADER, version=None)))


NASTY = "\x1b[2J\x07\x9b31m [bold red]no[/bold red] :smile: \u202e \r\n\t \ud800 \x00"
NASTY_SAFE = "\\x1b[2J\\x07\\x9b31m [bold red]no[/bold red] :smile: \\u202e \\r\\n\\t \\ud800 \\x00"


def test_safe():
    assert safe(NASTY) == NASTY_SAFE
    assert safe('äß漢 "quoted" \\ \u00d7') == 'äß漢 "quoted" \\ \u00d7'
    assert safe("\U000e0001") == "\\U000e0001"
    assert safe(7) == "7"


def nasty_report():
    explained = {
        **EXPLAINED,
        "what": NASTY,
        "steps": [{"n": 1, "on": NASTY, "text": NASTY, "seen": NASTY}],
        "compare": [{"mark": "\u00d7", "expected": NASTY, "seen": NASTY, "rule": NASTY}],
        "replay": NASTY,
    }
    verdicts = [
        Verdict(
            scenario=NASTY,
            exercised={"SOW-TOPN-07": 1},
            findings=(replace(WRONG, what=NASTY), replace(WRONG, field=NASTY, what=NASTY), replace(MASKED, what=NASTY)),
            inconclusive={"SOW-QRY-21": NASTY},
        )
    ]
    header = replace(HEADER, uri=NASTY, version=NASTY, options={"slots": NASTY})
    return report(verdicts, header, explained=[explained], harness_errors=[NASTY], unmeasured=[NASTY])


@pytest.mark.parametrize("terminal", [False, True])
def test_what_a_target_sent_does_nothing(terminal):
    file = io.StringIO()
    made = nasty_report()
    to = Console(file=file, force_terminal=terminal, color_system=None, width=400, markup=False, emoji=False, highlight=False)
    show(to, opening(made.header), final(made, files=[NASTY]))
    text = file.getvalue()
    assert [char for char in text if ord(char) < 32 and char != "\n"] == []
    assert not {"\x9b", "\u202e", "\ud800"} & set(text)
    assert text.count(NASTY_SAFE) > 10
    text.encode("utf-8")


def test_without_a_terminal_lines_are_plain_and_have_no_blanks_at_their_ends():
    lines = plain(final(report(explained=[EXPLAINED]))).splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert "\x1b" not in "".join(lines)


def test_no_color_leaves_no_codes_on_a_terminal(monkeypatch):
    def shown():
        file = io.StringIO()
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
        show(console(file), final(report()))
        return file.getvalue()

    assert "\x1b[" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown()


def test_the_replay_line_is_never_folded():
    file = io.StringIO()
    show(Console(file=file, force_terminal=True, color_system=None, width=50), final(report(explained=[EXPLAINED])))
    assert f"    replay  {EXPLAINED['replay']}\n" in file.getvalue()


@pytest.mark.parametrize(("count", "said"), [(0, "0 rules"), (1, "1 rule"), (2057, "2,057 rules")])
def test_numbers(count, said):
    assert number(count, "rule") == said
