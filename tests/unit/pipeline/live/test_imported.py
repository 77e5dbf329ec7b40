"""Modules that a process has, against their files."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import stook
from stook.errors import InputError
from stook.pipeline.closure import Closure, Codebase, Entry, close
from stook.pipeline.finding.importing import forget_bytecode, importable
from stook.pipeline.live.imported import check_imported

_SOURCE = '''
import functools
import stook

LIMIT = 3
NAMES = ["a", "b"]
TABLE = [LIMIT for _ in range(2)]
FILLED = {}
FILLED["x"] = 1


class Config:
    depth = 2

    def shown(self):
        return self.depth

    @property
    def twice(self):
        return 2 * self.depth


def helper(x, y=1, *, z=2):
    """Help."""
    return x + y + z + LIMIT


@functools.cache
def kept(x):
    return -x


def unused():
    return 1


class Work(stook.Task):
    size: int = 1

    def requires(self):
        return None

    def run(self):
        return helper(self.size), NAMES, TABLE, FILLED, Config().shown(), kept(1)


@stook.task(requires=lambda: None)
def quick(*, more: int = 1):
    return more
'''


class _Project:
    """A module in a folder, imported here."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "imported_work.py"
        self.folder = folder
        self.file.write_text(_SOURCE)
        with importable((folder,)):
            self.module: ModuleType = importlib.import_module("imported_work")

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert text.count(old) == 1
        self.file.write_text(text.replace(old, new))

    def reload(self) -> None:
        with importable((self.folder,)):
            importlib.reload(self.module)

    def closure(self, task: str = "Work") -> Closure:
        return close([Entry("imported_work", task)], Codebase((self.folder,)))

    def check(self, task: str = "Work", *held: object) -> None:
        check_imported(self.closure(task), getattr(self.module, task), held)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[_Project]:
    """A module in a folder, imported here."""
    made = _Project(tmp_path)
    yield made
    del sys.modules["imported_work"]


_EDITS = [
    ("LIMIT = 3", "LIMIT = 4", "LIMIT"),
    ("LIMIT = 3", "LIMIT = 3.0", "LIMIT"),
    ('["a", "b"]', '["a", "c"]', "NAMES"),
    ('["a", "b"]', '["a", "b", "c"]', "NAMES"),
    ("x + y", "x - y", "helper"),
    ("y=1", "y=2", "helper"),
    ("z=2", "z=3", "helper"),
    ("return -x", "return +x", "kept"),
    ("depth = 2", "depth = 3", "Config"),
    ("return self.depth\n", "return -self.depth\n", "Config"),
    ("return 2 *", "return 3 *", "Config"),
    ("    @property", "    def more(self):\n        return 1\n\n    @property", "Config"),
    ("helper(self.size)", "helper(self.size + 1)", "Work"),
    ("return None", "return []", "Work"),
    ("size: int = 1", "size: int = 2", "Work"),
]


@pytest.mark.parametrize(("old", "new", "name"), _EDITS)
def test_what_was_edited_is_named(project: _Project, old: str, new: str, name: str) -> None:
    """Old code is not run for new; reloaded, it is new, and the file as it was is no edit."""
    project.check()
    project.edit(old, new)
    with pytest.raises(InputError, match=rf"imported_work.py was edited after .*\b{name}\b") as caught:
        project.check()
    assert (caught.value.kind, caught.value.facts["module"]) == ("edited-after-import", "imported_work")
    assert caught.value.hint.startswith("run it again; in a notebook")  # a run in a terminal may meet it too
    project.edit(new, old)
    project.check()
    project.edit(old, new)
    project.reload()
    project.check()


@pytest.mark.parametrize(("old", "new", "name"), _EDITS)
def test_also_before_the_first_run(project: _Project, old: str, new: str, name: str) -> None:
    """A module need not have been looked at when it was like its file."""
    project.edit(old, new)
    with pytest.raises(InputError, match=name):
        project.check()


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [("range(2)", "range(3)", "TABLE"), ('["x"] = 1', '["x"] = 2', "body"),
     ("functools.cache\n", "functools.lru_cache\n", "kept")],
)  # fmt: skip
def test_what_is_computed_is_known_from_the_text(project: _Project, old: str, new: str, name: str) -> None:
    """Once a module was like its file, any later change of what counts is one, until it is reloaded."""
    project.check()
    project.edit(old, new)
    with pytest.raises(InputError, match=name):
        project.check()
    project.reload()
    project.check()


@pytest.mark.parametrize(
    ("old", "new"),
    [("Help.", "Be of help."), ("LIMIT = 3", "# a limit\nLIMIT = 3"), ("return 1", "return 2"),
     ("(x, y=1", "(x: int, y=1")],
)  # fmt: skip
def test_what_does_not_count_is_no_edit(project: _Project, old: str, new: str) -> None:
    """Comments, docstrings, plain annotations, definitions that the task does not use."""
    project.edit(old, new)
    project.check()


def test_a_task_that_is_a_function(project: _Project) -> None:
    """It is looked at as any other function."""
    project.check("quick")
    project.edit("return more", "return -more")
    with pytest.raises(InputError, match="quick"):
        project.check("quick")


def test_a_table_that_was_filled_is_no_edit(project: _Project) -> None:
    """What other code put into a list is not told from the file."""
    project.module.NAMES.append("c")  # type: ignore[attr-defined]
    project.check()


def test_a_value_that_a_program_has_set_is_no_edit(project: _Project) -> None:
    """Where the file changed elsewhere, a variable whose text stayed is taken as it is."""
    project.check()
    project.module.LIMIT = 5  # type: ignore[attr-defined]
    project.edit("return 1", "return 2")
    project.check()


def test_what_is_held_from_before_a_reload(project: _Project) -> None:
    """A function that was imported by name stays what it was when its module is reloaded."""
    old = project.module.helper  # type: ignore[attr-defined]
    project.check("Work", old)
    project.edit("x + y", "x - y")
    forget_bytecode(str(project.file))
    project.reload()
    project.check("Work")
    with pytest.raises(InputError, match="helper"):
        project.check("Work", old)
    project.check("Work", project.module.helper)  # type: ignore[attr-defined]


def test_a_run_refuses_old_code(project: _Project) -> None:
    """`stook.run` ends with the error before anything runs."""
    work = project.module.Work  # type: ignore[attr-defined]
    assert stook.run(work()).decision == "ran"
    project.edit("x + y", "x - y")
    for jobs in (1, 2):
        with pytest.raises(InputError, match="helper"):
            stook.run(work(), jobs=jobs)
    project.reload()
    assert stook.run(project.module.Work()).decision == "ran"  # type: ignore[attr-defined]
