"""Random client programs: an application that does many things, and a peer that answers in any order and segmentation that is allowed.

The n-th program of a seed is always the same. What is drawn is legal: the model says of each what must come.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from reference_model.client.program import Answer, ClientProgram
from reference_model.client.reasons import ERRORS
from reference_model.messages import SowRecord
from reference_model.scenario import Ref
from strategies.clients.build import App, Pieces, ProgramOfClients, ack, bracket, publish, sow

TOPICS: Final = ("orders", "T", "a.b", "tést", 'q"uote', "with space", "back\\slash")
FILTERS: Final = ("", "", "/id > 1", "/s = 'é'", '/s = "a\\b"', "/a = '},{:'", "line\nbreak")
OPTIONS: Final = ("", "", "timestamp", "no_sowkey,timestamp", "conflation=100ms", "select=[-/,+/id]")
REASONS: Final = (*ERRORS, "unknown failure 17", "internal trouble", "xyz")
NAMES: Final = ("app", "né", 'q"t', "a-very-long-name-" + "n" * 100)
OPERATIONS_MAX: Final = 12
RECORDS_MAX: Final = 25


def client_programs(seed: int, *, start: int = 0) -> Iterator[ClientProgram]:
    """Random programs without end, `random-<seed>-<start>` first."""
    number = start
    while True:
        yield draw(seed, number)
        number += 1


def draw(seed: int, number: int) -> ClientProgram:
    """The program of that seed and number."""
    return _Drawing(random.Random(f"{seed}/{number}"), f"random-{seed}-{number}").run()


class _Drawing:
    def __init__(self, source: random.Random, name: str) -> None:
        self.random = source
        self.program = ProgramOfClients(name)
        self.app: App = self.program.start(name=source.choice(NAMES))
        self.subscribed: dict[str, str] = {}
        self.gone: list[str] = []
        self.waiting: list[list[Answer]] = []
        self.needs: set[str] = set()
        self.bodies = 0

    def run(self) -> ClientProgram:
        operations = (
            (self._subscribe, 5), (self._query, 4), (self._deliver, 8), (self._publish, 3), (self._failure, 2), (self._unsubscribe, 1),
            (self._delete, 1), (self._serve, 4), (self._stream, 2), (self._noise, 1), (self._two_at_once, 1),
        )  # fmt: skip
        chosen = [operation for operation, _ in operations]
        weights = [weight for _, weight in operations]
        for operation in self.random.choices(chosen, weights, k=self.random.randint(2, OPERATIONS_MAX)):
            operation()
        self._serve(everything=True)
        if self.random.random() < 0.1:
            self._lose()
        return self.program.program(needs=self.needs)

    # ---- values ----------------------------------------------------------------------------------------------------------------

    def _body(self) -> bytes:
        """A body that no other message of the program has."""
        self.bodies += 1
        kind = self.random.randrange(6)
        texts = ("é☃", '"}{', "plain", "", "x" * self.random.randrange(2000))
        if kind == 0:
            return self.random.randbytes(self.random.randrange(40)) + b"#%d" % self.bodies
        return f'{{"id":{self.bodies},"s":"{texts[kind - 1]}"}}'.encode()

    def _asked(self, do: str) -> dict[str, Any]:
        """Arguments of a query or subscription."""
        found: dict[str, Any] = {}
        if text := self.random.choice(FILTERS):
            found["filter"] = text
        if (text := self.random.choice(OPTIONS)) and do != "sow_and_delta_subscribe":
            found["options"] = text
        if do.startswith("sow") and self.random.random() < 0.5:
            found |= {"batch_size": self.random.choice((1, 2, 10, 100)), "top_n": self.random.randint(1, 50), "orderby": "/id DESC"}
        if self.random.random() < 0.3:
            found["timeout_ms"] = 5000
        return found

    def _pieces(self) -> Pieces:
        return self.random.choices(("whole", "cuts", "bytes"), (8, 2, 1))[0]

    def _handler(self) -> str:
        return self.program.label("h")

    # ---- operations ------------------------------------------------------------------------------------------------------------

    def _subscribe(self) -> None:
        do = self.random.choice(("subscribe", "delta_subscribe", "sow_and_subscribe", "sow_and_delta_subscribe"))
        given = self._asked(do)
        if self.random.random() < 0.4:
            given["sub_id"] = self.program.label(self.random.choice(("S", "süb", 's"')))
        handler, topic = self._handler(), self.random.choice(TOPICS)
        got = self.app.request(do, topic, handler=handler, **given)
        call = next(step.call for step in reversed(self.program.steps) if step.label == got)  # type: ignore[union-attr]  # its Receive
        self.subscribed[got] = call
        if do.startswith("sow"):
            self.waiting.append(self._result(got, topic))

    def _query(self) -> None:
        given = self._asked("sow")
        stats = self.random.random() < 0.4
        acks: dict[str, Any] = {"acks": ("stats",)} if stats else {}
        topic = self.random.choice(TOPICS)
        got = self.app.request("sow", topic, handler=self._handler(), **given, **acks)
        self.waiting.append([*self._result(got, topic), ack(got, "completed"), *([self._stats(got)] if stats else [])])

    def _stats(self, got: str) -> Answer:
        matches = self.random.randrange(100)
        return ack(got, "stats", topic_matches=matches + 1, matches=matches, records_returned=matches)

    def _result(self, got: str, topic: str) -> list[Answer]:
        """group_begin, batches, group_end: separate messages, since other ones may come between."""
        answers = [bracket(got, "group_begin")]
        left = self.random.choice((0, 1, 2, 3, 10, self.random.randrange(RECORDS_MAX)))
        key = 0
        while left > 0:
            count = min(left, self.random.randint(1, 10))
            fields = self.random.random() < 0.3
            records = []
            for _ in range(count):
                key += 1
                header: dict[str, Any] = {"sow_key": f"{got}{key}"}
                if fields:
                    header |= {"correlation_id": f"QQ{key}=", "timestamp": "20250909T171919.976304Z"}
                records.append(SowRecord(header=header, data=self._body()))
            answers.append(sow(got, tuple(records), topic=topic))
            left -= count
        return [*answers, bracket(got, "group_end")]

    def _deliver(self) -> None:
        to = self.random.sample(list(self.subscribed), min(len(self.subscribed), self.random.randint(1, 3)))
        if self.random.random() < 0.15:
            to.insert(self.random.randint(0, len(to)), "no-such-id")
        if not to:
            return
        more: dict[str, Any] = {}
        if self.random.random() < 0.3:
            more = {"sow_key": str(self.bodies), "timestamp": "20250909T171919.976304Z", "bookmark": f"10|{self.bodies}|"}
        cmd = self.random.choice(("publish", "publish", "p"))
        self.waiting.append([publish(*to, body=self._body(), topic=self.random.choice(TOPICS), cmd=cmd, **more)])

    def _publish(self) -> None:
        do = self.random.choice(("publish", "delta_publish"))
        more: dict[str, Any] = {}
        if self.random.random() < 0.2:
            more = {"correlation_id": "QQ==", "expiration": self.random.randint(1, 1000)}
        if do == "delta_publish":
            self.needs.add("delta")
        self.app.receive(self.app.call(do, topic=self.random.choice(TOPICS), data=self._body(), **more))

    def _failure(self) -> None:
        do = self.random.choice(("subscribe", "sow", "sow_and_subscribe"))
        call = self.app.call(do, topic=self.random.choice(TOPICS), handler=self._handler(), timeout_ms=5000)
        got = self.app.receive(call)
        if self.random.random() < 0.3:
            self.app.serve(Answer(header={"cmd": "ack", "cmd_id": "zz", "ack_type": "processed", "status": "success"}))
        self.app.ack(got, status="failure", reason=self.random.choice(REASONS))
        self.app.ended(call)

    def _unsubscribe(self) -> None:
        """One of them, or all; what the peer still sends for it reaches nobody."""
        if not self.subscribed:
            return
        self._serve(everything=True)
        self.app.fence()
        if self.random.random() < 0.3:
            self.app.receive(self.app.call("unsubscribe"))
            self.subscribed.clear()
            return
        got = self.random.choice(list(self.subscribed))
        self.app.receive(self.app.call("unsubscribe", sub_id=Ref(label=self.subscribed.pop(got), field="sub_id")))
        self.app.serve(publish(got, body=self._body()))

    def _delete(self) -> None:
        selector: dict[str, Any] = self.random.choice(({"filter": "/id > 1"}, {"keys": ("1", "2")}, {"data": b'{"id":1}'}))
        call = self.app.call("sow_delete", topic=self.random.choice(TOPICS), timeout_ms=5000, **selector)
        got = self.app.receive(call)
        answers = [ack(got), ack(got, "stats", matches=2, topic_matches=5)]
        self.random.shuffle(answers)
        self.app.serve(*answers)
        self.app.ended(call)

    def _stream(self) -> None:
        """A query that is read to its end."""
        self.needs.add("client-sync")
        stream, stats = self.program.label("s"), self.random.random() < 0.3
        topic = self.random.choice(TOPICS)
        acks: dict[str, Any] = {"acks": ("stats",)} if stats else {}
        got = self.app.request("sow", topic, stream=stream, **self._asked("sow"), **acks)
        result = [*self._result(got, topic), ack(got, "completed"), *([self._stats(got)] if stats else [])]
        self.app.serve(*result, pieces=self._pieces())
        messages = sum(len(answer.records) or 1 for answer in result if answer.header["cmd"] != "ack") + stats
        for _ in range(messages + 1):
            self.app.ended(self.app.call("next", stream=stream, timeout_ms=5000))

    def _noise(self) -> None:
        """What means nothing."""
        if self.random.random() < 0.5:
            self.app.serve_bytes(b"\x00\x00\x00\x00", "noop")
        else:
            self.app.serve(Answer(header={"cmd": "wibble", "topic": "T"}))

    def _two_at_once(self) -> None:
        """Two subscriptions under way, answered in either order."""
        calls = [
            self.app.call("subscribe", topic=topic, handler=self._handler(), timeout_ms=5000) for topic in self.random.sample(TOPICS, 1)
        ]
        gots = [self.app.receive(call) for call in calls]
        second = self.app.call("subscribe", topic="second", handler=self._handler(), timeout_ms=5000)
        calls.append(second)
        gots.append(self.app.receive(second))
        pairs = list(zip(calls, gots, strict=True))
        self.random.shuffle(pairs)
        self.app.serve(*(ack(got, sub_id=Ref(label=got, field="sub_id")) for _, got in pairs), pieces=self._pieces())
        for call, got in pairs:
            self.app.ended(call)
            self.subscribed[got] = call

    def _serve(self, *, everything: bool = False) -> None:
        """Some of what waits, results of different commands mixed, in one write or several."""
        while self.waiting:
            answers: list[Answer] = []
            for _ in range(self.random.randint(1, 12)):
                if not self.waiting:
                    break
                lane = self.random.choice(self.waiting)
                answers.append(lane.pop(0))
                if not lane:
                    self.waiting.remove(lane)
            self.app.serve(*answers, pieces=self._pieces())
            if not everything and self.random.random() < 0.5:
                return

    def _lose(self) -> None:
        """The connection ends in one way or another."""
        if self.random.random() < 0.5:
            self.app.hang_up()
        else:
            self.app.serve_bytes(self.random.choice((b"\x00\x00\x00\x05hello", b"\xff\xff\xff\xff{}", b"\x00\x00\x00\x02{{")), "broken")
        self.app.hears()
        self.app.call("publish", topic="T", data=b"gone")
