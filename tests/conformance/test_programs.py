"""Programs and recordings as JSON: nothing is lost, a person can write it, a mistake is one line that names its place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance import programs
from conformance.errors import UsageError
from conformance.json_text import compact, read
from conformance.naming import Naming, to_logical, to_real
from conformance.programs import dumps, from_json, loads, observation_from_json, observation_to_json, to_json
from conformance.recordings import HIDDEN, without_passwords
from conformance.wire import decode, encode_command, encode_message
from reference_model.fault import Fault, Mend
from reference_model.messages import Form, Message, SowRecord
from reference_model.observation import Event, Observation
from reference_model.rule import R
from reference_model.scenario import (
    Advance,
    Close,
    Command,
    Fence,
    KeyOf,
    Open,
    Ref,
    Scenario,
    Send,
    SendBytes,
    Step,
    Together,
)
from reference_model.steps import default_logon

quick = settings(deadline=None, max_examples=100)


def program(*steps: object, **more: object) -> dict[str, object]:
    return {"schema_version": 1, "name": "x", **more, "steps": list(steps)}


def steps_of(*steps: object) -> tuple[Step, ...]:
    return from_json(program(*steps)).steps


PUBLISH = {"cmd": "publish", "topic": "@orders"}
COMMAND = Command(header=PUBLISH)


# ---- what a person writes ------------------------------------------------------------------------------------------------------

STEPS = [
    ({"fault": "cut", "on": "a", "with": {"bytes": 3}}, Fault(label="s1", kind="cut", connection="a", numbers={"bytes": 3})),
    ({"fault": "latency", "direction": "upstream"}, Fault(label="s1", kind="latency", direction="upstream")),
    ({"mend": "e1"}, Mend(label="s1", fault="e1")),
    ({"open": "a"}, Open(label="s1", connection="a", logon=default_logon("a"))),
    ({"open": "a", "label": "l", "logon": None}, Open(label="l", connection="a", logon=None)),
    ({"open": "a", "logon": {"cmd": "logon"}}, Open(label="s1", connection="a", logon=Command(header={"cmd": "logon"}))),
    (
        {"open": "a", "logon": {"cmd": "logon"}, "body_text": "x"},
        Open(label="s1", connection="a", logon=Command(header={"cmd": "logon"}, body=b"x")),
    ),
    ({"send": "a", "command": PUBLISH}, Send(label="s1", connection="a", command=COMMAND)),
    (
        {"send": "a", "command": PUBLISH, "comment": "why", "body": {"id": 1, "é": [None, True, "a\n"]}},
        Send(label="s1", connection="a", command=replace(COMMAND, body='{"id":1,"é":[null,true,"a\\n"]}'.encode())),
    ),
    ({"send": "a", "command": PUBLISH, "body": None}, Send(label="s1", connection="a", command=replace(COMMAND, body=b"null"))),
    (
        {"send": "a", "command": PUBLISH, "body_text": "{ }é"},
        Send(label="s1", connection="a", command=replace(COMMAND, body="{ }é".encode())),
    ),
    (
        {"send": "a", "command": PUBLISH, "body_base64": "/wA="},
        Send(label="s1", connection="a", command=replace(COMMAND, body=b"\xff\x00")),
    ),
    (
        {"send": "a", "command": PUBLISH, "form": {"names": "short", "blanks": True, "pieces": "cuts"}},
        Send(label="s1", connection="a", command=COMMAND, form=Form(names="short", blanks=True, pieces="cuts")),
    ),
    (
        {
            "send": "a",
            "command": {
                "cmd": "sow_delete",
                "seq": 2**64 - 1,
                "bookmark": {"ref": {"label": "p", "field": "bookmark"}},
                "sow_key": {"key_of": {"topic": "@orders", "values": ["1"]}},
                "sow_keys": ["7", {"key_of": {"topic": "@pairs", "values": ["1", '"x"']}}],
            },
        },
        Send(
            label="s1",
            connection="a",
            command=Command(
                header={
                    "cmd": "sow_delete",
                    "seq": 2**64 - 1,
                    "bookmark": Ref(label="p", field="bookmark"),
                    "sow_key": KeyOf(topic="@orders", values=("1",)),
                    "sow_keys": ("7", KeyOf(topic="@pairs", values=("1", '"x"'))),
                }
            ),
        ),
    ),
    (
        {"send_bytes": "a", "meaning": "noop", "data_base64": "AAAAAA=="},
        SendBytes(label="s1", connection="a", data=bytes(4), meaning="noop"),
    ),
    (
        {"send_bytes": "a", "meaning": "malformed", "data_text": "x"},
        SendBytes(label="s1", connection="a", data=b"x", meaning="malformed"),
    ),
    (
        {"together": [[{"send": "a", "command": PUBLISH}], [{"send": "b", "label": "z", "command": PUBLISH}]], "witness": "w"},
        Together(
            label="s1",
            lanes=((Send(label="s1.1.1", connection="a", command=COMMAND),), (Send(label="z", connection="b", command=COMMAND),)),
            witness="w",
        ),
    ),
    ({"fence": "state", "on": "a"}, Fence(label="s1", kind="state", connection="a")),
    ({"fence": "delivery", "on": "a", "after": "p"}, Fence(label="s1", kind="delivery", connection="a", after="p")),
    ({"advance": 1}, Advance(label="s1", seconds=1.0)),
    ({"close": "a"}, Close(label="s1", connection="a")),
]


@pytest.mark.parametrize(("step", "expected"), STEPS, ids=[str(step)[:60] for step, _ in STEPS])
def test_a_step(step, expected):
    assert steps_of(step) == (expected,)
    assert steps_of(*to_json(Scenario(name="x", steps=(expected,)))["steps"]) == (expected,)


NUMBERS = ["1.0", "1", "1e3", "-0.0", "0.10", "12345678901234567890123", "1E-400", "1e400", "123456789.123456789123456789"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_a_body_reach_the_wire_as_they_are_written(number):
    text = json.dumps(program({"send": "a", "command": PUBLISH, "body": {"n": "@"}})).replace('"@"', number)
    assert loads(text).steps[0].command.body == f'{{"n":{number}}}'.encode()


def test_needs_and_exercises():
    scenario = from_json(program(needs=["sow", "delta"], exercises=["SOW-TOPN-02"], comment="why"))
    assert scenario == Scenario(name="x", steps=(), needs=frozenset({"sow", "delta"}), exercises=(R("SOW-TOPN-02"),))
    assert isinstance(scenario.exercises[0], R)


def test_a_file_has_one_line_a_step(tmp_path):
    scenario = from_json(program({"open": "a"}, {"send": "a", "command": PUBLISH}, needs=["sow"]))
    programs.dump(scenario, tmp_path / "p.json")
    assert (tmp_path / "p.json").read_text(encoding="utf-8").splitlines() == [
        "{",
        ' "schema_version": 1,',
        ' "name": "x",',
        ' "needs": ["sow"],',
        ' "steps": [',
        '  {"open": "a", "label": "s1"},',
        '  {"send": "a", "label": "s2", "command": {"cmd": "publish", "topic": "@orders"}}',
        " ]",
        "}",
    ]
    assert programs.load(tmp_path / "p.json") == scenario


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "p.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(program({"open": "a"})).encode())
    assert programs.load(tmp_path / "p.json").steps == steps_of({"open": "a"})


# ---- mistakes ------------------------------------------------------------------------------------------------------------------

SEND = {"send": "a", "command": PUBLISH}

MISTAKES = [
    ("{", "line 1, column 2: not JSON"),
    ("", "line 1, column 1: not JSON"),
    ("[]", "an object expected, not []"),
    ("5", "an object expected, not 5"),
    ("[" * 200_000, "not JSON that can be read"),
    ('{"schema_version": 1, "name": NaN}', "NaN is no JSON number"),
    ('{"schema_version": 1, "schema_version": 1}', "the key 'schema_version' is given twice in one object"),
    ('{"name": ' + "9" * 5000 + "}", "not JSON that can be read"),
    ('{"schema_version": 2, "steps": "of another time"}', "schema_version 2 is not known, only 1 is"),
    ('{"name": "x", "steps": []}', "'schema_version' is missing"),
    (program(name=""), "name: must not be empty"),
    (program(shiny=1), "'shiny' is not known here"),
    (program(needs="sow"), 'needs: a list expected, not "sow"'),
    (program(exercises=["sow"]), "exercises[0]: 'sow' does not match"),
    (program({}), "steps[0]: one of open, send, send_bytes, together, fence, advance, close, fault, mend is missing"),
    (program(SEND, 5), "steps[1]: an object expected, not 5"),
    (program({"open": ""}), "steps[0].open: must not be empty"),
    (program({"open": "a", "fence": "state"}), "steps[0]: 'fence' is not known here"),
    (program({"open": "a", "logon": {}}), "steps[0].logon: a logon command with 'cmd', or null, expected, not {}"),
    (program({"open": "a", "body": 1}), "steps[0]: body goes only with a logon command"),
    (program(SEND, SEND, {"open": "b"}, {"send": "a", "command": {}}), "steps[3].command: 'cmd' is missing"),
    (program({"send": "a"}), "steps[0]: 'command' is missing"),
    (program({"send": "a", "command": {"cmd": "sow", "t": "x"}}), "steps[0].command: write 'topic' for 't'"),
    (program({"send": "a", "command": {"cmd": "sow", "order_by": "x"}}), "steps[0].command: write 'orderby' for 'order_by'"),
    (program({"send": "a", "command": {"cmd": "sow", "topic": True}}), "steps[0].command.topic: a text, a whole number"),
    (program({"send": "a", "command": {"cmd": "sow", "top_n": 1.5}}), "steps[0].command.top_n: a text, a whole number"),
    (program({"send": "a", "command": {"cmd": "sow", "topic": {"ref": {}}}}), "steps[0].command.topic: a text, a whole number"),
    (
        program({"send": "a", "command": {"cmd": "sow", "topic": "\ud800"}}),
        'steps[0].command["topic"]: half a surrogate pair is no text',
    ),
    (program({**SEND, "body": 1, "body_text": ""}), "steps[0]: only one of body and body_text may stand there"),
    (program({**SEND, "body_base64": "?"}), "steps[0].body_base64: not base64"),
    (program({**SEND, "body_text": "\udcff"}), "steps[0].body_text: half a surrogate pair is no text"),
    (program({**SEND, "body": "\udcff"}), "steps[0].body: half a surrogate pair is no text"),
    (program({**SEND, "form": {"names": "odd"}}), "steps[0].form.names: 'client' or 'short' or 'long' expected, not \"odd\""),
    (program({**SEND, "form": {"order": "odd"}}), "steps[0].form: 'order' is not known here"),
    (program({**SEND, "label": "l"}, {"close": "a", "label": "l"}), "the label 'l' is given twice"),
    (program(SEND, {"close": "a", "label": "s1"}), "the label 's1' is given twice"),
    (program({"send_bytes": "a", "data_text": "x"}), "steps[0]: 'meaning' is missing"),
    (program({"together": [[{"close": "a"}]], "witness": "w"}), "steps[0].together[0][0]: 'close' is not known here"),
    (program({"together": [[{**SEND, "body_base64": "?"}]], "witness": "w"}), "steps[0].together[0][0].body_base64: not base64"),
    (program({"together": []}), "steps[0]: 'witness' is missing"),
    (program({"fence": "odd", "on": "a"}), "steps[0].fence: 'state' or 'delivery' or 'answers' expected, not \"odd\""),
    (program({"fence": "delivery", "on": "a"}), "steps[0]: 'after' is missing"),
    (program({"fence": "state"}), "steps[0]: 'on' is missing"),
    (program({"fault": "cut", "with": {"byte": 1}}), "steps[0].with: cut has no number 'byte'; it has bytes, reset"),
    (program({"fault": "pieces", "with": {"bytes": 0}}), "steps[0].with: bytes of pieces is from 1 to 10000000"),
    (program({"fault": "cut", "with": {"bytes": "3"}}), 'steps[0].with.bytes: a whole number expected, not "3"'),
    (program({"advance": "1s"}), 'steps[0].advance: a number expected, not "1s"'),
    (program({"advance": -1}), "steps[0].advance: -1 is less than the minimum of 0"),
    (json.dumps(program({"advance": 7})).replace("7", "1e999"), "steps[0].advance: "),
]


@pytest.mark.parametrize(("data", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_is_one_line_that_names_its_place(data, said):
    with pytest.raises(UsageError) as caught:
        loads(data if isinstance(data, str) else json.dumps(data), "p.json")
    assert str(caught.value).startswith(f"p.json: {said}") or said in str(caught.value)
    assert str(caught.value).startswith("p.json: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*none\.json: No such file"):
        programs.load(tmp_path / "none.json")
    (tmp_path / "p.json").write_bytes(b'{"name": "\xff"}')
    with pytest.raises(UsageError, match=r"p\.json: not UTF-8 at byte 10"):
        programs.load(tmp_path / "p.json")


def test_the_schema_is_one():
    Draft202012Validator.check_schema(programs._validator().schema)


# ---- round trips ---------------------------------------------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
texts = st.text(st.characters(codec="utf-8") | st.sampled_from('"\\\n\x00\udcff'), max_size=10)
keys = st.builds(KeyOf, topic=names, values=st.lists(st.sampled_from(["1", '"x"', "null"]), max_size=2).map(tuple))
values = (
    texts
    | st.integers(-5, 2**64)
    | keys
    | st.builds(Ref, label=names, field=names)
    | st.lists(st.just("7") | keys, max_size=3).map(tuple)
)
commands = st.builds(
    lambda cmd, fields, body: Command(header={"cmd": cmd, **fields}, body=body),
    names,
    st.dictionaries(st.sampled_from(["topic", "cmd_id", "sow_keys", "bookmark", "opts", "top_n", "zz"]), values, max_size=4),
    st.binary(max_size=10) | texts.map(lambda text: text.encode("utf-8", "surrogateescape")),
)
forms = st.builds(Form, names=st.sampled_from(["client", "short", "long"]), p=st.booleans(), pieces=st.sampled_from(["whole", "cuts"]))
sends = st.builds(Send, label=names, connection=names, command=commands, form=forms)
opens = names.flatmap(
    lambda name: st.builds(Open, label=names, connection=st.just(name), logon=st.none() | commands | st.just(default_logon(name)))
)
steps = (
    opens
    | sends
    | st.builds(SendBytes, label=names, connection=names, data=st.binary(max_size=10), meaning=st.sampled_from(["noop", "malformed"]))
    | st.builds(Together, label=names, lanes=st.lists(st.lists(sends, max_size=2).map(tuple), max_size=2).map(tuple), witness=names)
    | st.builds(Fence, label=names, kind=st.sampled_from(["state", "answers"]), connection=names, after=st.none() | names)
    | st.builds(Advance, label=names, seconds=st.floats(0, 86400))
    | st.builds(Close, label=names, connection=names)
)


def labels(all_steps: tuple[Step, ...]) -> list[str]:
    return list(programs._labels(all_steps))


scenarios = st.builds(
    Scenario,
    name=names,
    steps=st.lists(steps, max_size=5).map(tuple).filter(lambda all_steps: len(set(labels(all_steps))) == len(labels(all_steps))),
    needs=st.frozensets(st.sampled_from(["sow", "delta", "oof"])),
    exercises=st.lists(st.sampled_from([R("SOW-TOPN-02"), R("CMD-ACK-08")]), max_size=2).map(tuple),
)


@quick
@given(scenarios)
def test_any_scenario_is_read_as_it_was_written(scenario):
    assert loads(dumps(scenario)) == scenario
    assert from_json(json.loads(json.dumps(to_json(scenario)))) == scenario


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(json_values)
def test_compact_is_the_json_of_the_standard_library_without_blanks(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert compact(value) == text
    assert compact(read(text)) == text


@quick
@given(json_values)
def test_any_json_is_a_program_or_one_line(value):
    for data in (value, program(value), program({"send": "a", "command": value}), program({"open": "a", "logon": value})):
        try:
            from_json(data)
        except UsageError as error:
            said = str(error)
            assert "\n" not in said


# ---- names ---------------------------------------------------------------------------------------------------------------------

NAMING = Naming(topics="amct_s03_", clients="r7f21-")


def test_at_is_the_slot_in_topics_and_the_run_in_client_names_and_nowhere_else():
    logical = Message(header={"cmd": "logon", "topic": "^(@a|@b)$", "client_name": "@c", "filter": "/x = '@'"}, body=b"@")
    real = Message(
        header={"cmd": "logon", "topic": "^(amct_s03_a|amct_s03_b)$", "client_name": "r7f21-c", "filter": "/x = '@'"}, body=b"@"
    )
    assert to_real(logical, NAMING) == real
    assert to_logical(real, NAMING) == logical


def test_names_of_other_slots_stay_as_they_are():
    foreign = Message(header={"cmd": "publish", "topic": "amct_s04_orders"})
    assert to_logical(foreign, NAMING) is foreign


# ---- recordings ----------------------------------------------------------------------------------------------------------------


def sent(label: str, message: Message) -> Event:
    return Event(
        at_s=0.1, connection="a", kind="sent", label=label, payload=encode_command(to_real(message, NAMING))[4:], message=message
    )


def received(message: Message) -> Event:
    payload = encode_message(to_real(message, NAMING))[4:]
    return Event(
        at_s=1 / 3, connection="a", kind="received", payload=payload, message=to_logical(decode(payload, sender="server"), NAMING)
    )


LOGON = Message(header={"cmd": "logon", "client_name": "@a", "cmd_id": "1", "user_id": "u", "password": 'se"cret'})
SOW = Message(header={"cmd": "sow", "topic": "@orders"}, records=(SowRecord(header={"sow_key": "1"}, data=b"\xff{}"),))
RECORDED = Observation(
    scenario="x",
    opened_utc="2025-09-09T17:19:19.976304Z",
    events=(
        Event(at_s=0.0, connection="a", kind="opened", label="o"),
        sent("o", LOGON),
        received(Message(header={"cmd": "ack", "client_name": "@a", "cmd_id": "1"})),
        sent("p", Message(header={"cmd": "publish", "topic": "@orders"}, body=b"{}")),
        received(SOW),
        Event(at_s=0.5, connection="a", kind="sent", label="bytes", payload=b'{"c":"p"}'),
        Event(at_s=0.6, connection="a", kind="sent", label="odd", payload=b"\x00", message=Message(header={"cmd": "x"}, body=b"\xff")),
        Event(at_s=0.7, connection="a", kind="garbled", payload=b"HTTP/1.1", detail="no frame"),
        Event(at_s=0.8, connection="a", kind="closed", detail="reset"),
        Event(at_s=0.9, connection="a", kind="step", label="f"),
    ),
    resolved={"o": LOGON, "k": Message(header={"cmd": "sow_delete", "sow_keys": "1,2"})},
    unresolved=("r",),
    late=("f",),
    foreign=2,
)


def test_a_recording_is_read_as_it_was_written_but_for_passwords():
    data = json.loads(json.dumps(observation_to_json(RECORDED, NAMING)))
    found = observation_from_json(data)
    assert found == without_passwords(RECORDED)
    assert found.resolved["o"].header["password"] == HIDDEN
    assert b'"pw":"(hidden)"' in found.events[1].payload
    assert "cret" not in json.dumps(data)
    changed = {event.label for event, other in zip(found.events, RECORDED.events, strict=True) if event != other}
    assert changed == {"o"}


def test_a_frame_is_stored_once():
    events = observation_to_json(RECORDED, NAMING)["events"]
    assert [("message" in event, event.get("label")) for event in events if "payload_text" in event or "payload_base64" in event] == [
        (False, "o"),
        (False, None),
        (False, "p"),
        (False, None),
        (True, "bytes"),
        (True, "odd"),
        (False, None),
    ]
    assert set(observation_to_json(RECORDED, NAMING)["resolved"]) == {"k", "p", "odd"}


headers = st.builds(
    lambda cmd, fields: {"cmd": cmd, **fields},
    st.sampled_from(["ack", "publish", "sow", "p", "x"]),
    st.dictionaries(st.sampled_from(["topic", "client_name", "reason", "sub_id"]), texts, max_size=3),
)
messages = st.none() | st.builds(Message, header=headers, body=st.binary(max_size=5))
events = st.builds(
    Event,
    at_s=st.floats(0, 1e6),
    connection=st.sampled_from("ab"),
    kind=st.sampled_from(["opened", "sent", "received", "garbled", "closed", "step"]),
    label=st.none() | st.sampled_from("xyz"),
    payload=st.binary(max_size=10) | st.just(b'{"c":"p","t":"amct_s03_x"}{}') | st.just(b'{"c":"sow"}{"l":1}\xff'),
    message=messages,
    detail=texts,
)
observations = st.builds(
    Observation,
    scenario=names,
    events=st.lists(events, max_size=4).map(tuple),
    resolved=st.dictionaries(st.sampled_from("xyz"), messages.filter(bool), max_size=2),
    unresolved=st.lists(names, max_size=2).map(tuple),
    late=st.lists(names, max_size=2).map(tuple),
    opened_utc=names,
    foreign=st.integers(0, 3),
)


@quick
@given(observations)
def test_any_recording_is_read_as_it_was_written(observation):
    assert observation_from_json(json.loads(json.dumps(observation_to_json(observation, NAMING)))) == observation
