"""Faults from our side of a connection, against a scripted peer: what it gets, and what is recorded."""

import threading

import pytest

from conformance.runner import Limits, execute
from conformance.wire import FrameReader
from reference_model.fault import Fault, Mend
from reference_model.scenario import Close, Scenario
from tests.conformance.runner.test_runner_execute import QUICK, asked, history, opening, publish


def fault(kind, connection="a", label="e", **numbers):
    return Fault(label=label, kind=kind, connection=connection, numbers=numbers)


def close(name="a"):
    return Close(label=f"close-{name}", connection=name)


def run(target, *steps, limits=QUICK):
    return execute(Scenario(name="t", steps=steps), target, limits)


@pytest.fixture
def bytes_of():
    """A raw script that keeps every byte of the first connection; `done` is set once it has ended."""
    got, done = bytearray(), threading.Event()

    def raw(session):
        if session.number:
            return
        take = session.sock.recv

        class Tee:
            def recv(self, size):
                try:
                    data = take(size)
                except OSError:
                    done.set()
                    raise
                got.extend(data)
                if not data:
                    done.set()
                return data

            def __getattr__(self, name):
                return getattr(sock, name)

            def __enter__(self):
                return self

            def __exit__(self, *error):
                sock.close()

        sock = session.sock
        session.sock = Tee()

    return got, done, raw


@pytest.mark.parametrize("after", [0, 1, 3, 4, 5, 40, 60])
def test_cut_in_the_middle_of_a_frame(start, after):
    peer, target = start()
    observation = run(
        target, opening(), fault("cut", bytes=after), publish("p1", body=b'{"id":1,"text":"0123456789"}'), publish("p2"), close()
    )
    assert [command.cmd for _, command in peer.commands] == ["logon"]
    sent = [event.label for event in observation.events if event.kind == "sent"]
    assert sent == ["open-a"]
    assert (("a", "step", "p1") in history(observation)) == (after > 0)
    assert not observation.unresolved
    assert not observation.late


def test_cut_behind_whole_frames(start):
    got = threading.Event()

    def script(session, command):
        from tests.conformance.runner.scripted_peer import obliging

        if command.cmd == "publish":
            got.set()
        return obliging(session, command)

    peer, target = start(script)
    observation = run(target, opening(), fault("cut", bytes=5000), publish("p1"), publish("p2"), close())
    assert got.wait(5)
    assert [event.label for event in observation.events if event.kind == "sent"] == ["open-a", "p1", "p2"]
    assert peer.commands[0][1].cmd == "logon"


@pytest.mark.parametrize("reset", [0, 1])
def test_dropped_after_frames(start, reset):
    _, target = start()
    observation = run(target, opening(), fault("drop", frames=1, reset=reset), asked("p1"), close(), opening("b"))
    kinds = history(observation)
    assert ("a", "received", "ack p1 processed") in kinds
    assert kinds[kinds.index(("a", "received", "ack p1 processed")) + 1 :][0] == ("a", "step", "e")
    detail = next(event.detail for event in observation.events if event.label == "e" and event.detail.endswith("by us"))
    assert detail == ("reset by us" if reset else "closed by us")


def test_dropped_in_the_middle_of_what_comes(start):
    """So many bytes are read, no more: the frame that they cut is not seen."""
    _, target = start()
    observation = run(target, opening(), fault("drop", bytes=10), asked("p1"), close())
    assert not [event for event in observation.events if event.kind == "received" and event.label is None][1:]


def test_nothing_comes_and_the_run_goes_on(start):
    from tests.conformance.runner.scripted_peer import obliging

    _, target = start(lambda session, command: None if command.cmd == "publish" else obliging(session, command))
    observation = run(target, opening(), fault("drop", frames=3), asked("p1"), close(), opening("b"))
    assert ("b", "received", "ack l processed") in history(observation)
    assert not observation.late


def test_half_closed(start):
    """What was asked for is read to the end although we send no more."""
    _, target = start()
    observation = run(target, opening(), fault("half_close"), asked("p1"), close())
    assert ("a", "received", "ack p1 processed") in history(observation)
    assert ("a", "closed", None) in history(observation)


def test_deaf(start):
    _, target = start()
    observation = run(target, opening(), fault("deaf"), asked("p1"), opening("b"), asked("p2", "b"), close())
    assert ("a", "received", "ack p1 processed") not in history(observation)
    assert ("b", "received", "ack p2 processed") in history(observation)


def test_deaf_with_more_to_write_than_the_socket_takes(start):
    big = b'{"id":"%s"}' % (b"x" * 8_000_000)
    _, target = start(lambda session, command: None if command.cmd == "publish" else session.ack(command, "processed"))
    observation = run(
        target, opening(), fault("deaf"), publish("p1", body=big), publish("p2", body=big), close(), limits=Limits(answer_s=1.0)
    )
    assert ("a", "step", "e") in history(observation)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_are_one_frame_to_the_peer(start, bytes_of, size):
    got, done, raw = bytes_of
    peer, target = start(raw=raw)
    body = '{"id":1,"text":"äöü€😀"}'.encode()
    run(target, opening(), fault("pieces", bytes=size, pause_ms=1), publish("p1", body=body), Mend(label="m", fault="e"), close())
    assert done.wait(5)
    assert [command.body for _, command in peer.commands if command.cmd == "publish"] == [body]
    assert len(FrameReader().feed(bytes(got))) == 2


def test_all_connections(start):
    _, target = start()
    observation = run(target, opening(), opening("b"), fault("deaf", None), asked("p1"), asked("p2", "b"), close(), close("b"))
    assert not [kind for kind in history(observation) if kind[2] in {"ack p1 processed", "ack p2 processed"}]


def test_a_lost_connection_at_the_end(start):
    """A program need not close what it has lost."""
    _, target = start()
    observation = run(target, opening(), opening("b"), fault("cut", bytes=3), publish("p1"))
    assert ("b", "received", "ack end-b completed") in history(observation)
    assert not observation.late
