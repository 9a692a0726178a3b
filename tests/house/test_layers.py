"""Imports point one way: the contracts of pyproject.toml, and what they cannot say."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPORTS_MAY_IMPORT = {"conformance.errors", "conformance.known", "conformance.results", "conformance.rules", "conformance.run_file"}

IMPURE = {
    "asyncio": "events of an Observation",
    "logging": "a value that is returned",
    "multiprocessing": "nothing: the model is a function",
    "os": "InstanceConfig",
    "pathlib": "a text that is passed in",
    "random": "a strategy that draws the value",
    "secrets": "a strategy that draws the value",
    "socket": "events of an Observation",
    "subprocess": "nothing: the model is a function",
    "tempfile": "a text that is passed in",
    "threading": "nothing: the model is a function",
    "time": "the times of an Observation",
    "uuid": "a value of the scenario",
}
"""Modules that the model must not import, with what stands there instead."""


def imports(file):
    """Every module that a file names in an import, with its line."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def modules(*packages):
    return [file for package in packages for file in sorted((ROOT / package).rglob("*.py"))]


def test_contracts():
    program = "import sys; from importlinter.cli import lint_imports_command as run; sys.argv = ['lint-imports', '--no-cache']; run()"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", modules("reports"), ids=lambda file: file.name)
def test_reports_see_results_rules_and_the_run_file_only(file):
    ours = ("reference_model", "strategies", "conformance")
    for module, line in imports(file):
        allowed = module in REPORTS_MAY_IMPORT or module.startswith("conformance.rules.")
        assert allowed or module.partition(".")[0] not in ours, f"{file.name}:{line} imports {module}"


def test_the_model_has_no_clock_no_randomness_and_no_outside():
    found = [
        f"{file.relative_to(ROOT)}:{line} imports {module}: use {IMPURE[module.partition('.')[0]]}"
        for file in modules("reference_model")
        for module, line in imports(file)
        if module.partition(".")[0] in IMPURE
    ]
    assert not found


def test_the_model_imports_the_standard_library_and_a_pcre_binding_only():
    allowed = sys.stdlib_module_names | {"pcre2", "reference_model"}
    found = {module for file in modules("reference_model") for module, _ in imports(file) if module.partition(".")[0] not in allowed}
    assert not found


def test_what_the_plugin_costs_at_start():
    """The module of the pytest entry point imports nothing heavy: it is loaded in every pytest of the environment."""
    heavy = {"hypothesis", "rich", "jsonschema", "conformance.runner", "conformance.server", "strategies", "reference_model.model"}
    program = f"import sys, conformance.plugin; print([m for m in {sorted(heavy)} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
