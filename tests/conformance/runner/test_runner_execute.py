"""`execute` against a scripted peer: order, barriers, fences, ends and bounds."""

import time

import pytest

from conformance.client.limits import FRAMES_A_STEP_MAX
from conformance.errors import UnreachableError
from conformance.runner import Habits, Limits, execute
from conformance.targets.spec import TargetSpec
from conformance.wire import encode_message
from reference_model.messages import Form, Message, SowRecord
from reference_model.scenario import Advance, Close, Command, Fence, KeyOf, Open, Ref, Scenario, Send, SendBytes, Together

QUICK = Limits(answer_s=0.3, impatient_s=0.02, unsure_s=0.05, settle_ms=1)
LOGON = Command(header={"cmd": "logon", "cmd_id": "l", "client_name": "@a", "ack_type": "processed", "message_type": "json"})


def opening(name="a"):
    return Open(label=f"open-{name}", connection=name, logon=LOGON)


def send(label, connection="a", body=b"", form=None, **header):
    step = Send(label=label, connection=connection, command=Command(header=header, body=body))
    return step if form is None else Send(label=label, connection=connection, command=step.command, form=form)


def publish(label, connection="a", body=b'{"id":1}', **header):
    return send(label, connection, body, cmd="publish", topic="@orders", **header)


def asked(label, connection="a", **header):
    return publish(label, connection, cmd_id=label, ack_type="processed", **header)


def scenario(*steps):
    return Scenario(name="t", steps=steps)


def history(observation):
    """(connection, kind, what) of every event, in order."""
    out = []
    for event in observation.events:
        message = event.message
        what = event.label
        if message is not None and event.kind == "received":
            what = " ".join(str(message.header[name]) for name in ("cmd", "cmd_id", "query_id", "ack_type") if name in message.header)
        out.append((event.connection, event.kind, what))
    return out


def labels(peer):
    return [(number, command.text("cmd_id") or command.cmd) for number, command in peer.commands]


# ---- order and names -------------------------------------------------------------------------------------------------------------


def test_events_in_order_with_logical_names(start):
    peer, target = start()
    steps = (opening(), asked("p1"), publish("p2"), send("q", cmd="sow", topic="@orders", cmd_id="q", ack_type="processed,completed"))
    seen = execute(scenario(*steps), target, QUICK)
    assert history(seen) == [
        ("a", "opened", "open-a"),
        ("a", "sent", "open-a"),
        ("a", "received", "ack l processed"),
        ("a", "sent", "p1"),
        ("a", "sent", "p2"),
        ("a", "sent", "q"),
        ("a", "sent", "end-a"),
        ("a", "received", "ack p1 processed"),
        ("a", "received", "ack q processed"),
        ("a", "received", "group_begin q"),
        ("a", "received", "group_end q"),
        ("a", "received", "ack q completed"),
        ("a", "received", "ack end-a completed"),
    ]
    assert (seen.late, seen.unresolved, seen.foreign) == ((), (), 0)
    assert set(seen.resolved) == {"open-a", "p1", "p2", "q"}
    assert seen.resolved["p1"].header["topic"] == "@orders"
    assert seen.resolved["open-a"].header["client_name"] == "@a"
    real = [command for _, command in peer.commands]
    assert real[0].header["client_name"] == "run7-a"
    assert real[1].header["topic"] == "amct_s03_orders"
    assert b"amct_s03_orders" in seen.events[3].payload
    assert [event.at_s for event in seen.events] == sorted(event.at_s for event in seen.events)
    assert target.touched == {"@orders"}


def test_received_names_are_logical_and_records_are_split(start, answer):
    def script(session, command):
        answer(session, command)
        if command.cmd == "publish":
            record = SowRecord(header={"sow_key": "9"}, data=b'{"id":1}')
            session.send(
                Message(header={"cmd": "publish", "topic": "amct_s03_orders", "sids": "s"}, body=b'{"id":1}'),
                Message(header={"cmd": "sow", "topic": "amct_s03_orders", "query_id": "z"}, records=(record,)),
            )

    _, target = start(script)
    seen = execute(scenario(opening(), publish("p")), target, QUICK)
    got = {event.message.cmd: event.message for event in seen.events if event.kind == "received"}
    assert got["publish"].header["topic"] == got["sow"].header["topic"] == "@orders"
    assert got["sow"].records[0].data == b'{"id":1}'


def test_a_logon_without_client_name_sends_none(start):
    peer, target = start()
    logon = Command(header={"cmd": "logon", "cmd_id": "l", "ack_type": "processed"})
    execute(scenario(Open(label="o", connection="a", logon=logon)), target, QUICK)
    assert "client_name" not in peer.commands[0][1].header


def test_connecting_only(start):
    peer, target = start()
    seen = execute(scenario(Open(label="o", connection="a", logon=None)), target, QUICK)
    assert history(seen) == [("a", "opened", "o"), ("a", "sent", "end-a"), ("a", "received", "ack end-a completed")]
    assert labels(peer) == [(0, "end-a")]


@pytest.mark.parametrize("pieces", ["bytes", "cuts"])
def test_a_frame_in_pieces_arrives_whole(start, pieces):
    peer, target = start()
    steps = (opening(), send("x", cmd="publish", topic="@orders", body=b'{"id":1}', form=Form(pieces=pieces)), asked("y"))
    assert execute(scenario(*steps), target, QUICK).late == ()
    assert labels(peer) == [(0, "l"), (0, "publish"), (0, "y"), (0, "end-a")]


# ---- barriers --------------------------------------------------------------------------------------------------------------------


def delaying(answer, slow, seconds=0.1):
    """Answers commands whose id begins with `slow` late."""

    def script(session, command):
        if (command.text("cmd_id") or "").startswith(slow):
            time.sleep(seconds)
        return answer(session, command)

    return script


def test_before_a_step_on_another_connection_everything_asked_for_has_come(start, answer):
    peer, target = start(delaying(answer, "p"))
    seen = execute(scenario(opening("a"), opening("b"), asked("p1"), asked("p2"), asked("q", "b")), target, Limits())
    order = history(seen)
    assert order.index(("a", "received", "ack p2 processed")) < order.index(("b", "sent", "q"))
    assert [label for label in labels(peer) if label[1] in {"p1", "p2", "q"}] == [(0, "p1"), (0, "p2"), (1, "q")]
    assert order.index(("a", "sent", "p2")) < order.index(("a", "received", "ack p1 processed"))  # and yet pipelined


def test_a_failed_processed_clears_the_rest(start):
    def script(session, command):
        if command.text("cmd_id") == "q":
            session.ack(command, "processed", "failure", reason="bad filter")
        else:
            session.ack(command, (command.text("ack_type") or "").split(",")[-1])

    _, target = start(script)
    query = send("q", cmd="sow", topic="@orders", cmd_id="q", ack_type="processed,completed,stats")
    began = time.monotonic()
    seen = execute(scenario(opening("a"), opening("b"), query, asked("p", "b")), target, Limits())
    assert time.monotonic() - began < 1
    assert seen.late == ()


def test_a_query_that_asks_for_nothing_is_done_with_its_group_end(start, answer):
    def script(session, command):
        if command.cmd == "sow":
            time.sleep(0.02)
        answer(session, command)

    _, target = start(script)
    seen = execute(
        scenario(opening("a"), opening("b"), send("q", cmd="sow", topic="@orders", query_id="Q"), asked("p", "b")), target, QUICK
    )
    order = history(seen)
    assert order.index(("a", "received", "group_end Q")) < order.index(("b", "sent", "p"))


def test_what_a_failed_command_need_not_answer_costs_little_and_is_not_late(start):
    def script(session, command):
        if command.text("cmd_id") != "q":
            session.ack(command, (command.text("ack_type") or "").split(",")[-1])

    _, target = start(script)
    query = send("q", cmd="sow", topic="@none", cmd_id="q", ack_type="completed,stats")
    began = time.monotonic()
    seen = execute(scenario(opening("a"), opening("b"), query, asked("p", "b")), target, Limits(unsure_s=0.05))
    assert time.monotonic() - began < 1
    assert seen.late == ()


@pytest.mark.parametrize(
    "header",
    [
        {"cmd": "publish", "topic": "@orders", "ack_type": "processed"},
        {"cmd": "publish", "topic": "@orders", "cmd_id": "x", "ack_type": "stats"},
        {"cmd": "publish", "topic": "@orders", "cmd_id": "x", "ack_type": "parsed,none,frob"},
        {"cmd": "subscribe", "topic": "@orders", "cmd_id": "x", "ack_type": "completed"},
        {"cmd": "sow_delete", "topic": "@orders", "cmd_id": "x", "sow_keys": "1", "ack_type": "completed"},
        {"cmd": "unsubscribe", "cmd_id": "x", "sub_id": "s"},
    ],
)
def test_what_is_not_documented_is_not_waited_for(start, answer, header):
    def script(session, command):
        if command.cmd in {"logon", "flush"} or command.text("cmd_id") == "p":
            answer(session, command)

    _, target = start(script)
    began = time.monotonic()
    seen = execute(scenario(opening("a"), opening("b"), send("x", **header), asked("p", "b")), target, Limits())
    assert time.monotonic() - began < 1
    assert seen.late == ()


def test_what_later_answers_have_overtaken_is_given_up_sooner_and_noted(start, answer):
    def script(session, command):
        if command.text("cmd_id") != "p1":
            answer(session, command)

    _, target = start(script)
    steps = (opening("a"), opening("b"), asked("p1"), asked("p2"), asked("q", "b"))
    began = time.monotonic()
    seen = execute(scenario(*steps), target, Limits(answer_s=5, overtaken_s=0.05))
    assert time.monotonic() - began < 2
    assert seen.late == ("barrier-q",)


def test_what_a_target_never_answers_costs_the_whole_wait_only_at_first(start, answer):
    def script(session, command):
        if command.cmd != "flush":
            answer(session, command)

    _, target = start(script)
    habits, seconds = Habits(), []
    limits = Limits(answer_s=0.3, impatient_s=0.01, settle_ms=1)
    for _ in range(4):
        began = time.monotonic()
        seen = execute(
            scenario(opening(), asked("p"), Fence(label="f", kind="state", connection="a"), asked("q")), target, limits, habits
        )
        seconds.append(time.monotonic() - began)
        assert seen.late == ("f", "end-a")
    assert min(seconds[:2]) > 0.3
    assert max(seconds[2:]) < 0.3


def test_acks_without_an_id_do_not_hold_up_the_program(start, answer):
    def script(session, command):
        if command.cmd == "publish":
            command = Message(header={"ack_type": "processed"})
        answer(session, command)

    _, target = start(script)
    began = time.monotonic()
    seen = execute(scenario(opening("a"), opening("b"), asked("p1"), asked("p2"), asked("q", "b")), target, Limits())
    assert time.monotonic() - began < 1
    assert seen.late == ()


# ---- fences ----------------------------------------------------------------------------------------------------------------------


def test_a_state_fence_is_a_flush_that_is_waited_for(start, answer):
    peer, target = start(delaying(answer, "fence", 0.05))
    fence = Fence(label="f", kind="state", connection="a")
    seen = execute(scenario(opening(), publish("p"), fence, asked("q")), target, Limits())
    order = history(seen)
    assert order[order.index(("a", "sent", "f")) :][:4] == [
        ("a", "sent", "f"),
        ("a", "received", "ack fence-f completed"),
        ("a", "step", "f"),
        ("a", "sent", "q"),
    ]
    flush = next(command for _, command in peer.commands if command.cmd == "flush")
    assert dict(flush.header) == {"cmd": "flush", "cmd_id": "fence-f", "ack_type": "completed"}
    assert "f" not in seen.resolved


def test_a_fence_that_is_never_passed_is_late_and_the_program_goes_on_impatiently(start, answer):
    def script(session, command):
        if command.cmd != "flush":
            answer(session, command)

    _, target = start(script)
    fences = tuple(Fence(label=f"f{n}", kind="state", connection="a") for n in range(10))
    began = time.monotonic()
    seen = execute(scenario(opening(), *fences, asked("q")), target, QUICK)
    assert time.monotonic() - began < QUICK.answer_s + 11 * QUICK.impatient_s + 0.3
    assert seen.late == (*(f"f{n}" for n in range(10)), "end-a")
    assert ("a", "received", "ack q processed") in history(seen)
    assert not any(event.kind == "step" for event in seen.events)


def test_an_answers_fence_waits_for_every_ack_of_its_connection(start, answer):
    _, target = start(delaying(answer, "p", 0.03))
    seen = execute(scenario(opening(), asked("p1"), asked("p2"), Fence(label="f", kind="answers", connection="a")), target, Limits())
    order = history(seen)
    assert order.index(("a", "received", "ack p2 processed")) < order.index(("a", "step", "f"))


@pytest.mark.parametrize(
    ("body", "delivered"),
    [
        (b'{"id":1,"mark":"m-77"}', b'{"id":1,"mark":"m-77"}'),
        (b'{"id":1,"mark":"m-77"}', b'{"old":3,"id":1,"mark":"m-77"}'),
        (b"no json", b"no json"),
        (b'{"id":5}', b'{"id":5}'),
    ],
)
def test_a_delivery_fence_waits_for_the_marker(start, answer, body, delivered):
    def script(session, command):
        answer(session, command)
        if command.cmd == "delta_publish":
            subscriber = peer.sessions[1]
            other = Message(header={"cmd": "publish", "topic": "amct_s03_orders", "sids": "s"}, body=b'{"id":1,"mark":"m-7"}')
            subscriber.send(other)
            time.sleep(0.05)
            subscriber.send(Message(header={"cmd": "publish", "topic": "amct_s03_other", "sids": "s"}, body=delivered))
            subscriber.send(Message(header={"cmd": "publish", "topic": "amct_s03_orders", "sids": "s"}, body=delivered))

    peer, target = start(script)
    change = send("p", "a", body, cmd="delta_publish", topic="@orders")
    fence = Fence(label="f", kind="delivery", connection="b", after="p")
    seen = execute(scenario(opening("a"), opening("b"), change, fence), target, Limits())
    assert seen.late == ()
    at = history(seen).index(("b", "step", "f"))
    assert [event.message.body for event in seen.events[:at] if event.kind == "received" and event.message.cmd == "publish"] == [
        b'{"id":1,"mark":"m-7"}',
        delivered,
        delivered,
    ]


def test_a_delivery_that_never_comes_is_late(start):
    _, target = start()
    fence = Fence(label="f", kind="delivery", connection="a", after="p")
    seen = execute(scenario(opening(), publish("p"), fence), target, QUICK)
    assert seen.late == ("f",)


def test_progress_sets_the_deadline_anew(start, answer):
    _, target = start(delaying(answer, "p", 0.15))
    publishes = tuple(asked(f"p{n}") for n in range(5))
    assert execute(scenario(opening(), *publishes), target, QUICK).late == ()


def test_the_time_scale_counts(start, answer):
    _, target = start(delaying(answer, "p", 0.2))
    tight = Limits(answer_s=0.05, settle_ms=1)
    wide = Limits(answer_s=0.05, settle_ms=1, timeout_scale=20)
    program = scenario(opening("a"), opening("b"), asked("p"), asked("q", "b"))
    assert execute(program, target, tight).late[:1] == ("barrier-q",)
    assert execute(program, target, wide).late == ()


# ---- ends ------------------------------------------------------------------------------------------------------------------------


def test_a_closed_connection_ends_waits_at_once_and_later_steps_are_unresolved(start, answer):
    def script(session, command):
        return False if command.text("cmd_id") == "p" else answer(session, command)

    _, target = start(script)
    steps = (opening("a"), opening("b"), asked("p"), asked("q", "b"), asked("r"), Fence(label="f", kind="state", connection="a"))
    began = time.monotonic()
    seen = execute(scenario(*steps), target, Limits())
    assert time.monotonic() - began < 1
    closed = next(event for event in seen.events if event.kind == "closed")
    assert (closed.connection, closed.detail) == ("a", "end of stream")
    assert seen.unresolved == ("r", "f")
    assert seen.late == ()
    assert ("b", "received", "ack q processed") in history(seen)
    assert ("b", "sent", "end-b") in history(seen)
    assert ("a", "sent", "end-a") not in history(seen)


def test_an_end_inside_a_frame_says_so(start, answer):
    def script(session, command):
        if command.text("cmd_id") == "p":
            session.send(encode_message(Message(header={"cmd": "ack", "cmd_id": "p"}))[:9])
            return False
        return answer(session, command)

    _, target = start(script)
    seen = execute(scenario(opening(), asked("p")), target, QUICK)
    assert seen.events[-1].kind == "closed"
    assert "inside a frame, 9 bytes" in seen.events[-1].detail


@pytest.mark.parametrize(
    ("garbage", "detail", "payload"),
    [
        (b"\xff\xff\xff\xffrest", "frame length 4294967295", b"\xff\xff\xff\xffrest"),
        (b"HTTP/1.1 400 Bad", "frame length", b"HTTP/1.1 400 Bad"),
        (b"\0\0\0\5hello", "", b"hello"),
        (b'\0\0\0\6{"c":"', "", b'{"c":"'),
        (b"\0\0\0\2{}" * 0 + b"\0\0\0\x11" + b'{"c":"sow","t":1}'[:17] + b"\0\0\0\1x", "", b"x"),
    ],
)
def test_garbage_is_an_event_and_nothing_is_read_after_it(start, answer, garbage, detail, payload):
    good = encode_message(Message(header={"cmd": "heartbeat"}))

    def script(session, command):
        if command.text("cmd_id") == "p":
            session.send(good + garbage + good)
        else:
            answer(session, command)

    _, target = start(script)
    began = time.monotonic()
    seen = execute(scenario(opening("a"), opening("b"), asked("p"), asked("q", "b"), asked("r")), target, Limits())
    assert time.monotonic() - began < 1
    garbled = [event for event in seen.events if event.kind == "garbled"]
    assert len(garbled) == 1
    assert detail in garbled[0].detail
    assert garbled[0].detail
    assert garbled[0].payload.startswith(payload)
    on_a = [entry for entry in history(seen) if entry[0] == "a"]
    assert on_a[-1][1] == "garbled"
    assert ("a", "received", "heartbeat") in on_a
    assert seen.unresolved == ("r",)


def test_an_endless_stream_is_bounded_in_frames_and_bytes(start):
    flood = encode_message(Message(header={"cmd": "heartbeat"})) * 1000

    def script(session, command):
        if command.cmd == "flush":
            while True:
                session.send(flood)
        session.ack(command, "processed")

    _, target = start(script)
    rows = (
        (Limits(frames_max=5000), f"more than {5000 + FRAMES_A_STEP_MAX:,} frames"),
        (Limits(frames_max=100_000, bytes_max=300_000), "more than 300,000 bytes"),
    )
    for limits, detail in rows:
        began = time.monotonic()
        seen = execute(scenario(opening()), target, limits)
        assert time.monotonic() - began < 2
        assert detail in next(event for event in seen.events if event.kind == "unread").detail
        assert len(seen.events) < 40_000


def test_progress_again_and_again_does_not_hold_a_scenario_for_ever(start):
    def script(session, command):
        if command.cmd == "logon":
            session.ack(command, "processed")
        while command.cmd == "flush":
            session.send(Message(header={"cmd": "group_begin", "query_id": "q"}))
            time.sleep(0.01)

    _, target = start(script)
    began = time.monotonic()
    seen = execute(scenario(opening(), opening("b")), target, Limits(answer_s=1.5, whole_s=1.0, timeout_scale=0.2))
    assert 0.5 < time.monotonic() - began < 1.5
    unread = [event for event in seen.events if event.kind == "unread"]
    assert [event.connection for event in unread] == ["a", "b"]
    assert {event.detail for event in unread} == {"the scenario has taken more than 0.6 s: not read on"}


def test_a_stream_that_goes_on_slowly_does_not_hold_the_end(start, answer):
    def script(session, command):
        if command.cmd == "logon":
            session.ack(command, "processed")
        else:
            while True:
                session.send(Message(header={"cmd": "heartbeat"}))
                time.sleep(0.01)

    _, target = start(script)
    began = time.monotonic()
    seen = execute(scenario(opening()), target, QUICK)
    assert time.monotonic() - began < 1
    assert seen.late == ("end-a",)


def test_a_peer_that_floods_while_we_write_and_reads_late_does_not_block_us(start, answer):
    body = b'{"id":1,"text":"' + b"x" * 60_000 + b'"}'
    echo = encode_message(Message(header={"cmd": "publish", "topic": "amct_s03_orders", "sids": "s"}, body=body))

    def script(session, command):
        if command.cmd == "publish":
            session.send(echo)  # blocks as soon as both buffers are full unless the runner reads while it writes
        else:
            answer(session, command)

    _, target = start(script)
    seen = execute(scenario(opening(), *(publish(f"p{n}", body=body) for n in range(400))), target, Limits())
    assert seen.late == ()
    assert sum(1 for event in seen.events if event.message is not None and event.kind == "received") == 400 + 2


def test_a_peer_that_does_not_read_is_late_and_no_hang(start, answer):
    def script(session, command):
        if command.cmd == "logon":
            return answer(session, command)
        time.sleep(0.8)
        return False

    _, target = start(script)
    body = b'{"id":1,"text":"' + b"x" * 1_000_000 + b'"}'
    began = time.monotonic()
    seen = execute(
        scenario(opening("a"), opening("b"), *(publish(f"p{n}", body=body) for n in range(20)), asked("q", "b")), target, QUICK
    )
    assert time.monotonic() - began < 3
    assert seen.late[0] == "barrier-q"


def test_nothing_listens(start):
    peer, target = start()
    peer.close()
    with pytest.raises(UnreachableError, match=r"nothing listens on 127\.0\.0\.1:\d+ \(connection refused\)"):
        execute(scenario(opening()), target, QUICK)


def test_a_later_connection_that_is_refused_is_an_event(start, answer):
    def script(session, command):
        peer.stop_listening()
        return answer(session, command)

    peer, target = start(script)
    seen = execute(scenario(opening("a"), opening("b"), asked("q", "b"), asked("r")), target, QUICK)
    assert ("b", "closed", "open-b") in history(seen)
    assert seen.unresolved == ("open-b", "q")
    assert ("a", "received", "ack r processed") in history(seen)


def test_close_and_advance_are_steps(start, answer):
    peer, target = start(delaying(answer, "p", 0.03))
    steps = (opening("a"), asked("p"), Close(label="c", connection="a"), Advance(label="w", seconds=0.03), opening("a"), asked("q"))
    seen = execute(scenario(*steps), target, Limits())
    order = history(seen)
    assert order.index(("a", "received", "ack p processed")) < order.index(("a", "step", "c"))
    events = {event.label: event for event in seen.events if event.kind == "step"}
    assert events["w"].at_s - events["c"].at_s >= 0.03
    assert labels(peer)[-2:] == [(1, "q"), (1, "end-a")]
    assert not any(event.kind == "closed" for event in seen.events)


# ---- opaque values ---------------------------------------------------------------------------------------------------------------


def test_ref_takes_the_field_of_the_first_answer(start, answer):
    def script(session, command):
        time.sleep(0.01)
        if command.cmd == "subscribe":
            session.ack(command, "processed", sub_id="made-1")
            session.send(Message(header={"cmd": "publish", "topic": "amct_s03_orders", "sids": "x,s9", "bookmark": "1|7|"}, body=b"{}"))
        else:
            answer(session, command)

    peer, target = start(script)
    steps = (
        opening(),
        send("s", cmd="subscribe", topic="@orders", cmd_id="c", sub_id="s9", ack_type="processed"),
        Fence(label="f", kind="state", connection="a"),
        send("u", cmd="unsubscribe", cmd_id="u", sub_id=Ref(label="s", field="sub_id"), ack_type="processed"),
        send("v", cmd="subscribe", topic="@orders", cmd_id="v", bookmark=Ref(label="s", field="bookmark")),
        send("w", cmd="unsubscribe", cmd_id="w", sub_id=Ref(label="s", field="nothing")),
        send("x", cmd="unsubscribe", cmd_id="x", sub_id=Ref(label="w", field="sub_id")),
    )
    seen = execute(scenario(*steps), target, Limits())
    sent = {command.text("cmd_id"): command for _, command in peer.commands}
    assert sent["u"].header["sub_id"] == seen.resolved["u"].header["sub_id"] == "made-1"
    assert sent["v"].header["bookmark"] == "1|7|"
    assert seen.unresolved == ("w", "x")
    assert "w" not in sent


def test_keyof_takes_the_newest_key_of_the_record_shown(start, answer):
    def record(key, body):
        return SowRecord(header={"sow_key": key}, data=body)

    def script(session, command):
        if command.cmd == "sow":
            records = (
                record("11", b'{"id":1}'),
                record("12", b'{"id":1.0}'),
                record("13", b'{"id":"1"}'),
                record("14", b'{"id":true}'),
            )
            session.send(Message(header={"cmd": "sow", "topic": "amct_s03_orders", "query_id": "q"}, records=records))
            nested = (record("21", b'{"ref":{"id":"n"}}'), record("22", b'{"ref":[]}'), record("23", b"junk"))
            session.send(Message(header={"cmd": "sow", "topic": "amct_s03_nested", "query_id": "q"}, records=nested))
            session.send(
                Message(header={"cmd": "publish", "topic": "amct_s03_pairs", "sids": "s", "sow_key": "31"}, body=b'{"a":1,"b":2}')
            )
            session.send(
                Message(header={"cmd": "publish", "topic": "amct_s03_pairs", "sids": "s", "sow_key": "32"}, body=b'{"b":2,"a":1}')
            )
        answer(session, command)

    peer, target = start(script)

    def delete(label, *keys):
        return send(label, cmd="sow_delete", topic="@orders", cmd_id=label, sow_keys=keys, ack_type="processed")

    steps = (
        opening(),
        send("q", cmd="sow", topic="@orders", cmd_id="q", ack_type="completed"),
        delete("d1", KeyOf(topic="@orders", values=("1",)), "free", KeyOf(topic="@orders", values=('"1"',))),
        delete("d2", KeyOf(topic="@orders", values=("1.00",)), KeyOf(topic="@orders", values=("true",))),
        delete("d3", KeyOf(topic="@nested", values=('"n"',)), KeyOf(topic="@pairs", values=("1", "2"))),
        delete("d4", "free", KeyOf(topic="@orders", values=("2",))),
        send("d5", cmd="publish", topic="@own", cmd_id="d5", sow_key=KeyOf(topic="@orders", values=("1",))),
        delete("d6", KeyOf(topic="@own", values=("1",))),
        delete("d7", KeyOf(topic="@orders", values=("{",))),
    )
    seen = execute(scenario(*steps), target, Limits())
    sent = {command.text("cmd_id"): command for _, command in peer.commands}
    assert [sent[label].header["sow_keys"] for label in ("d1", "d2", "d3")] == ["11,free,13", "12,14", "21,32"]
    assert sent["d5"].header["sow_key"] == "11"
    assert seen.unresolved == ("d4", "d6", "d7")


# ---- lanes, raw bytes, secrets ---------------------------------------------------------------------------------------------------


def test_together_keeps_the_order_inside_lanes_and_waits_for_all(start, answer):
    peer, target = start(delaying(answer, "b2", 0.05))
    lanes = tuple(tuple(asked(f"{name}{n}", name) for n in range(5)) for name in "ab")
    together = Together(label="t", lanes=lanes, witness="w")
    seen = execute(scenario(opening("a"), opening("b"), opening("c"), together, asked("q", "c")), target, Limits())
    for number, name in enumerate("ab"):
        assert [label for n, label in labels(peer) if n == number and label != "l"] == [f"{name}{n}" for n in range(5)] + [
            f"end-{name}"
        ]
    order = history(seen)
    assert order.index(("b", "received", "ack b4 processed")) < order.index(("c", "sent", "q"))
    sent = [label for _, kind, label in order if kind == "sent" and label[0] in "ab"]
    assert sent == ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"]
    assert set(seen.resolved) >= {"a0", "b4"}


def test_raw_bytes_are_sent_as_they_are_between_commands(start):
    peer, target = start()
    steps = (opening(), asked("p"), SendBytes(label="n", connection="a", data=b"\0\0\0\0", meaning="noop"), asked("q"))
    seen = execute(scenario(*steps), target, QUICK)
    assert labels(peer) == [(0, "l"), (0, "p"), (0, "q"), (0, "end-a")]
    raw = next(event for event in seen.events if event.label == "n")
    assert (raw.kind, raw.payload, raw.message) == ("sent", b"\0\0\0\0", None)
    assert target.touched == {topic.name for topic in target.config.topics}


def test_frames_without_content_are_no_events(start, answer):
    def script(session, command):
        session.send(b"\0\0\0\0\0\0\0\0")
        answer(session, command)

    _, target = start(script)
    seen = execute(scenario(opening(), asked("p")), target, QUICK)
    assert [kind for _, kind, _ in history(seen)].count("received") == 3


@pytest.mark.parametrize("password", ['s3cret"w\\x', "päss-wörd"])
def test_no_recording_holds_the_password_of_the_target(start, answer, password):
    def script(session, command):
        if command.cmd == "logon":
            session.ack(command, "processed", user_id="joe", password=command.text("password"), reason=f"for {password}")
        else:
            answer(session, command)

    peer, target = start(script, user="joe", password=password)
    seen = execute(scenario(opening(), asked("p")), target, QUICK)
    assert peer.commands[0][1].header["user_id"] == "joe"
    assert peer.commands[0][1].header["password"] == password
    assert seen.resolved["open-a"].header["password"] == "***"
    assert password not in repr(seen).replace("\\\\", "\\")
    for event in seen.events:
        assert password.encode() not in event.payload
        assert b"s3cret" not in event.payload


def test_a_logon_with_a_user_of_its_own_gets_none_of_ours(start):
    peer, target = start(user="joe", password="secret-1")
    logon = Command(header={"cmd": "logon", "cmd_id": "l", "ack_type": "processed", "user_id": "ann", "password": "other"})
    seen = execute(scenario(Open(label="o", connection="a", logon=logon)), target, QUICK)
    assert (peer.commands[0][1].header["user_id"], peer.commands[0][1].header["password"]) == ("ann", "other")
    assert "other" not in repr(seen)


# ---- foreign ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "body", "foreign"),
    [
        ("amct_s03_orders", b'{"id":1,"v":"ours"}', 0),
        ("amct_s03_orders", b'{"id":1,"v":"wrong"}', 0),
        ("amct_s03_orders", b"{}", 0),
        ("amct_s03_orders", b"not json", 0),
        ("amct_s03_orders", b'{"id":9,"v":"theirs"}', 1),
        ("amct_s03_orders", b'{"v":{"id":1}}', 1),
        ("elsewhere", b'{"id":9,"v":"theirs"}', 0),
    ],
)
def test_messages_that_nobody_here_published(start, answer, topic, body, foreign):
    def script(session, command):
        if command.cmd == "publish":
            session.send(Message(header={"cmd": "publish", "topic": topic, "sids": "s"}, body=body))
        answer(session, command)

    _, target = start(script)
    seen = execute(scenario(opening(), publish("p", body=b'{"id":1,"v":"ours"}', cmd_id="p", ack_type="processed")), target, QUICK)
    assert seen.foreign == foreign


def test_a_host_name_that_does_not_resolve():
    class Nowhere:
        spec = TargetSpec(host="no such host", port=1)

    from conformance.client.connection import Connection

    with pytest.raises(UnreachableError, match="does not resolve"):
        Connection.open(Nowhere.spec, timeout_s=1)
