"""How a failure looks in pytest: one exception class for each rule, and the explanation instead of a traceback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Final

import pytest

from conformance.rules import Catalogue
from conformance.run_file import Failure
from reports import terminal

KIND: Final = "amps_conformance"
"""The user property of an item that did not pass (rule, harness, not_measured): it survives the way from worker to controller."""


class SuiteFailure(Exception):  # noqa: N818 (the name of a class is what pytest prints first: here it is a rule)
    """Base of what the suites raise. `line`: the failure in one line; the text is the whole explanation."""

    kind = "rule"

    def __init__(self, line: str, text: str) -> None:
        super().__init__(text)
        self.line = line


class HarnessTrouble(SuiteFailure):
    """A mistake of ours: it says nothing of the target."""

    kind = "harness"


class NotMeasured(SuiteFailure):
    """The target cannot be measured (any more)."""

    kind = "not_measured"


@cache
def failure_class(rule: str) -> type[SuiteFailure]:
    """The exception class of a rule, by its id."""
    return type(rule.replace("-", "_"), (SuiteFailure,), {"__doc__": f"{rule} is broken.", "__module__": __name__})


def broken(catalogue: Catalogue, failures: Sequence[Failure], *, here: Collection[str]) -> SuiteFailure:
    """The exception for failures that one item has shown; its class is that of the first rule. `here`: the scenarios of the item.

    A failure that was explained with an earlier scenario is told in brief.
    """
    first = failures[0]
    line = f"{first['rule']} {catalogue[first['rule']].title}: {first['what']}"
    return failure_class(first["rule"])(line, "\n".join(_told(catalogue, failure, here) for failure in failures))


def _told(catalogue: Catalogue, failure: Failure, here: Collection[str]) -> str:
    """The explanation of one failure as plain text."""
    first = failure["scenarios"][0]
    if first not in here:
        rule = catalogue[failure["rule"]]
        return f"{rule.breach.name}  {rule.id}  {rule.title}   as in {first}\n    replay  {failure['replay']}\n"
    return "\n".join(terminal.lines(terminal.one(catalogue[failure["rule"]], failure))) + "\n"


def shown(error: pytest.ExceptionInfo[BaseException]) -> object:
    """What pytest prints for a failure of ours: the explanation, and for its summary the one line."""
    assert isinstance(error.value, SuiteFailure)
    native = error.getrepr(style="native")
    native.reprtraceback.reprentries[0].lines[:] = [str(error.value)]  # type: ignore[index]  # native: one entry, a list of lines
    if native.reprcrash is not None:
        native.reprcrash.message = error.value.line
    return native
