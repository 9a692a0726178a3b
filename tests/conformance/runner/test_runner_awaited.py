"""What a command still owes, as tables: sent command, answers, what a barrier still waits for."""

import pytest

from conformance.runner.awaited import Awaited, Need
from conformance.runner.habits import Habits
from reference_model.config import STANDARD, InstanceConfig, LoggedTopic
from reference_model.messages import Message

LOGGED = InstanceConfig(topics=STANDARD.topics, logged=(LoggedTopic(name="@x"),))


def ack(kind, status="success", cmd_id="c"):
    return Message(header={"cmd": "ack", "cmd_id": cmd_id, "ack_type": kind, "status": status})


def counts(awaited):
    return awaited._count[Need.SURE], awaited._count[Need.UNSURE]


END = Message(header={"cmd": "group_end", "query_id": "q"})


@pytest.mark.parametrize(
    ("cmd", "header", "sure", "unsure"),
    [
        ("publish", {"ack_type": "processed"}, 1, 0),
        ("publish", {"ack_type": "received,persisted"}, 1, 0),
        ("publish", {"ack_type": "completed"}, 0, 1),
        ("publish", {"ack_type": "stats,parsed,none,"}, 0, 0),
        ("publish", {}, 0, 0),
        ("delta_publish", {"ack_type": "processed,completed"}, 1, 0),
        ("flush", {"ack_type": "completed"}, 1, 0),
        ("flush", {"ack_type": "stats"}, 0, 0),
        ("subscribe", {"ack_type": "completed"}, 0, 0),
        ("sow_delete", {"ack_type": "completed", "filter": "1=1"}, 0, 1),
        ("sow_delete", {"ack_type": "completed", "sow_keys": "1"}, 0, 0),
        ("sow", {"ack_type": "processed", "query_id": "q"}, 1, 0),
        ("sow", {"ack_type": "completed", "query_id": "q"}, 0, 1),
        ("sow", {"query_id": "q"}, 0, 1),
        ("sow_and_subscribe", {}, 0, 1),
        ("bogus", {"ack_type": "processed"}, 0, 0),
    ],
)
def test_what_is_waited_for(cmd, header, sure, unsure):
    awaited = Awaited(STANDARD)
    awaited.expect(Message(header={"cmd": cmd, "cmd_id": "c", **header}))
    assert counts(awaited) == (sure, unsure)
    awaited.give_up()
    assert awaited.need is Need.NOTHING


def test_success_acks_of_logged_publishes_are_conflated_and_not_waited_for():
    awaited = Awaited(LOGGED)
    assert awaited.expect(Message(header={"cmd": "publish", "cmd_id": "c", "ack_type": "persisted"})) is None
    assert awaited.expect(Message(header={"cmd": "flush", "cmd_id": "f", "ack_type": "persisted"})) is not None


@pytest.mark.parametrize(
    ("cmd", "asked", "answers", "left"),
    [
        ("publish", "received,processed", [ack("received")], (1, 0)),
        ("publish", "received,processed", [ack("processed"), ack("received")], (0, 0)),
        ("publish", "processed", [ack("processed", cmd_id="other")], (1, 0)),
        ("publish", "processed", [ack("processed", cmd_id="never-sent")], (0, 0)),
        ("publish", "processed", [Message(header={"cmd": "ack", "ack_type": "processed", "status": "success"})], (0, 0)),
        ("publish", "processed", [Message(header={"cmd": "ack", "ack_type": "completed", "status": "success"})], (1, 0)),
        ("sow", "", [Message(header={"cmd": "group_end"})], (0, 0)),
        ("publish", "processed", [ack("completed")], (1, 0)),
        ("publish", "processed,completed", [ack("processed", "failure")], (0, 0)),
        ("publish", "processed,completed", [ack("processed", "Failure")], (0, 0)),
        ("publish", "processed,persisted", [ack("processed", "failure")], (0, 1)),
        ("publish", "processed,persisted", [ack("processed", "failure"), ack("persisted", "failure")], (0, 0)),
        ("publish", "processed,persisted", [ack("persisted", "failure")], (0, 0)),
        ("sow", "processed", [ack("processed")], (1, 0)),
        ("sow", "processed", [ack("processed"), END], (0, 0)),
        ("sow", "processed", [ack("processed", "failure")], (0, 0)),
        ("sow", "processed,completed", [ack("processed"), ack("completed")], (0, 0)),
        ("sow", "", [END], (0, 0)),
        ("sow", "processed,completed,stats", [ack("processed"), END, ack("completed")], (1, 0)),
        ("sow_delete", "processed,persisted", [ack("processed", "failure")], (0, 0)),
    ],
)
def test_answers(cmd, asked, answers, left):
    awaited = Awaited(STANDARD)
    awaited.expect(Message(header={"cmd": "publish", "cmd_id": "other"}))
    awaited.expect(Message(header={"cmd": cmd, "cmd_id": "c", "query_id": "q", "ack_type": asked, "filter": "1=1"}))
    for answer in answers:
        awaited.take(answer)
    assert counts(awaited) == left


def test_two_commands_with_one_id_need_two_answers():
    awaited = Awaited(STANDARD)
    command = Message(header={"cmd": "publish", "cmd_id": "c", "ack_type": "processed"})
    first, second = awaited.expect(command), awaited.expect(command)
    assert awaited.take(ack("processed"))
    assert (first.listed, second.listed) == (False, True)
    assert awaited.take(ack("processed"))
    assert not awaited.take(ack("processed"))
    assert awaited.need is Need.NOTHING


def test_a_dropped_entry_is_dropped_once():
    awaited = Awaited(STANDARD)
    entry = awaited.expect(Message(header={"cmd": "flush", "cmd_id": "c", "ack_type": "completed"}))
    awaited.drop(entry)
    awaited.drop(entry)
    assert awaited.need is Need.NOTHING
    assert not awaited.take(ack("completed"))


def test_acks_without_id_belong_to_commands_without_id_first():
    awaited = Awaited(STANDARD)
    nameless = Message(header={"cmd": "ack", "ack_type": "processed", "status": "success"})
    awaited.expect(Message(header={"cmd": "publish", "ack_type": "processed"}))
    awaited.expect(Message(header={"cmd": "publish", "cmd_id": "c", "ack_type": "processed"}))
    assert not awaited.take(nameless)
    assert awaited.need is Need.SURE
    assert awaited.take(nameless)
    assert awaited.need is Need.NOTHING


def test_conflated_acks_answer_nothing():
    awaited = Awaited(LOGGED)
    awaited.expect(Message(header={"cmd": "flush", "cmd_id": "f", "ack_type": "persisted"}))
    assert not awaited.take(Message(header={"cmd": "ack", "ack_type": "persisted", "seq": 5, "status": "success"}))


@pytest.mark.parametrize(
    ("answered", "overtaken"),
    [([], False), (["a"], False), (["b"], False), (["c"], True), (["a", "c"], True), (["a", "b", "c"], False)],
)
def test_overtaken(answered, overtaken):
    awaited = Awaited(STANDARD)
    for cmd_id in "abc":
        awaited.expect(Message(header={"cmd": "publish", "cmd_id": cmd_id, "ack_type": "processed"}))
    for cmd_id in answered:
        awaited.take(ack("processed", cmd_id=cmd_id))
    assert (awaited.need is Need.OVERTAKEN) is overtaken


PUBLISH = Message(header={"cmd": "publish", "cmd_id": "c", "ack_type": "processed,completed"})


def missing(habits, *answers):
    """One execution in which these acks of a publish come and the others are given up."""
    awaited = Awaited(STANDARD, habits)
    awaited.expect(PUBLISH)
    for answer in answers:
        awaited.take(answer)
    before = awaited.need
    awaited.give_up(missed=True)
    habits.learn(awaited.missed, frozenset(awaited.answered))
    return before


def test_what_is_left_out_again_and_again_is_waited_for_less():
    habits = Habits()
    needs = [missing(habits, ack("processed")) for _ in range(4)]
    assert needs == [Need.SURE, Need.SURE, Need.LEFT_OUT, Need.LEFT_OUT]
    assert missing(habits) is Need.SURE  # the processed ack has never been missed
    assert missing(habits, ack("processed"), ack("completed")) is Need.NOTHING
    assert missing(habits, ack("processed")) is Need.SURE


def test_what_comes_after_it_was_given_up_is_not_left_out():
    habits = Habits()
    for _ in range(4):
        awaited = Awaited(STANDARD, habits)
        awaited.expect(PUBLISH)
        awaited.give_up(missed=True)
        awaited.take(ack("processed"))
        awaited.take(ack("completed"))
        habits.learn(awaited.missed, frozenset(awaited.answered))
        assert not habits.lost("publish", ["processed", "completed"])
