"""What has no defined effect or order: recorded, and nothing that hangs on it is judged. Typed from expressions.md section 11."""

import pytest

from reference_model.expectation import Occurs
from reference_model.rule import R
from strategies.build import Program
from tests.reference_model.view import look, why


def values(*bodies, orderby, **query):
    """The groups of records in each recorded order, as the ids of its records."""
    p = Program("p")
    a = p.open()
    for number, body in enumerate(bodies):
        a.publish("@orders", {"id": number, **body})
    a.fence()
    label = a.sow("@orders", orderby=orderby, **query)
    return look(p), label


def chain(view, rule):
    (found,) = view.orders(rule)
    return [[int(slot.key[1][0]) for slot in group] for group in found]


ORDERS = {
    # expressions.md section 11: numbers before strings that are none, numeric strings by value
    "numbers and strings": (({"v": 5}, {"v": "x"}, {"v": 40}), "/v", "EXPR-ORD-09", [[0], [2], [1]]),
    "downwards": (({"v": 5}, {"v": "x"}, {"v": 40}), "/v DESC", "EXPR-ORD-09", [[1], [2], [0]]),
    "a string that is a number": (({"v": 5}, {"v": "20"}, {"v": 100}), "/v", "EXPR-ORD-10", [[0], [1], [2]]),
    "some without the field": (({"v": 9}, {}, {"v": 3}), "/v", "EXPR-ORD-14", [[2], [0]]),
    "no order": (({"v": 9}, {"v": 1}), None, "EXPR-ORD-11", [[0], [1]]),
    "ties": (({"v": 1}, {"v": 1}, {"v": 0}), "/v", "EXPR-ORD-12", [[0], [1]]),
}


@pytest.mark.parametrize(("bodies", "orderby", "rule", "groups"), ORDERS.values(), ids=ORDERS)
def test_orders_that_are_recorded(bodies, orderby, rule, groups):
    view, _ = values(*bodies, orderby=orderby)
    assert chain(view, rule) == groups


@pytest.mark.parametrize("body", [{"v": [1, 2]}, {"v": {"a": 1}}, {"v": True}], ids=str)
def test_of_values_that_are_no_scalars_no_order_is_expected(body):
    view, _ = values({"v": 1}, body, orderby="/v")
    assert not [c for c in view.expectation.chains if c.because[0].startswith("EXPR-ORD")]


@pytest.mark.parametrize(("orderby", "rule"), [("id", "EXPR-ORD-15"), ("/id UP", "EXPR-ORD-15"), ("/id + /v", "EXPR-ORD-16")])
def test_an_order_that_is_none_may_be_refused(orderby, rule):
    view, label = values({"v": 1}, {"v": 2}, orderby=orderby, acks="processed,completed")
    assert view.status(label) == "success or failure"
    assert {slot.when is not None for slot in view.slots("sow", label)} == {True}
    assert {why(slot) for slot in view.slots("sow", label)} == {rule}


def late(*, acks="processed", answered=True, other=False, again=False):
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 0})
    a.fence()
    a.publish("@orders", {"id": 1}, acks=acks)
    if again:
        a.publish("@orders", {"id": 1, "n": 2}, acks=acks)
    if answered:
        a.answered()
    label = (b if other else a).sow("@orders")
    return p, label


@pytest.mark.parametrize("acks", ["processed", "persisted"])
@pytest.mark.parametrize("other", [False, True])
def test_a_new_record_may_be_seen_once_it_was_acknowledged(acks, other):
    p, label = late(acks=acks, other=other)
    view = look(p)
    assert view.records(label) == {"0": "once", "1": "perhaps"}
    assert why(view.record(label, "1")) == R("SOW-QRY-35")


@pytest.mark.parametrize("more", [{"answered": False}, {"again": True}, {"acks": "completed"}, {"acks": None, "other": True}], ids=str)
def test_other_changes_have_to_be_fenced(more):
    p, _ = late(**more)
    with pytest.raises(Exception, match="has changes that no fence has made visible"):
        look(p)


def test_after_a_fence_it_must_be_there():
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1}, acks="processed")
    a.answered()
    a.sow("@orders")
    a.fence()
    label = a.sow("@orders")
    assert look(p).records(label) == {"1": "once"}


UNDEFINED = {
    "a key that is given where none is wanted": (
        "SOW-KEY-28", lambda a, about: a.command("publish", {"topic": "@orders", "sow_key": "AA"}, body={"id": 9}, about=about),
    ),
    "a key that looks like another": (
        "SOW-KEY-41", lambda a, about: a.command("publish", {"topic": "@orders"}, body={"id": "1"}, about=about),
    ),
    "two selectors": (
        "SOW-DEL-16", lambda a, about: a.command("sow_delete", {"topic": "@orders", "filter": "/id = 1"}, body={"id": 1}, about=about),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "write"), UNDEFINED.values(), ids=UNDEFINED)
def test_after_what_is_undefined_anything_may_be_shown(rule, write):
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    write(a, (R(rule),))
    a.fence()
    label = a.sow("@orders")
    view = look(p)
    assert not view.slots("sow", label)
    assert not view.expectation.unjudged
    assert [o.data for o in view.expectation.obligations if o.check == "records_shown"] == [
        {"rule": rule, "connection": "a", "query_id": f"{label}.r"}
    ]


def test_a_later_message_with_the_body_of_an_old_one_is_no_old_one():
    """SUB-REG-11 forbids the old message, not its bytes."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    writer.publish("@orders", {"id": 1})
    writer.fence()
    label = reader.subscribe("@orders", sub_id="s")
    assert [why(slot) for slot in look(p).slots("publish", label)] == ["SUB-REG-11"]
    writer.publish("@orders", {"id": 2})
    (slot,) = look(p).slots("publish", label)
    assert slot.occurs is Occurs.NEVER
    writer.delta("@orders", {"n": 1}, acks="processed")  # without a key: what is delivered is open
    (slot,) = look(p).slots("publish", label)
    assert slot.occurs is Occurs.OPTIONAL
