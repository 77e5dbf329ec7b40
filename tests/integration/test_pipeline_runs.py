"""Running tasks on a real store: what is kept, what is reused, and why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError, TaskError
from stook.model.events import Event, RunEnded, RunStarted, TaskAdded, TaskFailed, TaskFinished, TaskStarted
from stook.pipeline import Others, RunResult, load_task, run
from stook.pipeline.planning import make_plan, why
from tests.git_repository import commit_all
from tests.integration.pipeline_project import Project

PIPELINE = """
    import stook
    from helper import add


    class Clean(stook.Task):
        scale: int = 1

        def requires(self):
            return stook.source("data.txt", name="raw")

        def run(self, raw):
            return [int(word) * self.scale for word in raw.path().read_text().split()]


    class Total(stook.Task):
        window: int = 90

        def requires(self):
            return {"numbers": Clean()}

        def run(self, numbers):
            return add(numbers.data)


    class Broken(stook.Task):
        def requires(self):
            return Total()

        def run(self, total):
            return self.deeper(total)

        def deeper(self, total):
            try:
                return {}["missing"]
            except KeyError as error:
                raise ValueError("no such column") from error


    class Leaves(stook.Task):
        def run(self):
            raise SystemExit(0)


    class Stopped(stook.Task):
        def run(self):
            raise KeyboardInterrupt


    class Unkeepable(stook.Task):
        def run(self):
            return {"value": object()}


    class Words(stook.Task):
        def run(self):
            return "data.txt"
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Two tasks after a file, and some that fail."""
    project = Project(tmp_path)
    project.write(
        {
            "pipeline.py": PIPELINE,
            "helper.py": "def add(values):\n    return sum(values)\n",
            "data.txt": "1 2 3",
        }
    )
    yield project
    project.forget()


def decisions(result: RunResult) -> dict[str, str]:
    """Return what came of each task."""
    return {step.name: step.decision for step in result.steps}


def test_second_run_reuses_everything(project: Project) -> None:
    """Unchanged tasks are not run again; the result names the bundle that stood in."""
    first = project.run("pipeline.py:Total")
    second = project.run("pipeline.py:Total")
    assert decisions(first) == {"clean": "ran", "total": "ran"}
    assert decisions(second) == {"clean": "reused", "total": "reused"}
    assert first.because == ("never ran",)
    assert second.because == (f"same as {first.bundle.ref}",)
    assert second.bundle.data == 6


def test_lineage_tells_how_it_came_to_be(project: Project) -> None:
    """A bundle knows its task, code, parameters, inputs, packages and times."""
    result = project.run("pipeline.py:Total")
    lineage = result.bundle.lineage
    clean = result.steps[0].bundle
    assert lineage.task == "pipeline:Total"
    assert set(lineage.code) == {"pipeline:Total", "helper:add", "package:python"}
    assert lineage.params == {"window": 90}
    assert [(i.role, i.name, i.id, i.digest) for i in lineage.inputs] == [
        ("numbers", "clean", clean.id, clean.digest)
    ]
    assert lineage.environment.packages["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert 0 < lineage.started <= lineage.ended
    assert lineage.algorithm == 3
    assert clean.inputs[0].name == "raw"


def test_lineage_has_the_commit(project: Project) -> None:
    """Lineage records Git's commit and whether files differ from it."""
    (project.folder / ".gitignore").write_text("store/\n__pycache__/\n")
    commit = commit_all(project.folder)
    environment = project.run("pipeline.py:Clean").bundle.lineage.environment
    assert (environment.git_commit, environment.git_dirty) == (commit, False)
    project.replace("pipeline.py", "scale: int = 1", "scale: int = 2")
    environment = project.run("pipeline.py:Clean").bundle.lineage.environment
    assert (environment.git_commit, environment.git_dirty) == (commit, True)


def test_a_folder_that_git_ignores_has_no_commit(project: Project) -> None:
    """A workspace within somebody's checkout, which ignores it, does not claim a commit that has none of its code."""
    outer = project.folder.parent
    (outer / ".gitignore").write_text(f"/{project.folder.name}/\n")
    commit_all(outer)
    environment = project.run("pipeline.py:Clean").bundle.lineage.environment
    assert (environment.git_commit, environment.git_dirty) == ("", None)


def test_reasons_name_what_changed(project: Project) -> None:
    """Each kind of change is a reason of its own."""
    first = project.run("pipeline.py:Total")
    assert project.run("pipeline.py:Total", {"window": "30"}).because == ("parameter window: 90 → 30",)
    project.replace("helper.py", "sum(values)", "sum(values) + 1")
    assert project.run("pipeline.py:Total").because == ("code changed: helper:add",)
    project.write({"data.txt": "1 2 4"})
    third = project.run("pipeline.py:Total")
    before, after = first.steps[0].bundle.ref, third.steps[0].bundle.ref
    assert third.because == (f"input numbers changed ({before} → {after})",)


def test_reason_for_a_package(project: Project) -> None:
    """Another version of an installed package that a task uses makes it run."""
    site = project.folder / "env" / "site-packages"
    project.write({"env/site-packages/stub_pack/__init__.py": "VALUE = 1\n"})
    (site / "stub_pack-1.0.dist-info").mkdir()
    project.replace("helper.py", "def add", "import stub_pack\n\n\ndef add")
    project.replace("helper.py", "sum(values)", "sum(values) * stub_pack.VALUE")
    script = "from stook.pipeline import *; r = run(load_task('pipeline.py:Total')()); print(r.decision, *r.because)"

    def ran() -> str:
        environment = {**os.environ, "PYTHONPATH": str(site), "STOOK_HOME": str(project.folder / "store")}
        done = subprocess.run(
            [sys.executable, "-c", script],
            check=False,
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    assert ran() == "ran never ran\n"
    (site / "stub_pack-1.0.dist-info").rename(site / "stub_pack-2.0.dist-info")
    assert ran() == "ran package stub_pack 1.0 → 2.0\n".replace("stub_pack", "stub-pack")
    assert ran().startswith("reused")


def test_equal_results_stop_there(project: Project) -> None:
    """A task that ran and made the same as before does not make others run."""
    project.run("pipeline.py:Total")
    project.write({"data.txt": "1  2  3"})
    assert decisions(project.run("pipeline.py:Total")) == {"clean": "ran", "total": "reused"}


def test_back_to_an_earlier_state(project: Project) -> None:
    """A parameter set back finds what was made with it before."""
    first = project.run("pipeline.py:Total")
    project.run("pipeline.py:Total", {"window": "30"})
    again = project.run("pipeline.py:Total", {"window": "90"})
    assert again.decision == "reused"
    assert again.bundle.id == first.bundle.id


def test_file_and_module_are_one(project: Project) -> None:
    """A task has the same name and fingerprint however it was called, as a script too."""
    first = project.run("pipeline.py:Total")
    assert project.run("pipeline:Total").bundle.id == first.bundle.id
    elsewhere = load_task(f"{project.folder}/pipeline.py:Total", folder=Path("/"))
    assert run(elsewhere(), store=project.store).bundle.id == first.bundle.id
    with (project.folder / "pipeline.py").open("a") as file:
        file.write("\n\nif __name__ == '__main__':\n    print(stook.run(Total()).bundle.ref)\n")
    environment = {**os.environ, "STOOK_HOME": str(project.folder / "store")}
    command = [sys.executable, str(project.folder / "pipeline.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == first.bundle.ref


def test_failure_names_the_task_and_shows_the_users_frames(project: Project) -> None:
    """A failing task leaves no bundle, what had finished is kept, and the traceback is the user's own."""
    with pytest.raises(
        TaskError, match=r"^pipeline:Broken failed: ValueError: no such column(\ntry|$)"
    ) as caught:
        project.run("pipeline.py:Broken")
    trace = str(caught.value.facts["traceback"])
    assert "KeyError: 'missing'" in trace
    assert "in deeper" in trace
    assert trace.rstrip().endswith("ValueError: no such column")
    assert "/stook/" not in trace
    assert project.store.versions("broken") == []
    assert decisions(project.run("pipeline.py:Total")) == {"clean": "reused", "total": "reused"}


def test_leaving_the_process_is_a_failure(project: Project) -> None:
    """A task that calls sys.exit(0) has not succeeded."""
    with pytest.raises(TaskError, match="pipeline:Leaves failed: SystemExit"):
        project.run("pipeline.py:Leaves")


def test_interrupt_passes(project: Project) -> None:
    """Ctrl-C is not taken for a failure of the task."""
    with pytest.raises(KeyboardInterrupt):
        project.run("pipeline.py:Stopped")


def test_output_that_cannot_be_kept(project: Project) -> None:
    """A result of an unknown type is the task's failure, and says where in the result it is."""
    with pytest.raises(TaskError, match=r"pipeline:Unkeepable: what it returned cannot be kept: .*value"):
        project.run("pipeline.py:Unkeepable")
    assert project.store.versions("unkeepable") == []


def test_text_is_a_value(project: Project) -> None:
    """A task that returns a text makes a text, even where a file has that name."""
    assert project.run("pipeline.py:Words").bundle.data == "data.txt"


def test_events_tell_the_story(project: Project) -> None:
    """An observer is told of each step in order."""
    events: list[Event] = []
    project.run("pipeline.py:Clean")
    project.forget()
    task = load_task("pipeline.py:Broken", folder=project.folder)
    with pytest.raises(TaskError):
        run(task(), store=project.store, others=Others(events.append))
    assert [(type(event), getattr(event, "name", "")) for event in events] == [
        (RunStarted, ""),
        (TaskAdded, "clean"),
        (TaskAdded, "total"),
        (TaskAdded, "broken"),
        (TaskFinished, "clean"),
        (TaskStarted, "total"),
        (TaskFinished, "total"),
        (TaskStarted, "broken"),
        (TaskFailed, "broken"),
        (RunEnded, ""),
    ]


def test_source_is_kept_when_its_content_is_new(project: Project) -> None:
    """Touching a file makes no version of its bundle, changing it makes one; a missing file stops the run early."""
    project.run("pipeline.py:Clean")
    os.utime(project.folder / "data.txt", (1, 1))
    project.run("pipeline.py:Clean")
    assert len(project.store.versions("raw")) == 1
    project.write({"data.txt": "1 2 9"})
    project.run("pipeline.py:Clean")
    assert len(project.store.versions("raw")) == 2
    (project.folder / "data.txt").unlink()
    with pytest.raises(NotFoundError, match=r"source raw: there is no file or folder .*data\.txt"):
        project.run("pipeline.py:Total")


def test_source_folder(project: Project) -> None:
    """A folder is a source too, with a new version when a file in it changes."""
    project.write({"data/a.txt": "1 2", "data/b.txt": "3"})
    project.replace("pipeline.py", '"data.txt", name="raw"', '"data", name="raw"')
    project.replace("pipeline.py", "raw.path().read_text()", "(raw.path() / 'a.txt').read_text()")
    assert project.run("pipeline.py:Clean").bundle.data == [1, 2]
    assert decisions(project.run("pipeline.py:Clean")) == {"clean": "reused"}
    project.write({"data/b.txt": "4"})
    assert decisions(project.run("pipeline.py:Clean")) == {"clean": "ran"}


def test_a_plan_sees_a_source_folder_as_adding_does(project: Project) -> None:
    """What is ignored does not count, empty folders do: where nothing changed the plan is to reuse."""
    project.write({"data/a.txt": "1 2", "data/b.log": "noise", "data/.stookignore": "*.log\n"})
    (project.folder / "data" / "none").mkdir()
    project.replace("pipeline.py", '"data.txt", name="raw"', '"data", name="raw"')
    project.replace("pipeline.py", "raw.path().read_text()", "(raw.path() / 'a.txt').read_text()")
    project.run("pipeline.py:Clean")
    task = load_task("pipeline.py:Clean", folder=project.folder)()
    assert why(task, store=project.store).decision == "reuse"
    project.write({"data/b.log": "more noise"})
    assert why(task, store=project.store).decision == "reuse"
    (project.folder / "data" / "none").rmdir()
    assert why(task, store=project.store).decision == "run"


def test_external_bundle(project: Project) -> None:
    """A bundle that exists can be required, and decides by its content; a missing one stops the run early."""
    project.replace(
        "pipeline.py", 'return {"numbers": Clean()}', 'return {"numbers": stook.external("numbers")}'
    )
    with pytest.raises(NotFoundError, match="numbers"):
        project.run("pipeline.py:Total")
    project.store.add("numbers", [4, 5])
    assert project.run("pipeline.py:Total").bundle.data == 9
    project.store.add("numbers", [4, 5])
    assert project.run("pipeline.py:Total").decision == "reused"
    project.store.add("numbers", [4, 6])
    assert project.run("pipeline.py:Total").decision == "ran"


def test_plan_says_what_a_run_would_do(project: Project) -> None:
    """A plan decides what it can, says what depends on what, and writes nothing."""
    task = load_task("pipeline.py:Total", folder=project.folder)()

    def planned() -> list[tuple[str, str, tuple[str, ...]]]:
        return [
            (step.name, step.decision, step.because) for step in make_plan(task, store=project.store).steps
        ]

    waits = ("total", "depends", ("depends on pipeline:Clean (clean)",))
    assert planned() == [("clean", "run", ("never ran",)), waits]
    assert project.store.ls() == []
    result = run(task, store=project.store)
    assert planned() == [(s.name, "reuse", (f"same as {s.bundle.ref}",)) for s in result.steps]
    raw = project.store.get("raw").ref
    project.write({"data.txt": "7"})
    assert planned() == [("clean", "run", (f"input raw changed ({raw} → new content)",)), waits]
    assert why(task, store=project.store).decision == "depends"
    assert len(project.store.versions("raw")) == 1


def test_quick_edit_of_equal_size_is_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's cache of bytecode does not stand in for a file edited within the same second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for digit in "23456":
        project.replace("pipeline.py", "scale: int = " + str(int(digit) - 1), "scale: int = " + digit)
        assert project.run("pipeline.py:Clean").bundle.data == [int(digit) * n for n in (1, 2, 3)]


def test_python_path_is_left_alone(project: Project) -> None:
    """Loading and running change sys.path only while they last, and modules imported while running are found."""
    before = list(sys.path)
    project.replace("pipeline.py", "from helper import add\n", "")
    project.replace("pipeline.py", "return add(", "from helper import add\n        return add(")
    assert project.run("pipeline.py:Total").bundle.data == 6
    assert sys.path == before


def test_task_made_while_importing(project: Project) -> None:
    """A class that no statement defines by name counts with its whole module."""
    with (project.folder / "pipeline.py").open("a") as file:
        file.write(
            "\n\nfor word in ['a']:\n    globals()['Made'] = type('Made', (Words,), {'run': lambda self: 1})\n"
        )
    assert project.run("pipeline.py:Made").bundle.data == 1
    assert project.run("pipeline.py:Made").decision == "reused"
    project.replace("pipeline.py", "lambda self: 1", "lambda self: 2")
    assert project.run("pipeline.py:Made").bundle.data == 2


def test_graph_is_checked_before_anything_runs(project: Project) -> None:
    """Where the graph is wrong, not even the first task runs."""
    project.replace("pipeline.py", "def run(self, numbers):", "def run(self, figures):")
    with pytest.raises(InputError, match=r"pipeline:Total requires numbers, but its run takes \(figures\)"):
        project.run("pipeline.py:Total")
    assert project.store.ls() == []
