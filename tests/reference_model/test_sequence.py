"""Numbered changes of logged topics. Source: bookmarks.md sections 3 and 7, commands.md section 5.1."""

from dataclasses import replace

import pytest

from reference_model.areas.sequence import is_logged
from reference_model.config import LOGGED, LoggedTopic
from reference_model.state import ProgramError
from reference_model.witness import Witness
from strategies.build import Program
from tests.reference_model.view import look, members, why


def subscribed(*, topics=("@orders",)):
    p = Program("p")
    reader = p.open("reader")
    for topic in topics:
        reader.subscribe(topic, sub_id=f"s-{topic}")
    reader.answered()
    return p, p.open("a")


def seen(p, witness=None):
    return look(p, config=LOGGED, **({} if witness is None else {"witness": witness}))


def test_a_duplicate_with_other_content():
    """bookmarks.md section 7, 2: the SOW keeps the first, a subscriber got the first only."""
    p, a = subscribed()
    a.publish("@orders", {"id": 1, "v": 1}, seq=5)
    a.publish("@orders", {"id": 1, "v": 2}, seq=5, acks="processed")
    a.fence()
    a.sow("@orders")
    view = seen(p)
    assert view.deliveries("p1") == {"s-@orders": "once"}
    assert view.deliveries("p2") == {"s-@orders": "never"}
    assert why(view.slots("publish", "p2")[0]) == "BOOK-SEQ-01"
    assert view.acks("p2")["processed"] == "perhaps"
    assert members(view.record("q1", "1")) == {"id": 1, "v": 1}
    assert why(view.record("q1", "1")) == "BOOK-SEQ-01"


def test_own_numbers_and_none():
    """bookmarks.md section 7, 3: all four are taken."""
    p, a = subscribed()
    for number in (5, None, None, 6):
        a.publish("@orders", {"id": 1, "n": 0}, seq=number)
    view = seen(p)
    assert [view.deliveries(f"p{n}") for n in (1, 2, 3, 4)] == [{"s-@orders": "once"}] * 4


DUPLICATES = {
    "of another topic": (lambda p, a: a.publish("@items", {"id": 9}, seq=5), "BOOK-SEQ-06"),
    "a smaller number": (lambda p, a: a.publish("@orders", {"id": 9}, seq=4), "BOOK-SEQ-01"),
    "a delta": (lambda p, a: a.delta("@orders", {"id": 9}, seq=5), "BOOK-SEQ-07"),
    "after the client came back": (
        lambda p, a: (a.fence(), a.close(), p.open("a").publish("@orders", {"id": 9}, seq=5)),
        "BOOK-SEQ-02",
    ),
}


@pytest.mark.parametrize(("again", "rule"), DUPLICATES.values(), ids=DUPLICATES)
def test_which_rule_a_duplicate_tests(again, rule):
    p, a = subscribed(topics=("@orders", "@items"))
    a.publish("@orders", {"id": 1}, seq=5)
    again(p, a)
    view = seen(p)
    slots = [slot for slot in view.slots("publish", "p2") + view.slots("publish", "d1") if slot.occurs.value == "never"]
    assert [why(slot) for slot in slots] == [rule]


def test_a_delete_counts_too():
    """BOOK-SEQ-07: with the same number it is not executed, with the next it is."""
    for number, left in ((5, "once"), (6, "never")):
        p, a = subscribed()
        a.publish("@orders", {"id": 1}, seq=5)
        a.delete("@orders", body={"id": 1}, seq=number)
        a.fence()
        a.sow("@orders")
        assert seen(p).records("q1") == {"1": left}


TAKEN = {
    "after a gap": ((1, 100), "a", "BOOK-SEQ-04"),
    "of another client": ((5, 5), "b", "BOOK-SEQ-05"),
    "without a number": ((5, None), "a", "BOOK-SEQ-08"),
}


@pytest.mark.parametrize(("numbers", "name", "rule"), TAKEN.values(), ids=TAKEN)
def test_what_is_no_duplicate(numbers, name, rule):
    p, a = subscribed()
    a.publish("@orders", {"id": 1}, seq=numbers[0])
    a.fence()
    line = a if name == "a" else p.open(name)
    line.publish("@orders", {"id": 2}, seq=numbers[1])
    line.fence()
    line.sow("@orders")
    record = seen(p).record("q1", "2")
    assert rule in record.because[:2]


@pytest.mark.parametrize(("fate", "deliveries"), [("p1", ["once", "never"]), (None, [None, "once"])])
def test_sent_again_after_a_loss(fate, deliveries):
    """Whether it is a duplicate hangs on whether the first one took effect."""
    p, a = subscribed()
    a.fault("half_close")
    a.publish("@orders", {"id": 1}, seq=1)
    a.close()
    p.open("a").publish("@orders", {"id": 1}, seq=1)
    view = seen(p, Witness(fates={"p1": fate}))
    assert [view.deliveries(label).get("s-@orders") for label in ("p1", "p2")] == deliveries


REFUSED = {
    "a topic that is not logged": ("@pairs", 1),
    "zero": ("@orders", 0),
}


@pytest.mark.parametrize(("topic", "number"), REFUSED.values(), ids=REFUSED)
def test_refused(topic, number):
    p = Program("p")
    p.open().publish(topic, {"a": 1, "b": 1, "id": 1}, seq=number)
    with pytest.raises(ProgramError):
        seen(p)


def test_without_a_log_a_number_means_nothing():
    p, a = subscribed()
    a.publish("@orders", {"id": 1}, seq=5)
    a.publish("@orders", {"id": 1}, seq=5)
    assert look(p).deliveries("p2") == {"s-@orders": "once"}


def test_which_topics_are_logged():
    config = replace(LOGGED, logged=(LoggedTopic(name="@orders"), LoggedTopic(name="^@tx_.*$")))
    assert [is_logged(config, name) for name in ("@orders", "@order", "@tx_1", "@chat")] == [True, False, True, False]
