"""Deliveries: who gets a message for sure, perhaps or never, what it holds, in which order.

Source: subscriptions.md sections 3 to 12.
"""

import pytest

from reference_model.expectation import Unknown
from reference_model.messages import Form
from reference_model.state import ProgramError
from reference_model.witness import Witness
from strategies.build import Program
from tests.reference_model.view import claims, look, members, why

OPTIONS = {"whole": None, "select": "select=[-/,+/id]", "no_sowkey": "no_sowkey", "timestamp": "timestamp"}


def sent(body, *, topic="@orders", before=(), delta=False, **subscription):
    """The view, the label of a publish from another connection, and the id of one subscription to the topic."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    for one in before:
        writer.publish(topic, one)
    writer.fence()
    reader.subscribe(topic, sub_id="s", **subscription)
    label = (writer.delta if delta else writer.publish)(topic, body)
    return look(p), label


# ---- who gets it -------------------------------------------------------------------------------------------------------------------

RECEIVES = {
    "no filter": ({}, {"id": 1}, "once", "SOW-REC-07"),
    "an empty filter": ({"filter": ""}, {"id": 1}, "once", "WIRE-HDR-11"),
    "a filter that matches": ({"filter": "/n = 1"}, {"id": 1, "n": 1}, "once", "EXPR-FLT-01"),
    "a filter that does not": ({"filter": "/n = 1"}, {"id": 1, "n": 2}, "never", "EXPR-FLT-01"),
    "a filter that sees NULL": ({"filter": "/flag AND 1 = 1"}, {"id": 1}, "never", "EXPR-FLT-01"),
    "a filter that is open": ({"filter": "/nope = 1 OR /n = 1"}, {"id": 1, "n": 1}, "perhaps", "EXPR-FLT-01"),
    "a filter over lines": ({"filter": "/n\n=\n\t1"}, {"id": 1, "n": 1}, "once", "WIRE-HDR-06"),
    "a filter with braces": ({"filter": "/n = '}{'"}, {"id": 1, "n": "}{"}, "once", "WIRE-HDR-09"),
    "another client's message function": ({"filter": "MESSAGE_SIZE() = 8"}, {"id": 1}, "perhaps", "EXPR-FLT-01"),
    "no ack asked for": ({"acks": None}, {"id": 1}, "perhaps", "SOW-REC-07"),
}


@pytest.mark.parametrize(("subscription", "body", "occurs", "rule"), RECEIVES.values(), ids=RECEIVES)
def test_receives(subscription, body, occurs, rule):
    view, label = sent(body, **subscription)
    assert view.deliveries(label) == {"s": occurs}
    assert why(view.delivery(label, "s")) == rule


TOPICS = {
    # subscriptions.md section 5
    "the name": ("@chat", "@chat", "once", "CMD-PUB-01"),
    "a longer name": ("@chat", "@chats", "never", "EXPR-TOP-01"),
    "a part of it": ("@a/b-c_1", "@a/b-c_12", "never", "EXPR-TOP-14"),
    "another name": ("@chat", "@other", "never", "CMD-SUB-01"),
    "a pattern": ("^@ch.t", "@chat", "once", "EXPR-TOP-02"),
    "a pattern to its end": ("^@ch.t$", "@chat", "once", "EXPR-TOP-02"),
    "anything behind": ("@ch.*", "@chatter", "once", "EXPR-TOP-07"),
    "anywhere in the name": ("@hat.*", "my@hats", "once", "EXPR-TOP-03"),
    "a beginning": ("^@desk", "@desk", "once", "EXPR-TOP-04"),
    "a beginning, and more": ("^@desk", "@desk001", "once", "EXPR-TOP-03"),
    "a beginning, further on": ("^@desk", "my@desk", "never", "EXPR-TOP-04"),
    "an end": ("@fill$", "@fill", "once", "EXPR-TOP-05"),
    "an end, with more before": ("@fill$", "pre@fill", "once", "EXPR-TOP-03"),
    "an end, and more": ("@fill$", "@fills", "never", "EXPR-TOP-05"),
    "both ends": ("^@fill$", "@fill", "once", "EXPR-TOP-06"),
    "both ends, elsewhere": ("^@fill$", "my@fills", "never", "EXPR-TOP-06"),
    "one of two": ("^@parts/(mech|elec)$", "@parts/elec", "once", "EXPR-TOP-08"),
    "none of two": ("^@parts/(mech|elec)$", "@parts/hydr", "never", "EXPR-TOP-08"),
    "a class and a number": ("(?i)^@desk[0-9]{2}$", "@DESK42", "once", "EXPR-TOP-09"),
    "a digit too few": ("(?i)^@desk[0-9]{2}$", "@desk7", "never", "EXPR-TOP-09"),
    "another case": ("^@abc.*", "@ABCd", "never", "EXPR-TOP-10"),
    "its own name": ("@a.b", "@a.b", "once", "EXPR-TOP-11"),
    "one of its names": ("@a.b", "@a/b", "once", "EXPR-TOP-02"),
    "a character too few": ("@fill.note", "@fillnote", "never", "EXPR-TOP-02"),
    "a repetition": ("@ab*c", "@abbc", "once", "EXPR-TOP-12"),
    "a literal point": ("^@a\\.b$", "@a.b", "once", "EXPR-TOP-37"),
    "no literal point": ("^@a\\.b$", "@a/b", "never", "EXPR-TOP-37"),
    "a pattern of other names": ("^@chat$", "@orders-not", "never", "CMD-SUB-01"),
    "a pattern that does not match": ("^@ch.t$", "@chats", "never", "EXPR-TOP-05"),
    "a name that looks like a pattern": ("@chat", "@ch.t", "never", "EXPR-TOP-20"),
    "a name that is no valid pattern": ("@chat", "@ch(", None, None),
    "such a name to a pattern of it": ("^@ch.t$", "@ch.t", "once", "EXPR-TOP-11"),
}


@pytest.mark.parametrize(("topic", "published", "occurs", "rule"), TOPICS.values(), ids=TOPICS)
def test_topics(topic, published, occurs, rule):
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe(topic, sub_id="s")
    label = writer.publish(published, {"n": 1})
    view = look(p)
    assert view.deliveries(label) == ({} if occurs is None else {"s": occurs})
    if occurs is not None:
        assert why(view.delivery(label, "s")) == rule


def test_own_publishes_are_never_certain():
    """SUB-MULTI-10; commands.md section 14, 40."""
    p = Program("p")
    a = p.open()
    a.subscribe("@chat")
    a.answered()
    label = a.publish("@chat", {"n": 1})
    view = look(p)
    assert view.deliveries(label) == {"s1.m": "perhaps"}
    assert why(view.delivery(label, "s1.m")) == "SUB-MULTI-10"


def test_a_fence_makes_a_subscription_certain():
    """A flush is answered when all that stood before it is processed (CMD-FLUSH-02)."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", acks=None)
    first = writer.publish("@chat", {"n": 1})
    reader.fence()
    second = writer.publish("@chat", {"n": 2})
    view = look(p)
    assert [view.deliveries(label)["s1.m"] for label in (first, second)] == ["perhaps", "once"]


def test_a_subscription_that_failed_stays_silent():
    """SUB-REG-09; others go on (CMD-FAIL-06)."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id="good")
    writer.publish("@chat", {"n": 0})
    reader.subscribe("@chat", sub_id="bad", filter="(/n = 1")
    first, second = writer.publish("@chat", {"n": 1}), writer.publish("@chat", {"n": 2})
    view = look(p)
    assert view.deliveries(first) == {"good": "once", "bad": "never"}
    assert why(view.delivery(first, "bad")) == "SUB-REG-09"
    assert why(view.delivery(first, "good")) == "CMD-FAIL-06"
    assert why(view.delivery(second, "good")) != "CMD-FAIL-06"


# ---- unsubscribe ---------------------------------------------------------------------------------------------------------------------


def ended(*, acks="processed", named="s", fence=False, both=False):
    """What a subscription gets while it ends, on its own connection, and afterwards from another one."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    if both:
        reader.sow_and_subscribe("@orders", sub_id="s")
    else:
        reader.subscribe("@orders", sub_id="s")
        reader.subscribe("@orders", sub_id="t")
    writer.publish("@orders", {"id": 0})
    writer.fence()
    reader.unsubscribe(named, acks=acks)
    own = reader.publish("@orders", {"id": 1})
    if fence:
        reader.fence()
    else:
        reader.flush(acks="completed")
    later = writer.publish("@orders", {"id": 2})
    view = look(p)
    return view, view.deliveries(own)["s"], view.delivery(later, "s")


UNSUBSCRIBES = {
    # SUB-UNSUB-01, -03 to -05, CMD-UNSUB-14
    "with an ack": ({}, "never", "SUB-UNSUB-03"),
    "without, but a fence": ({"acks": None, "fence": True}, "never", "SUB-UNSUB-01"),
    "without": ({"acks": None}, "perhaps", "SUB-MULTI-01"),
    "a list": ({"named": "s,t"}, "never", "SUB-UNSUB-04"),
    "all": ({"named": "all"}, "never", "SUB-UNSUB-05"),
    "of a query and subscription": ({"both": True}, "never", "CMD-UNSUB-14"),
}


@pytest.mark.parametrize(("how", "occurs", "rule"), UNSUBSCRIBES.values(), ids=UNSUBSCRIBES)
def test_unsubscribe(how, occurs, rule):
    _, own, later = ended(**how)
    assert own == "perhaps"
    assert {"never": "never", "once": "once", "optional": "perhaps"}[later.occurs.value] == occurs
    assert why(later) == rule


def test_nothing_comes_after_the_ack_of_an_unsubscribe():
    """SUB-UNSUB-03, as an order on the connection."""
    view, _, _ = ended()
    (chain,) = view.orders("SUB-UNSUB-03")
    assert [{slot.where[1] for slot in group} for group in chain] == [{"publish"}, {"ack"}]


def test_what_the_filter_leaves_out_never_comes_while_a_subscription_ends():
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", sub_id="s", filter="/n = 1")
    reader.unsubscribe("s", acks=None)
    label = writer.publish("@chat", {"n": 2})
    assert look(p).deliveries(label) == {"s": "never"}


# ---- what it holds -------------------------------------------------------------------------------------------------------------------

HEADERS = {
    "with SOW": ("@orders", None, "sow_key", {"CMD-OPT-27": "present", "SOW-KEY-07": f"0 to {2**64 - 1}", "SOW-REC-09": "same"}),
    "without SOW": ("@chat", None, "sow_key", {"SUB-MSG-10": "absent"}),
    "no_sowkey": ("@orders", "no_sowkey", "sow_key", {"CMD-OPT-26": "absent"}),
    "timestamp": ("@chat", "timestamp", "timestamp", {"CMD-OPT-28": "present", "WIRE-HDR-18": "like"}),
    "without timestamp": ("@chat", None, "timestamp", {"CMD-OPT-29": "absent"}),
    "topic": ("@chat", None, "topic", {"CMD-MSG-02": "@chat"}),
    "cmd": ("@chat", None, "cmd", {"CMD-MSG-01": "publish"}),
    "no correlation id": ("@chat", None, "correlation_id", {"CMD-PUB-22": "absent"}),
}


@pytest.mark.parametrize(("topic", "opts", "field", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers(topic, opts, field, expected):
    view, label = sent({"id": 1}, topic=topic, opts=opts)
    assert claims(view.delivery(label, "s"), field) == expected


@pytest.mark.parametrize("opts", [None, "no_sowkey"])
def test_given_keys(opts):
    """SOW-KEY-23; what no_sowkey does to them is not said (CMD-OPT-26)."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@own", sub_id="s", opts=opts)
    label = writer.publish("@own", {"n": 1}, sow_key="AA")
    assert claims(look(p).delivery(label, "s"), "sow_key") == ({"SOW-KEY-23": "AA"} if opts is None else {})


CORRELATIONS = {
    # commands.md section 6: the publish's; the delta's, else the record's, else none
    "of the publish": (None, "c1", False, {"CMD-PUB-21": "c1"}),
    "with all characters": (None, "Az09+/==", False, {"CMD-PUB-40": "Az09+/=="}),
    "of the delta": ("c1", "c2", True, {"DELTA-PUB-20": "c2"}),
    "of the record": ("c1", None, True, {"DELTA-PUB-21": "c1"}),
    "of neither": (None, None, True, {"DELTA-PUB-22": "absent"}),
    "not of the former record": ("c1", None, False, {"CMD-PUB-22": "absent"}),
}


@pytest.mark.parametrize(("old", "new", "delta", "expected"), CORRELATIONS.values(), ids=CORRELATIONS)
def test_correlation_ids(old, new, delta, expected):
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    writer.publish("@orders", {"id": 1}, correlation_id=old)
    writer.fence()
    reader.subscribe("@orders", sub_id="s")
    label = (writer.delta if delta else writer.publish)("@orders", {"id": 1, "n": 1}, correlation_id=new)
    assert claims(look(p).delivery(label, "s"), "correlation_id") == expected


def test_the_correlation_id_of_a_logon_is_not_used():
    """CMD-LOGON-26."""
    p = Program("p")
    reader = p.open("reader")
    reader.subscribe("@chat", sub_id="s")
    label = p.open("writer", correlation_id="c1").publish("@chat", {})
    assert claims(look(p).delivery(label, "s"), "correlation_id") == {"CMD-LOGON-26": "absent"}


DELTAS = {
    # delta.md section 5 A, C, D, E as a full subscriber sees them
    "merged": ([{"id": 7, "tree": "oak"}], {"id": 7, "n": 1}, {"id": 7, "tree": "oak", "n": 1}, "DELTA-PUB-08"),
    "nothing changed": ([{"id": 7, "tree": "oak"}], {"id": 7}, {"id": 7, "tree": "oak"}, "DELTA-PUB-11"),
    "the same value": ([{"id": 7, "st": "x"}], {"id": 7, "st": "x"}, {"id": 7, "st": "x"}, "DELTA-PUB-11"),
    "inserted": ([], {"id": 8, "st": "new"}, {"id": 8, "st": "new"}, "DELTA-PUB-06"),
}


@pytest.mark.parametrize(("before", "delta", "body", "rule"), DELTAS.values(), ids=DELTAS)
def test_deltas(before, delta, body, rule):
    view, label = sent(delta, before=before, delta=True)
    slot = view.delivery(label, "s")
    assert members(slot) == body
    assert why(slot) == rule
    assert claims(slot, "cmd") == {"DELTA-PUB-09": "publish"}


def test_without_sow_a_delta_is_delivered_as_it_is():
    """DELTA-PUB-07."""
    view, label = sent(b'{"id":1, "x":1}', topic="@chat", delta=True)
    slot = view.delivery(label, "s")
    assert slot.body.exact == b'{"id":1, "x":1}'
    assert why(slot) == "DELTA-PUB-07"


def test_filters_see_the_merged_message():
    """DELTA-PUB-10, delta.md section 5 H."""
    before = [{"id": 1, "st": "open", "qty": 9}, {"id": 2, "st": "hold", "qty": 9}]
    for delta, occurs in (({"id": 1, "qty": 8}, "once"), ({"id": 2, "qty": 8}, "never"), ({"id": 2, "st": "open"}, "once")):
        view, label = sent(delta, before=before, delta=True, filter="/st = 'open'")
        assert view.deliveries(label) == {"s": occurs}
    view, label = sent({"id": 1, "qty": 8}, before=before, delta=True, filter="/st = 'open'")
    assert why(view.delivery(label, "s")) == "DELTA-PUB-10"
    view, label = sent({"id": 1, "st": "shut"}, before=before, delta=True, filter="/st = 'shut' AND /qty = 1")
    assert why(view.delivery(label, "s")) == "EXPR-FLT-01"


def test_of_an_unsure_delivery_of_an_open_body_nothing_is_written_down():
    """It would fit any message, and take the place of one that is sure to come."""
    view, label = sent({"qty": 1}, before=[{"id": 1}], delta=True)
    assert view.deliveries(label) == {}
    assert view.surplus("reader", "publish", "s") == ()


# ---- several subscriptions of one connection --------------------------------------------------------------------------------


def shared(one, other, *, topic="@orders"):
    """What subscription s gets beside another one of its connection."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe(topic, sub_id="s", opts=one)
    reader.subscribe(topic, sub_id="t", opts=other)
    label = writer.publish(topic, {"id": 1, "n": 2})
    return look(p).delivery(label, "s")


def test_each_id_once():
    """SUB-MULTI-01."""
    assert why(shared(None, None, topic="@chat")) == "SUB-MULTI-01"


SHARED = {
    # subscriptions.md section 15: one copy satisfies every matching subscription; what one leaves out another may want
    "no_sowkey beside all": ("no_sowkey", None, "sow_key", {"SOW-KEY-07": f"0 to {2**64 - 1}", "SOW-REC-09": "same"}),
    "no_sowkey beside the same": ("no_sowkey", "no_sowkey", "sow_key", {"CMD-OPT-26": "absent"}),
    "all beside no_sowkey": (None, "no_sowkey", "sow_key", {"SOW-KEY-07": f"0 to {2**64 - 1}", "SOW-REC-09": "same"}),
    "no timestamp beside one": (None, "timestamp", "timestamp", {}),
    "a timestamp beside none": ("timestamp", None, "timestamp", {"CMD-OPT-28": "present", "WIRE-HDR-18": "like"}),
}


@pytest.mark.parametrize(("one", "other", "field", "expected"), SHARED.values(), ids=SHARED)
def test_shared_headers(one, other, field, expected):
    assert claims(shared(one, other), field) == expected


def test_a_select_list_beside_who_wants_it_whole():
    slot = shared("select=[-/,+/id]", None)
    assert slot.body.members["id"].values == (1,)
    assert slot.body.members["n"].choice == ("SUB-MULTI-02", ("of its own", "shared"))


def test_a_select_list_beside_who_wants_a_part_of_a_member():
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    for sub_id, opts in [("s", "select=[-/,+/id]"), ("t", "select=[-/,+/id,+/who/n]"), ("u", "select=[-/,+/id,+/who/c]")]:
        reader.subscribe("@orders", sub_id=sub_id, opts=opts)
    label = writer.publish("@orders", {"id": 1, "who": {"n": 2, "c": "x", "d": 3}})
    values = look(p).delivery(label, "s").body.members["who"].values
    assert values == (Unknown.ABSENT, {"n": 2}, {"c": "x"}, {"n": 2, "c": "x"})


def test_a_select_list_beside_the_same():
    slot = shared("select=[-/,+/id]", "select=[-/,+/id]")
    assert members(slot) == {"id": 1}
    assert set(slot.body.gone) == {"n"}


def test_whole_beside_a_select_list():
    assert shared(None, "select=[-/,+/id]").body.exact == b'{"id":1,"n":2}'


def test_a_select_list_that_leaves_nothing():
    """EXPR-SEL-23: an empty message, or none."""
    view, label = sent({"n": 1}, topic="@chat", opts="select=[-/n]")
    assert view.deliveries(label) == {}
    assert view.surplus("reader", "publish", "s") == ()


# ---- orders ------------------------------------------------------------------------------------------------------------------------


def steps_of(chain):
    return [{slot.step for slot in group} for group in chain]


def test_one_publisher():
    """SUB-ORDER-01; after the ack (CMD-SUB-10)."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    subscription = reader.subscribe("@chat")
    labels = [writer.publish("@chat", {"n": n}) for n in range(3)]
    view = look(p)
    assert [steps_of(chain) for chain in view.orders("SUB-ORDER-01")] == [[{label} for label in labels]]
    assert [steps_of(chain) for chain in view.orders("CMD-SUB-10")] == [[{subscription}, set(labels)]]


def test_one_publisher_over_several_topics():
    """SUB-ORDER-04."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("^@(x|y)$")
    labels = [writer.publish(topic, {"n": n}) for n, topic in enumerate(("@x", "@y", "@x"))]
    assert [steps_of(chain) for chain in look(p).orders("SUB-ORDER-04")] == [[{label} for label in labels]]


def test_many_in_one_write():
    """WIRE-FRAME-05."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    for n in range(25):
        writer.publish("@chat", {"n": n})
    view = look(p)
    assert len(view.orders("WIRE-FRAME-05")) == 1
    assert why(view.delivery("p2", "s1.m")) == "WIRE-FRAME-03"
    assert why(view.delivery("p25", "s1.m")) == "WIRE-FRAME-05"


UNTIL = {
    # SUB-ORDER-11: a publish after an ack of another one is later; after a fence too; otherwise nothing is certain
    "nothing": ({}, lambda a: None, [{"p1", "p2"}]),
    "an ack": ({"acks": "processed"}, lambda a: None, [{"p1"}, {"p2"}]),
    "a later ack": ({"acks": "persisted"}, lambda a: None, [{"p1"}, {"p2"}]),
    "an ack that cannot be awaited": ({"acks": "processed", "cmd_id": None}, lambda a: None, [{"p1", "p2"}]),
    "received only": ({"acks": "received"}, lambda a: None, [{"p1", "p2"}]),
    "a fence": ({}, lambda a: a.fence(), [{"p1"}, {"p2"}]),
    "a flush": ({}, lambda a: a.flush(), [{"p1"}, {"p2"}]),
}


@pytest.mark.parametrize(("header", "between", "groups"), UNTIL.values(), ids=UNTIL)
def test_two_publishers(header, between, groups):
    p = Program("p")
    reader, a, b = p.open("reader"), p.open("a"), p.open("b")
    reader.subscribe("@chat")
    a.publish("@chat", {"n": 1}, **header)
    between(a)
    b.publish("@chat", {"n": 2})
    chains = look(p).orders("SUB-ORDER-02")
    assert [steps_of(chain) for chain in chains] == ([groups] if len(groups) > 1 else [])


def test_a_query_and_subscription_in_order():
    """CMD-ORD-05, CMD-SAS-01: deliveries follow the end of the group."""
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    writer.publish("@orders", {"id": 1, "v": 3})
    writer.fence()
    both = reader.sow_and_subscribe("@orders", batch_size=10)
    update = writer.publish("@orders", {"id": 1, "v": 4})
    view = look(p)
    assert members(view.record(both, "1")) == {"id": 1, "v": 3}
    assert members(view.delivery(update, f"{both}.m")) == {"id": 1, "v": 4}
    assert [steps_of(chain) for chain in view.orders("CMD-ORD-05")] == [[{both}, {update}]]
    assert why(view.delivery(update, f"{both}.m")) == "SOW-BATCH-07"


# ---- concurrent publishers ------------------------------------------------------------------------------------------


def concurrent(topic="@orders"):
    """Two lanes of two publishes to one record, a witness, a subscription with a filter, and a query afterwards."""
    p = Program("p")
    reader, other, a, b = p.open("reader"), p.open("other"), p.open("a"), p.open("b")
    witness = reader.subscribe(topic, sub_id="w")
    other.subscribe(topic, sub_id="f", filter="/lane = 'a'")
    with p.together(witness):
        for number in (1, 2):
            a.publish(topic, {"id": 1, "lane": "a", "n": number})
            b.publish(topic, {"id": 1, "lane": "b", "n": number})
    a.fence()
    b.fence()
    query = a.sow(topic) if topic == "@orders" else None
    return p, query


def test_the_order_is_that_of_the_witness():
    """SUB-ORDER-02: every other subscription, and the record, follow it."""
    p, query = concurrent()
    view = look(p, witness=Witness(orders={"t1": ("p1", "p2", "p4", "p3")}))
    assert [steps_of(chain) for chain in view.orders("SUB-ORDER-02")] == [[{"p1"}, {"p2"}, {"p4"}, {"p3"}]]
    assert members(view.record(query, "1")) == {"id": 1, "lane": "a", "n": 2}
    assert view.deliveries("p1") == {"w": "once", "f": "once"}
    assert view.deliveries("p2") == {"w": "once", "f": "never"}


def test_without_a_witness_nothing_of_the_topic_is_judged():
    p, query = concurrent()
    view = look(p)
    assert set(view.expectation.unjudged) == {query}
    assert view.deliveries("p1") == {}
    assert view.surplus("reader", "publish", "w") == ()
    assert view.surplus("a", "sow", f"{query}.r") == ()


def test_without_sow_and_witness_each_lane_keeps_its_order():
    p, _ = concurrent(topic="@chat")
    view = look(p)
    assert view.deliveries("p1") == {"w": "once", "f": "once"}
    assert [steps_of(chain) for chain in view.orders("SUB-ORDER-01")] == [[{"p1"}, {"p3"}], [{"p2"}, {"p4"}], [{"p1"}, {"p3"}]]
    assert view.orders("SUB-ORDER-02") == []


def test_what_is_not_judged_in_the_order_of_a_witness_is_refused():
    p = Program("p")
    reader, a, b = p.open("reader"), p.open("a"), p.open("b")
    witness = reader.subscribe("@orders")
    with p.together(witness):
        a.publish("@orders", {"id": 1, "lane": "a"})
        b.publish("@orders", {"id": "1", "lane": "b"})
    with pytest.raises(ProgramError, match="may or may not be one record"):
        look(p, witness=Witness(orders={"t1": ("p1", "p2")}))


def test_unusual_forms_are_the_matter_of_the_ack_if_there_is_one():
    p = Program("p")
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    first = writer.publish("@chat", {"n": 1}, form=Form(blanks=True))
    second = writer.publish("@chat", {"n": 2}, form=Form(blanks=True), acks="processed")
    view = look(p)
    assert why(view.delivery(first, "s1.m")) == "WIRE-HDR-03"
    assert why(view.delivery(second, "s1.m")) != "WIRE-HDR-03"
