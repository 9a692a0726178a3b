import pytest

from conformance.runner.marker import Marker, marker_text
from reference_model.messages import Message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":"x","b":{"c":["longer"]}}', b"longer"),
        (b'{"longest name":"v"}', b"v"),
        (b'{"a":1}', None),
        (b'{"a":""}', None),
        (b'{"a":"with \\"quote\\""}', None),
        (b'{"a":"a/b"}', None),
        ('{"a":"gr\u00fcn"}'.encode(), None),
        (b'"text"', b"text"),
        (b"not json", None),
        (b"", None),
    ],
)
def test_the_marker_text_is_what_every_writer_of_json_writes_alike(body, text):
    assert marker_text(body) == text


@pytest.mark.parametrize(
    ("header", "body", "delivered"),
    [
        ({"cmd": "publish", "topic": "@t"}, b'{"id":1,"m":"mark-1"}', True),
        ({"cmd": "publish", "topic": "@t"}, b'{"m":"mark-1","id":1,"z":0}', True),
        ({"cmd": "publish", "topic": "@t"}, b'{"id":1,"m":"mark-2"}', False),
        ({"cmd": "publish", "topic": "@u"}, b'{"id":1,"m":"mark-1"}', False),
        ({"cmd": "oof", "topic": "@t"}, b'{"id":1,"m":"mark-1"}', False),
    ],
)
def test_delivery(header, body, delivered):
    published = Message(header={"cmd": "delta_publish", "topic": "@t"}, body=b'{"id":1,"m":"mark-1"}')
    assert Marker(published).delivered_by(Message(header=header, body=body)) is delivered
