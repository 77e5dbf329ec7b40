"""Processes run the code that was fingerprinted, wherever the pipeline was written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_HEAD = """
import enum, os, sys
from pathlib import Path
import stook
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions

Path("runs").open("a").write(f"{__name__}\\n")
"""

_TASKS = """
class Colour(enum.Enum):
    RED = 1


class One(stook.Task):
    number: int = 0
    colour: Colour = Colour.RED

    def run(self):
        return [self.number, self.colour.name, __name__]


class Asks(stook.Task):
    def run(self):
        one = yield One(number=3)
        return one.data


class All(stook.Task):
    def requires(self):
        return [One(number=1), One(number=2), Asks()]

    def run(self, *ones):
        return [one.data for one in ones]
"""

_RUN = """
result = run(All(), store=stook.open("store"), options=RunOptions(jobs=2))
print(result.bundle.data)
"""


def _python(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("guard", ["", "if __name__ == '__main__':"])
def test_a_script(tmp_path: Path, guard: str) -> None:
    """The tasks of a script run under its name as a module; with a guard or without it does not run itself again."""
    run = f"{guard}\n{_indented(_RUN)}" if guard else _RUN
    (tmp_path / "pipeline.py").write_text(_HEAD + _TASKS + run, encoding="utf-8")
    said = _python(tmp_path, "pipeline.py")
    assert said == "[[1, 'RED', 'pipeline'], [2, 'RED', 'pipeline'], [3, 'RED', 'pipeline']]\n"
    names = (tmp_path / "runs").read_text().split()
    assert names[0] == "__main__"
    assert set(names[1:]) == {"pipeline"}


def test_a_module_as_a_script(tmp_path: Path) -> None:
    """`python -m package.module` runs its tasks under that name."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "tasks.py").write_text(_HEAD + _TASKS + _RUN, encoding="utf-8")
    assert "'shop.tasks'" in _python(tmp_path, "-m", "shop.tasks")


def test_tasks_of_another_module(tmp_path: Path) -> None:
    """A script whose tasks are elsewhere is not imported for them."""
    (tmp_path / "tasks.py").write_text(_HEAD.replace('"runs"', '"imports"') + _TASKS, encoding="utf-8")
    (tmp_path / "go.py").write_text(_HEAD + "from tasks import All\n" + _RUN, encoding="utf-8")
    assert "'tasks'" in _python(tmp_path, "go.py")
    assert (tmp_path / "runs").read_text().split() == ["__main__"]


def test_a_module_that_runs_a_pipeline_when_imported(tmp_path: Path) -> None:
    """Such a module cannot be imported by the processes of that very pipeline; the error says what to do."""
    (tmp_path / "other.py").write_text(
        _HEAD + _TASKS.replace("class One", "import own\n\nclass One") + _RUN, encoding="utf-8"
    )
    (tmp_path / "own.py").touch()
    words = "import other\n"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert "a module that it imports runs a pipeline when it is imported" in done.stderr
    assert '__main__":' in done.stderr


_EDITS = """
class Edits(stook.Task):
    def run(self):
        file = Path("part.py")
        file.write_text(file.read_text().replace("1", "2"))
        return 0


class After(stook.Task):
    def requires(self):
        return Edits()

    def run(self, edits):
        from part import value
        return value()
"""


_TRY = """
from stook.errors import TaskError
for _ in range(2):
    try:
        print(run(TASK(), store=stook.open("store"), options=RunOptions(jobs=JOBS)).bundle.data)
    except TaskError as error:
        print(error.kind, stook.open("store").find(TASK.__name__.lower()))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_code_that_changes_before_it_is_imported(tmp_path: Path, jobs: int) -> None:
    """Code that is edited before the run comes to it counts and runs as it is by then."""
    (tmp_path / "part.py").write_text("def value():\n    return 1\n", encoding="utf-8")
    end = _TRY.replace("TASK", "After").replace("JOBS", str(jobs))
    (tmp_path / "pipeline.py").write_text(
        _HEAD + _EDITS + f"if __name__ == '__main__':\n{_indented(end)}", encoding="utf-8"
    )
    assert _python(tmp_path, "pipeline.py").split() == ["2", "2"]


_YOUNG = """
class First(stook.Task):
    def run(self):
        return 0


class Young(stook.Task):
    def run(self):
        from part import value
        return value()


store = stook.open("store")
run(First(), store=store)
Path("part.py").write_text("def value():\\n    return 1\\n")
print(run(Young(), store=store).bundle.data)
"""


def test_code_that_is_written_just_before_the_run(tmp_path: Path) -> None:
    """A file that is as new as the run, and is imported by the task, is what the run has decided on."""
    (tmp_path / "pipeline.py").write_text(_HEAD + _YOUNG, encoding="utf-8")
    assert _python(tmp_path, "pipeline.py").split() == ["1"]


_LATE = """
class Late(stook.Task):
    number: int = 0

    def run(self):
        if not self.number:
            file = Path("part.py")
            file.write_text(file.read_text().replace("1", "2"))
        from part import value
        return value()
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_code_that_changes_while_the_task_runs(tmp_path: Path, jobs: int) -> None:
    """The same holds where the task is at work already when it imports what was edited."""
    (tmp_path / "part.py").write_text("def value():\n    return 1\n", encoding="utf-8")
    end = _TRY.replace("TASK", "Late").replace("JOBS", str(jobs))
    (tmp_path / "pipeline.py").write_text(
        _HEAD + _LATE + f"if __name__ == '__main__':\n{_indented(end)}", encoding="utf-8"
    )
    assert _python(tmp_path, "pipeline.py").splitlines()[0] == "code-changed-meanwhile None"


@pytest.mark.parametrize("jobs", [1, 2])
def test_edits_of_what_is_imported_already(tmp_path: Path, jobs: int) -> None:
    """Code that is edited while tasks run that have it hinders nothing: they run what was decided on."""
    (tmp_path / "part.py").write_text("def value():\n    return 1\n", encoding="utf-8")
    end = _TRY.replace("TASK", "Late").replace("JOBS", str(jobs)).replace("range(2)", "range(1)")
    text = _HEAD + "from part import value\n" + _LATE + f"if __name__ == '__main__':\n{_indented(end)}"
    (tmp_path / "pipeline.py").write_text(
        text.replace("        from part import value\n", ""), encoding="utf-8"
    )
    assert _python(tmp_path, "pipeline.py") == "1\n"


_OLD = """
class Old(stook.Task):
    def run(self):
        exec("import part")
        return os.getpid()


class Edits(stook.Task):
    def requires(self):
        return Old()

    def run(self, old):
        file = Path("part.py")
        file.write_text(file.read_text().replace("1", "2"))
        return old.data
"""

_NEW = """
from old import Edits


class New(stook.Task):
    def requires(self):
        return Edits()

    def run(self, edits):
        from part import value
        return [value(), edits.data == os.getpid()]


"""


def test_a_process_that_has_old_code_is_replaced(tmp_path: Path) -> None:
    """A process that has imported a file before it was edited does no task that was decided with the new content."""
    (tmp_path / "part.py").write_text("def value():\n    return 1\n", encoding="utf-8")
    end = _RUN.replace("All()", "New()")
    (tmp_path / "old.py").write_text(_HEAD + _OLD, encoding="utf-8")
    (tmp_path / "pipeline.py").write_text(
        _HEAD + _NEW + f"if __name__ == '__main__':\n{_indented(end)}", encoding="utf-8"
    )
    assert _python(tmp_path, "pipeline.py") == "[2, False]\n"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip().splitlines())
