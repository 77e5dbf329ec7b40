"""Finding a task by file or module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError, StookError, TaskError
from stook.pipeline import load_task, load_tasks
from stook.pipeline.finding.locate import locate

ONE = "import stook\nclass Only(stook.Task):\n    def run(self):\n        return 1\n"


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Leave no module of a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("stook"):
            del sys.modules[name]


def test_a_sole_task_needs_no_name(tmp_path: Path) -> None:
    """Where a file has one task, the file is enough."""
    (tmp_path / "steps.py").write_text(ONE)
    assert load_task("steps.py", folder=tmp_path).__name__ == "Only"


def test_a_base_without_run_is_no_task(tmp_path: Path) -> None:
    """A class that others derive from, and that cannot run, is not offered."""
    base = "import stook\nclass Base(stook.Task):\n    day: int = 1\n"
    (tmp_path / "steps.py").write_text(base + "class Only(Base):\n    def run(self):\n        return 1\n")
    assert list(load_tasks("steps.py", folder=tmp_path)) == ["Only"]


def test_missing_name_lists_the_tasks(tmp_path: Path) -> None:
    """Without a name, or with an unknown one, the error names the tasks that there are."""
    (tmp_path / "steps.py").write_text(ONE + "class Another(Only):\n    pass\n")
    with pytest.raises(InputError, match=r"^steps\.py has several tasks: Another, Only(\ntry|$)"):
        load_task("steps.py", folder=tmp_path)
    with pytest.raises(NotFoundError, match=r"^steps\.py has no task Onyl; it has Another, Only(\ntry|$)"):
        load_task("steps.py:Onyl", folder=tmp_path)
    assert list(load_tasks("steps.py", folder=tmp_path)) == ["Only", "Another"]


def test_imported_tasks_are_not_the_files_own(tmp_path: Path) -> None:
    """A task that a file only imports is listed where the file has none of its own."""
    (tmp_path / "base_steps.py").write_text(ONE.replace("Only", "Imported"))
    (tmp_path / "steps.py").write_text("from base_steps import Imported\n" + ONE)
    (tmp_path / "front.py").write_text("from base_steps import Imported\n")
    assert list(load_tasks("steps.py", folder=tmp_path)) == ["Only"]
    assert list(load_tasks("front.py", folder=tmp_path)) == ["Imported"]


@pytest.mark.parametrize("target", ["gone.py:X", "gone:X", "gone.deeper:X"])
def test_missing_file_or_module(target: str, tmp_path: Path) -> None:
    """A file or module that is not there is said to be so."""
    with pytest.raises(NotFoundError, match=r"there is no file (or module )?gone"):
        load_task(target, folder=tmp_path)


def test_file_that_raises(tmp_path: Path) -> None:
    """What the user's file raises is shown with the user's own frames."""
    (tmp_path / "steps.py").write_text("def go():\n    return 1 / 0\n\n\ngo()\n")
    with pytest.raises(TaskError, match=r"^steps\.py cannot be imported: ZeroDivisionError") as caught:
        load_task("steps.py:X", folder=tmp_path)
    lines = str(caught.value.facts["traceback"]).splitlines()
    assert [line.strip() for line in lines if not line.strip().startswith("~")] == [
        "Traceback (most recent call last):",
        f'File "{tmp_path / "steps.py"}", line 5, in <module>',
        "go()",
        f'File "{tmp_path / "steps.py"}", line 2, in go',
        "return 1 / 0",
        "ZeroDivisionError: division by zero",
    ]


def test_file_that_is_no_python(tmp_path: Path) -> None:
    """A syntax error shows the line."""
    (tmp_path / "steps.py").write_text("def go(:\n")
    with pytest.raises(TaskError, match="SyntaxError") as caught:
        load_task("steps.py:X", folder=tmp_path)
    assert "def go(:" in str(caught.value.facts["traceback"])


def test_file_whose_import_is_missing(tmp_path: Path) -> None:
    """A module that the file wants and does not find is the file's failure, not a missing task."""
    (tmp_path / "steps.py").write_text("import not_there_at_all\n")
    with pytest.raises(TaskError, match="No module named 'not_there_at_all'"):
        load_task("steps.py:X", folder=tmp_path)


def test_name_is_relative_to_the_workspace(tmp_path: Path) -> None:
    """A file in a folder of a workspace is named from the workspace, and imports from there and from beside it."""
    (tmp_path / "stook.toml").write_text("")
    folder = tmp_path / "flows"
    folder.mkdir()
    (tmp_path / "shared_words.py").write_text("WORD = 'a'\n")
    (folder / "beside.py").write_text("WORD = 'b'\n")
    (folder / "steps.py").write_text("import shared_words, beside\n" + ONE)
    before = list(sys.path)
    task = load_task("steps.py:Only", folder=folder)
    assert locate(task).module == "flows.steps"
    assert load_task("flows/steps.py:Only", folder=tmp_path) is task
    assert load_task("flows.steps:Only", folder=tmp_path) is task
    assert sys.path == before


def test_file_in_a_package(tmp_path: Path) -> None:
    """A file in a package keeps its package, without a workspace too."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "words.py").write_text("WORD = 'a'\n")
    (tmp_path / "pack" / "steps.py").write_text("from .words import WORD\n" + ONE)
    assert locate(load_task("pack/steps.py:Only", folder=tmp_path)).module == "pack.steps"


def test_name_that_python_has(tmp_path: Path) -> None:
    """A file whose name is that of another module is refused rather than mistaken for it."""
    (tmp_path / "json.py").write_text(ONE)
    with pytest.raises(InputError, match=r"json\.py would be imported as json, which is "):
        load_task("json.py:Only", folder=tmp_path)


def test_what_is_abstract_is_no_task(tmp_path: Path) -> None:
    """A base that cannot be made is left out, so that the one task of a file need not be named."""
    (tmp_path / "abstract_base.py").write_text(
        "import abc, stook\nclass Base(stook.Task, abc.ABC):\n    @abc.abstractmethod\n    def run(self): ...\n"
        "class Made(Base):\n    def run(self): return 1\n"
    )
    assert load_task("abstract_base.py", folder=tmp_path).__name__ == "Made"
    with pytest.raises(StookError, match="Base"):
        load_task("abstract_base.py:Base", folder=tmp_path)


def test_a_file_without_tasks_is_told_how_to_write_one(tmp_path: Path) -> None:
    """The hint names no task that is not there."""
    (tmp_path / "empty_of_tasks.py").write_text("number = 1\n")
    for name in ("", ":X"):
        with pytest.raises(StookError, match="has no task") as caught:
            load_task(f"empty_of_tasks.py{name}", folder=tmp_path)
        assert "stook.Task" in caught.value.hint
