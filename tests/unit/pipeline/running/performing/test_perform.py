"""What becomes of what a task returns, writes and asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from stook.errors import CheckError, InputError, TaskError
from stook.pipeline import RunOptions, load_task, run
from tests.integration.pipeline_project import Project

PIPELINE = """
    import os
    from pathlib import Path

    import stook


    class Files(stook.Task):
        tags = {"stage": "raw"}
        version = "a"

        def run(self):
            self.path("notes.txt").write_text("text")
            self.path("plots/roc.txt").write_text("plot")
            return {"score": 0.5}


    class OnlyFiles(stook.Task):
        def run(self):
            folder = self.path("images")
            folder.mkdir()
            (folder / "1.txt").write_text("1")


    class SoleFile(stook.Task):
        def run(self):
            file = self.path("x.txt")
            file.write_text("1")
            return file


    class Bad(stook.Task):
        def run(self):
            raise RuntimeError("bad")


    class Unfinished(stook.Task):
        def run(self):
            try:
                yield Files()
            finally:
                Path("finally.txt").write_text(os.getcwd())
                raise ValueError("in finally")


    class Stopped(stook.Task):
        def requires(self):
            return [Unfinished(), Bad()]

        def run(self, *inputs):
            return 1


    @stook.task
    def by_function():
        stook.path("x.txt").write_text("1")


    class Clash(stook.Task):
        def run(self):
            self.path("x").write_text("1")
            return {"x": 2}


    class Nameless(stook.Task):
        def run(self):
            self.path("x").write_text("1")
            return [2]


    class Stream(stook.Task):
        kind: str = "arrow"
        parts: int = 3

        def run(self):
            for number in range(self.parts):
                yield frame(self.kind, number)


    def frame(kind, number):
        columns = {"number": [number], "text": [str(number)]}
        if kind == "polars":
            import polars
            return polars.DataFrame(columns)
        if kind == "pandas":
            import pandas
            return pandas.DataFrame(columns)
        import pyarrow as pa
        table = pa.table(columns)
        return table if kind == "arrow" else table.to_batches()[0]


    class Parts(stook.Task):
        def run(self):
            return {"first": map(lambda n: frame("arrow", n), range(2)), "rest": [1]}


    class Uneven(stook.Task):
        def run(self):
            import pyarrow as pa
            yield frame("arrow", 1)
            yield pa.table({"other": [1]})


    class Broken(stook.Task):
        def run(self):
            yield frame("arrow", 1)
            raise ValueError("half way")


    class Junk(stook.Task):
        def run(self):
            return iter([1, 2])


    class Asks(stook.Task):
        def run(self):
            first = yield Stream(parts=1)
            both = yield {"a": Stream(parts=2), "b": [SoleFile()]}
            return [first.data.num_rows, both["a"].data.num_rows, both["b"][0].path().read_text()]


    class Words(stook.Task):
        def requires(self):
            return stook.source("data.txt", name="raw")

        def run(self, raw):
            return len(raw.path().read_text().split())


    class AsksForWords(stook.Task):
        def run(self):
            words = yield Words()
            return words.data


    class AsksAndStreams(stook.Task):
        def run(self):
            first = yield Stream(parts=1)
            yield first.data
            yield first.data


    class Checked(stook.Task):
        parts: int = 3
        checks = [stook.checks.between("number", 0, 1)]

        def run(self):
            for number in range(self.parts):
                yield frame("arrow", number)


    class Passes(stook.Task):
        def requires(self):
            return Files()

        def run(self, files):
            return files


    class HandsOn(stook.Task):
        def run(self):
            return Path("data.txt")
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Tasks that leave all sorts of things."""
    project = Project(tmp_path)
    project.write({"tasks.py": PIPELINE, "data.txt": "1 2 3"})
    yield project
    project.forget()


def test_files_become_items_beside_what_is_returned(project: Project) -> None:
    """A file is an item of its name, and so is a folder; tags and version are those of the class."""
    bundle = project.run("tasks.py:Files").bundle
    assert [path for path, _ in bundle.items()] == ["score", "notes.txt", "plots"]
    assert (bundle["score"], bundle.path("notes.txt").read_text()) == (0.5, "text")
    assert bundle.path("plots/roc.txt").read_text() == "plot"
    assert (bundle.tags, bundle.lineage.version) == ({"stage": "raw"}, "a")
    assert project.run("tasks.py:OnlyFiles").bundle.path("images/1.txt").read_text() == "1"


def test_a_file_that_is_returned_is_not_kept_twice(project: Project) -> None:
    """It has the name that the task gives it; a function asks for its place too."""
    bundle = project.run("tasks.py:SoleFile").bundle
    assert [path for path, _ in bundle.items()] == [""]
    assert bundle.path().read_text() == "1"
    assert project.run("tasks.py:by_function").bundle.path("x.txt").read_text() == "1"


def test_nothing_is_left_of_the_folder_where_files_are_written(project: Project) -> None:
    """Also where the task fails."""
    project.run("tasks.py:Files")
    with pytest.raises(TaskError):
        project.run("tasks.py:Clash")
    assert list(project.store.repository.cache.glob("tasks/*")) == []


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("Clash", "it returns 'x', and has written a file of that name"),
        ("Nameless", "it returns a list, and has written x besides"),
        ("Uneven", "part 2 of the stream does not fit the first one: it has the columns other"),
        ("Junk", "a stream has the part 1, which is no table"),
        ("Stream?parts=0", "returned cannot be kept"),
    ],
)
def test_what_cannot_be_kept_is_said(project: Project, task: str, words: str) -> None:
    """The error names the task and what to do; nothing is kept."""
    if task.endswith("=0"):
        project.replace("tasks.py", "yield frame(self.kind, number)", "yield None if number else 0")
        task = "Stream"
        words = "a task yielded 0, which is neither a task nor a table"
    with pytest.raises((TaskError, InputError), match=words.replace("(", "\\(")) as caught:
        project.run(f"tasks.py:{task}")
    assert caught.value.hint
    assert project.store.versions("clash") == project.store.versions("stream") == []


@pytest.mark.parametrize("kind", ["arrow", "batch", "polars", "pandas"])
def test_frames_that_are_yielded_become_one_table(project: Project, kind: str) -> None:
    """Whatever library they are of; polars' come back as polars'."""
    data = project.run("tasks.py:Stream", {"kind": kind}).bundle.data
    table = data.to_arrow() if kind == "polars" else data
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == {"number": [0, 1, 2], "text": ["0", "1", "2"]}


def test_an_iterator_within_a_dict_is_a_table_too(project: Project) -> None:
    """Other items are as they are."""
    bundle = project.run("tasks.py:Parts").bundle
    assert (bundle["first"].num_rows, bundle["rest"]) == (2, [1])


def test_a_stream_that_breaks_off_leaves_nothing(project: Project) -> None:
    """The error is the task's own, with its traceback."""
    with pytest.raises(TaskError, match="tasks:Broken failed: ValueError: half way") as caught:
        project.run("tasks.py:Broken")
    assert "raise ValueError" in caught.value.facts["traceback"]
    assert project.store.versions("broken") == []


def test_tasks_that_are_yielded_are_made_and_recorded(project: Project) -> None:
    """Bundles come back in the shape in which they were asked for."""
    bundle = project.run("tasks.py:Asks").bundle
    assert bundle.data == [1, 2, "1"]
    assert [asked.name for asked in bundle.lineage.asked] == ["stream", "stream", "sole_file"]
    assert project.run("tasks.py:Asks").decision == "reused"
    assert project.run("tasks.py:AsksAndStreams").bundle.data.num_rows == 2


def test_a_task_that_waits_when_another_fails_ends_in_its_place(project: Project) -> None:
    """What it does at its end is done in the workspace, and what that raises hides nothing of what failed."""
    with pytest.raises(TaskError, match="Bad failed: RuntimeError"):
        project.run("tasks.py:Stopped")
    assert (project.folder / "finally.txt").read_text() == str(project.folder)


def test_a_task_that_was_asked_for_and_comes_out_otherwise_makes_the_asker_run(project: Project) -> None:
    """Its inputs may change as they like as long as its result is the same."""
    project.run("tasks.py:AsksForWords")
    (project.folder / "data.txt").write_text("4 5 6")
    assert project.ran("tasks.py:AsksForWords") == {"words"}
    (project.folder / "data.txt").write_text("4 5")
    result = project.run("tasks.py:AsksForWords")
    assert result.because == ("words, which it asked for, changed",)
    assert result.bundle.data == 2


def test_a_check_that_fails_keeps_the_rows_and_publishes_nothing(project: Project, tmp_path: Path) -> None:
    """A stream is checked as it goes by."""
    assert project.run("tasks.py:Checked", {"parts": "2"}).bundle.data.num_rows == 2
    project.forget()
    task = load_task("tasks.py:Checked", folder=project.folder)
    with pytest.raises(CheckError, match="number is outside") as caught:
        run(task(parts=5), store=project.store, options=RunOptions(folder=tmp_path / "run"))
    [file] = caught.value.facts["rejected"]
    import pyarrow.parquet as pq

    assert pq.read_table(file)["number"].to_pylist() == [2, 3, 4]
    assert Path(file).is_relative_to(tmp_path / "run" / "rejected")
    assert len(project.store.versions("checked")) == 1


def test_a_bundle_that_is_returned_is_kept_by_its_data(project: Project) -> None:
    """It has the same content under the task's own name."""
    result = project.run("tasks.py:Passes")
    assert [step.bundle.name for step in result.steps] == ["files", "passes"]
    assert result.steps[0].bundle.digest == result.bundle.digest


def test_a_file_that_a_task_hands_on_counts(project: Project) -> None:
    """A path that is returned is kept by its content, which is read when the task has ended."""
    assert project.run("tasks.py:HandsOn").bundle.path().read_text() == "1 2 3"
    (project.folder / "data.txt").write_text("4")
    os.utime(project.folder / "data.txt", (1_600_000_000, 1_600_000_000))
    assert project.run("tasks.py:HandsOn").because == ("data.txt, which it read, changed",)


def test_the_source_text_is_kept(project: Project) -> None:
    """Of the definitions that count, unless that is not wanted."""
    assert project.run("tasks.py:Stream").bundle.lineage.code_blob is not None
    project.forget()
    task = load_task("tasks.py:SoleFile", folder=project.folder)
    made = run(task(), store=project.store, options=RunOptions(keep_code=False))
    assert made.bundle.lineage.code_blob is None
