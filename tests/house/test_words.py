"""Words and calls that have no place here, each with what stands there instead."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {".git", ".tox", ".venv", ".hypothesis", "__pycache__", "build", "dist", "amps-report", "node_modules"}
TEXTS = {".py", ".md", ".toml", ".ini", ".cfg", ".json", ".xml", ".txt", ".yml", ".yaml", ".sh", ""}

WORDS = {
    r"\bTO[D]O\b": "do it, or write it into the issue tracker",
    r"\bFIX[M]E\b": "fix it",
    r"\bXX[X]\b": "say what is meant",
    r"raise NotImplemented[E]rror": "leave the function out until it does something",
    r"(?<![\w.~-])/(?:wor[k]|roo[t]|hom[e])/": "a path relative to the repository",
    r"(?<![\w/-])(?:\.\./)*share[d]/": "a page of this repository",
    r"\bbreakpoin[t]\(": "a test",
}

"""Patterns; the class of one letter keeps this file from matching itself."""

PACKAGES = ("reference_model", "strategies", "conformance", "reports")

CALLS = {
    "print": "click.echo in the command line, a value that is returned elsewhere",
    "time.sleep": "a wait for what is to happen, with a deadline",
    "input": "an option of the command line",
    "os._exit": "an exception",
}


def texts():
    for path in sorted(ROOT.rglob("*")):
        inside = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in inside)
        if path.is_file() and path.suffix in TEXTS and not hidden and not SKIPPED & set(inside):
            yield path


def python_files(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")) if not SKIPPED & set(path.parts)]


def name_of(node):
    """`time.sleep` of a call's function, empty if it is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""


def calls(tree):
    return [(name_of(node.func), node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize(("pattern", "instead"), WORDS.items(), ids=[pattern.replace("\\b", "")[:12] for pattern in WORDS])
def test_banned_words(pattern, instead):
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in texts()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert not found, f"instead: {instead}"


@pytest.mark.parametrize(
    ("text", "banned"),
    [
        ("# TO" + "DO later", True),
        ("open('/ro" + "ot/x')", True),
        ("see ../shar" + "ed/design.md", True),
        ("a shar" + "ed/exclusive lock", True),
        ("https://host/ho" + "me/page", False),
        ("METHODOLOGY", False),
        ("network/root-cause", False),
        ("framew" + "ork/x", False),
    ],
)
def test_the_search_for_words(text, banned):
    assert any(re.search(pattern, text) for pattern in WORDS) is banned


def test_banned_calls_in_the_packages():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}(): instead: {CALLS[name]}"
        for path in python_files(*PACKAGES)
        for name, line in calls(ast.parse(path.read_text("utf-8")))
        if name in CALLS
    ]
    assert not found


def own_calls(function):
    """Calls in the body of a function; those of functions inside it and those in loops, which poll, are left out."""
    todo = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            yield name_of(node.func), node.lineno
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.For | ast.While):
            todo += ast.iter_child_nodes(node)


def test_no_test_sleeps():
    """A scripted peer may be slow; a test itself polls for what is to happen, with a deadline, and never proves absence by sleeping."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in python_files("tests")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_")
        for name, line in own_calls(function)
        if name in {"time.sleep", "asyncio.sleep", "sleep"}
    ]
    assert not found


def test_the_search_for_sleeps():
    text = "def test_x():\n    time.sleep(1)\n    def peer():\n        time.sleep(2)\n    with a:\n        asyncio.sleep(3)\n"
    text += "    while not done:\n        time.sleep(4)\n"
    (function,) = ast.parse(text).body
    assert sorted(own_calls(function)) == [("asyncio.sleep", 6), ("time.sleep", 2)]


def test_every_module_says_what_lives_in_it():
    found = [
        str(path.relative_to(ROOT))
        for path in python_files(*PACKAGES, "scripts", "benchmarks", "examples")
        if (tree := ast.parse(path.read_text("utf-8"))).body and not ast.get_docstring(tree)
    ]
    assert not found


def test_every_excuse_for_a_linter_has_a_code_and_a_reason():
    """`noqa` and `type: ignore` name what they silence, and the rest of the comment says why."""
    marked = re.compile(r"#\s*(?:noqa|type:\s*ignore)")
    right = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s+\S*\s*\w+")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(*PACKAGES, "tests", "scripts", "benchmarks", "examples")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if marked.search(line) and not right.search(line) and path != Path(__file__)
    ]
    assert not found
