"""The target file: what it says, and one line for each thing that is wrong with it."""

import pytest

from conformance.errors import UsageError
from conformance.targets.spec import Tls
from conformance.targets.target_file import read

SECRET = "s3cret-pw"


@pytest.fixture
def write(tmp_path):
    def call(text):
        path = tmp_path / "amps.toml"
        path.write_text(text, "utf-8")
        return path

    for name in ("ca.pem", "me.pem", "me.key"):
        (tmp_path / name).write_text("")
    return call


def test_a_whole_file(write, tmp_path, monkeypatch):
    monkeypatch.setattr("conformance.targets.target_file.context_of", lambda _: None)
    found = read(
        write(
            f"""
            uri = "tcps://amps.test:9007/amps/json"
            user = "ci"
            password = "{SECRET}"
            message-types = ["json", "nvfix", "own"]
            features = ["sow", "delta", "no-txlog"]
            versions = ">=5.3.4, <5.4"
            config = "amps.xml"
            slots = "0-3"
            known-failing = "known.toml"
            [limits]
            timeout-scale = 2
            max-rate = 200.5
            time-limit = "10m"
            [tls]
            ca-file = "ca.pem"
            cert-file = "me.pem"
            key-file = "me.key"
            host-name = "amps.internal"
            """
        )
    )
    spec = found.spec
    assert (spec.uri, spec.user, spec.password) == ("tcps://amps.test:9007/amps/json", "ci", SECRET)
    assert spec.tls == Tls(
        ca_file=tmp_path / "ca.pem", cert_file=tmp_path / "me.pem", key_file=tmp_path / "me.key", host_name="amps.internal"
    )
    assert found.features == {"sow", "delta", "no-txlog"}
    assert found.types == {"msgtype-nvfix"}, "a feature for each type that has one"
    assert found.versions == ">=5.3.4, <5.4"
    assert found.options == {
        "target-config": str(tmp_path / "amps.xml"),
        "known-failing": str(tmp_path / "known.toml"),
        "slots": "0-3",
        "timeout-scale": "2",
        "max-rate": "200.5",
        "time-limit": "10m",
    }
    assert SECRET not in repr(found)


def test_the_least_file(write):
    found = read(write('uri = "amps.test:9007"'))
    assert (found.spec.uri, found.features, found.types, found.options) == ("tcp://amps.test:9007/amps/json", None, frozenset(), {})


def test_the_password_may_be_in_the_environment(write, monkeypatch):
    monkeypatch.setenv("AMPS_PASSWORD", SECRET)
    assert read(write('uri = "amps.test:9007"\nuser = "ci"')).spec.password == SECRET
    assert read(write('uri = "amps.test:9007"')).spec.password is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("uri = ", "is no TOML file"),
        (f'password = "{SECRET}\n', "is no TOML file"),
        ("", "it needs a uri"),
        ("uri = 3", "uri is no text"),
        ('uri = "somewhere"', "a host and a port are needed"),
        ('uri = "h:1"\nname = "x"', "the file has a 'name'"),
        ('uri = "h:1"\nfeatures = "sow"', "features is no list of texts"),
        ('uri = "h:1"\nfeatures = ["speed"]', "features: 'speed' is no feature"),
        ('uri = "h:1"\nfeatures = ["txlog", "no-txlog"]', "excludes"),
        ('uri = "h:1"\nmessage-types = ["nvfix"]', "the uri names json, which is none of its message-types"),
        ('uri = "h:1"\nversions = "new"', "versions: 'new' is no condition"),
        ('uri = "h:1"\nlimits = 3', "limits is no table"),
        ('uri = "h:1"\n[limits]\nspeed = 3', "[limits] has a 'speed'"),
        ('uri = "h:1"\n[limits]\nmax-rate = true', "limits.max-rate is no number"),
        ('uri = "h:1"\n[tls]\nca-file = "ca.pem"', "certificates go with an address that begins with tcps://"),
        ('uri = "tcps://h:1"\n[tls]\nca-file = "absent.pem"', "there is no file"),
        ('uri = "tcps://h:1"\n[tls]\nkey-file = "me.key"', "key-file goes with cert-file"),
        ('uri = "tcps://h:1"\n[tls]\nhost-name = 3', "the members of [tls] are texts"),
    ],
)
def test_what_is_wrong_is_one_line(write, text, line):
    with pytest.raises(UsageError) as caught:
        read(write(text))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*absent\.toml"):
        read(tmp_path / "absent.toml")
