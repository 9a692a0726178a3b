"""`junit.xml`: the run for the test view of a CI system. One testcase for each rule; red is what makes the run red, nothing else.

A rule that neither passed nor is red (its failure is known, say) is a skipped testcase with its reason. Trouble that belongs to no rule
(the target could not be measured, a mistake of ours, an interruption) is a testcase with an error in the suite `run`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from conformance.results import Outcome
from conformance.rules import Rule
from reports.plain import shortened
from reports.record import Report
from reports.told import reason, story, title, troubles, word

SUITE: Final = "amps-conformance"


def junit(report: Report) -> str:
    """The XML document."""
    header = report.header
    root = ET.Element("testsuites", name=SUITE, time=f"{report.seconds:.3f}")
    run = _suite("run", report, _trouble(report))
    properties = ET.Element("properties")
    told = {
        "outcome": report.conclusion.outcome.value,
        "target": header.uri,
        "version": header.version or "not known",
        "profile": header.profile,
        "seed": header.seed,
        "features": " ".join(report.features),
        "rules of AMPS": header.edition,
        "amps-conformance": header.harness,
    }
    properties.extend(ET.Element("property", name=name, value=shortened(value)) for name, value in told.items())
    run.insert(0, properties)
    areas: dict[str, list[ET.Element]] = {}
    for rule in report.catalogue.values():
        areas.setdefault(rule.area, []).append(_testcase(report, rule))
    root.extend([run, *(_suite(area, report, cases) for area, cases in areas.items())])
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=False).join(('<?xml version="1.0" encoding="UTF-8"?>\n', "\n"))


def _suite(name: str, report: Report, cases: Iterable[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=name, timestamp=shortened(report.header.started_utc))
    suite.extend(cases)
    counts = {"tests": len(suite)}
    counts |= {kind: sum(case.find(tag) is not None for case in suite) for kind, tag in _COUNTED.items()}
    for kind, count in counts.items():
        suite.set(kind, str(count))
    return suite


_COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _trouble(report: Report) -> Iterable[ET.Element]:
    for kind, text in troubles(report):
        case = ET.Element("testcase", classname=f"{SUITE}.run", name=shortened(f"{kind.replace('_', ' ')}: {text}"))
        ET.SubElement(case, "error", type=kind, message=shortened(text))
        yield case


def _testcase(report: Report, rule: Rule) -> ET.Element:
    outcome, how = report.results[rule.id].outcome, word(report, rule.id)
    case = ET.Element("testcase", classname=f"{SUITE}.{rule.topic}", name=title(rule))
    if rule.id not in report.red and how == Outcome.PASSED.word:
        return case
    told = ET.SubElement(case, "failure" if rule.id in report.red else "skipped", type=how, message=shortened(reason(report, rule.id)))
    if outcome in {Outcome.FAILED, Outcome.DEVIATES}:
        told.text = "\n".join(story(report, rule.id))
    return case
