"""A real toxiproxy, built once with Go: what each toxic does to a run, and that nothing is left behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.client.limits import DEFAULT_LIMITS
from conformance.errors import ProxyError
from conformance.faults.proxies import AUTO, Place, proxies_of
from conformance.faults.server import PROGRAM, ToxiproxyServer
from conformance.rules import load
from conformance.run.bench import Bench
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.server import ServerTarget
from reference_model.config import STANDARD
from reference_model.fault import KINDS
from strategies import directed
from strategies.build import Program
from strategies.generate import scenarios
from strategies.profiles import FAULTY_SHAPE, Shape

ROOT = Path(__file__).parents[3]
BUILD_S = 600
ENDING = [kind for kind, about in KINDS.items() if about.proxy and about.ends]
SLOW = [kind for kind, about in KINDS.items() if about.proxy and not about.ends]


@pytest.fixture(scope="session")
def program():
    """The folder of a toxiproxy-server: of the one on PATH, else of one that is built here, once for all later runs."""
    found = shutil.which(PROGRAM)
    if found is not None:
        return Path(found).parent
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amps-conformance"
    if not (folder / PROGRAM).exists():
        done = subprocess.run(
            [ROOT / "scripts" / "install-toxiproxy", folder], capture_output=True, text=True, check=False, timeout=BUILD_S
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def on_path(program, monkeypatch):
    monkeypatch.setenv("PATH", f"{program}:{os.environ['PATH']}")


@pytest.fixture
def bench(on_path):
    """A bench with proxies on a server of our own."""
    with (
        EmbeddedTarget.start(seed=3, slots=1) as server,
        ServerTarget.open(server.spec, STANDARD, slot=0, run="px") as target,
        proxies_of(Place(toxiproxy=AUTO), server.spec) as proxies,
    ):
        yield Bench(target, load(), DEFAULT_LIMITS, proxies=proxies)


def lost(kind, direction="downstream"):
    p = Program(f"{kind}-{direction}")
    a, b = p.open("a"), p.open("b")
    b.subscribe("@orders")
    b.answered()
    a.publish("@orders", {"id": 1, "qty": 1})
    a.fence()
    if KINDS[kind].before:
        a.close()
        p.fault(kind, "a")
        a = p.open("a")
    else:
        p.fault(kind, "a", direction=direction)
    a.publish("@orders", {"id": 1, "qty": 2}, acks="persisted")
    a.close()
    a = p.open("a")
    a.publish("@orders", {"id": 2, "qty": 3})
    a.fence()
    b.sow("@orders")
    return p.scenario()


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("kind", ENDING)
def test_a_connection_that_is_lost(bench, kind, direction):
    examined = bench.once(lost(kind, direction))
    assert examined.error is None
    assert examined.verdict.findings == ()
    assert not examined.verdict.inconclusive
    assert examined.verdict.exercised["FAULT-BACK-01"]
    ends = [event for event in examined.observation.events if event.kind == "closed" and event.connection == "a"]
    assert ends, "the fault did nothing"


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("kind", SLOW)
def test_a_connection_that_is_slow(bench, kind, direction):
    p = Program(kind)
    p.fault(kind, direction=direction)
    a, b = p.open("a"), p.open("b")
    b.subscribe("@orders")
    b.answered()
    b.delivered(a.publish("@orders", {"id": 1, "text": "äöü€"}))
    a.fence()
    a.sow("@orders")
    examined = bench.once(p.scenario())
    assert examined.verdict.findings == ()
    assert not examined.verdict.inconclusive
    assert not examined.observation.late
    if kind == "latency":
        assert examined.observation.events[-1].at_s > 0.3


def test_random_faulty_scenarios(bench):
    shape = Shape(commands=FAULTY_SHAPE.commands, weights=FAULTY_SHAPE.weights, proxy=True)
    for scenario in scenarios(5, 25, shape=shape, kind="fault"):
        examined = bench.once(scenario)
        assert examined.error is None, examined.trace
        assert (examined.verdict.findings, dict(examined.verdict.inconclusive)) == ((), {}), scenario.name


def test_proxies_are_removed_and_the_server_ends(on_path):
    with ToxiproxyServer.start() as server:
        place = Place(toxiproxy=server.api.address)
        with EmbeddedTarget.start(slots=1) as embedded, proxies_of(place, embedded.spec) as proxies:
            name = proxies._proxy("a").name
            with pytest.raises(ProxyError, match="already"):
                server.api.create(name, listen="127.0.0.1:0", upstream="127.0.0.1:1")
        server.api.create(name, listen="127.0.0.1:0", upstream="127.0.0.1:1")
        api = server.api
    with pytest.raises(ProxyError, match="no toxiproxy answers"):
        api.version()


def test_a_toxiproxy_that_dies_in_the_middle(on_path):
    """What came of the scenario then says nothing about the target."""
    with (
        ToxiproxyServer.start() as toxiproxy,
        EmbeddedTarget.start(slots=1) as server,
        ServerTarget.open(server.spec, STANDARD, slot=0, run="px") as target,
        proxies_of(Place(toxiproxy=toxiproxy.api.address), server.spec) as proxies,
    ):
        bench = Bench(target, load(), DEFAULT_LIMITS, proxies=proxies)
        scenario = lost("limit_data")
        assert bench.once(scenario).verdict.findings == ()
        toxiproxy.stop()
        with pytest.raises(ProxyError):
            bench.once(scenario)


def outcome(examined):
    verdict = examined.verdict
    return (dict(verdict.exercised), verdict.findings, dict(verdict.inconclusive))


@pytest.mark.parametrize("toxic", ["latency:latency_ms=5", "slicer:average_bytes=1"])
def test_a_slow_way_changes_no_verdict(on_path, toxic):
    """Directed and random scenarios on the same server, straight and by the slow way."""
    chosen = [*directed.ALL[::6], *scenarios(9, 12)]
    with EmbeddedTarget.start(seed=4, slots=1) as server:
        command = [sys.executable, "-m", "conformance", "proxy", "--target", server.spec.address, "--toxic", toxic]
        with EmbeddedTarget.run(command) as way, ServerTarget.open(way.spec, STANDARD, slot=0, run="slow") as target:
            slow = Bench(target, load(), DEFAULT_LIMITS)
            for scenario in chosen:
                examined = slow.examine(scenario)
                assert examined.verdict.findings == (), scenario.name
                assert not examined.verdict.inconclusive, scenario.name
                assert not examined.observation.late
