"""Every mutant changes what a client sees in one script, names rules that exist, and leaves most of the script as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.rules import load
from conformance.server.behaviour import Behaviour
from conformance.server.documents import Document
from conformance.server.filters import BadFilterError, Filter
from conformance.server.language import Language
from conformance.server.mutants import MUTANTS, behaviour_with
from conformance.server.mutants import __file__ as package
from conformance.server.mutants.answers import answers
from conformance.server.mutants.changes import changes
from conformance.server.mutants.frames import frames
from conformance.server.mutants.queries import queries
from conformance.server.scene import Scene
from reference_model.probes import PROBES

SCRIPT = [
    ("publish", "orders", {"id": 1, "n": 10, "t": "x", "a": [1], "o": {"p": 1}}, {"correlation_id": "eA=="}),
    ("publish", "orders", b'{"id": 2, "n": 9, "t": "x"}', {}),
    ("publish", "orders", {"id": 3, "n": 100, "t": "é"}, {}),
    ("publish", "orders", {"id": 4, "n": 100, "t": "y"}, {"expiration": 1}),
    ("publish", "orders", {"id": 4, "n": 100, "t": "y"}, {}),
    ("publish", "orders", {"id": 6, "n": 5}, {"expiration": 1}),
    ("delta_publish", "orders", {"id": 1, "n": 11, "a": [2], "new": 1}, {}),
    ("delta_publish", "orders", {"id": 1, "n": "11"}, {"correlation_id": "eQ=="}),
    ("delta_publish", "orders", {"id": 5, "n": 7}, {}),
    ("publish", "orders", {"id": 5, "m": 8}, {}),
    ("delta_publish", "orders", {"id": 3, "hit": 1}, {}),
    ("delta_publish", "orders", {"id": 2, "n": 50}, {}),
    ("delta_publish", "orders", {"id": 2, "m": 1}, {}),
    ("publish", "timed", {"id": 1}, {"expiration": 1}),
    ("publish", "pairs", {"flight": "ab", "seat": "c"}, {}),
    ("publish", "pairs", {"flight": "a", "seat": "bc"}, {}),
    ("publish", "pairs", {"flight": "a", "seat": "b"}, {}),
    ("publish", "audit", {"sku": 1}, {}),
    ("publish", "T_a", {"id": 1}, {}),
    ("publish", "T_b", {"id": 1}, {}),
    ("publish", "chat", b"x", {"ack_type": "received,persisted", "cmd_id": "CHAT"}),
    ("sow", "orders", b"", {"query_id": "Q", "cmd_id": "C", "ack_type": "processed,completed,stats", "filter": "/n > 9"}),
    ("sow", "orders", b"", {"cmd_id": "C", "batch_size": 4, "orderby": "/n DESC, /id"}),
    (
        "sow",
        "orders",
        b"",
        {"cmd_id": "C", "batch_size": 4, "orderby": "/n, /id DESC", "opts": "top_n=2,skip_n=1", "ack_type": "stats"},
    ),
    ("sow", "orders", b"", {"cmd_id": "C", "batch_size": 10, "orderby": "/n TEXT, /id"}),
    ("sow", "orders", b"", {"cmd_id": "C", "opts": "top_n=0", "ack_type": "stats"}),
    ("sow", "orders", b"", {"cmd_id": "C", "opts": "top_n=1", "filter": "/n < 9", "ack_type": "stats"}),
    ("sow", "orders", b"", {"cmd_id": "C", "filter": "/n < 0"}),
    ("sow", "orders", b"", {"cmd_id": "É", "ack_type": "received", "sow_keys": "1,2"}),
    ("sow", "orders", b"", {"cmd_id": "C", "batch_size": 10_000}),
    ("sow", "orders", b"", {"cmd_id": "C", "batch_size": 10_001, "ack_type": "processed"}),
    ("sow", "orders", b"", {"cmd_id": "C", "filter": "((", "ack_type": "processed"}),
    ("sow", "pairs", b"", {"cmd_id": "C"}),
    ("sow", "nothing", b"", {"cmd_id": "C", "ack_type": "processed"}),
    ("sow", "T_.$", b"", {"cmd_id": "C"}),
    ("sow", "_a$", b"", {"cmd_id": "C"}),
    ("sow_delete", "orders", b"", {"cmd_id": "D", "filter": "/n = 100", "ack_type": "stats,processed"}),
    ("delta_publish", "orders", {"id": 3, "back": 1}, {}),
    ("sow_delete", "orders", {"id": 77}, {"cmd_id": "D", "ack_type": "stats"}),
    ("sow_delete", "orders", {"id": 1}, {"cmd_id": "D", "ack_type": "stats"}),
    ("publish", "own", b"x", {"sow_key": "ab"}),
    ("sow_delete", "own", b"", {"cmd_id": "D", "ack_type": "stats", "sow_keys": "ab"}),
    ("sow", "orders", b"", {"cmd_id": "C", "batch_size": 2}),
    ("flush", None, b"", {"cmd_id": "F", "ack_type": "completed"}),
    ("unsubscribe", None, b"", {"sub_id": "all"}),
    ("publish", "chat", b"y", {}),
]


def played(make, *mutants, seed=0):
    """What each step sent to the client, as bytes, and how the connection ended."""
    server = make(mutants=mutants, seed=seed)
    behaviour = server.engine.behaviour
    steps = []

    def seen(client, messages):
        steps.append([behaviour.encode(message) for message in messages])

    early = server.stranger()
    seen(early, early.send("flush", cmd_id="early", ack_type="processed"))
    steps.append([str(early.session.closing)])
    client = server.stranger()
    seen(client, client.send("logon", cmd_id="L", client_name="n", message_type="json", ack_type="processed"))
    seen(client, client.send("logon", cmd_id="L", client_name="n", message_type="json", ack_type="processed"))
    if client.session.closing is not None:
        return [*steps, client.session.closing]
    client.send("subscribe", "orders", sub_id="s1")
    client.send("subscribe", "^ord", sub_id="s2", filter="/new = 1 OR /n > 9")
    client.send("subscribe", "chat", sub_id="s3")
    for cmd, topic, body, fields in SCRIPT:
        seen(client, client.send(cmd, topic, body, **fields))
        if client.session.closing is not None:
            return [*steps, client.session.closing]
    server.pass_time(5)
    seen(client, client.send("sow", "timed", cmd_id="E"))
    seen(client, client.send("sow", "orders", cmd_id="E", orderby="/id"))
    client.send("bogus")
    return [*steps, client.session.closing]


def test_there_are_enough():
    assert len(MUTANTS) >= 30
    assert all(name == mutant.name and mutant.text and mutant.breaks for name, mutant in MUTANTS.items())


def test_the_script_is_deterministic(make):
    assert played(make) == played(make)


@pytest.mark.parametrize(
    "name", [mutant.name for mutant in (*answers, *queries, *changes, *frames) if mutant.name != "flush_acked_early"]
)
def test_mutants_of_the_engine_show(make, name):
    assert any(played(make, name, seed=seed) != played(make, seed=seed) for seed in range(4))


LANGUAGE = frozenset(name for name, value in vars(Language).items() if callable(value))


def overridden(name):
    """The functions of a behaviour that a mutant changes."""
    fault = MUTANTS[name].fault
    return {function for parent in fault.__mro__[: fault.__mro__.index(Behaviour)] for function in vars(parent)}


@pytest.mark.parametrize("name", [name for name in MUTANTS if overridden(name) & LANGUAGE])
def test_each_mutant_of_the_language_breaks_rows_of_the_table(name):
    """What a mutant of the filter language declares is what the rows say that it selects wrongly."""
    broken = set()
    language, sound = behaviour_with([name]), Behaviour()
    for probe in PROBES:
        if selected(probe, language) != selected(probe, sound):
            broken.update(probe.rules)
    declared = {rule for rule in MUTANTS[name].breaks if rule in {rule for probe in PROBES for rule in probe.rules}}
    assert declared <= broken
    assert declared or not any(rule.startswith("EXPR") for rule in MUTANTS[name].breaks) or "ORD" in "".join(MUTANTS[name].breaks)


def selected(probe, language):
    """Of each body whether the filter selects it; None: the filter is refused."""
    try:
        compiled = Filter(probe.filter, language=language)
    except BadFilterError:
        return None
    return [compiled.matches(Scene(document=Document(body), topic="t", now=0.0)) for body in probe.bodies]


def test_each_mutant_changes_something():
    for name in MUTANTS:
        assert overridden(name), name


def test_flush_acked_early(make):
    for mutants, seen in (((), [{"id": 1}]), (("flush_acked_early",), [])):
        server = make(mutants=mutants)
        client, other = server.client(), server.client()
        client.send("publish", "orders", {"id": 1})
        (ack,) = client.send("flush", cmd_id="f", ack_type="completed")
        assert ack.header["status"] == "success"
        assert other.records("orders") == seen


def test_the_rules_that_they_break_exist_and_can_fail():
    catalogue = load()
    for mutant in MUTANTS.values():
        assert all(rule in catalogue for rule in mutant.breaks), mutant.name
        assert any(catalogue[rule].level in {"must", "default"} for rule in mutant.breaks), mutant.name


def test_mutants_know_no_tests():
    """Their code says nothing of data that a test could have sent."""
    for file in Path(package).parent.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert "amct_" not in source
        assert "orders" not in source


def test_several_at_once_and_unknown_ones(make):
    server = make(mutants=("batches_of_ten", "query_id_lost"))
    client = server.client()
    client.send("publish", "orders", {"id": 1})
    got = client.send("sow", "orders", cmd_id="q")
    assert all("query_id" not in one.header for one in got)
    with pytest.raises(UsageError, match="no_such"):
        behaviour_with(["no_such"])
