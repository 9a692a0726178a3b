"""The target file: everything about one server in a TOML file, so that a run on it is one option. Read here, used nowhere here.

    uri = "tcps://amps.test:9007/amps/json"
    user = "ci"                                     password: AMPS_PASSWORD, or `password` here
    message-types = ["json", "nvfix"]               what the server offers
    features = ["sow", "delta", "no-txlog"]         instead of those that the configuration declares
    versions = ">=5.3.4, <5.4"                      any other server under this address is not measured
    config = "amps.xml"                             the server's own configuration
    slots = "0-3"
    known-failing = "known.toml"

    [limits]
    timeout-scale = 2
    max-rate = 200
    time-limit = "10m"

    [tls]
    ca-file = "ca.pem"
    cert-file = "me.pem"
    key-file = "me.key"
    host-name = "amps.internal"

Paths are relative to the file. Every mistake is one UsageError line, which never shows a password.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.client.tls import context_of
from conformance.errors import UsageError
from conformance.rules import VOCABULARY, feature_problems
from conformance.targets.spec import PASSWORD_VARIABLE, TargetSpec, Tls, parse_target

_TEXTS: Final = ("uri", "user", "password", "versions", "config", "slots", "known-failing")
_LISTS: Final = ("message-types", "features")
_LIMITS: Final[Mapping[str, tuple[type, ...]]] = {
    "timeout-scale": (int, float),
    "max-rate": (int, float),
    "time-limit": (str, int, float),
}
_TLS: Final = ("ca-file", "cert-file", "key-file", "host-name")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFile:
    """What a file says.

    path      of the file
    spec      where the target is, with credentials and TLS
    features  those that it has, None: those of its configuration
    types     features of its message types, which are added to these
    versions  condition on its version, None: any
    options   values for options of the command line, by their names (`target-config`, `slots`, `timeout-scale`, …)
    """

    path: Path
    spec: TargetSpec
    features: frozenset[str] | None = None
    types: frozenset[str] = frozenset()
    versions: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path) -> TargetFile:
    """The target of a file. Raises UsageError."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML file: {type(error).__name__}") from None  # the text of the error may quote a password
    try:
        return _target(data, path)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _target(data: Mapping[str, Any], path: Path) -> TargetFile:
    folder = path.parent
    _members(data, (*_TEXTS, *_LISTS, "limits", "tls"), "the file")
    for name in _TEXTS:
        if name in data and not (isinstance(data[name], str) and data[name].strip()):
            raise UsageError(f"{name} is no text")
    for name in _LISTS:
        if name in data and not (isinstance(data[name], list) and all(isinstance(item, str) for item in data[name])):
            raise UsageError(f"{name} is no list of texts")
    if "uri" not in data:
        raise UsageError('it needs a uri, as in uri = "tcp://amps.test:9007/amps/json"')
    limits, tls = _table(data, "limits", tuple(_LIMITS)), _table(data, "tls", _TLS)
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, _LIMITS[name]):
            raise UsageError(f"limits.{name} is no {'duration' if name == 'time-limit' else 'number'}")
    paths = {"config": "target-config", "known-failing": "known-failing"}
    options = {option: str(folder / data[name]) for name, option in paths.items() if name in data}
    return TargetFile(
        path=path,
        spec=_spec(data, tls, folder),
        features=_features(data.get("features")),
        types=frozenset(f"msgtype-{name}" for name in data.get("message-types", ())) & VOCABULARY.keys(),
        versions=_versions(data.get("versions")),
        options=options | {name: str(value) for name, value in {"slots": data.get("slots"), **limits}.items() if value is not None},
    )


def _members(data: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(data.keys() - set(known))
    if unknown:
        raise UsageError(f"{where} has a '{unknown[0]}'; there are {', '.join(known)}")


def _table(data: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{name} is no table; write [{name}]")
    _members(table, known, f"[{name}]")
    return table


def _spec(data: Mapping[str, Any], tls: Mapping[str, Any], folder: Path) -> TargetSpec:
    spec = parse_target(data["uri"])
    user = data.get("user", spec.user)
    password = data.get("password", spec.password)
    if user is not None and password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
    types = data.get("message-types")
    if types is not None and spec.message_type is not None and spec.message_type not in types:
        raise UsageError(f"the uri names {spec.message_type}, which is none of its message-types")
    return replace(spec, user=user, password=password, tls=tls_of(spec, tls, folder))


def tls_of(spec: TargetSpec, tls: Mapping[str, Any], folder: Path = Path()) -> Tls | None:
    """The TLS of an address with what is said of it (`ca-file`, `cert-file`, `key-file`, `host-name`). Raises UsageError."""
    said = {name: value for name, value in tls.items() if value is not None}
    if spec.tls is None and said:
        raise UsageError("certificates go with an address that begins with tcps://")
    if any(not isinstance(value, str | Path) or not str(value) for value in said.values()):
        raise UsageError("the members of [tls] are texts")
    if "key-file" in said and "cert-file" not in said:
        raise UsageError("key-file goes with cert-file")
    files = {name.replace("-", "_"): folder / said[name] for name in _TLS[:3] if name in said}
    missing = next((file for file in files.values() if not file.is_file()), None)
    if missing is not None:
        raise UsageError(f"there is no file {missing}")
    if spec.tls is None:
        return None
    made = Tls(**files, host_name=said.get("host-name"))
    context_of(made)  # what is wrong with the files is said before anything runs
    return made


def _features(names: list[str] | None) -> frozenset[str] | None:
    if names is None:
        return None
    problems = feature_problems(names)
    if problems:
        raise UsageError(f"features: {problems[0]}")
    return frozenset(names)


def _versions(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise UsageError(f"versions: '{text}' is no condition; write '>=5.3.4, <5.4'") from None
    return text
