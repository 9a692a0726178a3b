"""Slots, resets and the control connection, against the embedded server and against a peer that fails in chosen ways."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from conformance.client.limits import Limits
from conformance.client.session import Session
from conformance.errors import MisconfiguredError, NotAmpsError, SlotError, UnreachableError
from conformance.server.mutants import MUTANTS
from conformance.targets.control import empty, look
from conformance.targets.server import ServerTarget
from conformance.targets.slots import Slot
from conformance.wire import encode_message
from reference_model.config import STANDARD, InstanceConfig, TopicConfig
from reference_model.messages import Message, SowRecord

QUICK = Limits(answer_s=0.3)


def session_of(spec, limits=QUICK):
    return Session.open(spec, client_name="probe", limits=limits)


def put(session, topic, *bodies, **header):
    assert session.flush([Message(header={"cmd": "publish", "topic": topic, **header}, body=body) for body in bodies])


def bodies(session, topic):
    return sorted(record.data for record in look(session, [topic])[topic].records)


# ---- the lease -------------------------------------------------------------------------------------------------------------------


def test_a_slot_is_taken_written_down_and_given_back(serve):
    spec = serve()
    with ServerTarget.open(spec, STANDARD, slot=1, run="7f21") as target:
        assert target.version
        session = session_of(spec)
        (owner,) = bodies(session, "amct_s01_slot")
        record = json.loads(owner)
        assert (record["slot"], record["run"]) == (1, "7f21")
        assert record["fresh_s"] > 0
        assert abs(datetime.now(UTC) - datetime.fromisoformat(record["at"])) < timedelta(seconds=30)
    assert bodies(session, "amct_s01_slot") == []
    session.close()


def test_a_slot_of_another_run_is_refused_and_left_alone(serve):
    spec = serve()
    with ServerTarget.open(spec, STANDARD, slot=0, run="7f21"):
        session = session_of(spec)
        put(session, "amct_s00_orders", b'{"id":1}')
        with pytest.raises(SlotError, match=r"^slot 0 is in use by run 7f21 on host .+ since \d\d:\d\d:\d\d UTC\. Use --slots 2-3\.$"):
            ServerTarget.open(spec, STANDARD, slot=0, run="other", slots=range(2))
        assert bodies(session, "amct_s00_orders") == [b'{"id":1}']
        assert json.loads(bodies(session, "amct_s00_slot")[0])["run"] == "7f21"
    ServerTarget.open(spec, STANDARD, slot=0, run="other").close()
    session.close()


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        ({"run": "x", "age": 10}, True),
        ({"run": "x", "age": 1000}, False),
        ({"run": "mine", "age": 0}, False),
        ({"age": 0}, False),
        ({"run": "x", "age": 0, "fresh_s": "long"}, False),
        ({"run": "x", "age": 0, "since": 3}, False),
    ],
)
def test_only_a_fresh_owner_record_of_another_run_counts(serve, record, refused):
    spec = serve()
    session = session_of(spec)
    at = (datetime.now(UTC) - timedelta(seconds=record.pop("age"))).isoformat()
    put(session, "amct_s00_slot", json.dumps({"slot": 0, "host": "h", "since": at, "at": at, "fresh_s": 120, **record}).encode())
    slot = Slot(0, run="mine")
    if refused:
        with pytest.raises(SlotError, match="in use by run x on host h"):
            slot.take(session)
        assert not slot.taken
    else:
        slot.take(session)
        assert slot.taken
    session.close()


def test_two_that_take_a_slot_at_once_do_not_both_get_it(serve):
    spec = serve()
    one, two = Slot(0, run="one"), Slot(0, run="two")
    session = session_of(spec)
    one.write(session)
    two.write(session)
    with pytest.raises(SlotError, match="in use by run two"):
        one.verify(session)
    assert not one.taken
    two.verify(session)
    session.close()


def test_a_slot_taken_meanwhile_stops_the_run_and_is_not_emptied(serve, monkeypatch):
    spec = serve()
    target = ServerTarget.open(spec, STANDARD, slot=0, run="mine")
    session = session_of(spec)
    Slot(0, run="thief").write(session)
    put(session, "amct_s00_orders", b'{"id":1}')
    target.touch(["@orders"])
    monkeypatch.setattr("conformance.targets.slots.REFRESH_S", -1)
    with pytest.raises(SlotError, match="in use by run thief"):
        target.reset()
    target.close()
    assert bodies(session, "amct_s00_orders") == [b'{"id":1}']
    assert json.loads(bodies(session, "amct_s00_slot")[0])["run"] == "thief"
    session.close()


def test_the_owner_record_is_refreshed(serve, monkeypatch):
    spec = serve()
    with ServerTarget.open(spec, STANDARD, slot=0, run="mine") as target:
        session = session_of(spec)
        put(session, "amct_s00_slot", b'{"slot":0,"run":"mine","host":"h","since":"x","at":"x","fresh_s":1}')
        monkeypatch.setattr("conformance.targets.slots.REFRESH_S", -1)
        target.reset()
        assert json.loads(bodies(session, "amct_s00_slot")[0])["fresh_s"] > 1
        session.close()


# ---- resets ----------------------------------------------------------------------------------------------------------------------


def test_what_was_there_before_is_gone_and_only_touched_topics_are_emptied(serve):
    spec = serve()
    session = session_of(spec)
    put(session, "amct_s00_orders", b'{"id":1}', b'{"id":2}')
    put(session, "amct_s00_own", b'{"v":1}', sow_key="k")
    put(session, "amct_s01_orders", b'{"id":1}')
    with ServerTarget.open(spec, STANDARD, slot=0, run="r") as target:
        assert bodies(session, "amct_s00_orders") == bodies(session, "amct_s00_own") == []
        put(session, "amct_s00_orders", b'{"id":1}')
        put(session, "amct_s00_items", b'{"id":1}')
        target.touch(["@orders", "@plain"])
        target.reset()
        assert bodies(session, "amct_s00_orders") == []
        assert bodies(session, "amct_s00_items") == [b'{"id":1}']
        target.touch(["@items"])
    assert bodies(session, "amct_s00_items") == []
    assert bodies(session, "amct_s01_orders") == [b'{"id":1}']
    session.close()


def test_a_reset_outlives_the_control_connection(serve):
    spec = serve()
    with ServerTarget.open(spec, STANDARD, slot=0, run="r") as target:
        target._session._connection.close()
        target._session._connection._end("gone")
        target.touch(["@orders"])
        target.reset()


def test_after_an_interrupt_in_the_middle_of_a_reset_close_still_empties(serve, monkeypatch):
    spec = serve()
    session = session_of(spec)
    target = ServerTarget.open(spec, STANDARD, slot=0, run="r")
    put(session, "amct_s00_orders", b'{"id":1}')
    target.touch(["@orders"])
    with monkeypatch.context() as patch:
        patch.setattr(Session, "_read", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            target.reset()
    target.close()
    assert bodies(session, "amct_s00_orders") == bodies(session, "amct_s00_slot") == []
    session.close()


NEVER_EMPTY = "removed_record_stays"
"""No way of deleting has any effect."""


def filled(spec):
    target = ServerTarget.open(spec, STANDARD, slot=0, run="r", limits=Limits(answer_s=0.5))
    publishes = [Message(header={"cmd": "publish", "topic": "amct_s00_orders"}, body=b'{"id":%d}' % n) for n in range(3)]
    target._session.flush(publishes, timeout_s=0.1)
    target.touch(["@orders"])
    return target


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if mutant != NEVER_EMPTY])
def test_a_target_with_one_broken_rule_can_still_be_emptied(serve, mutant):
    with filled(serve(mutants=[mutant])) as target:
        target.reset()
        assert bodies(target._session, "amct_s00_orders") == []


def test_a_target_on_which_nothing_can_be_deleted_is_said_to_be_one(serve):
    with filled(serve(mutants=[NEVER_EMPTY])) as target, pytest.raises(SlotError, match="still shows 3 records after sow_delete"):
        target.reset()


def test_names_are_new_for_each_execution(serve):
    with ServerTarget.open(serve(), STANDARD, slot=1, run="7f21") as target:
        one, two = target.naming(), target.naming()
    assert one.topics == two.topics == "amct_s01_"
    assert one.clients != two.clients
    assert "7f21" in one.clients


# ---- what cannot be measured -----------------------------------------------------------------------------------------------------


def test_a_missing_topic_is_named(serve):
    more = InstanceConfig(topics=(*STANDARD.topics, TopicConfig(name="@extra", keys=("/id",))))
    text = r"^the target has no SOW topic amct_s00_extra \(.+\)\. Load the configuration that 'amps-conformance config' prints"
    with pytest.raises(MisconfiguredError, match=text):
        ServerTarget.open(serve(), more, slot=0, run="r")
    with pytest.raises(MisconfiguredError, match="no SOW topic amct_s07_slot"):
        ServerTarget.open(serve(), STANDARD, slot=7, run="r")


def test_a_configuration_without_owner_topic_works_without_a_lease(serve):
    config = InstanceConfig(topics=tuple(topic for topic in STANDARD.topics if topic.name != "@slot"))
    spec = serve(config=config)
    session = session_of(spec)
    with ServerTarget.open(spec, config, slot=0, run="r") as target:
        put(session, "amct_s00_orders", b'{"id":1}')
        target.touch(["@orders"])
    assert bodies(session, "amct_s00_orders") == []
    session.close()


def test_topics_outside_the_slot_or_of_another_type_are_left_alone(serve):
    config = InstanceConfig(
        topics=(*STANDARD.topics, TopicConfig(name="live", keys=("/id",)), TopicConfig(name="@nv", message_type="nvfix"))
    )
    spec = serve(config=InstanceConfig(topics=(*STANDARD.topics, TopicConfig(name="live", keys=("/id",)))))
    session = session_of(spec)
    put(session, "live", b'{"id":1}')
    with ServerTarget.open(spec, config, slot=0, run="r") as target:
        target.touch(["live", "@nv"])
        target.reset()
    assert bodies(session, "live") == [b'{"id":1}']
    session.close()


def test_silent(start):
    _, target = start(lambda *_: None)
    with pytest.raises(UnreachableError, match=r"accepts connections, but did not answer the logon within 0\.3 s"):
        session_of(target.spec)


def test_closed_at_logon(start):
    _, target = start(lambda *_: False)
    with pytest.raises(NotAmpsError, match="closes the connection instead of answering the logon"):
        session_of(target.spec)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", r"HTTP/1\.1 400 Bad"),
        (b"\xff\x00'\r\n\x1b[31m more", r"\\xff\\x00\\'\\r\\n\\x1b"),
        (b"\0\0\0\5hello", "hello"),
        (b'\0\0\0\x0e{"c":"logon2"}', r'\{"c":"logon2"\}'),
    ],
)
def test_what_is_not_amps_is_quoted_in_one_line(start, sent, shown):
    _, target = start(lambda session, _: session.send(sent))
    with pytest.raises(NotAmpsError, match=f"answers, but not in the amps protocol \\(first bytes: '{shown}") as caught:
        session_of(target.spec)
    assert str(caught.value).isprintable()


def test_a_refused_logon(start):
    def script(session, command):
        session.ack(command, "processed", "failure", reason="not entitled")

    _, target = start(script, user="joe", password="s3cret")
    with pytest.raises(MisconfiguredError, match=r"refused the logon of user 'joe' \(not entitled\)") as caught:
        session_of(target.spec)
    assert "s3cret" not in str(caught.value)


def test_a_target_that_goes_away_later(start, answer):
    def script(session, command):
        return answer(session, command) if command.cmd == "logon" else False

    _, target = start(script)
    session = session_of(target.spec)
    with pytest.raises(UnreachableError, match="closed the connection of the harness"):
        session.flush()
    session.close()


# ---- emptying what is hard to empty ------------------------------------------------------------------------------------------------


class Stubborn:
    """A store of one record that goes only for chosen forms of sow_delete, and queries that end in chosen ways."""

    def __init__(self, *, obeys=(), ends=("group_end", "completed"), flush=True):
        self.full = True
        self.obeys = obeys
        self.ends = ends
        self.flush = flush

    def __call__(self, session, command):
        if command.cmd == "sow_delete":
            form = "filter" if "filter" in command.header else "keys" if "sow_keys" in command.header else "data"
            self.full = self.full and form not in self.obeys
        elif command.cmd == "sow":
            query = {"query_id": command.text("query_id")}
            session.send(Message(header={"cmd": "group_begin", **query}))
            for end in self.ends:
                if end == "completed":
                    session.ack(command, "completed")
                elif end == "group_end":
                    session.send(Message(header={"cmd": "group_end", **query}))
                elif self.full:
                    record = SowRecord(header={"sow_key": "7"}, data=b'{"id":1}')
                    session.send(encode_message(Message(header={"cmd": "sow", "topic": "t", **query}, records=(record,))))
        elif command.cmd == "logon" or self.flush:
            session.ack(command, (command.text("ack_type") or "").split(",")[0])


@pytest.mark.parametrize(
    ("peer", "left"),
    [
        (Stubborn(obeys=("filter",), ends=("sow", "group_end", "completed")), 0),
        (Stubborn(obeys=("keys",), ends=("sow", "group_end", "completed")), 0),
        (Stubborn(obeys=("data",), ends=("sow", "group_end", "completed")), 0),
        (Stubborn(obeys=("data",), ends=("sow", "group_end")), 0),
        (Stubborn(obeys=("data",), ends=("sow", "completed")), 0),
        (Stubborn(obeys=("data",), ends=("completed", "sow", "group_end")), 0),
        (Stubborn(obeys=("keys",), ends=("sow", "group_end", "completed"), flush=False), 0),
        (Stubborn(ends=("sow", "group_end", "completed")), 1),
    ],
)
def test_emptying(start, peer, left):
    _, target = start(peer)
    session = session_of(target.spec)
    seen = empty(session, ["t"], timeout_s=1)["t"]
    assert len(seen.records) == left
    assert seen.complete
    session.close()


def test_a_slot_that_cannot_be_emptied(start):
    _, target = start(Stubborn(ends=("sow", "group_end", "completed")))
    config = InstanceConfig(topics=(TopicConfig(name="@orders", keys=("/id",)),))
    with pytest.raises(SlotError, match="slot 3 cannot be emptied: amct_s03_orders still shows 1 records after sow_delete"):
        ServerTarget.open(target.spec, config, slot=3, run="r", limits=QUICK)
