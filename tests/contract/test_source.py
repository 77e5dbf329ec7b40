"""Rules of the source that no linter states."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CATCH_ALL_ALLOWED = {
    "cli/main.py",
    "pipeline/running/processes/worker.py",
    "pipeline/authoring/user_code.py",
    "storage/ahead.py",
}
PRIVATE_WORDS = {"utils", "helpers", "common", "manager", "misc"}


@pytest.fixture(scope="module")
def modules(project_root: Path) -> dict[str, ast.Module]:
    """Every module of the package by its path, parsed."""
    source = project_root / "src" / "stook"
    paths = [path for path in source.rglob("*.py") if "templates" not in path.parts]
    return {
        path.relative_to(source).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths
    }


def caught(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the exceptions that a module catches."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            yield "everything" if node.type is None else ast.unparse(node.type)


def test_everything_is_caught_in_few_places(modules: dict[str, ast.Module]) -> None:
    """Only the command line's one handler and the worker boundary catch every exception."""
    catching = {
        name
        for name, tree in modules.items()
        if {"everything", "Exception", "BaseException"} & set(caught(tree)) and not _reraises_all(tree)
    }
    assert catching <= CATCH_ALL_ALLOWED


def _reraises_all(tree: ast.Module) -> bool:
    handlers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    return all(isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None for node in handlers)


def test_no_module_is_a_drawer(modules: dict[str, ast.Module]) -> None:
    """Every module's name says what is in it."""
    assert [name for name in modules if PRIVATE_WORDS & set(Path(name).with_suffix("").parts)] == []


def test_every_module_says_what_it_is(modules: dict[str, ast.Module]) -> None:
    """Every module starts with a docstring."""
    assert [name for name, tree in modules.items() if not ast.get_docstring(tree)] == []
