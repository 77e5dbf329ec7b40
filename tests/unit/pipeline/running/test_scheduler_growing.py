"""Runs whose graph grows: partitions of tables, and tasks that were asked for, looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError, StookError, TaskError
from stook.model.events import Event, TaskFailed
from stook.pipeline import Others, RunOptions, RunResult, load_task, run
from tests.integration.pipeline_project import Project

PIPELINE = """
    import pandas as pd
    import stook
    from stook import Partition, Task


    class Raw(Task):
        def requires(self):
            return stook.source("sales.csv", name="sales")

        def run(self, sales):
            frame = pd.read_csv(sales.path())
            return {"table": frame, "note": "made by hand", "days": sorted(set(frame["day"]))}


    class Day(Task):
        part: Partition

        def run(self, part: pd.DataFrame):
            return int(part["amount"].sum())


    class Report(Task):
        def requires(self):
            return {"days": Day.map(part=stook.partitions(Raw()["table"], by="day"))}

        def run(self, days: list):
            return list(days)


    class Note(Task):
        def requires(self):
            return {"note": Raw()["note"]}

        def run(self, note):
            return note.upper()


    class Bare(Task):
        value: int = 1

        def run(self):
            return self.value


    class Doubled(Task):
        of: Task

        def run(self, of):
            return 2 * of.data


    class Both(Task):
        def requires(self):
            return [Bare(value=3), Other(), Doubled(of=Bare(value=3)), Doubled(of=Other())]

        def run(self, bare, other, first, second):
            return first.data + second.data


    class Other(Task):
        def run(self):
            return 3


    class WrongColumn(Task):
        def requires(self):
            return {"days": Day.map(part=stook.partitions(Raw()["table"], by="hour"))}

        def run(self, days):
            return 1


    class Part(Task):
        number: int

        def run(self):
            return number_of(self.number)


    def number_of(number):
        return number % 2


    class Asker(Task):
        def run(self):
            first = yield Part(number=4)
            rest = yield [Part(number=number) for number in range(first.data, first.data + 5)]
            return [part.data for part in rest]


    class Coping(Task):
        ignore = ("pipeline:Part",)

        def run(self):
            yield Bare()
            try:
                part = yield Part(number=4)
            except stook.errors.StookError as error:
                return f"without: {error.kind}"
            return part.data


    class Ping(Task):
        def run(self):
            return [1, Pong.__name__]


    class Pong(Task):
        def requires(self):
            return Ping()

        def run(self, ping):
            return [2, Ping.__name__]


    class Twins(Task):
        def run(self):
            ping = yield AskingTwin()
            return ping.data


    class AskingTwin(Task):
        def run(self):
            return 5 if Twins else 6


    class Below(Task):
        def requires(self):
            return {"asker": Asker()}

        def run(self, asker):
            return len(asker.data)
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A table by day, and tasks that go through it, and some that ask for others."""
    project = Project(tmp_path)
    project.write(
        {"pipeline.py": PIPELINE, "sales.csv": "day,amount\nmon,1\nmon,2\ntue,5\nwed,7\n", "stook.toml": ""}
    )
    yield project
    project.forget()


def work_off(project: Project, target: str, **options: object) -> RunResult:
    """Run a task as a new process would."""
    project.forget()
    task = load_task(f"pipeline.py:{target}", folder=project.folder)
    return run(task(), store=project.store, options=RunOptions(**options))


def ran(result: RunResult) -> list[str]:
    """Return the names of what ran, in order."""
    return [step.name for step in result.steps if step.decision == "ran"]


def test_a_task_for_each_partition(project: Project) -> None:
    """A mapped task becomes one for each day once the table is known, and the results come in order."""
    result = work_off(project, "Report")
    assert result.bundle.data == [3, 5, 7]
    assert ran(result) == ["raw", "report", "day", "day", "day"]
    assert ran(work_off(project, "Report")) == []


def test_one_day_more_is_one_task_more(project: Project) -> None:
    """Only partitions that are new or changed run, and what needs them; lineage says which partition it was."""
    work_off(project, "Report")
    (project.folder / "sales.csv").write_text("day,amount\nmon,1\nmon,2\nsat,9\ntue,5\nwed,7\n")
    result = work_off(project, "Report")
    assert ran(result) == ["raw", "report", "day"]
    assert result.bundle.data == [3, 9, 5, 7]
    inputs = [step.bundle.lineage.inputs[0] for step in result.steps if step.name == "day"]
    assert [(i.role, i.name, i.item, i.part) for i in inputs] == [
        ("part", "raw", "table", f"day={day}") for day in ("mon", "sat", "tue", "wed")
    ]


def test_a_changed_day_is_one_task(project: Project) -> None:
    """A partition whose rows changed runs; when its result is the same nothing below it does."""
    work_off(project, "Report")
    (project.folder / "sales.csv").write_text("day,amount\nmon,2\nmon,1\ntue,5\nwed,7\n")
    assert ran(work_off(project, "Report")) == ["raw", "day"]


def test_a_column_that_is_not_there_fails_the_task(project: Project) -> None:
    """What cannot be taken apart fails the task that wanted it, not the process."""
    with pytest.raises(InputError, match="hour"):
        work_off(project, "WrongColumn")


def test_an_item_counts_alone(project: Project) -> None:
    """A task that requires one item does not run for a change of the others; lineage says which item it was."""
    first = work_off(project, "Note")
    assert first.bundle.data == "MADE BY HAND"
    assert [(i.name, i.item) for i in first.bundle.lineage.inputs] == [("raw", "note")]
    (project.folder / "sales.csv").write_text("day,amount\nmon,100\n")
    assert ran(work_off(project, "Note")) == ["raw"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_equal_inputs_are_one_piece_of_work(project: Project, jobs: int) -> None:
    """Of two tasks of one class whose routed inputs have the same content one runs, also with room for both."""
    work_off(project, "Both", upto=("bare", "other"))
    result = work_off(project, "Both", jobs=jobs)
    assert result.bundle.data == 12
    assert sorted(ran(result)) == ["both", "doubled"]


def test_what_was_asked_for_is_looked_at_and_not_run(project: Project) -> None:
    """Nothing changed: neither the asking task nor what it asked for runs."""
    assert work_off(project, "Below").bundle.data == 5
    again = work_off(project, "Below")
    assert ran(again) == []
    assert {step.name for step in again.steps} == {"asker", "part", "below"}


def test_another_code_of_what_was_asked_for_with_equal_results(project: Project) -> None:
    """What was asked for runs anew where its code changed; the asking task does not where that makes the same."""
    project.replace(
        "pipeline.py", "class Asker(Task):\n", "class Asker(Task):\n    ignore = ('pipeline:Part',)\n\n"
    )
    work_off(project, "Below")
    project.replace("pipeline.py", "return number % 2", "return (number + 2) % 2")
    result = work_off(project, "Below")
    assert set(ran(result)) == {"part"}


def test_another_result_of_what_was_asked_for(project: Project) -> None:
    """The asking task runs where what it asked for has another result now; what is below it as ever."""
    work_off(project, "Below")
    project.replace("pipeline.py", "return number % 2", "return (number + 1) % 2")
    result = work_off(project, "Below")
    assert ran(result)[-1] == "asker" or "asker" in ran(result)
    assert "below" not in ran(result)
    assert project.store.get("asker").data == [0, 1, 0, 1, 0]


def test_what_was_asked_for_is_gone(project: Project) -> None:
    """Where the class that was asked for is not there any more, the asking task runs."""
    work_off(project, "Below")
    text = (project.folder / "pipeline.py").read_text()
    text = text.replace("class Part(", "class Piece(").replace("Part(n", "Piece(n")
    (project.folder / "pipeline.py").write_text(text)
    result = work_off(project, "Below")
    assert "asker" in ran(result)
    assert "below" not in ran(result)


def test_a_failure_of_what_is_only_looked_at_does_not_count(project: Project) -> None:
    """What a task asked for once may fail now: the task runs, and if it does not ask for that again, all is well."""
    work_off(project, "Below")
    project.replace("pipeline.py", "return number_of(self.number)", "return 1 // (self.number - 4)")
    project.replace("pipeline.py", "first = yield Part(number=4)", "first = yield Bare()")
    project.replace(
        "pipeline.py", "for number in range(first.data, first.data + 5)", "for number in (5, 6, 7, 8, 9)"
    )
    events: list[Event] = []
    project.forget()
    task = load_task("pipeline.py:Below", folder=project.folder)
    assert run(task(), store=project.store, others=Others(events.append)).bundle.data == 5
    project.replace("pipeline.py", "first = yield Bare()", "first = yield Part(number=4)")
    with pytest.raises(TaskError, match="ZeroDivisionError"):
        work_off(project, "Below")


@pytest.mark.parametrize(
    ("before", "after", "data"),
    [
        ("return number_of(self.number)", "return 1 // 0", "without: task-failed"),
        (
            "def run(self):\n        return number_of(self.number)",
            "def requires(self):\n        return Coping()\n\n    def run(self, coping):\n        return 1",
            "without: cycle",
        ),
    ],
    ids=["fails", "needs it"],
)
def test_a_task_whose_code_is_the_same_runs_when_it_cannot_be_answered_as_before(
    project: Project, before: str, after: str, data: str
) -> None:
    """What is only looked at may fail, or need the task itself by now: the task runs, and copes with it or not."""
    assert work_off(project, "Coping").bundle.data == 0
    project.replace("pipeline.py", before, after)
    result = work_off(project, "Coping")
    assert (result.decision, result.bundle.data) == ("ran", data)


def test_what_was_asked_for_needs_the_asker_now(project: Project) -> None:
    """A circle among what is only looked at does not stop the run: the task runs, and is told if it asks again."""
    work_off(project, "Below")
    project.replace(
        "pipeline.py",
        "def run(self):\n        return number_of(self.number)",
        "def requires(self):\n        return Asker()\n\n    def run(self, asker):\n        return 1",
    )
    with pytest.raises(StookError, match="wait for each other in a circle"):
        work_off(project, "Below")
    project.replace("pipeline.py", "first = yield Part(number=4)", "return [1, 2]\n        yield")
    assert work_off(project, "Below").bundle.data == 2


def test_a_failed_task_is_told_once(project: Project) -> None:
    """A task that is looked at and fails is told as failed, whether or not the run is."""
    events: list[Event] = []
    project.replace("pipeline.py", "return number_of(self.number)", "return 1 // 0")
    task = load_task("pipeline.py:Below", folder=project.folder)
    with pytest.raises(TaskError):
        run(task(), store=project.store, others=Others(events.append))
    assert [event.name for event in events if isinstance(event, TaskFailed)] == ["part", "asker"]


@pytest.mark.parametrize(("target", "data"), [("Pong", [2, "Ping"]), ("Twins", 5)])
def test_tasks_that_have_all_code_in_common_are_told_apart(
    project: Project, target: str, data: object
) -> None:
    """Classes that use each other have one fingerprint, and yet each makes what is its own."""
    result = work_off(project, target)
    assert result.bundle.data == data
    assert {step.decision for step in result.steps} == {"ran"}
    assert {step.decision for step in work_off(project, target).steps} == {"reused"}
