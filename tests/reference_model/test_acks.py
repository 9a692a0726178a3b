"""Acknowledgements: Table 3 of commands.md section 5, sections 7 and 8.1, the rules CMD-ACK, CMD-FLUSH, CMD-FAIL."""

from dataclasses import replace

import pytest

from reference_model.config import STANDARD, LoggedTopic
from reference_model.messages import Form
from reference_model.rule import R
from strategies.build import Program, key_of
from tests.reference_model.view import claims, look, why

EVERY = "received,processed,completed,persisted,stats"


def asked(write):
    """A program whose last command is written with every ack type; the view and its label."""
    p = Program("p")
    return look_at(p, write(p))


def look_at(p, label):
    return look(p), label


TABLE = {
    # commands.md Table 3: what is promised on success; `perhaps`: not supported, or not mentioned (CMD-ACK-15)
    "logon": (lambda p: p.open(logon=False).logon(acks=EVERY), {"received": "once", "processed": "once"}),
    "flush": (lambda p: p.open().flush(acks=EVERY), {"received": "once", "processed": "once", "completed": "once"}),
    "publish": (
        lambda p: p.open().publish("@orders", {"id": 1}, acks=EVERY),
        {"received": "once", "processed": "once", "completed": "once", "persisted": "once"},
    ),
    "publish without SOW": (
        lambda p: p.open().publish("@chat", {"id": 1}, acks=EVERY),
        {"received": "once", "processed": "once", "completed": "once", "persisted": "once"},
    ),
    "delta_publish": (
        lambda p: p.open().delta("@orders", {"id": 1}, acks=EVERY),
        {"received": "once", "processed": "once", "completed": "once", "persisted": "once"},
    ),
    "subscribe": (lambda p: p.open().subscribe("@chat", acks=EVERY), {"received": "once", "processed": "once"}),
    "sow": (
        lambda p: p.open().sow("@orders", acks=EVERY),
        {"received": "once", "processed": "once", "completed": "once", "stats": "once"},
    ),
    "sow_and_subscribe": (
        lambda p: p.open().sow_and_subscribe("@orders", acks=EVERY),
        {"received": "once", "processed": "once", "completed": "once", "stats": "once"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("write", "promised"), TABLE.values(), ids=TABLE)
def test_promised(write, promised):
    view, label = asked(write)
    assert view.acks(label) == {ack_type: promised.get(ack_type, "perhaps") for ack_type in EVERY.split(",")}


def delete(p, **selector):
    """A delete of one of two records, with every ack."""
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.publish("@orders", {"id": 2})
    a.fence()
    a.sow("@orders")
    return a.delete("@orders", acks=EVERY, **selector)


DELETES = {
    "by filter": ({"filter": "/id = 1"}, "once"),
    "by keys": ({"sow_keys": key_of("@orders", 1)}, "perhaps"),
    "by data": ({"body": {"id": 1}}, "perhaps"),
}


@pytest.mark.parametrize(("selector", "completed"), DELETES.values(), ids=DELETES)
def test_completed_of_a_delete_is_promised_with_a_filter_only(selector, completed):
    """CMD-DEL-11, CMD-DEL-12."""
    view, label = asked(lambda p: delete(p, **selector))
    assert view.acks(label) == {
        "received": "once", "processed": "once", "completed": completed, "persisted": "once", "stats": "once",
    }  # fmt: skip


def unsubscribe(p):
    a = p.open()
    a.subscribe("@chat")
    return a.unsubscribe("s1.m", acks=EVERY)


def test_promised_of_unsubscribe():
    """Table 3: received and processed; CMD-UNSUB-09, CMD-UNSUB-10 promise nothing of the others."""
    view, label = asked(unsubscribe)
    assert view.acks(label) == {
        "received": "once", "processed": "once", "completed": "perhaps", "persisted": "perhaps", "stats": "perhaps",
    }  # fmt: skip


# ---- what was not asked for ----------------------------------------------------------------------------------------------------

UNASKED = {
    "another type": ("processed", "completed", "CMD-ACK-03"),
    "no ack_type": (None, "processed", "CMD-ACK-01"),
    "none": ("none", "processed", "CMD-ACK-02"),
    "an empty string": ("", "processed", "WIRE-HDR-11"),
}


@pytest.mark.parametrize(("acks", "ack_type", "rule"), UNASKED.values(), ids=UNASKED)
def test_not_asked_for(acks, ack_type, rule):
    p = Program("p")
    label = p.open().publish("@orders", {"id": 1}, acks=acks, cmd_id="x")
    view = look(p)
    assert view.acks(label)[ack_type] == "never"
    assert why(view.ack(label, ack_type)) == rule


def test_a_failure_that_nobody_asked_for_is_silent():
    """CMD-ACK-18."""
    p = Program("p")
    label = p.open().subscribe("@chat", filter="/a = = 1", acks=None)
    view = look(p)
    assert set(view.acks(label).values()) == {"never"}
    assert why(view.ack(label, "processed")) == "CMD-ACK-18"


def test_a_command_without_any_id_that_asks_for_nothing():
    """CMD-ACK-01: an ack without cmd_id can only be an answer to it."""
    p = Program("p")
    a = p.open()
    label = a.publish("@chat", {"n": 1})
    a.publish("@chat", {"n": 2})
    found = {slot.where[2]: why(slot) for slot in look(p).slots("ack", label)}
    assert found == {(None, ack_type): "CMD-ACK-01" for ack_type in EVERY.split(",")}


def test_a_command_without_cmd_id_that_asks():
    """CMD-ACK-22: it may lack the cmd_id, and whether it comes is only expected."""
    p = Program("p")
    a = p.open()
    a.publish("@chat", {"n": 1})
    label = a.publish("@chat", {"n": 2}, acks="processed", cmd_id=None)
    view = look(p)
    assert view.acks(label) == {"processed": "once"}
    assert why(view.ack(label, "processed")) == "CMD-ACK-22"
    assert view.acks("p1") == {}


def test_once_each_for_a_command_that_succeeds_only():
    """CMD-ACK-05."""
    p = Program("p")
    a = p.open()
    a.sow("@orders", acks="processed", cmd_id="good")
    a.sow("@orders", acks="processed", cmd_id="bad", filter="/a = = 1")
    scopes = {scope.correlation: scope.repeated for scope in look(p).expectation.scopes if scope.kind == "ack"}
    assert scopes["good", "processed"] == (R("CMD-ACK-05"),)
    assert scopes["bad", "processed"] == ()


# ---- failures -------------------------------------------------------------------------------------------------------------------

FAILURES = {
    # commands.md section 8.2: what is documented as an error, with the rule that says so
    "a query without SOW": (lambda a: a.sow("@chat", acks="processed"), "SOW-TOPIC-01", "SOW-QRY-46"),
    "a query with a bad filter": (lambda a: a.sow("@orders", filter="/a >", acks="processed"), "EXPR-FLT-09", "SOW-QRY-46"),
    "a batch that is too large": (lambda a: a.sow("@orders", batch_size=10_001, acks="processed"), "SOW-BATCH-05", "CMD-ACK-12"),
    "a subscription with a bad filter": (lambda a: a.subscribe("@chat", filter="(/a = 1"), "EXPR-FLT-08", "CMD-ACK-12"),
    "a subscription with an unknown function": (lambda a: a.subscribe("@chat", filter="NO_SUCH(/a) = 1"), "EXPR-FLT-15", "CMD-ACK-12"),
    "a query and subscription": (lambda a: a.sow_and_subscribe("@orders", filter="/a >", acks="processed"), "CMD-SAS-30", "CMD-ACK-12"),
    "a query and subscription, batch too large": (
        lambda a: a.sow_and_subscribe("@orders", batch_size=10_001, acks="processed"), "CMD-SAS-37", "CMD-ACK-12",
    ),
    "a delete with a filter that does not compile": (
        lambda a: a.delete("@orders", filter="/a >", acks="processed"), "EXPR-FLT-10", "CMD-ACK-12",
    ),
    "a body that does not parse": (lambda a: a.publish("@orders", b"{not json", acks="processed"), "CMD-PUB-37", "CMD-ACK-12"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "rule", "reason"), FAILURES.values(), ids=FAILURES)
def test_fails(write, rule, reason):
    p = Program("p")
    label = write(p.open())
    ack = look(p).ack(label, "processed")
    assert claims(ack, "status") == {rule: "failure"}
    assert claims(ack, "reason") == {reason: "present"}


def test_of_a_command_that_failed_no_further_ack_is_sure():
    """CMD-ACK-27."""
    p = Program("p")
    label = p.open().sow("@orders", filter="/a >", acks="received,processed,completed,stats")
    view = look(p)
    assert view.acks(label) == {
        "received": "once", "processed": "once", "completed": "perhaps", "stats": "perhaps", "persisted": "never",
    }  # fmt: skip
    assert view.surplus("a", "ack", ("q1", "completed")) == ()


def test_received_of_a_command_that_fails_has_either_status():
    """Section 8.1: that it is a success is inferred."""
    p = Program("p")
    label = p.open().sow("@orders", filter="/a >", acks="received,processed")
    assert look(p).status(label, "received") == "success or failure"


EITHER = {
    # commands.md section 8.2 `expected`, sections 12 and 14: the documentation allows both, says the rule
    "a publish without the key field": (lambda a: a.publish("@orders", {"qty": 1}, acks=EVERY), "SOW-KEY-40"),
    "a publish with a NULL key": (lambda a: a.publish("@orders", {"id": None}, acks=EVERY), "SOW-KEY-40"),
    "a publish with an empty key": (lambda a: a.publish("@orders", {"id": ""}, acks=EVERY), "SOW-KEY-40"),
    "a delta without the key field": (lambda a: a.delta("@orders", {"qty": 1}, acks=EVERY), "DELTA-PUB-15"),
    "a publish without a given key": (lambda a: a.publish("@own", {"qty": 1}, acks=EVERY), "SOW-KEY-25"),
    "a delta without a given key": (lambda a: a.delta("@own", {"qty": 1}, acks=EVERY), "DELTA-PUB-15"),
    "a body that a server need not look at": (lambda a: a.publish("@chat", b"no json", acks=EVERY), "CMD-PUB-38"),
    "no body": (lambda a: a.publish("@chat", b"", acks=EVERY), "WIRE-FRAME-08"),
    "a body that does not parse under a given key": (lambda a: a.publish("@own", b"no json", sow_key="AA", acks=EVERY), "CMD-PUB-38"),
    "damage that a reader may forgive": (lambda a: a.publish("@orders", b'{"qty":1,}', acks=EVERY), "CMD-PUB-38"),
    "an empty body where a key is needed": (lambda a: a.publish("@orders", b"", acks=EVERY), "CMD-PUB-38"),
    "a publish without a topic": (lambda a: a.publish(None, {"id": 1}, acks=EVERY), "WIRE-ROB-09"),
    "a delete without a topic": (lambda a: a.delete(None, filter="1=1", acks="processed,completed"), "CMD-DEL-08"),
    "a delete without a selector": (lambda a: a.delete("@orders", acks="processed"), "CMD-DEL-35"),
    "a delete without SOW": (lambda a: a.delete("@chat", filter="1=1", acks="processed"), "CMD-DEL-36"),
    "a delete that finds nothing": (lambda a: a.delete("@orders", filter="1=1", acks="processed,completed,stats"), "SOW-DEL-28"),
    "a delete by a key that nothing has": (lambda a: a.delete("@own", sow_keys="AA", acks="processed,stats"), "SOW-DEL-07"),
    "skip_n without top_n": (lambda a: a.sow("@orders", orderby="/id", opts="skip_n=1", acks="processed,completed"), "SOW-TOPN-08"),
    "skip_n without orderby": (lambda a: a.sow("@orders", opts="top_n=1,skip_n=1", acks="processed,completed"), "SOW-TOPN-09"),
    "a window over a pattern": (
        lambda a: a.sow("^@(orders|items)$", orderby="/id", opts="top_n=1,skip_n=1", acks="processed,completed"), "CMD-SOW-16",
    ),
    "options of subscriptions": (lambda a: a.sow("@orders", opts="oof,replace", acks="processed,completed"), "CMD-SOW-53"),
    "an unsubscribe of an unknown id": (lambda a: a.unsubscribe("none"), "CMD-UNSUB-13"),
    "an unsubscribe of all of none": (lambda a: a.unsubscribe("all"), "CMD-UNSUB-13"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "rule"), EITHER.values(), ids=EITHER)
def test_either(write, rule):
    p = Program("p")
    label = write(p.open())
    view = look(p)
    assert claims(view.ack(label, "processed"), "status") == {rule: "success or failure"}
    later = {ack_type: occurs for ack_type, occurs in view.acks(label).items() if ack_type not in {"received", "processed"}}
    assert set(later.values()) <= {"if accepted", "perhaps", "never"}


def test_if_it_succeeds_the_other_acks_come():
    p = Program("p")
    label = p.open().publish("@orders", {"qty": 1}, acks="processed,completed,persisted")
    view = look(p)
    assert view.acks(label) == {
        "processed": "once", "completed": "if accepted", "persisted": "if accepted", "received": "never", "stats": "never",
    }  # fmt: skip
    assert view.status(label, "completed") == "success"
    assert view.ack(label, "completed").when == (view.ack(label, "processed").id, "success")


def test_without_processed_nothing_tells_whether_it_succeeded():
    p = Program("p")
    label = p.open().publish("@orders", {"qty": 1}, acks="completed")
    assert look(p).acks(label)["completed"] == "perhaps"


# ---- a transaction log -----------------------------------------------------------------------------------------------------------


def test_where_something_is_logged_persisted_may_be_conflated():
    """CMD-ACK-08 does not mean it: it may come without cmd_id, for several at once."""
    p = Program("p")
    a = p.open()
    label = a.publish("@chat", {"n": 1}, acks="processed,persisted")
    a.publish("@chat", {"n": 2})
    view = look(p, config=replace(STANDARD, logged=(LoggedTopic(name="@chat"),)))
    assert view.acks(label)["persisted"] == "perhaps"
    assert view.surplus("a", "ack", (None, "persisted")) == ()
    assert (None, "persisted") not in {slot.where[2] for slot in view.slots("ack", "p2")}


def test_persisted_of_a_flush_is_promised_with_a_log_only():
    """CMD-FLUSH-05 needs txlog."""
    p = Program("p")
    label = p.open().flush(acks="persisted")
    assert look(p).acks(label)["persisted"] == "perhaps"
    assert look(p, config=replace(STANDARD, logged=(LoggedTopic(name="@chat"),))).acks(label)["persisted"] == "once"


# ---- order ---------------------------------------------------------------------------------------------------------------------

ORDERS = {
    # commands.md section 7, rows 1, 4, 8, 10, 11
    "CMD-ORD-01": ("ack received", "ack processed"),
    "CMD-ORD-02": ("ack processed", "group_begin"),
    "CMD-SOW-39": ("sow", "ack completed"),
    "CMD-ORD-08": ("group_end", "ack completed"),
    "CMD-ORD-09": ("ack completed", "ack stats"),
}


@pytest.mark.parametrize(("rule", "pair"), ORDERS.items(), ids=ORDERS)
def test_order(rule, pair):
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    label = a.sow("@orders", acks="received,processed,completed,stats")
    (chain,) = [chain for chain in look(p).orders(rule) if chain[0][0].step == label]
    assert tuple(" ".join((slot.where[1], *([slot.where[2][1]] if slot.where[1] == "ack" else []))) for (slot,) in chain) == pair


def test_order_of_a_query_and_subscription():
    """CMD-ORD-06: completed follows all records."""
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    a.sow_and_subscribe("@orders", acks="completed")
    assert [[slot.where[1] for (slot,) in chain] for chain in look(p).orders("CMD-ORD-06")] == [["sow", "ack"]]


def test_nothing_orders_the_acks_of_different_commands():
    """CMD-ACK-14."""
    p = Program("p")
    a = p.open()
    a.publish("@chat", {"n": 1}, acks="processed")
    a.publish("@chat", {"n": 2}, acks="processed")
    slots = look(p).expectation.slots
    for chain in look(p).expectation.chains:
        assert len({slots[i].step for group in chain.groups for i in group if slots[i].where[1] == "ack"}) <= 1


# ---- what an ack is about ------------------------------------------------------------------------------------------------------

ABOUT = {
    "a plain one": (lambda a: a.flush(acks="processed"), "processed", "CMD-FLUSH-01"),
    "after a failure": (lambda a: (a.sow("@chat", acks="processed"), a.flush(acks="processed"))[1], "processed", "CMD-FAIL-05"),
    "with the client's name": (lambda a: a.flush(acks="processed", client_name="@a"), "processed", "CMD-FLUSH-09"),
    "with blanks": (lambda a: a.publish("@chat", {}, acks="processed", form=Form(blanks=True)), "processed", "WIRE-HDR-03"),
    "keys reversed": (lambda a: a.subscribe("@chat", form=Form(reverse=True)), "processed", "WIRE-HDR-04"),
    "numbers quoted": (lambda a: a.sow("@orders", acks="processed", top_n=1, form=Form(quoted=True)), "processed", "WIRE-HDR-10"),
    "in pieces": (lambda a: a.publish("@chat", {}, acks="processed", form=Form(pieces="bytes")), "processed", "WIRE-FRAME-04"),
    "publish in full": (lambda a: a.publish("@chat", {}, acks="processed", form=Form(p=False)), "processed", "WIRE-CMD-01"),
    "only processed tells": (lambda a: a.publish("@chat", {}, acks="received,processed", form=Form(p=False)), "received", "CMD-PUB-09"),
    "another order of the list": (lambda a: a.publish("@chat", {}, acks="persisted,processed"), "processed", "WIRE-CMD-04"),
    "the last of that list": (lambda a: a.publish("@orders", {"id": 1}, acks="persisted,processed"), "persisted", "WIRE-CMD-04"),
    "without persistence": (lambda a: a.publish("@chat", {}, acks="persisted"), "persisted", "CMD-PUB-14"),
    "without persistence, a delta": (lambda a: a.delta("@chat", {}, acks="persisted"), "persisted", "DELTA-PUB-25"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "ack_type", "rule"), ABOUT.values(), ids=ABOUT)
def test_about(write, ack_type, rule):
    p = Program("p")
    label = write(p.open())
    assert why(look(p).ack(label, ack_type)) == rule


IDS = {
    "digits": ("007", "CMD-ACK-08"),
    "quotes": ('a"b', "WIRE-HDR-05"),
    "a backslash": ("a\\b", "WIRE-HDR-05"),
    "braces": ("a{b},c:d", "WIRE-HDR-09"),
    "200 characters": ("x" * 200, "WIRE-CMD-06"),
}


@pytest.mark.parametrize(("text", "rule"), IDS.values(), ids=IDS)
def test_an_id_comes_back_unchanged(text, rule):
    p = Program("p")
    label = p.open().publish("@chat", {}, acks="processed", cmd_id=text)
    slot = look(p).ack(label, "processed")
    assert slot.where[2] == (text, "processed")
    assert slot.correlated[0] == rule


def test_a_flush_beside_others_that_publish():
    """CMD-FLUSH-11."""
    p = Program("p")
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    label = b.flush(acks="completed")
    assert why(look(p).ack(label, "completed")) == "CMD-FLUSH-11"


def test_a_delete_as_an_official_client_writes_it():
    """WIRE-CMD-03."""
    view, label = asked(lambda p: delete(p, filter="/id = 1", sub_id="m", query_id="r"))
    assert why(view.ack(label, "processed")) == "WIRE-CMD-03"
    assert {why(slot) for kind in ("group_begin", "group_end") for slot in view.slots(kind, label)} == {"CMD-DEL-17"}
    assert view.surplus("a", "sow", "r") == ("CMD-DEL-17",)
