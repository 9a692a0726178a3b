"""Where options come from besides the command line: the table [tool.amps-conformance] of a pyproject.toml, and the target file.

    [tool.amps-conformance]             for every command that has the option
    target-file = "amps.toml"
    timeout-scale = 2
    [tool.amps-conformance.run]         for one command
    profile = "pr"

Names are those of the command line without the dashes. The command line counts first, then the target file, the table of the command,
the common table. Paths are relative to the file that names them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from conformance.errors import UsageError

FILE: Final = "pyproject.toml"
TABLE: Final = "amps-conformance"


def default_map(program: click.Group, folder: Path) -> dict[str, Any]:
    """Per command the values of the nearest pyproject.toml at or above `folder` that has our table, if any. Raises UsageError."""
    for place in (folder, *folder.parents):
        file = place / FILE
        table = _table(file) if file.is_file() else None
        if table is not None:
            try:
                return _by_command(program, table, place)
            except UsageError as error:
                raise UsageError(f"{os.path.relpath(file, folder)}: [tool.{TABLE}]: {error}") from None
    return {}


def _table(file: Path) -> Mapping[str, Any] | None:
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is no TOML file: {type(error).__name__}") from None
    tool = data.get("tool", {})
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _by_command(program: click.Group, table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    commands = {name: command for name, command in program.commands.items() if not isinstance(command, click.Group)}
    common = {name: value for name, value in table.items() if not isinstance(value, dict)}
    own = {name: value for name, value in table.items() if isinstance(value, dict)}
    unknown = sorted(own.keys() - commands.keys())
    if unknown:
        raise UsageError(f"there is no command '{unknown[0]}'")
    known = {name for command in commands.values() for name in _options(command)}
    stranger = sorted(common.keys() - known)
    if stranger:
        raise UsageError(f"there is no option '{stranger[0]}'")
    found: dict[str, dict[str, Any]] = {name: {} for name in commands}
    for option, value in common.items():
        _for_all(found, commands, option, value, folder)
    for name, values in own.items():
        options = _options(commands[name])
        stranger = sorted(values.keys() - options.keys())
        if stranger:
            raise UsageError(f"{name} has no option '{stranger[0]}'")
        found[name] |= {str(options[option].name): _value(options[option], option, value, folder) for option, value in values.items()}
    return found


def _for_all(found: dict[str, dict[str, Any]], commands: Mapping[str, click.Command], name: str, value: object, folder: Path) -> None:
    """Give a common value to every command that takes it: --slots of config is a number, that of run a range. UsageError: none does."""
    refused: UsageError | None = None
    taken = False
    for command, option in [(command, _options(commands[command]).get(name)) for command in commands]:
        if option is not None:
            try:
                found[command][str(option.name)] = _value(option, name, value, folder)
                taken = True
            except UsageError as error:
                refused = error
    if refused is not None and not taken:
        raise refused


def _options(command: click.Command) -> dict[str, click.Option]:
    """The options of a command by their long names without dashes."""
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    return {name.removeprefix("--"): option for option in options for name in option.opts if name.startswith("--")}


def _value(option: click.Option, name: str, value: object, folder: Path) -> object:
    """The value as the option takes it. UsageError: it does not."""
    if option.is_flag and not isinstance(value, bool):
        raise UsageError(f"{name} is true or false")
    values = list(_single(option, name, value))
    if isinstance(option.type, click.Path):
        values = [str(folder / text) for text in values]
    given = values if option.multiple else values[0]
    try:
        option.type_cast_value(click.Context(click.Command(name)), given)
    except click.BadParameter as error:
        raise UsageError(f"{name}: {error.message}") from None
    return given


def _single(option: click.Option, name: str, value: object) -> Iterator[Any]:
    for one in value if option.multiple and isinstance(value, list) else [value]:
        if not isinstance(one, str | int | float):
            raise UsageError(f"{name} takes one value, no {type(one).__name__}")
        yield one if option.is_flag else str(one)


def use_target_file(context: click.Context, parameter: click.Parameter, value: Path | None) -> Any:
    """Callback of --target-file, before the others: what the file says becomes their default. Returns the TargetFile, or None."""
    if value is None or context.resilient_parsing:
        return None
    from conformance.targets.target_file import read

    here = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    if not here and context.get_parameter_source("target") is ParameterSource.COMMANDLINE:
        return None  # another server than the usual one
    found = read(value)
    names = {option: known.name for option, known in _options(context.command).items()}
    given = {names[option]: value for option, value in found.options.items() if option in names}
    context.default_map = {**(context.default_map or {}), **given}
    return found
