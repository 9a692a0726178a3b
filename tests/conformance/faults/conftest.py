"""What needs a real toxiproxy is collected where one is on PATH or can be built."""

import shutil

from conformance.faults.server import PROGRAM

collect_ignore = [] if shutil.which(PROGRAM) or shutil.which("go") else ["test_real_toxiproxy.py"]
