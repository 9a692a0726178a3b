"""`docs/write-an-adapter.md` works as printed, from an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "write-an-adapter.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NODE = ["node"] if shutil.which("node") else []


@pytest.mark.parametrize("node", NODE)
def test_the_page_works_from_an_empty_folder(tmp_path, node):
    bin_folder = Path(sys.executable).parent
    env = {**os.environ, "AMPS_CONFORMANCE": str(ROOT), "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    said = []
    for language, file, text in BLOCKS:
        if file:
            (tmp_path / file).write_text(text, "utf-8")
            continue
        assert language == "sh"
        done = subprocess.run(["sh", "-ec", text], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
        said.append(done.stdout)
    assert "ok    reset" in said[0]
    assert "Conforming" in said[0]
    assert "FAILED  CLI-SOW-03" in said[1]
    assert "exit code 1" in said[1]
    assert "warn  client1: the client raised Unsupported: client" in said[2]


def test_every_command_and_event_is_told():
    from conformance.adapters.protocol import schema

    for direction, heading in (("commands", "## Commands"), ("events", "## Events")):
        table = PAGE.split(heading)[1].split("\n## ")[0]
        for name in schema(direction)["$defs"]:
            assert name.startswith("_") or f"`{name}`" in table, name
