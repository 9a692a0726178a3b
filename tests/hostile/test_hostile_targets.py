"""Whatever a target sends, a run ends in time, in little memory, with an exit code that is right, and without a traceback.

`tox -e hostile` runs every server of the tables (AMPS_HOSTILE=all); without that variable those in `FAST` run, so that CI stays quick.
"""

import os

import pytest
from hostile_servers import FAST, FIRST, LATER, Between, Listener

from conformance.config_file import expand
from conformance.run_file import read
from conformance.server.embedded import EmbeddedServer
from reference_model.config import STANDARD

PEAK_MIB_MAX = 256
"""What docs/your-server.md promises. A healthy run takes some 60 MiB."""

FIRST_S_MAX = 20.0
LATER_S_MAX = 300.0
"""Stated, not usual: most are over in a few seconds. A target that is silent costs every wait, and ten times that once more."""

KEPT_MIB_MAX = 16

FEW = "CMD-ACK,CMD-FLUSH-02,CMD-PUB-01,CMD-PUB-03,SOW-REC-06,SOW-REC-07,WIRE-FRAME,WIRE-HDR"
"""Some twenty scenarios: logons, acks, queries, subscriptions."""


def chosen(table):
    return [name for name in table if os.environ.get("AMPS_HOSTILE") == "all" or name in FAST]


def bounded(ended, *, seconds_max):
    """What holds for every one of them."""
    assert "Traceback" not in ended.out + ended.err
    assert "mistake of ours" not in ended.out + ended.err
    assert all(char.isprintable() or char == "\n" for char in ended.out + ended.err)
    assert ended.seconds < seconds_max
    assert ended.peak_mib < PEAK_MIB_MAX
    assert ended.kept_mib < KEPT_MIB_MAX


SAYS = {
    "silence": "accepts connections, but did not answer the logon within 2 s",
    "a byte a second": "accepts connections, but did not answer the logon within 2 s",
    "an end at once": "closes the connection instead of answering the logon",
    "a reset at once": "closes the connection instead of answering the logon",
    "invalid UTF-8": "refused the logon of a client without user",
    "a logon ack, then silence": "slot 0: a query of amct_s00_slot was not answered to its end",
    "a logon ack of invalid UTF-8, then silence": "answers, but not in the amps protocol",
}
"""The line of those that are not plainly something else than AMPS."""


@pytest.mark.parametrize("name", chosen(FIRST))
def test_wrong_from_the_first_byte(measure, tmp_path, name):
    with Listener(FIRST[name]) as server:
        ended = measure("run", "--target", server.address, deadline_s=FIRST_S_MAX)
    bounded(ended, seconds_max=FIRST_S_MAX)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("Not measured: ")
    assert SAYS.get(name, "answers, but not in the amps protocol") in ended.err
    assert ended.err.count("\n") == 1
    assert read(tmp_path / "amps-report" / "run.jsonl").footer["outcome"] == "not_measured"


BROKEN = {
    "acks for commands never sent",
    "invalid UTF-8",
    "a reset in mid frame",
    "silence from then on",
    "an echo",
    "a byte a second",
    "garbage",
    "an end",
    "a length of 2 GB",
}
"""Where what came shows a broken rule."""

ENDLESS = {name for name in LATER if "endless" in name or "million messages" in name or "without end" in name}
"""Where it goes on without end, so that nothing can be said of it. What is great and does end can be either."""


@pytest.mark.parametrize("name", chosen(LATER))
def test_honest_until_a_scenario_has_logged_on(measure, tmp_path, name):
    with EmbeddedServer(expand(STANDARD, range(1)), seed=5) as honest, Listener(Between(honest.port, LATER[name])) as server:
        ended = measure("run", "--target", server.address, "--rules", FEW, "--strict", "--seed", "1", deadline_s=LATER_S_MAX)
    bounded(ended, seconds_max=LATER_S_MAX)
    recorded = read(tmp_path / "amps-report" / "run.jsonl")
    assert ended.code in ({1} if name in BROKEN else {4} if name in ENDLESS else {1, 4})
    assert recorded.footer["exit_code"] == ended.code
    if name in ENDLESS:
        assert "the run ends here, after 3 scenarios that went on without end" in " ".join(ended.out.split())
