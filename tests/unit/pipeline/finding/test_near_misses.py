"""Who names a task or a file that is not there is told what was meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stook.errors import StookError
from stook.pipeline import load_task

TASKS = """
import stook


class Sales(stook.Task):
    def run(self):
        return 1


class DayReport(stook.Task):
    def run(self):
        return 2


class Later(stook.Task):
    pass


class Model:
    pass


def clean():
    return 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with tasks at its top, in a folder, and in a folder that is called as a file in it."""
    (tmp_path / "stook.toml").write_text("")
    for name in (
        "near_shop.py",
        "near_below/near_deep.py",
        "near_many/near_many.py",
        "near_many/near_other.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TASKS)
    (tmp_path / "near_empty.py").write_text("import stook\n")
    (tmp_path / "near_plain").write_text(TASKS)
    (tmp_path / "near.dotted.py").write_text(TASKS)
    return tmp_path


def missed(target: str, folder: Path) -> tuple[str, str]:
    """Return what is said of a target, and the hint; the module is forgotten."""
    try:
        with pytest.raises(StookError) as caught:
            load_task(target, folder=folder)
    finally:
        for name in [name for name in sys.modules if name.startswith("near_")]:
            del sys.modules[name]
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("near_shop.py:sales", "stook run near_shop.py:Sales"),
        ("near_shop.py:DayRepotr", "stook run near_shop.py:DayReport"),
        ("near_shop.py:Nothing", "stook run near_shop.py:DayReport"),
        ("near_shop.py", "name one: stook run near_shop.py:DayReport"),
        ("near_shop.py::Sales", "stook run near_shop.py:Sales"),
        ("near_shop.Sales", "stook run near_shop:Sales"),
        ("Sales", "stook run near_shop.py:Sales"),
        ("day_report", "stook run near_shop.py:DayReport"),
        ("near_shp.py:Sales", "stook run near_shop.py:Sales"),
        ("near_deep.py:Sales", "stook run near_below/near_deep.py:Sales"),
        ("near_below:Sales", "name a file in it: stook run near_below/near_deep.py:Sales"),
        ("near_below/", "name a file in it: stook run near_below/near_deep.py"),
        (".", "name a file in it: stook run near_empty.py"),
        ("near_nowhere:Sales", "see ls, and mind the folder"),
    ],
)
def test_what_was_meant_is_the_next_command(folder: Path, target: str, hint: str) -> None:
    """Case, typos, dots, colons and folders are seen through; else it is said where to look."""
    assert missed(target, folder)[1] == hint


def test_a_file_of_the_workspace_is_found_from_below(folder: Path) -> None:
    """A path starts at the current folder, so the way up is given."""
    assert missed("near_shop.py:Sales", folder / "near_below")[1] == "stook run ../near_shop.py:Sales"


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("clean", "is a function", "write @stook.task above def clean"),
        ("Model", "is a class", "write class Model(stook.Task):"),
        ("Later", "has no run", "write def run(self, …): in class Later"),
    ],
)
def test_what_is_no_task_yet_is_told_how_to_be_one(folder: Path, name: str, said: str, hint: str) -> None:
    """A name that is there, and is something else, is not said to be missing."""
    message, next_step = missed(f"near_shop.py:{name}", folder)
    assert said in message
    assert next_step == hint


def test_a_file_without_tasks_says_how_to_write_one(folder: Path) -> None:
    """No command can be suggested, for there is nothing to run."""
    message, hint = missed("near_empty.py", folder)
    assert message == "near_empty.py has no task"
    assert hint == "write class …(stook.Task), or @stook.task as the first line above a function"


@pytest.mark.parametrize(
    ("target", "hint"),
    [("near_plain:Sales", "call it near_plain.py"), ("near.dotted.py", "call it near_dotted.py")],
)
def test_a_file_that_python_does_not_import_gets_another_name(folder: Path, target: str, hint: str) -> None:
    """The file is there, so it is not said to be missing."""
    assert missed(target, folder)[1] == hint


@pytest.mark.parametrize("file", ["near_many/near_many.py", "near_many/near_other.py"])
def test_a_file_called_as_its_folder_is_named(folder: Path, file: str) -> None:
    """Python takes the folder's name for that of the file, so that nothing in the folder can be imported."""
    message, hint = missed(f"{file}:Sales", folder)
    assert message.endswith(f"but near_many is {folder}/near_many/near_many.py")
    assert hint == "give near_many.py another name than that of a folder"
