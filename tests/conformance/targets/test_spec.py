import pytest

from conformance.errors import UsageError
from conformance.targets.spec import parse_target

SECRET = "pa:ss@w/d"


@pytest.mark.parametrize(
    ("text", "host", "port", "user", "password", "message_type", "uri"),
    [
        ("127.0.0.1:9007", "127.0.0.1", 9007, None, None, "json", "tcp://127.0.0.1:9007/amps/json"),
        ("amps.test:1", "amps.test", 1, None, None, "json", "tcp://amps.test:1/amps/json"),
        (" localhost:65535 ", "localhost", 65535, None, None, "json", "tcp://localhost:65535/amps/json"),
        ("TCP://h:7", "h", 7, None, None, "json", "tcp://h:7/amps/json"),
        ("tcp://h:7/", "h", 7, None, None, "json", "tcp://h:7/amps/json"),
        ("tcp://h:7/amps", "h", 7, None, None, None, "tcp://h:7/amps"),
        ("tcp://h:7/amps/nvfix", "h", 7, None, None, "nvfix", "tcp://h:7/amps/nvfix"),
        ("tcps://h:7", "h", 7, None, None, "json", "tcps://h:7/amps/json"),
        ("h:7/amps/xml", "h", 7, None, None, "xml", "tcp://h:7/amps/xml"),
        ("tcp://joe@h:7/amps/json", "h", 7, "joe", None, "json", "tcp://h:7/amps/json"),
        ("tcp://joe:x%40y%3Az@h:7/amps/json", "h", 7, "joe", "x@y:z", "json", "tcp://h:7/amps/json"),
        ("tcp://%22j%20oe%22:@h:7", "h", 7, '"j oe"', "", "json", "tcp://h:7/amps/json"),
        ("tcp://joe:a@b@h:7", "h", 7, "joe", "a@b", "json", "tcp://h:7/amps/json"),
        ("tcp://u:a?b#c@h:7/amps/json", "h", 7, "u", "a?b#c", "json", "tcp://h:7/amps/json"),
        ("[::1]:9007", "::1", 9007, None, None, "json", "tcp://[::1]:9007/amps/json"),
        ("tcp://u:p@[fe80::1]:9/amps/json", "fe80::1", 9, "u", "p", "json", "tcp://[fe80::1]:9/amps/json"),
    ],
)
def test_reads(text, host, port, user, password, message_type, uri, monkeypatch):
    monkeypatch.delenv("AMPS_PASSWORD", raising=False)
    spec = parse_target(text)
    assert (spec.host, spec.port, spec.user, spec.password, spec.message_type, spec.uri) == (
        host,
        port,
        user,
        password,
        message_type,
        uri,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an address"),
        ("amps.test", "a host and a port are needed"),
        (":9007", "a host and a port are needed"),
        ("h:", "'' is no port"),
        ("h:0", "'0' is no port"),
        ("h:65536", "'65536' is no port"),
        ("h:-1", "'-1' is no port"),
        ("h:٣", "'٣' is no port"),
        ("h:90 07", "not an address"),
        ("::1:9007", "in brackets"),
        ("[::1]9007", "as [::1]:port"),
        ("[::1:9007", "as [::1]:port"),
        ("[hello]:9007", "no IPv6 address"),
        ("ws://h:7/amps/json", "'ws' is not supported"),
        ("tcp://h:7/fix/json", "'fix' is not supported"),
        ("tcp://h:7/amps/json/x", "the path is"),
        ("tcp://h:7/amps/j'son", "the path is"),
        ("tcp://h:7/amps/json?a=1", "options after"),
        ("tcp://u:secret@h:99999/amps/json", "'99999' is no port"),
        ("http://u:secret@h:1/amps/json", "'http' is not supported"),
        ("tcp://u:secret/x@h:1/amps/json", "percent-encoded"),
    ],
)
def test_refuses_in_one_line_without_the_password(text, says):
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert "secret" not in message


def test_the_password_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("AMPS_PASSWORD", SECRET)
    assert parse_target("tcp://joe@h:7").password == SECRET
    assert parse_target("tcp://joe:own@h:7").password == "own"
    assert parse_target("tcp://joe:@h:7").password == ""
    assert parse_target("h:7").password is None


def test_no_text_of_a_spec_shows_the_password(monkeypatch):
    monkeypatch.setenv("AMPS_PASSWORD", SECRET)
    spec = parse_target("tcp://joe@h:7")
    for shown in (repr(spec), str(spec), f"{spec}", spec.uri, spec.address, repr([spec])):
        assert SECRET not in shown
        assert "joe" not in spec.uri


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.0.1:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("10.0.0.1:1", False),
        ("amps.test:1", False),
    ],
)
def test_loopback(text, loopback):
    assert parse_target(text).loopback is loopback
