"""Source as IPython keeps it."""

from __future__ import annotations

import linecache
from types import FunctionType

import pytest

from stook.pipeline.live.cells import Cells, notebook_name

_CELL = """import functools

@functools.cache
def clean(x):
    return x

LIMIT = 3
pair = lambda: 1, lambda: 2
"""


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Names of a notebook in which a cell was run."""
    monkeypatch.setitem(
        linecache.cache, "<cell>", (len(_CELL), None, _CELL.splitlines(keepends=True), "<cell>")
    )
    made: dict[str, object] = {"In": ["", "LIMIT = 1", "broken(", _CELL]}
    exec(compile(_CELL, "<cell>", "exec"), made)  # noqa: S102 - the cell is above
    return made


def _function(value: object) -> FunctionType:
    found = getattr(value, "__wrapped__", value)
    assert isinstance(found, FunctionType)
    return found


def test_a_function_is_found_with_its_decorators(names: dict[str, object]) -> None:
    """Its text begins at the first decorator, and so does its line."""
    function = _function(names["clean"])
    assert Cells(names).find_text("clean", function) == (3, "@functools.cache\ndef clean(x):\n    return x\n")


def test_a_variable_is_the_statement_that_bound_it_last(names: dict[str, object]) -> None:
    """Later cells go before earlier ones; what is no Python is passed over, and what was never bound is none."""
    assert Cells(names).find_text("LIMIT", 3) == (7, "LIMIT = 3\n")
    assert Cells(names).find_text("MISSING", 3) is None


def test_which_of_two_lambdas_on_a_line_is_not_told(names: dict[str, object]) -> None:
    """Their compiled code tells them apart."""
    first, second = names["pair"]  # type: ignore[misc]
    assert Cells(names).find_function(first.__code__) is None
    assert Cells(names).find_function(second.__code__) is None


def test_files_are_not_read() -> None:
    """A file may say by now what it did not when it was compiled; only what is kept in memory counts."""
    assert Cells({}).find_function(test_files_are_not_read.__code__) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({}, "notebook"),
        ({"__vsc_ipynb_file__": "/home/ann/a.ipynb"}, "a.ipynb"),
        ({"__session__": "b.ipynb"}, "b.ipynb"),
        ({"__session__": 3}, "notebook"),
    ],
)
def test_the_name_of_the_notebook(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, object], expected: str
) -> None:
    """Who shows it may say so; the folder is no part."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook_name(names) == expected
