"""What `doctor` says of a target, line by line."""

import json

import pytest

from conformance.client.limits import Limits
from conformance.client.session import Session
from conformance.doctor import diagnose
from conformance.targets.control import look
from conformance.targets.slots import Slot
from conformance.targets.spec import TargetSpec
from reference_model.config import STANDARD, InstanceConfig, TopicConfig

QUICK = Limits(answer_s=0.2)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr("conformance.doctor.ROUND_TRIPS_MAX", 20)


def levels(lines):
    return [level for level, _ in lines]


def test_a_target_that_has_everything(serve):
    spec = serve()
    lines = diagnose(spec, STANDARD, range(2))
    assert levels(lines) == ["ok", "ok", "ok", "ok"]
    texts = [text for _, text in lines]
    assert texts[0].startswith("tcp connect ")
    assert " ms, logon " in texts[0]
    assert texts[0].endswith("message type json")
    assert texts[1:3] == [f"state: publish, flush, sow and sow_delete on amct_s0{n}_orders" for n in (0, 1)]
    assert "round trips a second, time-outs scaled by 1 will do" in texts[3]
    session = Session.open(spec, client_name="x")
    assert not any(seen.records for seen in look(session, ["amct_s00_orders", "amct_s00_slot", "amct_s01_slot"]).values())
    session.close()


def test_missing_topics_and_what_they_cost(serve):
    spec = serve(config=InstanceConfig(topics=tuple(topic for topic in STANDARD.topics if topic.name not in {"@sensors", "@stock"})))
    lines = diagnose(spec, STANDARD, range(1))
    assert [text for level, text in lines if level == "no"] == [
        "amct_s00_stock: no such SOW topic; scenarios on it would not be measured",
        "amct_s00_sensors: no such SOW topic; rules that need 'expiration' would not be measured",
    ]


def test_no_topic_at_all(serve):
    lines = diagnose(serve(), STANDARD, range(5, 7))
    (text,) = [text for level, text in lines if level == "no"]
    assert text.startswith("none of the 18 SOW topics of the configuration is there (amct_s05_orders …). Load the configuration")


def test_without_an_owner_topic(serve):
    config = InstanceConfig(topics=(TopicConfig(name="@two", keys=("/a/b", "/a/c")),))
    assert levels(diagnose(serve(config=config), config, range(1))) == ["ok", "ok", "ok"]


def test_a_slot_in_use_is_left_alone(serve):
    spec = serve()
    session = Session.open(spec, client_name="x")
    Slot(0, run="7f21").write(session)
    lines = diagnose(spec, STANDARD, range(1))
    assert levels(lines) == ["ok", "warn", "ok"]
    assert lines[1][1].startswith("slot 0 is in use by run 7f21 on host ")
    (record,) = look(session, ["amct_s00_slot"])["amct_s00_slot"].records
    assert json.loads(record.data)["run"] == "7f21"
    session.close()


def test_nothing_listens(start):
    peer, target = start()
    peer.close()
    assert diagnose(target.spec, STANDARD, range(1)) == [
        ("no", f"nothing listens on 127.0.0.1:{peer.port} (connection refused)"),
    ]


def test_something_else_listens(start):
    peer, target = start(lambda session, _: session.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert diagnose(target.spec, STANDARD, range(1)) == [
        ("no", f"127.0.0.1:{peer.port} answers, but not in the amps protocol (first bytes: 'HTTP/1.1 400 Bad')"),
    ]


def test_it_answers_the_logon_and_nothing_else(start, answer):
    def script(session, command):
        if command.cmd == "logon":
            answer(session, command)

    _, target = start(script)
    lines = diagnose(target.spec, InstanceConfig(topics=(TopicConfig(name="@orders", keys=("/id",)),)), range(1), QUICK)
    assert lines[0][0] == "warn"
    assert "no version in the logon ack" in lines[0][1]
    assert [level for level, _ in lines[1:]] == ["no", "no", "no"]
    assert "amct_s00_orders: a query was not answered" in [text for _, text in lines]


def test_it_closes_in_the_middle(start, answer):
    def script(session, command):
        return answer(session, command) if command.cmd == "logon" else False

    _, target = start(script)
    lines = diagnose(target.spec, STANDARD, range(1), QUICK)
    assert levels(lines) == ["warn", "no"]
    assert "closed the connection" in lines[1][1]


def test_an_unresolvable_name():
    ((level, text),) = diagnose(TargetSpec(host="no such host", port=1), STANDARD, range(1))
    assert level == "no"
    assert "does not resolve" in text
