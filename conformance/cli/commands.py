"""The commands and their options. What they do is imported when they are called."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from conformance.cli.examples import examples
from conformance.cli.sources import use_target_file
from conformance.errors import UsageError
from conformance.version import VERSION

OUTCOMES: Final = ("failed", "deviates", "inconclusive", "passed", "observed", "not_exercised", "unchecked", "not_applicable")
FORMATS: Final = ("terminal", "html", "json", "junit", "ctrf", "markdown")
PATH: Final = click.Path(path_type=Path)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}, no_args_is_help=True)
@click.version_option(VERSION, prog_name="amps-conformance", message="%(prog)s %(version)s")
def program() -> None:
    """Conformance and property-based tests for AMPS servers: publish, SOW, deltas, queries, acks.

    Exit codes: 0 conforming, 1 not conforming, 2 wrong usage, 4 not measured, 5 harness error, 130 interrupted.
    """


def _options(*decorators: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


TARGET: Final = click.option(
    "--target",
    metavar="URI",
    is_eager=True,
    help="The server: host:port, tcp://user:password@host:port/amps/json, or tcps:// for TLS. AMPS_PASSWORD may hold the password. "
    "Without it a server of our own is started for the run.",
)
CLIENT: Final = click.option(
    "--client",
    metavar="CMD",
    help="Test a client library instead of a server: the command line of its adapter, or tcp://HOST:PORT of one that is running.",
)
TARGET_FILE: Final = click.option(
    "--target-file",
    type=PATH,
    metavar="FILE",
    is_eager=True,
    callback=use_target_file,
    help="The server, and how it is to be run on, as a TOML file; see docs/your-server.md.",
)
TLS: Final = (
    click.option(
        "--ca-file", type=PATH, metavar="FILE", help="With tcps://: who signs the server's certificate (PEM). Default: the system."
    ),
    click.option("--cert-file", type=PATH, metavar="FILE", help="With tcps://: our certificate (PEM), if the server asks for one."),
    click.option("--key-file", type=PATH, metavar="FILE", help="The key of --cert-file, if it is in a file of its own."),
    click.option(
        "--tls-name", metavar="HOST", help="With tcps://: the name in the server's certificate, if it is not that of the address."
    ),
)
PAUSE: Final = click.option(
    "--pause-on-failure", "pause", is_flag=True, help="Wait for Enter at each failure, with its connections open: look at the server."
)
VERBOSE: Final = click.option("-v", "--verbose", is_flag=True, help="Print every frame that is sent and received.")
TARGET_CONFIG: Final = click.option(
    "--target-config", type=PATH, help="The server's own XML configuration, if it is not the one that 'config' prints."
)
SLOTS: Final = click.option("--slots", metavar="A-B", default="0", show_default=True, help="The slots of the configuration to use.")
SEED: Final = click.option("--seed", type=click.IntRange(min=0), help="Seed of the random scenarios; drawn and printed if not given.")
TIMEOUT_SCALE: Final = click.option(
    "--timeout-scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="Multiply every wait."
)
TOXIPROXY: Final = click.option(
    "--toxiproxy", metavar="HOST:PORT|auto", help="Make faults by this toxiproxy too; auto starts the toxiproxy-server on PATH."
)
TOXIPROXY_UPSTREAM: Final = click.option(
    "--toxiproxy-upstream", metavar="HOST:PORT", help="The server's address as toxiproxy sees it. Default: as we see it."
)
TOXIPROXY_LISTEN: Final = click.option(
    "--toxiproxy-listen", metavar="HOST", help="The address of toxiproxy's machine on which its proxies listen. Default: its API's."
)


def report_dir(default: str) -> Decorator:
    """The option for the folder of a run's files."""
    return click.option(
        "--report-dir", type=PATH, default=default, show_default=True, help="Where run.jsonl, the reports of it and programs go."
    )


@program.command("run", epilog=examples("run"))
@_options(
    TARGET,
    CLIENT,
    TARGET_FILE,
    *TLS,
    click.option(
        "--profile",
        type=click.Choice(["smoke", "pr", "nightly", "faults"]),
        default="smoke",
        show_default=True,
        help="smoke: the directed scenarios; pr, nightly: those, then random ones until the time limit; faults: random ones in which "
        "connections are torn, lost and slow.",
    ),
    click.option("--rules", metavar="GLOB", help="Only these rules: an id, a topic (SOW-TOPN), an area (SOW), a glob; or several."),
    click.option("--exclude", metavar="GLOB", help="All but these rules."),
    click.option("--list", "listing", is_flag=True, help="List the directed scenarios that would run, with their rules; run nothing."),
    SEED,
    click.option("--time-limit", metavar="DURATION", help="90s, 10m or 2h. Default: 60s for pr and faults, 1h for nightly."),
    click.option("--max-failures", type=click.IntRange(min=1), help="End the run after so many kinds of failures."),
    report_dir("amps-report"),
    click.option("--record", type=click.Choice(["some", "all"]), default="some", show_default=True, help="Which recordings to keep."),
    click.option("--strict", is_flag=True, help="A deviation from what the documentation only implies makes the run red, too."),
    SLOTS,
    TIMEOUT_SCALE,
    click.option("--max-rate", type=click.FloatRange(min=0, min_open=True), help="At most so many commands a second, on average."),
    click.option("--disruptive", is_flag=True, help="Send broken frames and very large messages to a target that is not on loopback."),
    TARGET_CONFIG,
    TOXIPROXY,
    TOXIPROXY_UPSTREAM,
    TOXIPROXY_LISTEN,
    click.option("--known-failing", type=PATH, metavar="FILE", help="Failures that are known (TOML): they do not make the run red."),
    click.option("--only-failed", is_flag=True, help="Only the scenarios that broke a rule in the last run, found in --report-dir."),
    PAUSE,
    VERBOSE,
    click.option("--corpus", type=PATH, metavar="DIR", help="Programs that failed once: they run first, and what fails is added."),
    click.option("--shard", metavar="I/N", help="Do the I-th of N parts; 'report' puts the parts together."),
    click.option(
        "--restart-command",
        "restart",
        metavar="CMD",
        help="Starts the target again if it goes away in the middle; must come to an end.",
    ),
)
def run_command(**options: Any) -> int:
    """Run scenarios against a server and give a verdict on every rule."""
    from conformance.cli import running

    _terminable()
    return running.run(**options)


@program.command("replay", epilog=examples("replay"))
@_options(
    click.argument("file", type=PATH),
    TARGET,
    CLIENT,
    TARGET_FILE,
    *TLS,
    SEED,
    SLOTS,
    TIMEOUT_SCALE,
    report_dir("amps-report/replay"),
    TARGET_CONFIG,
    TOXIPROXY,
    TOXIPROXY_UPSTREAM,
    TOXIPROXY_LISTEN,
    PAUSE,
    VERBOSE,
)
def replay_command(**options: Any) -> int:
    """Run one program file, and judge it like any scenario.

    A failure of a run names such a file; docs/programs.md tells how to write one by hand.
    """
    from conformance.cli import running

    _terminable()
    return running.replay(**options)


@program.group("known-failing", no_args_is_help=True)
def known_failing_group() -> None:
    """Keep the file of known failures that run --known-failing takes."""


@known_failing_group.command("update", epilog=examples("update"))
@_options(
    click.argument("file", type=PATH),
    click.option(
        "--run",
        "runs",
        type=PATH,
        multiple=True,
        metavar="RUN",
        help="The run file, or those of one run; may be given several times. Default: amps-report/run.jsonl.",
    ),
    click.option("--reason", metavar="TEXT", help="Why the failures are known that the file does not name yet."),
    click.option("--url", metavar="URL", help="Where these are tracked."),
    click.option(
        "--expires", metavar="DAY", help="The last day for these, and for entries that have expired and still fail: 2027-01-31."
    ),
)
def known_failing_update_command(**options: Any) -> int:
    """Make FILE excuse what a run has found, and nothing else.

    Entries that still hold keep their reason; those whose rules pass now go. Comments are not kept.
    """
    from conformance.cli import excusing

    return excusing.update(**options)


@program.command("report")
@_options(
    click.argument("paths", type=PATH, nargs=-1, metavar="[RUN.JSONL or REPORT-DIR]..."),
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="terminal",
        show_default=True,
        help="What to print, or to write into the file of -o.",
    ),
    click.option("-o", "--output", type=PATH, metavar="FILE", help="Write this file, print nothing."),
    click.option("--report-dir", type=PATH, metavar="DIR", help="Write every format into this folder."),
    click.option("--history", type=PATH, metavar="DIR", help="Add the run to this history of nights, and make its pages anew."),
)
def report_command(**options: Any) -> int:
    """Report of run files, without a target; several (shards of one run) are merged into one report.

    \b
    amps-conformance report                                     the last run, on the terminal
    amps-conformance report shard-*/run.jsonl --report-dir all  one report of all shards, every format
    amps-conformance report --format junit -o junit.xml         one file
    amps-conformance report night/run.jsonl --history nights    what changed since the last night: nights/index.html

    The exit code is that of the run.
    """  # noqa: D301 (the mark of click for lines that stay as they are)
    from conformance.cli import reporting

    paths = options.pop("paths") or (Path("amps-report"),)
    return reporting.report(paths=paths, **options)


@program.command("compare")
@_options(
    click.argument("a", metavar="A"),
    click.argument("b", metavar="B"),
    click.option(
        "--profile",
        type=click.Choice(["smoke", "pr", "nightly"]),
        default="smoke",
        show_default=True,
        help="What two targets are run with.",
    ),
    click.option("--rules", metavar="GLOB", help="Run only these rules."),
    SEED,
    click.option("--time-limit", metavar="DURATION", help="For each of two targets; goes with pr and nightly."),
    SLOTS,
    TIMEOUT_SCALE,
    TARGET_CONFIG,
    report_dir("amps-report/compare"),
)
def compare_command(**options: Any) -> int:
    """Compare two run files (or report folders), or two targets that are run with the same seed.

    Told are the rules that come to different outcomes, the freedoms of the documentation that are used differently, and the shortest
    program on which the two differ.

    \b
    amps-conformance compare old/run.jsonl new/run.jsonl
    amps-conformance compare old.test:9007 new.test:9007 --profile pr --time-limit 2m

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 4 a target cannot be measured.
    """  # noqa: D301 (see report)
    from conformance.cli import comparing

    _terminable()
    return comparing.compare_two(**options)


@program.command("judge")
@_options(
    click.argument("path", type=PATH, default="amps-report", metavar="[RUN.JSONL or REPORT-DIR]"),
    report_dir("amps-report/judged"),
)
def judge_command(**options: Any) -> int:
    """Judge a recorded run with the model of this version, without a target.

    \b
    amps-conformance run --profile pr --record all    keep every recording
    amps-conformance judge amps-report/run.jsonl      judge them again, here or anywhere

    Scenarios that were not recorded whole cannot be judged; how many, and why, is told at the end. Exit codes are those of a run.
    """  # noqa: D301 (see report)
    from conformance.cli import judging

    return judging.judge(**options)


@program.command("rules", epilog=examples("rules"))
@_options(
    click.argument("rules", required=False, metavar="[RULE or GLOB]"),
    click.option("--exclude", metavar="GLOB", help="All but these."),
    click.option("--area", metavar="NAME", help="Only this area, for example SOW."),
    click.option("--tier", type=click.IntRange(1, 3), help="Only this tier; 1 is the core."),
    click.option("--level", type=click.Choice(["must", "default", "may", "undefined"]), help="Only this level."),
    click.option("--outcome", type=click.Choice(OUTCOMES), help="Only rules that came to this in the last run."),
    click.option(
        "--never-exercised", is_flag=True, help="The core rules that the profiles smoke and pr never put to the test, and why."
    ),
    click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True),
    click.option("--report-dir", type=PATH, default="amps-report", show_default=True, help="Where the last run is looked for."),
)
def rules_command(**options: Any) -> int:
    """List rules, or tell one in full: its text and source, where it is predicted, judged and broken, its last outcome."""
    from conformance.cli import telling

    return telling.rules(**options)


@program.command("completion", epilog=examples("completion"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> int:
    """Print what makes a shell complete commands and options. Put it where the shell reads it when it starts."""
    from conformance.cli import completing

    click.echo(completing.source(program, shell), nl=False)
    return 0


@program.command("config", epilog=examples("config"))
@_options(
    click.option("--slots", type=click.IntRange(1, 100), default=8, show_default=True, help="How many slots; a worker uses one."),
    click.option("--port", type=click.IntRange(1, 65535), default=9007, show_default=True, help="Where the server shall listen."),
    click.option("--txlog", is_flag=True, help="With a transaction log over some of the topics."),
)
def config_command(**options: Any) -> int:
    """Print the AMPS configuration (XML) that a server needs to be tested."""
    from conformance.cli import telling

    return telling.config(**options)


@program.command("serve", epilog=examples("serve"))
@_options(
    click.option("--listen", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one. Default: a free port on 127.0.0.1."),
    click.option("--config", type=PATH, help="An AMPS configuration (XML). Default: what 'config' prints."),
    click.option("--slots", type=click.IntRange(1, 100), default=8, show_default=True, help="How many slots, without --config."),
    click.option("--seed", type=int, default=0, show_default=True, help="Decides what the documentation leaves to a server."),
    click.option("--mutant", "mutants", multiple=True, metavar="NAME", help="A single fault to serve with; 'list' names them."),
    click.option(
        "--delivery-delay",
        type=click.IntRange(0, 60_000),
        default=0,
        metavar="MS",
        help="Deliver live messages so many milliseconds after the change, long after the publisher's flush is acknowledged.",
    ),
    click.option("--trace", is_flag=True, help="A line on stderr for each message."),
)
def serve_command(**options: Any) -> int:
    """Serve as a small AMPS, for trying things out. The first line names the address; Ctrl-C ends it."""
    from conformance.cli import telling

    return telling.serve(**options)


@program.command("proxy", epilog=examples("proxy"))
@_options(
    click.option("--target", metavar="URI", required=True, help="The server that the way leads to."),
    click.option(
        "--toxic", "toxics", multiple=True, metavar="KIND[:NAME=N,...]", help="latency:latency_ms=50; slicer:average_bytes=1,upstream"
    ),
    click.option("--toxiproxy", metavar="HOST:PORT|auto", default="auto", show_default=True, help="Where toxiproxy is."),
    TOXIPROXY_UPSTREAM,
    TOXIPROXY_LISTEN,
)
def proxy_command(target: str, toxics: tuple[str, ...], **options: Any) -> int:
    """Make a slow or faulty way to a server, by toxiproxy. The first line names its address; Ctrl-C ends it."""
    from conformance.cli.proxying import proxy
    from conformance.run.settings import place_of

    place = place_of(options["toxiproxy"], options["toxiproxy_upstream"], options["toxiproxy_listen"])
    assert place is not None
    return proxy(target=target, toxics=toxics, place=place)


@program.command("doctor", epilog=examples("doctor"))
@_options(TARGET, TARGET_FILE, *TLS, SLOTS, TIMEOUT_SCALE, TARGET_CONFIG)
def doctor_command(**options: Any) -> int:
    """Say in plain words what a target is and what it lacks for a run."""
    from conformance.cli import telling

    return telling.doctor(**options)


@program.command("selftest", epilog=examples("selftest"))
@_options(
    click.option("--mutant", "mutants", multiple=True, metavar="NAME", help="Only this one; may be given several times. Default: all."),
    click.option("--clients", is_flag=True, help="The mutants of the reference client instead of those of the embedded server."),
    click.option("--smoke", "smoke_only", is_flag=True, help="The directed scenarios only, no random ones."),
    click.option("--quick", is_flag=True, help="Begin with the scenarios that were written for the rules that a mutant breaks."),
    click.option("--whole", is_flag=True, help="Then see whether the other rules that a mutant breaks are blamed."),
    click.option("--shrink", "shrinking", is_flag=True, help="Shrink what is found, and print the number of commands left."),
    click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many mutants at the same time."),
    click.option("--time-limit", metavar="DURATION", default="60s", show_default=True, help="How long each mutant may stay unfound."),
    click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of servers and random scenarios."),
    click.option("--report-dir", type=PATH, default="amps-report", show_default=True, help="Where selftest.json goes."),
    click.option("--table", type=PATH, metavar="FILE", help="Put the rows of this run into this table, too (docs/detection.json)."),
)
def selftest_command(*, clients: bool, **options: Any) -> int:
    """Does the harness find what is broken? Run every mutant of the embedded server (or reference client) until its first finding.

    Exit code 0: the server (or client) without fault conforms, and every mutant was found; 1 otherwise. The mutant no_fault has none:
    with it the exit code has to be 1.
    """
    from conformance.cli import selftesting, selftesting_clients

    if clients:
        common = {name: options.pop(name) for name in ("mutants", "time_limit", "seed", "report_dir")}
        if any(options[name] for name in ("smoke_only", "quick", "whole", "shrinking", "table")) or options["processes"] != 1:
            raise UsageError("--clients goes with --mutant, --time-limit, --seed and --report-dir")
        return selftesting_clients.selftest(**common)
    return selftesting.selftest(**options)


@program.group("adapter")
def adapter_group() -> None:
    """Work on an adapter: the program by which a client library is driven (docs/write-an-adapter.md)."""


@adapter_group.command("check", epilog=examples("check"))
@click.argument("command", metavar="CMD")
def adapter_check_command(**options: Any) -> int:
    """Hold a short conversation with an adapter, each line held to the schema of the protocol.

    Exit code 0: it speaks the protocol; 4: it does not. What its client does otherwise than expected is only a warning here.
    """
    from conformance.cli import telling

    return telling.adapter_check(**options)


def _terminable() -> None:
    """Treat SIGTERM like Ctrl-C: what was found is reported, the slot is emptied."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
