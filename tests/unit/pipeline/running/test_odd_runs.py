"""Tasks that do while they run what nobody should, and what comes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import StookError, TaskError
from tests.integration.pipeline_project import Project

PIPELINE = """
    import os
    import sys
    import tempfile
    from pathlib import Path

    import stook


    class Outside(stook.Task):
        def run(self):
            Path("side.txt").write_text("side")
            return 1


    class Table(stook.Task):
        def run(self):
            import pandas
            self.path("x.txt").write_text("given")
            return {"table": pandas.DataFrame({"a": [1, 2]}), "list": [1]}


    class Spoils(stook.Task):
        def requires(self):
            return Table()

        def run(self, table):
            data = table.data
            data["table"]["a"] = 0
            data["list"].append(2)
            refused = False
            if os.access(data["x.txt"], os.W_OK) and os.geteuid():
                refused = True
            return int(table["table"]["a"].sum()), table["list"], refused


    class After(stook.Task):
        def requires(self):
            return {"table": Table(), "spoiled": Spoils()}

        def run(self, table, spoiled):
            return int(table["table"]["a"].sum())


    class Here(stook.Task):
        def run(self):
            here = os.getcwd()
            os.chdir(tempfile.mkdtemp())
            return here


    class HereAgain(stook.Task):
        def requires(self):
            return Here()

        def run(self, here):
            return os.getcwd()


    class Sets(stook.Task):
        def run(self):
            os.environ["ODD"] = "set"
            return 1


    class Finds(stook.Task):
        def requires(self):
            return Sets()

        def run(self, sets):
            return os.environ.get("ODD", "nothing")


    class Leaves(stook.Task):
        code: int = 0

        def run(self):
            sys.exit(self.code)


    class Strange(BaseException):
        def __str__(self):
            raise ValueError("no words")


    class Raises(stook.Task):
        def run(self):
            raise Strange


    class Deep(stook.Task):
        def run(self):
            return self.run()


    class Open(stook.Task):
        def run(self):
            return open("tasks.py")


    class Lambda(stook.Task):
        def run(self):
            return {"f": [lambda: 1]}


    class Holds(stook.Task):
        def run(self):
            found = []
            found.append(found)
            return found


    class Gone(stook.Task):
        def run(self):
            file = Path("gone.txt")
            file.write_text("1")
            file.unlink()
            return file


    class Linked(stook.Task):
        def run(self):
            Path("link.txt").symlink_to("real.txt")
            return Path("link.txt")


    class Far(stook.Task):
        def run(self):
            folder = Path(tempfile.mkdtemp())
            (folder / "far.txt").write_text("far")
            return folder / "far.txt"


    class Huge(stook.Task):
        words: str

        def run(self):
            return len(self.words)


    class Patches(stook.Task):
        def run(self):
            import json
            json.loads = lambda text: "patched"
            return json.loads("1")


    class Many(stook.Task):
        def run(self):
            return list(range(10_000_000))
    """

FORKS = """
    import os
    import stook

    class Forks(stook.Task):
        how: str

        def run(self):
            child = os.fork()
            if child:
                _, status = os.waitpid(child, 0)
                return os.waitstatus_to_exitcode(status)
            if self.how == "raises":
                raise ValueError("in the child")
            if self.how == "leaves":
                raise SystemExit(7)
            return "in the child"

    class Streams(stook.Task):
        def run(self):
            import pyarrow as pa
            yield pa.table({"a": [os.getpid()]})
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            yield pa.table({"a": [os.getpid()]})
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Odd tasks."""
    project = Project(tmp_path)
    project.write({"tasks.py": PIPELINE, "real.txt": "real"})
    yield project
    project.forget()


def test_what_is_written_elsewhere_is_no_part_of_the_result(project: Project) -> None:
    """It is allowed, and it is not made again where the task is reused."""
    project.run("tasks.py:Outside")
    (project.folder / "side.txt").unlink()
    assert project.run("tasks.py:Outside").decision == "reused"
    assert not (project.folder / "side.txt").exists()


def test_an_input_that_is_changed_in_place_is_changed_for_nobody_else(project: Project) -> None:
    """Each time it is asked for it is read anew; files are read-only."""
    result = project.run("tasks.py:After")
    assert result.bundle.data == 3
    assert project.run("tasks.py:Spoils").bundle.data == (3, [1], False)


def test_the_current_folder_is_the_workspace(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the run was started, whatever the task before did; and afterwards it is as it was."""
    elsewhere = project.folder.parent
    monkeypatch.chdir(elsewhere)
    result = project.run("tasks.py:HereAgain")
    assert [step.bundle.data for step in result.steps] == [str(project.folder.resolve())] * 2
    assert Path.cwd() == elsewhere


def test_variables_that_a_task_sets_do_not_outlast_it(project: Project) -> None:
    """The next task does not see them."""
    assert project.run("tasks.py:Finds").bundle.data == "nothing"
    assert "ODD" not in os.environ


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("Leaves", "tasks:Leaves failed: SystemExit: 0"),
        ("Raises", "tasks:Raises failed: Strange: it cannot say what"),
        ("Deep", "tasks:Deep failed: RecursionError"),
        ("Open", "which no codec can keep safely"),
        ("Lambda", "data\\['f'\\]\\[0\\] is of type function"),
        ("Holds", "nested more than 100 levels deep"),
        ("Gone", "gone.txt"),
    ],
)
def test_it_fails_with_clear_words(project: Project, task: str, words: str) -> None:
    """It leaves nothing, and the run is told."""
    with pytest.raises(TaskError, match=words) as caught:
        project.run(f"tasks.py:{task}")
    assert caught.value.hint
    assert project.store.versions(task.lower()) == []


def test_paths_are_kept_by_what_is_there(project: Project) -> None:
    """Through a link the file that it leads to; from anywhere on the machine."""
    linked = project.run("tasks.py:Linked").bundle
    assert linked.path().read_text() == "real"
    assert project.run("tasks.py:Far").bundle.path().read_text() == "far"
    assert project.run("tasks.py:Far").decision == "reused"


def test_a_parameter_may_be_megabytes_long(project: Project) -> None:
    """It counts as any other, until it does not fit into what is recorded."""
    given = {"words": "x" * 5_000_000}
    assert project.run("tasks.py:Huge", given).bundle.data == 5_000_000
    assert project.run("tasks.py:Huge", given).decision == "reused"
    with pytest.raises(StookError, match="more than a description takes") as caught:
        project.run("tasks.py:Huge", {"words": "x" * 20_000_000})
    assert "as data" in caught.value.hint


def test_a_task_that_patches_python_patches_it_for_the_process(project: Project) -> None:
    """Nobody can undo that: with more jobs than one it is another process."""
    import json

    loads = json.loads
    try:
        assert project.run("tasks.py:Patches").bundle.data == "patched"
        assert json.loads is not loads
    finally:
        json.loads = loads


@pytest.mark.parametrize(("how", "code"), [("returns", 0), ("raises", 1), ("leaves", 7)])
def test_a_child_that_comes_back_from_run_ends_there(tmp_path: Path, how: str, code: int) -> None:
    """The parent alone publishes, and goes on as if nothing had been."""
    project = Project(tmp_path)
    project.write({"forks.py": FORKS})
    again = "import sys; from pathlib import Path; from tests.integration.pipeline_project import Project; "
    told = f"{again}print(Project(Path({str(tmp_path)!r})).run('forks.py:Forks', {{'how': {how!r}}}).bundle.data)"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{code}\n"
    assert ("ValueError: in the child" in done.stderr) == (how == "raises")
    assert len(project.store.versions("forks")) == 1
    told = f"{again}print(Project(Path({str(tmp_path)!r})).run('forks.py:Streams').bundle.data.num_rows)"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, len(project.store.versions("streams"))) == ("2\n", 1)


@pytest.mark.full
def test_ten_million_small_values_are_kept(project: Project) -> None:
    """As one value; a table of them would take a hundredth of the time."""
    assert project.run("tasks.py:Many").bundle.size > 70_000_000
