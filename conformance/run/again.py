"""Recorded scenarios judged again with today's model, without a target: what a run file holds becomes verdicts once more.

A scenario can be judged if it was recorded whole: its program and its observation. What was slow at the time, as a confirmation showed,
is slow now.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance import programs
from conformance.compare import judge
from conformance.errors import UsageError
from conformance.naming import Naming
from conformance.results import Verdict, verdict_from_data
from conformance.rules import Catalogue
from conformance.run.bench import Examined, kept
from conformance.run_file import Damage, Origin, RunHeader, digest, records
from reference_model.config import STANDARD, InstanceConfig, LoggedTopic, TopicConfig
from reference_model.state import ProgramError

NOT_KEPT: Final = "its recording was not kept (--record all keeps every one)"
NO_OBSERVATION: Final = "it did not come to a recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One recorded scenario.

    before    the verdict at the time, None if there was none
    examined  judged again; its `error` says that a mistake of ours prevented it
    lacking   why it could not be judged; then `examined` is None
    """

    name: str
    origin: Origin
    before: Verdict | None
    examined: Examined | None = None
    lacking: str | None = None


def instance_to_data(instance: InstanceConfig) -> dict[str, Any]:
    """What the target was declared to be (logical), as JSON-able data for the header of a run file; features stand there already."""
    return {
        "topics": [
            {
                "name": topic.name,
                "keys": list(topic.keys),
                "message_type": topic.message_type,
                "key_domain": topic.key_domain,
                "expiration_s": topic.expiration_s,
                "durability": topic.durability,
            }
            for topic in instance.topics
        ],
        "logged": [{"name": topic.name, "message_type": topic.message_type} for topic in instance.logged],
        "regex_topics": instance.regex_topics,
    }


def instance_of_header(header: RunHeader) -> InstanceConfig:
    """The instance that a run was judged against; that of `config` for a file that does not say."""
    data = header.instance
    if data is None:
        return replace(STANDARD, features=frozenset(header.features))
    return InstanceConfig(
        topics=tuple(TopicConfig(**{**topic, "keys": tuple(topic["keys"])}) for topic in data["topics"]),
        logged=tuple(LoggedTopic(**topic) for topic in data["logged"]),
        regex_topics=data["regex_topics"],
        features=frozenset(header.features),
    )


def judged(path: Path, header: RunHeader, catalogue: Catalogue) -> Iterator[Again]:
    """Every scenario of one run file, in order. UsageError: the file cannot be read."""
    instance = instance_of_header(header)
    chosen = frozenset(catalogue) - header.left_out.keys() if header.left_out else None
    for record in records(path):
        if not isinstance(record, Damage) and record["record"] == "scenario":
            yield _again(record, instance, catalogue, chosen)


def _again(record: Mapping[str, Any], instance: InstanceConfig, catalogue: Catalogue, chosen: frozenset[str] | None) -> Again:
    before = None if record["verdict"] is None else verdict_from_data(record["verdict"])
    again = Again(name=record["name"], origin=record["origin"], before=before)
    recording = record.get("observation")
    if recording is None:
        return replace(again, lacking=NOT_KEPT if record["digest"] else NO_OBSERVATION)
    if digest(recording) != record["digest"]:
        return replace(again, lacking="its recording was changed since")
    try:
        scenario = programs.from_json(record["program"])
        observation = programs.observation_from_json(recording)
        naming = Naming(topics=recording["topics"], clients=recording["clients"])
    except (UsageError, KeyError, TypeError, ValueError, AttributeError) as error:
        return replace(again, lacking=f"its record cannot be read: {type(error).__name__}: {error}")
    examined = Examined(scenario=scenario, verdict=None, observation=observation, naming=naming, seconds=record["seconds"])
    try:
        verdict = judge(scenario, observation, instance, catalogue)
    except ProgramError as error:
        return replace(again, lacking=f"the model does not judge such a program any more: {error}")
    except Exception as error:  # noqa: BLE001 (a mistake of ours is told with its scenario, and the others are judged)
        text = " ".join(f"judge: {type(error).__name__}: {error}".split())
        return replace(again, examined=replace(examined, error=text, trace="".join(traceback.format_exception(error))))
    slow = {finding.group for finding in before.findings if finding.slow} if before is not None else set()
    findings = tuple(replace(finding, slow=True) if finding.group in slow else finding for finding in verdict.findings)
    return replace(again, examined=replace(examined, verdict=kept(replace(verdict, findings=findings), chosen, catalogue)))
