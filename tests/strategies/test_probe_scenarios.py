"""The scenarios made from the table of probes: no row is left out, and what is open stays open."""

import pytest

from reference_model.config import STANDARD
from reference_model.expectation import Occurs, OneOf
from reference_model.model import predict
from reference_model.payload.json import parse
from reference_model.probes import GROUPS, PROBES
from reference_model.rule import R
from reference_model.scenario import Command, Send
from reference_model.state import ProgramError
from strategies.build import Program
from strategies.directed.probes import QUERIED, probes, with_id


def test_every_row_is_sent_with_the_rules_that_it_shows():
    sent = {
        (step.command.header.get("filter"), step.about)
        for scenario in probes.scenarios
        for step in scenario.steps
        if isinstance(step, Send)
    }
    assert {(probe.filter, probe.rules) for probe in PROBES} - sent == set()


def test_every_group_but_the_one_of_subscriptions_is_queried_once():
    assert sorted(name for names in QUERIED for name in names) == sorted({group.name for group in GROUPS} - {"filters"})


@pytest.mark.parametrize("body", [b"{}", b'{"n":1}', b'{ "n" : 1 }', b'{"w":1,"w":2}'])
def test_a_body_with_an_id_keeps_what_it_had(body):
    assert parse(with_id(body, 7)) == {"id": 7, **parse(body)}


def open_filter(*about):
    p = Program("open")
    reader, writer = p.open("reader"), p.open("writer")
    header = {"cmd": "subscribe", "cmd_id": "s1", "sub_id": "s1.m", "ack_type": "processed", "topic": "@chat", "filter": "/n = 1e5"}
    p.send(Send(label="s1", connection="reader", command=Command(header=header), about=about))
    reader.fence()
    for number in (1, 100000):
        writer.publish("@chat", {"n": number})
    return p.scenario()


def test_a_filter_that_may_be_refused_binds_nobody():
    """Neither the ack nor what is delivered decides anything, also after the fence that makes other subscriptions certain."""
    slots = predict(open_filter(R("EXPR-LIT-27")), STANDARD).slots
    deliveries = [slot for slot in slots if slot.where[:2] == ("reader", "publish")]
    assert [slot.occurs for slot in deliveries] == [Occurs.OPTIONAL, Occurs.OPTIONAL]
    (ack,) = [slot for slot in slots if slot.where == ("reader", "ack", ("s1", "processed"))]
    (status,) = [claim for claim in ack.claims if claim.field == "status"]
    assert isinstance(status.matcher, OneOf)
    assert status.because[0] == R("EXPR-LIT-27")


def test_without_a_rule_that_it_is_about_such_a_filter_is_no_program():
    with pytest.raises(ProgramError, match="not documented"):
        predict(open_filter(), STANDARD)
