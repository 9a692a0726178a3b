"""docs/reference.md: options of commands and of pytest as they say themselves, exit codes, files. Used by scripts/generate-docs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

WIDTH = 120
"""Of the lines that click wraps; a table cell has none."""


def reference(generated: str, commands: click.Group, plugin: Any) -> str:
    """The whole page."""
    lines = [
        "# Options, files, exit codes",
        "",
        generated,
        "",
        "## Exit codes",
        "",
        "| code | means |",
        "| --- | --- |",
        "| 0 | conforming |",
        "| 1 | not conforming: a rule that the documentation states is broken (with `--strict` also one that it only implies) |",
        "| 2 | wrong usage |",
        "| 4 | not measured: unreachable, wrongly configured, or nothing was exercised |",
        "| 5 | an error of the harness |",
        "| 130 | interrupted; what was recorded is reported |",
        "",
        "Where several apply: 130, 1, 5, 4. pytest keeps its own codes: 0 passed, 1 failed, 2 interrupted, 5 no items; besides, 4: not",
        "measured, and 3: a mistake of ours.",
        "",
        "## Files",
        "",
        "What a run leaves in `amps-report/` is told in [Read a failure](reading-a-failure.md#files-of-a-run).",
        "Shapes of the files are JSON schemas in `conformance/schemas`.",
        "",
    ]
    for name, command in _leaves("amps-conformance", commands):
        lines += _command(name, command)
    return "\n".join([*lines, *_pytest(plugin)]) + "\n"


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from _leaves(f"{name} {word}", inner)
    else:
        yield name, command


def _command(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    about = [" ".join(part.replace("\b", "").split()) for part in (command.help or "").split("\n\n") if "\b" not in part]
    lines = [f"## {name}", "", f"    {usage}", "", *[line for part in about for line in (cell(part), "")]]
    records = [record for parameter in command.params if (record := parameter.get_help_record(context)) is not None]
    return [*lines, *_table(records)]


def _pytest(plugin: Any) -> list[str]:
    """The options that the plugin adds to pytest."""
    records: list[tuple[str, str]] = []

    class Recorder:
        def getgroup(self, *_: str) -> Recorder:
            return self

        def addoption(self, *names: str, metavar: str = "", choices: Any = (), help: str = "", **_: Any) -> None:  # noqa: A002  pytest's
            value = metavar or (f"[{'|'.join(choices)}]" if choices else "")
            records.append((f"{', '.join(names)} {value}".strip(), help))

    plugin.pytest_addoption(Recorder())
    return [
        "## pytest",
        "",
        "    pytest --target=HOST:PORT",
        "",
        "[In pytest](pytest.md) tells how the suites work.",
        "",
        *_table(records),
    ]


def _table(records: list[tuple[str, str]]) -> list[str]:
    rows = [f"| `{name.replace('|', chr(92) + '|')}` | {cell(' '.join(text.split()))} |" for name, text in records]
    return ["| option | what it does |", "| --- | --- |", *rows, ""] if rows else []


def cell(text: str) -> str:
    """A text that means itself in Markdown."""
    for char in "\\|*_<[":
        text = text.replace(char, f"\\{char}")
    return text
