"""The bench for clients: an adapter and the stage it plays on; performs, judges and confirms one program after the other.

An adapter that fails in the middle of a program is started anew; the program says nothing then. One that fails twice in a row cannot be
measured (AdapterError).
"""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from typing import Final, Self, cast

from conformance.adapters.process import Adapter, AdapterError, Hello
from conformance.client.limits import Limits
from conformance.compare.clients import examine_client
from conformance.naming import Naming
from conformance.peer.perform import Stage
from conformance.results import WHOLE_SCENARIO, Verdict
from conformance.rules import VOCABULARY, Catalogue
from conformance.run.bench import PATIENCE, Examined
from reference_model.client.program import ClientProgram
from reference_model.observation import Observation
from reference_model.scenario import Scenario

FAILURES_IN_A_ROW_MAX: Final = 2

NO_NAMING: Final = Naming(topics="amct_client_", clients="amct_client_")
"""Names of client programs are used as they are: the peer is theirs alone."""


def features_of(hello: Hello | None) -> frozenset[str]:
    """The features that an adapter has named, as far as they are known."""
    return frozenset({"client"} | (hello.features & VOCABULARY.keys() if hello is not None else set()))


class ClientBench:
    """Examines programs on the client behind an adapter. Use as a context manager."""

    def __init__(self, command: str, catalogue: Catalogue, limits: Limits, *, chosen: frozenset[str] | None = None) -> None:
        self.catalogue = catalogue
        self._command = command
        self._limits = limits
        self._chosen = chosen
        self._adapter = Adapter.start(command)
        assert self._adapter.hello is not None
        self.hello: Hello = self._adapter.hello
        self._stage = Stage(self._adapter, limits)
        self._failed = 0
        self._confirmed: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stage.close()
        self._adapter.stop()

    @property
    def features(self) -> frozenset[str]:
        """What the adapter says it can do, as far as it is known what that means."""
        return features_of(self.hello)

    def examine(self, program: ClientProgram) -> Examined:
        """Perform and judge; what is broken where a deadline has passed is tried once more, with ten times the deadline."""
        began = time.monotonic()
        examined = self.once(program)
        late = examined.observation is not None and examined.observation.late
        doubtful = {one.group for one in examined.decisive} - self._confirmed if late else set()
        if doubtful and examined.verdict is not None:
            patient = replace(self._limits, timeout_scale=self._limits.timeout_scale * PATIENCE)
            again = self.once(program, patient)
            if again.verdict is not None:
                still = {one.group for one in again.decisive} & doubtful
                self._confirmed |= still
                came = doubtful - still
                findings = tuple(replace(one, slow=True) if one.group in came else one for one in examined.verdict.findings)
                examined = replace(examined, verdict=replace(examined.verdict, findings=findings))
        return replace(examined, seconds=time.monotonic() - began)

    def once(self, program: ClientProgram, limits: Limits | None = None) -> Examined:
        """Perform and judge once. Raises AdapterError: the adapter has failed twice in a row, or does not start again."""
        try:
            observation = self._stage.perform(program, limits)
            self._stage.reset()
        except AdapterError as error:
            return self._broken(program, error)
        except Exception as error:  # noqa: BLE001 (a mistake of ours is recorded with its program, and the run goes on)
            self._restart()
            return _mistake(program, "perform", error)
        self._failed = 0
        try:
            verdict = examine_client(program, observation, self.features, self.catalogue).verdict
        except Exception as error:  # noqa: BLE001 (see above)
            return replace(_mistake(program, "judge", error), observation=observation, naming=NO_NAMING)
        return _examined(program, self._kept(verdict), observation)

    def _broken(self, program: ClientProgram, error: AdapterError) -> Examined:
        """The adapter failed: nothing is known of the client. It gets one more chance."""
        self._failed += 1
        if self._failed >= FAILURES_IN_A_ROW_MAX:
            raise error
        self._restart()
        return _examined(program, Verdict(scenario=program.name, inconclusive={WHOLE_SCENARIO: str(error)}), None)

    def _restart(self) -> None:
        self._stage.close()
        self._adapter.stop()
        self._adapter = Adapter.start(self._command)
        self._stage = Stage(self._adapter, self._limits)

    def _kept(self, verdict: Verdict) -> Verdict:
        """The verdict on the chosen rules."""
        chosen = self._chosen
        if chosen is None:
            return verdict
        return replace(
            verdict,
            exercised={rule: count for rule, count in verdict.exercised.items() if rule in chosen},
            findings=tuple(finding for finding in verdict.findings if finding.rule in chosen),
            choices={rule: counts for rule, counts in verdict.choices.items() if rule in chosen},
        )


def _examined(program: ClientProgram, verdict: Verdict | None, observation: Observation | None) -> Examined:
    # What looks at an examined program further on takes either kind: its name, its commands, its JSON.
    return Examined(scenario=cast("Scenario", program), verdict=verdict, observation=observation, naming=NO_NAMING)


def _mistake(program: ClientProgram, stage: str, error: Exception) -> Examined:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    trace = "".join(traceback.format_exception(error))
    return replace(_examined(program, None, None), error=f"{stage}: {text}", trace=trace, naming=None)
