"""Begins and ends the program: whatever happens becomes one line and an exit code, never a traceback."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from conformance.cli.commands import program
from conformance.cli.completing import PROGRAM, VARIABLE
from conformance.cli.sources import default_map
from conformance.cli.texts import forget_output, not_measured
from conformance.errors import ConformanceError, TargetError, UsageError
from reports.plain import safe

EXIT_USAGE: Final = 2
EXIT_NOT_MEASURED: Final = 4
EXIT_HARNESS: Final = 5
EXIT_INTERRUPTED: Final = 130
EXIT_PIPE: Final = 141
"""The reader of our output has gone (`| head`): what a shell reports for SIGPIPE."""

CRASH_PATH: Final = Path("amps-report") / "crash.txt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 conforming, 1 not, 2 usage, 4 not measured, 5 harness error, 130 interrupted."""
    try:
        defaults = {} if VARIABLE in os.environ else default_map(program, Path.cwd())
        code = program.main(args=arguments, prog_name=PROGRAM, standalone_mode=False, default_map=defaults)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _complain(_usage(error), EXIT_USAGE)
    except UsageError as error:
        return _complain(f"Error: {error}", EXIT_USAGE)
    except TargetError as error:
        return _complain(not_measured(str(error)), EXIT_NOT_MEASURED)
    except ConformanceError as error:
        return _complain(f"Error: {error}", EXIT_HARNESS)
    except (KeyboardInterrupt, click.exceptions.Abort):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has been heard
        return _complain("Interrupted.", EXIT_INTERRUPTED)
    except (BrokenPipeError, SystemExit):  # click itself ends the program for one reason only: its output is cut off
        forget_output()
        return EXIT_PIPE
    except Exception as error:  # noqa: BLE001 (the last line of defence: a user gets one line, a maintainer the rest)
        return _crashed(error)
    return code if isinstance(code, int) else 0


_CREDENTIALS: Final = re.compile(r"(://[^\s/@:]*):[^\s/@]*@")


def _complain(line: str, code: int) -> int:
    click.echo(safe(_CREDENTIALS.sub(r"\1:***@", line)), err=True)
    return code


def _usage(error: click.ClickException) -> str:
    """What is wrong with the command line, in one line."""
    text = " ".join(error.format_message().split())
    hint = f" Try '{error.ctx.command_path} --help'." if isinstance(error, click.UsageError) and error.ctx is not None else ""
    return f"Error: {text}{'' if text.endswith(('.', '?')) else '.'}{hint}"


def _crashed(error: Exception) -> int:
    what = " ".join(f"{type(error).__name__}: {error}".split())
    try:
        CRASH_PATH.parent.mkdir(parents=True, exist_ok=True)
        with CRASH_PATH.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")
    except OSError:
        return _complain(f"Error: this is a mistake of ours: {what}", EXIT_HARNESS)
    return _complain(f"Error: this is a mistake of ours: {what}; details in {CRASH_PATH}", EXIT_HARNESS)
