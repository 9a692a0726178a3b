"""Whether the process that leased a slot still runs, as far as this machine can tell."""

import subprocess
import sys

import pytest

from conformance.targets.processes import has_ended, this_process


def test_this_process_runs():
    assert this_process()
    assert not has_ended(this_process())


def test_a_process_that_is_over_has_ended():
    said = subprocess.run(
        [sys.executable, "-c", "from conformance.targets.processes import this_process; print(this_process())"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert said.rpartition("/")[0] == this_process().rpartition("/")[0]
    assert has_ended(said)


@pytest.mark.parametrize("process", ["", "x", "/", "another-boot/pid:[1]/1", f"{this_process().rpartition('/')[0]}/-1"])
def test_of_others_nobody_can_tell(process):
    assert not has_ended(process)
