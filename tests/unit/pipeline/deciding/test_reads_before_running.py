"""Files in `reads` are looked for before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError
from stook.pipeline import RunOptions, load_task, run
from stook.pipeline.planning import make_plan
from tests.integration.pipeline_project import Project

PIPELINE = """
    from pathlib import Path

    import stook

    HERE = Path(__file__).parent


    class First(stook.Task):
        def run(self):
            (HERE / "first.txt").write_text("has run")
            (HERE / "made").mkdir(exist_ok=True)
            (HERE / "made" / "a.csv").write_text("1")
            return 1


    class OneFile(stook.Task):
        reads = "gone.csv"

        def requires(self):
            return First()

        def run(self, first):
            return 1


    class Home(OneFile):
        reads = ["~"]


    class Pattern(OneFile):
        reads = ["made/*.csv"]

        def run(self, first):
            return (HERE / "made" / "a.csv").read_text()


    class Last(stook.Task):
        def requires(self):
            return OneFile()

        def run(self, one):
            return 1


    class Asking(stook.Task):
        def run(self):
            try:
                yield OneFile()
            except Exception as error:
                return str(error.kind)
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A workspace where the file is not there."""
    made = Project(tmp_path)
    made.write({"stook.toml": "", "tasks.py": PIPELINE})
    yield made
    made.forget()


@pytest.mark.parametrize("name", ["OneFile", "Last", "Home"])
def test_a_file_that_is_not_there_is_told_before_anything_runs(project: Project, name: str) -> None:
    """Neither a run nor a plan goes on, though a task above could run."""
    task = load_task(f"tasks.py:{name}", folder=project.folder)()
    with pytest.raises(InputError) as caught:
        run(task, store=project.store)
    assert caught.value.kind == ("reads-too-much" if name == "Home" else "read-not-found")
    with pytest.raises(InputError) as planned:
        make_plan(task, store=project.store)
    assert planned.value.message == caught.value.message
    assert not (project.folder / "first.txt").exists()


def test_what_fits_a_pattern_may_be_made_first(project: Project) -> None:
    """A pattern that nothing fits is no mistake."""
    assert project.run("tasks.py:Pattern").bundle.data == "1"


def test_a_task_that_is_taken_as_it_is_needs_no_file(project: Project) -> None:
    """Where only others run, and where the file came and went."""
    (project.folder / "gone.csv").touch()
    project.run("tasks.py:Last")
    (project.folder / "gone.csv").unlink()
    last = load_task("tasks.py:Last", folder=project.folder)()
    only = RunOptions(only=("Last",))
    assert run(last, store=project.store, options=only).decision == "reused"
    assert make_plan(last, store=project.store, options=only).steps[-1].decision == "reuse"


def test_a_task_that_is_asked_for(project: Project) -> None:
    """Whoever asks is told, and may go on without."""
    assert project.run("tasks.py:Asking").bundle.data == "read-not-found"
