"""What a delta makes of each kind of field. The result of a merge is compared parsed."""

from __future__ import annotations

from reference_model.rule import R
from strategies.build import Line, Program
from strategies.directed.collection import Collection

merge = Collection("merge")


def shown(line: Line, before: dict[str, object], delta: dict[str, object]) -> None:
    """The record 1 with `before`, then a delta; a query shows each."""
    line.publish("@orders", {"id": 1, **before})
    line.fence()
    line.sow("@orders")
    line.delta("@orders", {"id": 1, **delta})
    line.fence()
    line.sow("@orders")


@merge(R("DELTA-MRG-01"), R("DELTA-MRG-02"))
def arrays(p: Program) -> None:
    """An array replaces an array, at the top and below an object; elements do not mix."""
    before: dict[str, object] = {"tags": [1, 2, 3], "c": {"p": [{"x": 1}, {"y": 2}]}}
    shown(p.open(), before, {"tags": [9], "c": {"p": [{"z": 3}]}})


@merge(R("DELTA-MRG-03"), R("DELTA-MRG-04"), R("DELTA-MRG-05"))
def nested(p: Program) -> None:
    """One member of an object: it is replaced; the other members of the object are expected to stay, top-level ones do."""
    shown(p.open(), {"a": {"x": 1, "y": 2}, "b": 5, "c": {"y": 2}}, {"a": {"y": 3}, "c": {"y": 3}})


@merge(R("DELTA-MRG-06"), R("DELTA-MRG-07"))
def null_and_empty(p: Program) -> None:
    """NULL and the zero-length string: ignored, or applied."""
    shown(p.open(), {"a": 1, "b": "x", "c": 3}, {"a": None, "b": "", "c": 4, "d": None})


@merge(R("DELTA-MRG-08"))
def other_types(p: Program) -> None:
    """A scalar replaces a scalar of another type; numbers of 20 digits stay what they are."""
    before: dict[str, object] = {"a": 1, "b": "1", "c": True, "d": 12345678901234567890}
    shown(p.open(), before, {"a": "one", "b": 2, "c": 0, "d": 12345678901234567891})


@merge(R("DELTA-MRG-09"), R("DELTA-MRG-10"), R("DELTA-MRG-12"))
def open_cases(p: Program) -> None:
    """A scalar over an object, an object over a scalar, empty arrays and objects, arrays of objects: recorded."""
    before: dict[str, object] = {"a": {"x": 1}, "b": 1, "c": [1], "d": {"x": 1}, "e": [{"x": 1}], "keep": "k"}
    shown(p.open(), before, {"a": 2, "b": {"x": 1}, "c": [], "d": {}, "e": [{"x": 2}, {}]})


@merge(R("DELTA-MRG-13"))
def many(p: Program) -> None:
    """A field that no delta names stays over any number of them."""
    a = p.open()
    a.publish("@orders", {"id": 1, "keep": "k", "n": 0})
    for number in range(1, 8):
        a.delta("@orders", {"id": 1, "n": number, f"f{number}": number})
    a.fence()
    a.sow("@orders")
