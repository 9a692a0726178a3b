"""Programs that the model must refuse, each with its reason: what is not described, and what leaves everything after it open."""

from dataclasses import replace

import pytest

from reference_model.config import STANDARD, LoggedTopic, TopicConfig
from reference_model.messages import Form
from reference_model.model import predict
from reference_model.scenario import Command, Fence, KeyOf, Open, Ref, Scenario, Send, Together
from reference_model.state import ProgramError
from reference_model.steps import default_logon
from strategies.build import Program, key_of


def two(p):
    """A reader that subscribes, a writer."""
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat")
    return reader, writer


def shown(p, *bodies, topic="@orders"):
    """Records that a query has shown."""
    a = p.open()
    for body in bodies:
        a.publish(topic, body)
    a.fence()
    a.sow(topic)
    return a


REFUSED = {}


def refused(reason):
    """Collects a function that writes a program, with a part of the reason why the model refuses it."""

    def collect(write):
        REFUSED[write.__name__] = (reason, write)
        return write

    return collect


# ---- labels, fields, values ----------------------------------------------------------------------------------------------------


@refused("the label stands for 2 steps")
def a_label_twice(p):
    a = p.open()
    a.publish("@chat", {})
    p.add(Fence(label="p1", kind="answers", connection="a"))


@refused("the runner's own")
def a_label_of_the_runner(p):
    p.open()
    p.add(Fence(label="end-a", kind="answers", connection="a"))


@refused("begins like one of the runner's own")
def a_cmd_id_of_the_runner(p):
    p.open().flush(cmd_id="fence-1")


@refused("the cmd_id 'x' has been used")
def a_cmd_id_twice(p):
    a = p.open()
    a.flush(cmd_id="x")
    a.flush(cmd_id="x")


@refused("the query_id 'r' has been used")
def a_query_id_twice(p):
    a = p.open()
    a.sow("@orders", query_id="r")
    a.sow("@orders", query_id="r")


@refused("the query_id 'q1' has been used")
def a_query_id_that_stood_in_for_another(p):
    a = p.open()
    a.sow("@orders", query_id=None)
    a.sow("@orders", query_id="q1")


@refused("the sub_id 's' has been used")
def a_sub_id_after_its_end(p):
    a = p.open()
    a.subscribe("@chat", sub_id="s")
    a.unsubscribe("s")
    a.answered()
    a.subscribe("@chat", sub_id="s")


@refused("has a meaning of its own")
def a_sub_id_that_is_a_list(p):
    p.open().subscribe("@chat", sub_id="a,b")


@refused("has a meaning of its own")
def a_query_id_that_is_all(p):
    p.open().sow("@orders", query_id="all")


@refused("the header field data_only is not modelled")
def a_field_that_is_not_modelled(p):
    p.open().subscribe("@chat", data_only="true")


@refused("values taken from answers are not modelled")
def a_value_from_an_answer(p):
    a = p.open()
    a.subscribe("@chat", sub_id=None)
    a.unsubscribe(Ref(label="s1", field="sub_id"))


@refused("only sow_keys takes keys of records")
def a_key_of_a_record_elsewhere(p):
    shown(p, {"id": 1}).publish("@orders", {"id": 1}, sow_key=key_of("@orders", 1))


@refused("what an empty topic means is not documented")
def an_empty_field(p):
    p.open().publish("", {})


@pytest.mark.parametrize("field", ["correlation_id"])
def test_characters_outside_of_base64(field):
    p = Program("p")
    p.open().publish("@chat", {}, **{field: "a b"})
    with pytest.raises(ProgramError, match="none of Base64"):
        predict(p.scenario(), STANDARD)


@refused("sow_key has characters that are none of Base64")
def a_given_key_outside_of_base64(p):
    p.open().publish("@own", {}, sow_key="a,b")


@refused("must be a number from 0")
def a_number_that_is_none(p):
    p.open().sow("@orders", batch_size="x")


@refused("must be a number from 0")
def a_negative_number(p):
    p.open().sow("@orders", top_n=-1)


@refused("must be a number from 0")
def a_number_that_may_be_read_in_two_ways(p):
    p.open().sow("@orders", top_n=2**32 - 1)


@refused("ack_type takes different known types")
def an_unknown_ack_type(p):
    p.open().flush(acks="processed,parsed")


@refused("ack_type takes different known types")
def an_ack_type_twice(p):
    p.open().flush(acks="processed,processed")


@refused("options are written once each, without blanks")
def an_option_twice(p):
    p.open().sow("@orders", opts="top_n=1,top_n=2")


@refused("options are written once each, without blanks")
def blanks_between_options(p):
    p.open().sow("@orders", opts="timestamp, no_sowkey")


@refused("option oof of subscribe is not modelled")
def an_option_that_is_not_modelled(p):
    p.open().subscribe("@orders", opts="oof")


@refused("option conflation of subscribe is not modelled")
def an_option_with_a_value_that_is_not_modelled(p):
    p.open().subscribe("@orders", opts="conflation=1s")


@refused("option timestamp of sow is not modelled")
def a_flag_with_a_value(p):
    p.open().sow("@orders", opts="timestamp=true")


@refused("the option skip_n must be a number")
def an_option_that_is_no_number(p):
    p.open().sow("@orders", opts="top_n=1,skip_n=x")


@refused("a select list stands in brackets")
def a_select_list_without_brackets(p):
    p.open().sow("@orders", opts="select=-/")


@refused("malformed select list")
def a_select_list_without_signs(p):
    p.open().sow("@orders", opts="select=[/id]")


@refused("top_n is given twice")
def a_limit_twice(p):
    p.open().sow("@orders", top_n=1, opts="top_n=1")


@refused("a batch size below 1")
def a_batch_of_nothing(p):
    p.open().sow("@orders", batch_size=0)


@refused("must ask for the processed ack (EXPR-ORD-15)")
def an_order_that_is_none_in_silence(p):
    p.open().sow("@orders", orderby="id")


@refused("whether the filter")
def a_filter_that_may_or_may_not_compile(p):
    p.open().sow("@orders", filter="LENGTH() = 1")


@refused("what flush does with a body is not promised")
def a_body_where_none_belongs(p):
    a = p.open()
    p.add(Send(label="f", connection="a", command=Command(header={"cmd": "flush"}, body=b"x")))
    a.answered()


@refused("long names of header fields")
def long_names(p):
    p.open().publish("@chat", {}, form=Form(names="long"))


@refused("heartbeat is not modelled")
def a_command_that_is_not_modelled(p):
    p.open().command("heartbeat", {})


@refused("without cmd_id only the processed ack")
def acks_that_cannot_be_told_apart(p):
    p.open().publish("@chat", {}, acks="processed,completed", cmd_id=None)


# ---- topics --------------------------------------------------------------------------------------------------------------------


@refused("the topic @slot is not the program's")
def the_owner_record(p):
    p.open().publish("@slot", {"slot": 1})


@refused("the topic /AMPS/ClientStatus is not the program's")
def an_event_topic(p):
    p.open().subscribe("/AMPS/ClientStatus")


@refused("is no valid pattern")
def a_pattern_that_is_none(p):
    p.open().subscribe("@orders(")


@refused("whether '@a+b' is a pattern is not documented")
def a_topic_that_may_be_a_pattern(p):
    p.open().subscribe("@a+b")


@refused("must name the slot")
def a_pattern_over_every_slot(p):
    p.open().subscribe(".*orders")


@refused("must name the slot")
def a_pattern_in_which_the_slot_is_optional(p):
    p.open().sow("@?orders.*")


@refused("covers @slot")
def a_pattern_over_the_owner_record(p):
    p.open().sow("^@.*")


@refused("a pattern that matches no SOW topic")
def a_query_of_a_pattern_over_nothing(p):
    p.open().sow("^@none.*")


@refused("a pattern that matches no SOW topic")
def a_query_and_subscription_of_a_pattern_over_nothing(p):
    p.open().sow_and_subscribe("^@none.*")


# ---- what is not fenced --------------------------------------------------------------------------------------------------------


@refused("@orders has changes that no fence has made visible")
def a_query_of_an_unfenced_change(p):
    a = p.open()
    a.publish("@orders", {"id": 1}, acks="processed,persisted")
    a.sow("@orders")


@refused("@orders has changes that no fence has made visible")
def a_query_of_a_pattern_over_an_unfenced_change(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.sow("^@(orders|items)$")


@refused("@orders has changes that no fence has made visible")
def a_query_and_subscription_of_an_unfenced_change(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.sow_and_subscribe("@orders")


@refused("@orders has changes that no fence has made visible")
def a_change_behind_the_flush_that_is_awaited(p):
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    a.flush()
    a.publish("@orders", {"id": 2})
    b.sow("@orders")


@refused("@orders has changes that no fence has made visible")
def a_flush_whose_ack_nobody_can_await(p):
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    a.flush(acks="processed", cmd_id=None)
    b.sow("@orders")


@refused("@orders has changes that no fence has made visible")
def a_flush_of_another_connection(p):
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    b.flush()
    b.answered()
    b.sow("@orders")


@refused("has unfenced changes of connection a")
def publishes_of_two_connections(p):
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1}, acks="processed")
    b.publish("@orders", {"id": 1})


@refused("has unfenced changes of another connection")
def a_delete_of_what_another_connection_changed(p):
    a, b = p.open("a"), p.open("b")
    a.publish("@orders", {"id": 1})
    b.delete("@orders", body={"id": 1})


@refused("what the delete finds is open")
def a_delete_by_filter_of_an_unfenced_change(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.delete("@orders", filter="1=1")


@refused("what the delete finds is open")
def a_delete_by_given_keys_of_an_unfenced_change(p):
    a = p.open()
    a.publish("@own", {}, sow_key="AA")
    a.delete("@own", sow_keys="AA")


@refused("what a delete finds in @orders is open")
def a_delete_where_a_record_without_key_may_be(p):
    a = p.open()
    a.publish("@orders", {"qty": 1}, acks="processed")
    a.fence()
    a.delete("@orders", filter="1=1")


# ---- keys ----------------------------------------------------------------------------------------------------------------------

CONFUSABLE = [(1, "1"), (1, True), ("1", "1.0"), (0, False), ("true", True), (2**70, 2**70 + 1)]


@pytest.mark.parametrize(("one", "other"), CONFUSABLE)
def test_keys_that_may_be_one(one, other):
    """SOW-KEY-41: whether they are one record is not described."""
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": one})
    a.publish("@orders", {"id": other})
    with pytest.raises(ProgramError, match="may or may not be one record"):
        predict(p.scenario(), STANDARD)


@pytest.mark.parametrize(("one", "other"), [(1, 2), ("a", "A"), ("a", "a "), (2**63, 2**63 + 1), ("ab", "a b"), (-1, 1)])
def test_keys_that_are_two(one, other):
    p = Program("p")
    a = p.open()
    a.publish("@orders", {"id": one})
    a.publish("@orders", {"id": other})
    predict(p.scenario(), STANDARD)


@refused("may or may not be one record")
def a_key_like_one_that_is_gone(p):
    a = shown(p, {"id": 1})
    a.delete("@orders", body={"id": 1})
    a.publish("@orders", {"id": "1"})


@refused("may or may not be one record")
def a_key_like_one_of_another_topic_of_the_domain(p):
    a = p.open()
    a.publish("@stock", {"sku": 1})
    a.publish("@reorder", {"sku": "1"})


@refused("may or may not be one record")
def a_delete_by_data_like_another_key(p):
    shown(p, {"id": 1}).delete("@orders", body={"id": "1"})


@refused("whose key is not documented")
def a_key_that_is_an_array(p):
    p.open().publish("@orders", {"id": [1, 2]})


@refused("whose key is not documented")
def a_key_that_is_an_object(p):
    p.open().delta("@orders", {"id": {"a": 1}})


@refused("whose key is not documented")
def a_key_below_an_array(p):
    p.open().publish("@nested", {"ref": [{"id": 1}]})


@refused("a damaged body that names its key field may be taken")
def a_damaged_body_with_a_key(p):
    p.open().publish("@orders", b'{"id":1,')


@refused("a sow_key on a topic that has no explicit keys")
def a_given_key_where_keys_are_made(p):
    p.open().publish("@orders", {"id": 1}, sow_key="AA")


@refused("a sow_key on a topic that has no explicit keys")
def a_given_key_without_sow(p):
    p.open().publish("@chat", {"id": 1}, sow_key="AA")


@refused("no query has had to show the key")
def the_key_of_a_record_that_no_query_has_shown(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    a.sow("@orders", sow_keys=key_of("@orders", 1))


@refused("no query has had to show the key")
def the_key_of_a_record_shown_without_it(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.fence()
    a.sow("@orders", opts="no_sowkey")
    a.sow("@orders", sow_keys=key_of("@orders", 1))


@refused("no query has had to show the key")
def the_key_of_a_record_that_need_not_come(p):
    a = p.open()
    a.publish("@orders", {"id": 1})
    a.publish("@orders", {"id": 2})
    a.fence()
    a.sow("@orders", top_n=1)
    a.delete("@orders", sow_keys=key_of("@orders", 1))


@refused("no query has had to show the key")
def the_key_of_a_record_of_no_topic(p):
    p.open().sow("@orders", sow_keys=KeyOf(topic="@none", values=("1",)))


@refused("a lifetime below 600 s is not modelled")
def a_record_that_may_expire(p):
    p.open().publish("@sensors", {"id": 1}, expiration=5)


def test_a_topic_whose_records_expire_by_default():
    sensors = TopicConfig(name="@sensors", keys=("/id",), expiration_s=3)
    config = replace(STANDARD, topics=(*(topic for topic in STANDARD.topics if topic.name != "@sensors"), sensors))
    p = Program("p")
    p.open().publish("@sensors", {"id": 1})
    with pytest.raises(ProgramError, match="a lifetime below"):
        predict(p.scenario(), config)


def test_numbered_publishes_where_they_are_logged():
    config = replace(STANDARD, logged=(LoggedTopic(name="@orders"),))
    p = Program("p")
    p.open().publish("@items", {"id": 1}, seq=1)
    with pytest.raises(ProgramError, match="which is not logged"):
        predict(p.scenario(), config)


# ---- queries and subscriptions ---------------------------------------------------------------------------------------------------


@refused("a query needs a topic")
def a_query_without_an_id(p):
    p.open().sow("@orders", acks=None, cmd_id=None, query_id=None)


@refused("must ask for the processed ack (SOW-TOPN-09)")
def a_query_that_may_be_refused_in_silence(p):
    p.open().sow("@orders", acks="completed", opts="top_n=1,skip_n=1")


@refused("must ask for the processed ack (CMD-SOW-53)")
def options_of_subscriptions_in_silence(p):
    p.open().sow("@orders", acks="completed", opts="oof")


@refused("could not be told apart")
def a_select_list_without_the_key_of_records_never_seen(p):
    a = p.open()
    a.publish("@orders", {"id": 1, "qty": 2})
    a.fence()
    a.sow("@orders", opts="select=[-/,+/qty]")


@refused("could not be told apart")
def a_select_list_that_leaves_nothing(p):
    shown(p, {"id": 1}).sow("@orders", opts="select=[-/]")


@refused("could not be told apart")
def given_keys_left_out(p):
    a = p.open()
    a.publish("@own", {}, sow_key="AA")
    a.fence()
    a.sow("@own", opts="no_sowkey")


@refused("sow_keys on a subscription")
def keys_of_a_query_and_subscription(p):
    shown(p, {"id": 1}).sow_and_subscribe("@orders", sow_keys=key_of("@orders", 1))


@refused("replays are not modelled")
def a_replay(p):
    p.open().subscribe("@orders", bookmark="0")


@refused("must ask for the processed ack (CMD-ACK-26)")
def a_query_and_subscription_that_fails_in_silence(p):
    p.open().sow_and_subscribe("@orders", filter="/a = = 1", acks="completed")


@refused("a subscription without an id is modelled for one topic")
def a_subscription_without_an_id_and_with_a_filter(p):
    p.open().subscribe("@chat", acks=None, sub_id=None, cmd_id=None, filter="/n = 1")


@refused("another subscription of the connection gets the same messages")
def a_subscription_without_an_id_beside_another(p):
    a = p.open()
    a.subscribe("@ch.t")
    a.subscribe("@chat", acks=None, sub_id=None, cmd_id=None)


@refused("a subscription without an id gets the same messages")
def a_subscription_beside_one_without_an_id(p):
    a = p.open()
    a.subscribe("@chat", acks=None, sub_id=None, cmd_id=None)
    a.subscribe("@ch.t")


@refused("a subscription needs an id")
def a_query_and_subscription_without_an_id(p):
    p.open().sow_and_subscribe("@chat", acks=None, sub_id=None, cmd_id=None)


@refused("whether there is a subscription is open (EXPR-ORD-15)")
def a_query_and_subscription_in_an_order_that_is_none(p):
    p.open().sow_and_subscribe("@orders", orderby="n")


@refused("unsubscribe is modelled with sub_id only")
def an_unsubscribe_by_query_id(p):
    p.open().command("unsubscribe", {"query_id": "q"})


@refused("whether a list with an unknown id ends the others")
def an_unsubscribe_of_a_known_and_an_unknown_id(p):
    a = p.open()
    a.subscribe("@chat", sub_id="s")
    a.unsubscribe("s,none")


@refused("more than one selector")
def a_delete_by_filter_and_data(p):
    p.open().delete("@orders", filter="1=1", body={"id": 1})


@refused("a delete by data is modelled for one topic with key fields")
def a_delete_by_data_with_given_keys(p):
    p.open().delete("@own", body={"id": 1})


@refused("a delete by data without the key fields")
def a_delete_by_data_without_key(p):
    p.open().delete("@orders", body={"qty": 1})


# ---- connections, fences, lanes ------------------------------------------------------------------------------------------------


@refused("connection a is open already")
def a_connection_twice(p):
    p.open()
    p.open()


@refused("connection b is not open")
def a_connection_that_never_was(p):
    a = p.open()
    p.add(Send(label="x", connection="b", command=Command(header={"cmd": "flush"})))
    a.answered()


@refused("connection a is not open")
def a_connection_closed_twice(p):
    a = p.open()
    a.close()
    a.close()


@refused("connection a is not open, or not for certain")
def a_fence_before_the_logon(p):
    p.open(logon=False).fence()


@refused("whether connection a is still open is not certain")
def a_command_after_a_second_logon(p):
    a = p.open()
    a.logon(cmd_id="again")
    a.flush()


@refused("whether connection a is still open is not certain")
def a_command_after_one_without_a_topic(p):
    a = p.open()
    a.publish(None, {}, acks="processed")
    a.flush()


@refused("whether connection a is still open is not certain")
def a_command_after_a_delete_without_a_topic(p):
    a = p.open()
    a.delete(None, filter="1=1", acks="processed")
    a.flush()


@refused("whether connection a is still open is not certain")
def a_command_after_an_empty_frame(p):
    a = p.open()
    a.raw(b"\0\0\0\0", noop=True)
    a.flush()


@refused("a second logon must ask for processed")
def a_second_logon_in_silence(p):
    a = p.open()
    a.logon(acks=None)


@refused("message type json, named at logon")
def a_logon_without_a_message_type(p):
    header = {name: value for name, value in default_logon("a").header.items() if name != "message_type"}
    p.add(Open(label="o", connection="a", logon=Command(header=header)))


@refused("that these bytes end the connection is not documented")
def a_frame_that_is_cut_short(p):
    p.open().raw(b"\0\0\0\x20hello")


@refused("that these bytes end the connection is not documented")
def bytes_that_are_a_command(p):
    p.open().raw(b'\0\0\0\x0d{"c":"flush"}')


@refused("not frames of length 0")
def a_frame_that_is_not_empty(p):
    p.open().raw(b"\0\0\0\x01{", noop=True)


@refused("need not be delivered to connection reader")
def a_fence_on_what_does_not_come(p):
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", filter="/n = 1")
    reader.delivered(writer.publish("@chat", {"n": 2}))


@refused("need not be delivered to connection a")
def a_fence_on_an_own_publish(p):
    a = p.open()
    a.subscribe("@chat")
    a.answered()
    a.delivered(a.publish("@chat", {"n": 2}))


@refused("need not be delivered to connection reader")
def a_fence_on_a_subscription_that_may_not_be_there_yet(p):
    reader, writer = p.open("reader"), p.open("writer")
    reader.subscribe("@chat", acks=None)
    reader.delivered(writer.publish("@chat", {"n": 1}))


@refused("need not be delivered to connection reader")
def a_fence_on_a_body_that_may_be_refused(p):
    reader, writer = two(p)
    reader.delivered(writer.publish("@chat", b"no json"))


def lanes(p, *bodies, witness=None, topic="@chat"):
    """Two publishers at once, beside a reader."""
    reader, a, b = p.open("reader"), p.open("a"), p.open("b")
    found = reader.subscribe(topic) if witness is None else witness(reader)
    with p.together(found):
        for line, body in zip((a, b, a, b), bodies, strict=False):
            line.publish(topic, body)
    return reader, a, b


@refused("concurrent publishes have different bodies")
def concurrent_publishes_of_one_body(p):
    lanes(p, {"n": 1}, {"n": 1})


@refused("is no plain live subscription")
def a_witness_that_sees_only_some(p):
    lanes(p, {"n": 1}, {"n": 2}, witness=lambda reader: reader.subscribe("@chat", filter="/n = 1"))


@refused("is no plain live subscription")
def a_witness_that_may_not_be_there_yet(p):
    lanes(p, {"n": 1}, {"n": 2}, witness=lambda reader: reader.subscribe("@chat", acks=None))


@refused("is no plain live subscription")
def a_witness_of_another_topic(p):
    lanes(p, {"n": 1}, {"n": 2}, witness=lambda reader: reader.subscribe("@other"))


@refused("is no plain live subscription")
def a_witness_that_is_none(p):
    lanes(p, {"n": 1}, {"n": 2}, witness=lambda reader: reader.flush())


@refused("is no plain live subscription")
def a_witness_that_publishes_itself(p):
    a, b = p.open("a"), p.open("b")
    found = a.subscribe("@chat")
    with p.together(found):
        a.publish("@chat", {"n": 1})
        b.publish("@chat", {"n": 2})


@refused("only publishes can be concurrent")
def concurrent_deletes(p):
    reader, a = p.open("reader"), p.open("a")
    found = reader.subscribe("@orders")
    with p.together(found):
        a.delete("@orders", body={"id": 1})


@refused("earlier publishes are under way")
def a_publish_before_concurrent_ones(p):
    reader, a, b = p.open("reader"), p.open("a"), p.open("b")
    found = reader.subscribe("@chat")
    a.publish("@chat", {"n": 0})
    with p.together(found):
        a.publish("@chat", {"n": 1})
        b.publish("@chat", {"n": 2})


@refused("each lane has a connection of its own")
def two_lanes_of_one_connection(p):
    reader, _ = p.open("reader"), p.open("a")
    found = reader.subscribe("@chat")
    sends = [
        Send(label=f"x{n}", connection="a", command=Command(header={"cmd": "publish", "topic": "@chat"}, body=b"%d" % n))
        for n in (1, 2)
    ]
    p.add(Together(label="t", lanes=((sends[0],), (sends[1],)), witness=found))


@pytest.mark.parametrize(("reason", "write"), REFUSED.values(), ids=REFUSED)
def test_refused(reason, write):
    p = Program("p")
    write(p)
    with pytest.raises(ProgramError) as caught:
        predict(p.scenario(), STANDARD)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_command_without_a_name():
    steps = (Open(label="o", connection="a", logon=None), Send(label="x", connection="a", command=Command(header={})))
    with pytest.raises(ProgramError, match="step x: a command needs a cmd"):
        predict(Scenario(name="p", steps=steps), STANDARD)


def test_a_logon_may_come_again_after_the_connection_was_closed():
    p = Program("p")
    a = p.open()
    a.close()
    p.open().flush()
    predict(p.scenario(), STANDARD)
