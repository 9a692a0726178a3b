"""The freedoms of a server: each is taken each way over a few seeds, and a seed decides them for good."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import pytest

from conformance.server.choices import Choices, Manners

SEEDS = range(64)


def test_seed_0_has_the_readings():
    assert Choices(0).manners == Manners()


def test_every_manner_is_taken_each_way():
    seen = {field.name: {getattr(Choices(seed).manners, field.name) for seed in SEEDS} for field in fields(Manners)}
    assert {name: values for name, values in seen.items() if len(values) < 2} == {}


def test_every_use_is_taken_each_way():
    taken = Counter()
    for seed in SEEDS:
        choices = Choices(seed)
        for _ in range(20):
            choices.batch_sizes(10, 4)
            choices.processed_late()
            choices.stats_early()
            choices.acks_first()
            choices.persisted_place(2)
            choices.persisted_late_s()
            choices.late_ack_inside()
            choices.copies(["a", "b", "c"])
        taken += choices.taken
    ways = {}
    for freedom, way in taken:
        ways.setdefault(freedom, set()).add(way)
    assert {freedom for freedom, seen in ways.items() if len(seen) < 2} == set()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_batches(size):
    for seed in SEEDS:
        sizes = Choices(seed).batch_sizes(23, size)
        assert sum(sizes) == 23
        assert all(1 <= one <= size for one in sizes)
        assert Choices(seed).batch_sizes(0, size) == []


def test_copies_hold_each_subscription_once():
    for seed in SEEDS:
        copies = Choices(seed).copies(["a", "b", "c", "d"])
        assert sorted(one for copy in copies for one in copy) == ["a", "b", "c", "d"]
        assert all(copies)


def test_compared_is_between_matches_and_all():
    for seed in SEEDS:
        assert 3 <= Choices(seed).compared(9, 3) <= 9


def test_places_of_acks_of_a_query(make):
    """processed before or behind group_begin, stats before or behind completed, late acks of publishes inside of a group"""
    orders = set()
    for seed in SEEDS:
        client = make(seed=seed).client()
        engine, session = client.server.engine, client.session
        for number in range(8):
            client.send("publish", "orders", {"id": number})
        for number in range(12):
            publish = {"cmd": "publish", "topic": "orders", "cmd_id": "P", "ack_type": "persisted"}
            engine.receive(session, _message(publish, b'{"id":1}'))
            query = {
                "cmd": "sow",
                "topic": "orders",
                "cmd_id": "Q",
                "ack_type": "processed,completed,stats",
                "batch_size": 100,
                "top_n": number % 2,
            }
            engine.receive(session, _message(query, b""))
            client.server.pass_time(0.02)
            client.server.pass_time(0.02)
            orders.add(" ".join(_short(one) for one in session.take() if one.cmd != "sow"))
    assert any("( Qp )" in order or "( Qp" in order for order in orders)
    assert any("Qp (" in order for order in orders)
    assert any("( Pp" in order for order in orders)
    assert any("Qs Qc" in order for order in orders)
    assert all(order.index(")") < order.index("Qc") for order in orders)


def _message(header, body):
    from reference_model.messages import Message

    return Message(header=header, body=body)


def _short(one):
    if one.cmd == "ack":
        return str(one.header["cmd_id"]) + str(one.header["ack_type"])[0]
    return {"group_begin": "(", "group_end": ")"}[one.cmd]
