"""Whatever a target sends, `execute` gives an observation in bounded time; and it runs against the embedded server and its mutants."""

import random
import time

import pytest

from conformance.config_file import expand
from conformance.runner import Limits, execute
from conformance.server import EmbeddedServer
from conformance.server.mutants import MUTANTS
from conformance.targets.server import ServerTarget
from conformance.targets.spec import TargetSpec
from conformance.wire import encode_message, frame
from reference_model.config import STANDARD
from reference_model.messages import Form, Message, SowRecord
from reference_model.scenario import Advance, Close, Command, Fence, KeyOf, Open, Ref, Scenario, Send, SendBytes, Together

HASTY = Limits(answer_s=0.2, impatient_s=0.01, unsure_s=0.02, settle_ms=1)


def opening(name):
    logon = {"cmd": "logon", "cmd_id": f"logon-{name}", "client_name": f"@{name}", "ack_type": "processed", "message_type": "json"}
    return Open(label=f"open-{name}", connection=name, logon=Command(header=logon))


def publish(label, connection, body, cmd="publish", form=None):
    command = Command(header={"cmd": cmd, "topic": "@orders", "cmd_id": label, "ack_type": "processed,completed"}, body=body)
    return Send(label=label, connection=connection, command=command, form=form or Form())


def query(label, connection, **more):
    header = {"cmd": "sow", "topic": "@orders", "cmd_id": label, "query_id": label, "ack_type": "processed,completed,stats", **more}
    return Send(label=label, connection=connection, command=Command(header=header))


UNSUBSCRIBE = {"cmd": "unsubscribe", "cmd_id": "u", "sub_id": Ref(label="s", field="sub_id"), "ack_type": "processed"}

EVERYTHING = Scenario(
    name="everything",
    steps=(
        opening("a"),
        opening("b"),
        Send(
            label="s",
            connection="b",
            command=Command(header={"cmd": "subscribe", "topic": "@orders", "cmd_id": "s", "sub_id": "s", "ack_type": "processed"}),
        ),
        publish("p1", "a", b'{"id":1,"text":"mark-1"}'),
        publish("p2", "a", b'{"id":2,"text":"mark-2"}', form=Form(pieces="cuts")),
        publish("d1", "a", b'{"id":1,"more":true,"text":"mark-3"}', cmd="delta_publish"),
        Fence(label="f1", kind="state", connection="a"),
        Fence(label="f2", kind="delivery", connection="b", after="d1"),
        query("q1", "b", orderby="/id"),
        SendBytes(label="n", connection="a", data=b"\0\0\0\0", meaning="noop"),
        Together(
            label="t",
            lanes=((publish("ta1", "a", b'{"id":3}'), publish("ta2", "a", b'{"id":4}')), (publish("tb1", "b", b'{"id":5}'),)),
            witness="s",
        ),
        Send(
            label="k",
            connection="a",
            command=Command(
                header={
                    "cmd": "sow_delete",
                    "topic": "@orders",
                    "cmd_id": "k",
                    "sow_keys": (KeyOf(topic="@orders", values=("1",)),),
                    "ack_type": "processed,stats",
                }
            ),
        ),
        Fence(label="f3", kind="answers", connection="a"),
        Fence(label="f4", kind="state", connection="a"),
        Send(
            label="u",
            connection="b",
            command=Command(
                header={"cmd": "unsubscribe", "cmd_id": "u", "sub_id": Ref(label="s", field="sub_id"), "ack_type": "processed"}
            ),
        ),
        Advance(label="w", seconds=0.005),
        Close(label="c", connection="b"),
        opening("b"),
        query("q2", "b"),
        SendBytes(label="m", connection="b", data=frame(b"no header"), meaning="malformed"),
    ),
)


def target_of(server):
    return ServerTarget.open(TargetSpec(host="127.0.0.1", port=server.port), STANDARD, slot=0, run="r")


@pytest.mark.parametrize("seed", range(4))
def test_every_kind_of_step_against_the_embedded_server(seed):
    with EmbeddedServer(expand(STANDARD, range(1)), seed=seed) as server, target_of(server) as target:
        seen = execute(EVERYTHING, target)
        assert (seen.late, seen.unresolved, seen.foreign) == ((), (), 0)
        assert [event.label for event in seen.events if event.kind == "step"] == ["f1", "f2", "f3", "f4", "w", "c"]
        assert [event.connection for event in seen.events if event.kind == "closed"] == ["b"]
        assert seen.resolved["k"].header["sow_keys"].isdigit()
        assert seen.resolved["u"].header["sub_id"] == "s"
        again = execute(EVERYTHING, target)
        names = [seen.events[1].payload, again.events[1].payload]
        assert names[0] != names[1]
        target.reset()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_every_mutant_gives_an_observation_in_time(mutant):
    with EmbeddedServer(expand(STANDARD, range(1)), mutants=[mutant]) as server, target_of(server) as target:
        began = time.monotonic()
        seen = execute(EVERYTHING, target, HASTY)
        assert time.monotonic() - began < 2.5
        assert seen.events[0].kind == "opened"


def garbage(draw):
    """Bytes that are nothing, nearly something, or something at the wrong place."""
    ids = ["logon-a", "p1", "p2", "s", "q1", "k", "f1", "fence-f1", "end-a", "", "9"]
    names = ["ack", "publish", "sow", "group_begin", "group_end", "oof", "heartbeat", "logon", "bogus", ""]
    fields = ["cmd_id", "query_id", "sids", "sub_id", "ack_type", "status", "topic", "sow_key", "client_name", "password", "bookmark"]
    values = [*ids, "processed", "completed", "failure", "success", "amct_s03_orders", "run7-a", '"', "\\", "\u00e4", "a,b", "1e9"]
    choice = draw.randrange(6)
    if choice == 0:
        return draw.randbytes(draw.randrange(40))
    header = {"cmd": draw.choice(names)} | {draw.choice(fields): draw.choice(values) for _ in range(draw.randrange(6))}
    body = draw.choice([b"", b'{"id":1}', b'{"id":', b"\xff", b'{"id":1,"text":"mark-3"}'])
    records = tuple(SowRecord(header={"sow_key": "7"}, data=body) for _ in range(draw.randrange(3)))
    whole = encode_message(Message(header=header, body=b"" if records else body, records=records if header["cmd"] == "sow" else ()))
    if choice == 1:
        return whole[: draw.randrange(len(whole) + 1)]
    if choice == 2:
        broken = bytearray(whole)
        broken[draw.randrange(len(broken))] = draw.randrange(256)
        return bytes(broken)
    return whole


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_give_an_observation_in_time(start, answer, seed):
    draw = random.Random(seed)

    def script(session, command):
        if draw.random() < 0.6:
            answer(session, command)
        if draw.random() < 0.3:
            session.send(garbage(draw))
        return draw.random() > 0.02

    _, target = start(script)
    limits = Limits(answer_s=0.05, impatient_s=0.005, unsure_s=0.01, settle_ms=1)
    began = time.monotonic()
    seen = execute(EVERYTHING, target, limits)
    assert time.monotonic() - began < 2.5
    on = {}
    for event in seen.events:
        ended = on.get(event.connection)
        assert ended is None or event.kind in {"opened", "step"}, "nothing comes after the end of a connection"
        on[event.connection] = event if event.kind in {"closed", "garbled"} else None if event.kind == "opened" else ended
