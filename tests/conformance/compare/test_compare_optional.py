"""Messages that may come beside equal ones that must: only their number tells, and a number that is allowed is no finding."""

import pytest

from reference_model.scenario import Fence
from tests.conformance.compare.tape import connect, delivery, look, on, program, publish, send

ONE = b'{"n":1}'
END = b'{"n":9}'


def came(body=ONE, **more):
    return on("a", delivery("s", body, topic="@chat", **more))


def steps(*publishers):
    """A subscriber; one publish a letter, by the subscriber itself (`a`, which may not get it) or by another one (`b`); a marker."""
    sent = [publish(f"{on_}{number}", ONE, topic="@chat", on=on_) for number, on_ in enumerate(publishers)]
    subscribe = send("s", "subscribe", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed")
    marker = publish("m", END, topic="@chat", on="b")
    return (connect("a"), connect("b"), subscribe, *sent, marker, Fence(label="d", kind="delivery", connection="a", after="m"))


COUNTS = {
    # publishers, how many come, and whether that is allowed: every one of b's, any number of a's
    "the own one does not come": ("ab", 1, True),
    "the own one comes": ("ab", 2, True),
    "neither comes": ("ab", 0, False),
    "one too many": ("ab", 3, False),
    "an own one between": ("bab", 2, True),
    "own ones before": ("aabb", 2, True),
    "one of the own ones": ("aabb", 3, True),
    "one of the others is lost": ("aabb", 1, False),
    "an own one at the end": ("ba", 1, True),
    "own ones only": ("aa", 0, True),
}


@pytest.mark.parametrize(("publishers", "count", "allowed"), COUNTS.values(), ids=COUNTS)
def test_counts(publishers, count, allowed):
    found = steps(*publishers)
    examination = look(program(*found), {"m": [*came() * count, *came(END)]})
    assert (examination.verdict.findings == ()) is allowed
