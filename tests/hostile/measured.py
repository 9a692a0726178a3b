"""Runs the command line and writes its peak of memory to a file: python measured.py FILE ARGUMENT... (what the child itself says: the
`rusage` of a child counts what its parent held when it was forked)."""

import sys
from pathlib import Path

from conformance.cli import main


def peak_mib():
    """The peak of resident memory of this process since it began, in MiB."""
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(str(peak_mib()), encoding="ascii")
    sys.exit(code)
