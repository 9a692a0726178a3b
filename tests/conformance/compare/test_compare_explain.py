"""What a failure says: the step table, both histories side by side, and data that the schema of the run file takes."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator
from tape import CLOSED, ack, connect, delivery, fence, look, on, program, publish, query, record, result, send

from conformance.compare.describe import command_text, step_text
from conformance.compare.explain import MARK, ROWS_MAX, explain
from conformance.compare.texts import VALUE_CHARS_MAX
from conformance.results import Finding, FindingGroup
from conformance.wire import encode_command
from reference_model.messages import Form, Message
from reference_model.rule import R
from reference_model.scenario import Advance, Close, Command, Fence, KeyOf, Ref, SendBytes, Together

ONE, TWO = b'{"id":1}', b'{"id":2}'
STATS = {"topic_matches": 2, "matches": 2, "records_returned": 1}
PAGE = (
    connect(),
    publish("p1", ONE),
    publish("p2", TWO),
    fence(),
    query("q", acks="stats", orderby="/id", opts="top_n=1,skip_n=1"),
)


def rows(data):
    return [(row["mark"], row["expected"], row["seen"], row["rule"]) for row in data["compare"]]


def valid(data):
    schema = json.loads(files("conformance").joinpath("schemas/run.schema.json").read_text("utf-8"))
    record_schema = {**schema["$defs"]["failure"], "$defs": schema["$defs"]}
    Draft202012Validator(record_schema).validate({"record": "failure", **json.loads(json.dumps(data))})


def test_a_page_that_was_not_skipped_to():
    """The picture of looks: one line differs."""
    data = explain(look(program(*PAGE), {"q": result("q", record(1, ONE), acks=("stats",), stats=STATS)}), R("SOW-TOPN-07"))
    assert [(row["n"], row["on"], row["text"], row["seen"]) for row in data["steps"]] == [
        (1, "a", "logon", "ack processed success"),
        (2, "a", 'publish @orders {"id":1}', ""),
        (3, "a", 'publish @orders {"id":2}', ""),
        (4, "a", "flush  ack=completed", "ack completed success"),
        (5, "a", "sow @orders  ack=stats  orderby=/id  opts=top_n=1,skip_n=1", ""),
    ]
    counts = "ack stats success  topic_matches=2  matches=2  records_returned=1"
    assert rows(data) == [
        ("", "group_begin", "group_begin", ""),
        (MARK, 'sow {"id":2}', 'sow {"id":1}', "SOW-TOPN-07"),
        ("", "group_end", "group_end", ""),
        ("", counts, counts, ""),
    ]
    assert data["step"] == "q"
    valid(data)


def test_what_is_missing_stands_alone():
    data = explain(look(program(connect(), query("q")), {"q": [ack("q", "processed"), ack("q", "completed")]}), R("CMD-ORD-15"))
    marked = [row for row in rows(data) if row[0]]
    assert marked == [(MARK, "group_begin", "", "CMD-ORD-15"), (MARK, "group_end", "", "CMD-ORD-15")]
    valid(data)


def test_what_is_too_much_stands_alone():
    steps = (connect(), publish("p", ONE, cmd_id="p", ack_type="processed"))
    data = explain(look(program(*steps), {"p": [ack("p", "processed"), ack("p", "processed")]}), R("CMD-ACK-05"))
    assert rows(data) == [
        ("", "ack processed success", "ack processed success", ""),
        (MARK, "", "ack processed success", "CMD-ACK-05"),
    ]


def test_an_order_is_shown_as_two_orders():
    three = [record(n, b'{"id":%d}' % n) for n in (1, 2, 3)]
    steps = (connect(), *(publish(f"p{n}", b'{"id":%d}' % n) for n in (1, 2, 3)), fence(), query("q"), query("o", orderby="/id"))
    wrong = [three[0], three[2], three[1]]
    data = explain(look(program(*steps), {"q": result("q", *three), "o": result("o", *wrong)}), R("EXPR-ORD-01"))
    ours = [row for row in rows(data) if "sow" in row[1] + row[2]]
    assert [row[1] for row in ours if row[1]] == ['sow {"id":1}', 'sow {"id":2}', 'sow {"id":3}']
    assert [row[2] for row in ours if row[2]] == ['sow {"id":1}', 'sow {"id":3}', 'sow {"id":2}']
    assert any(row[0] for row in ours)


def test_a_header_field_is_shown_where_it_differs():
    data = explain(look(program(connect(), publish("p", ONE), fence(), query("q")), {"q": result("q", record(1, ONE), topic="@items")}),
                   R("CMD-SOW-59"))  # fmt: skip
    assert (MARK, 'sow {"id":1}  topic=@orders', 'sow {"id":1}  topic=@items', "CMD-SOW-59") in rows(data)


def test_deliveries_are_shown_by_subscription():
    steps = (
        connect("a"),
        connect("b"),
        send("s", "subscribe", topic="@chat", cmd_id="s", sub_id="s", ack_type="processed"),
        publish("p1", b'{"n":1}', topic="@chat", on="b"),
        publish("p2", b'{"n":2}', topic="@chat", on="b"),
    )
    answers = {"p1": on("a", delivery("s", b'{"n":7}', topic="@chat")), "p2": on("a", delivery("s", b'{"n":2}', topic="@chat"))}
    data = explain(look(program(*steps), answers), R("CMD-PUB-03"))
    assert rows(data) == [
        (MARK, 'publish {"n":1}', 'publish {"n":7}', "CMD-PUB-03"),
        ("", 'publish {"n":2}', 'publish {"n":2}', ""),
    ]
    assert data["steps"][4]["seen"] == "delivered to s on a"


def test_a_number_of_records_is_no_matter_of_one_of_them():
    steps = (connect(), publish("p1", ONE), publish("p2", TWO), fence(), query("q"), query("t", top_n=1))
    both = [record(1, ONE), record(2, TWO)]
    data = explain(look(program(*steps), {"q": result("q", *both), "t": result("t", *both)}), R("SOW-TOPN-01"))
    assert (MARK, "1 of these records", "2 of them", "SOW-TOPN-01") in rows(data)
    valid(data)


def test_a_check_names_its_step_too():
    wrong = Message(header={"cmd": "ack", "cmd_id": "p", "ack_type": "processed"})
    data = explain(look(program(connect(), publish("p", ONE, cmd_id="p", ack_type="processed")), {"p": [wrong]}), R("CMD-ACK-10"))
    assert data["step"] == "p"
    assert [row[3] for row in rows(data) if row[0]] == ["CMD-ACK-10"]
    valid(data)


def test_a_lost_connection_is_seen_where_it_was_lost():
    data = explain(look(program(connect(), query("q", acks="processed")), {"q": [CLOSED]}), R("CMD-SOW-38"))
    assert data["steps"][1]["text"] == "sow @orders  ack=processed"
    assert data["kind"] == "closed"
    assert data["seen"] == "connection closed"
    valid(data)


def test_a_flush_at_the_end_has_a_row_if_it_matters():
    data = explain(look(program(connect()), {"end-a": []}), R("CMD-FLUSH-02"))
    assert [row["label"] for row in data["steps"]] == ["open-a", "end-a"]


def test_texts_of_a_target_are_cut_and_can_be_written():
    body = b'{"id":1,"x":"' + b"y" * 5000 + b'"}'
    odd = ack("p", "processed", "failure", reason="\udcff\x1b[2J" + "z" * 5000)
    steps = (connect(), publish("p", body, cmd_id="p", ack_type="processed"))
    data = explain(look(program(*steps), {"p": [odd]}), R("CMD-PUB-10"))
    assert all(len(cell) <= 2 * VALUE_CHARS_MAX for row in rows(data) for cell in row)
    assert all(len(row["text"]) <= 2 * VALUE_CHARS_MAX for row in data["steps"])
    json.dumps(data, ensure_ascii=False).encode()
    valid(data)


def test_a_long_result_is_shown_around_the_first_difference():
    bodies = [b'{"id":%d}' % n for n in range(100, 200)]
    shown = [record(n, body) for n, body in enumerate(bodies)]
    steps = (connect(), *(publish(f"p{n}", body) for n, body in enumerate(bodies)), fence(), query("q", orderby="/id"))
    data = explain(look(program(*steps), {"q": result("q", *shown[:50], *shown[51:])}), R("SOW-REC-01"))
    assert len(data["compare"]) <= ROWS_MAX + 2
    assert [row[1] for row in rows(data) if row[0]] == ['sow {"id":150}']
    assert rows(data)[0][1].startswith("… ")


def test_an_example_of_a_group_has_its_counts_and_its_kind():
    first = Finding(rule=R("SOW-TOPN-07"), kind="wrong", what="w", field="/id")
    group = FindingGroup(first=first, count=9, scenarios=["x", "y"], in_scenarios=4)
    examination = look(program(*PAGE), {"q": result("q", record(1, ONE), acks=("stats",), stats=STATS)})
    data = explain(examination, R("SOW-TOPN-07"), group=group)
    assert (data["kind"], data["field"], data["count"], data["in_scenarios"]) == ("wrong", "/id", 9, 4)
    assert data["what"] != "w"


def test_of_several_findings_the_one_of_the_kind_is_explained():
    steps = (*PAGE[:4], query("z"), *PAGE[4:])
    both = [record(1, ONE), record(2, TWO)]
    examination = look(program(*steps), {"z": result("z", *both), "q": result("q", both[0], acks=("stats",), stats=STATS)})
    kinds = ("unexpected", "missing")
    assert {s.finding.kind for s in examination.suspects if s.finding.rule == R("SOW-TOPN-07")} == set(kinds)
    for kind in kinds:
        group = FindingGroup(first=Finding(rule=R("SOW-TOPN-07"), kind=kind, what="w"))
        assert explain(examination, R("SOW-TOPN-07"), group=group)["what"].endswith(
            "must not come" if kind == "unexpected" else "is missing"
        )


TEXTS = [
    (Fence(label="f", kind="state", connection="a"), "flush  ack=completed"),
    (Fence(label="f", kind="answers", connection="a"), "await all acks"),
    (Fence(label="f", kind="delivery", connection="a", after="p"), "await the delivery of p"),
    (Advance(label="w", seconds=1.5), "wait 1.5 s"),
    (Close(label="c", connection="a"), "close"),
    (replace(connect(), logon=None), "connect"),
    (connect(), "logon"),
    (SendBytes(label="b", connection="a", data=b"\x00\x00\x00\x00", meaning="noop"), "noop bytes 00 00 00 00"),
    (Together(label="t", witness="w", lanes=((publish("p", ONE),),)), "1 commands at once"),
]


@pytest.mark.parametrize(("step", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_steps_in_words(step, text):
    assert step_text(step) == text


@pytest.mark.parametrize(
    ("header", "body", "form", "text"),
    [
        ({"cmd": "publish", "topic": "@t"}, ONE, Form(), 'publish @t {"id":1}'),
        ({"cmd": "publish", "topic": "@t", "ack_type": "processed"}, b"", Form(), "publish @t  ack=processed  (no cmd_id)"),
        ({"cmd": "sow", "topic": "@t", "batch_size": 10, "filter": "/a = 1"}, b"", Form(), "sow @t  batch=10  filter=/a = 1"),
        ({"cmd": "sow", "topic": "@t", "sow_keys": (KeyOf(topic="@t", values=("1",)), "x")}, b"", Form(),
         "sow @t  sow_keys=(key of @t 1),x"),
        ({"cmd": "sow", "topic": "@t", "bookmark": Ref(label="s", field="bookmark")}, b"", Form(), "sow @t  bookmark=(bookmark of s)"),
        ({"cmd": "flush"}, b"", Form(blanks=True, pieces="bytes"), "flush  (written with blanks, byte by byte)"),
    ],
)  # fmt: skip
def test_commands_in_words(header, body, form, text):
    assert command_text(Command(header=header, body=body), form) == text


def test_every_unusual_form_has_words():
    for form in (Form(names="long"), Form(names="short"), Form(reverse=True), Form(quoted=True), Form(p=False), Form(pieces="cuts")):
        assert "(written " in command_text(Command(header={"cmd": "publish"}), form)
        assert encode_command(Message(header={"cmd": "publish", "topic": "t"}), form)
