"""What one process of a pytest session measures when a client is tested: `Measuring` with an adapter in the place of a server."""

from __future__ import annotations

from typing import cast

from conformance.errors import TargetError
from conformance.run.bench import Bench
from conformance.run.client_bench import ClientBench
from conformance.run.clients import ClientExplainer, client_header
from conformance.run.opening import limits_of
from conformance.run_file import RunWriter
from conformance.suites.measuring import EXPLAIN_S_MAX, Measuring


class ClientMeasuring(Measuring):
    """Open it with `open`; it stays open until `close`."""

    def open(self) -> RunWriter:
        """Start the adapter and begin the (part of the) run file. Raises TargetError, UsageError (the file cannot be written)."""
        assert self.settings.client is not None
        bench: ClientBench | None = None
        try:
            chosen = self.selection.chosen
            bench = ClientBench(self.settings.client, self.catalogue, limits_of(self.settings), chosen=chosen)
            self._stack.enter_context(bench)
        except TargetError as error:
            self.unmeasured.append(str(error))
            raise
        finally:
            hello = None if bench is None else bench.hello
            header = client_header(self.settings, self.selection, hello, run=self._place.run)
            self._writer = RunWriter(self._place.file, header, keep=self.settings.keep)
        self._bench = cast("Bench", bench)  # examine and once are all that is asked of it
        self._explainer = ClientExplainer(
            self.settings, self.catalogue, self._instance, features=bench.features, bench=self._bench, budget_s=EXPLAIN_S_MAX
        )
        return self._writer
