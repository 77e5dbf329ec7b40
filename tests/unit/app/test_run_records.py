"""What is kept of runs: who began them, what happened, what came of it; and whether they go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import stook
from stook.app.planning_view import standings
from stook.app.run_records import (
    Recorder,
    find_run,
    get_run,
    iter_runs,
    log_of,
    read_run,
    runs_folder,
)
from stook.app.run_records.durations import typical_seconds
from stook.app.run_records.logs import choose_tasks, follow_logs
from stook.app.run_records.reading import iter_events
from stook.app.running import run
from stook.errors import InputError, NotFoundError, TaskError
from stook.model.events import RunEnded, RunStarted, TaskAdded, TaskFinished, TaskStarted
from stook.model.run import RunHead
from stook.model.run_names import RANDOM_BYTES, make_run_id, may_be_run_id
from stook.pipeline.planning import make_plan
from stook.store import Store

HEAD = RunHead("amber-otter-3f2", pid=os.getpid(), host=os.uname().nodename, started=1)


class Small(stook.Task):
    """Fails where it is told to."""

    number: int = 0

    def run(self) -> int:
        """Return the number."""
        if self.number < 0:
            raise ValueError("negative")
        return self.number


class Sum(stook.Task):
    """Adds two of them up."""

    first: int = 1

    def requires(self) -> list[Small]:
        """Need the first, and another."""
        return [Small(number=self.first), Small(number=2)]

    def run(self, *parts: stook.Bundle) -> int:
        """Return the sum."""
        return sum(part.data for part in parts)


class Fetch(stook.Task):
    """Fails for some URLs."""

    url: str

    def run(self) -> str:
        """Return the URL."""
        if self.url.endswith("fail"):
            raise ValueError("negative")
        if self.url == "no-text":
            raise FileNotFoundError(2, "none", os.fsdecode(b"\xff.csv"))
        return self.url


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store")


def test_an_id_can_be_spoken_and_comes_of_its_randomness_alone() -> None:
    """It is two words and three digits, always the same for the same bytes, and another for others."""
    ids = {make_run_id(os.urandom(RANDOM_BYTES)) for _ in range(500)}
    assert all(may_be_run_id(one) and len(one) < 24 for one in ids)
    assert len(ids) > 490
    assert make_run_id(bytes(8)) == make_run_id(bytes(8)) == "able-acorn-000"
    assert not may_be_run_id("../amber-otter-3f2")


def test_a_run_is_kept_with_what_was_asked_and_what_came_of_it(store: Store) -> None:
    """Its record names target, parameters, process and tasks with their bundles; the result names the run."""
    result = stook.run(Sum(first=5), store=store, keep_going=True)
    (summary,) = iter_runs(store)
    assert (summary.head.id, summary.state) == (result.run, "ok")
    assert (summary.tasks, summary.ran, summary.reused, summary.failed) == (3, 3, 0, 0)
    assert summary.head.target.endswith(":Sum")
    assert (summary.head.params, summary.head.options) == ({"first": 5}, {"keep_going": True})
    assert (summary.head.pid, summary.head.context) == (os.getpid(), store.context)
    tasks = get_run(store, result.run[:4]).tasks
    assert [task.label for task in tasks] == ["Small(number=5)", "Small(number=2)", "Sum(first=5)"]
    assert [task.called for task in tasks] == ["small number=5", "small number=2", "sum"]
    assert tasks[2].requires == (0, 1)
    assert [task.bundle for task in tasks] == [step.bundle.ref for step in result.steps]
    assert tasks[0].because == ("never ran",)


def test_a_run_of_several_names_them_all(store: Store) -> None:
    """The result is that of the last one, and parameters of one alone would mislead."""
    result = stook.run([Small(number=7), Sum()], store=store)
    assert result.bundle.data == 3
    (summary,) = iter_runs(store)
    assert [name.rpartition(":")[2] for name in summary.head.target.split(", ")] == ["Small", "Sum"]
    assert summary.head.params == {}


def test_a_failure_is_kept_with_its_words(store: Store) -> None:
    """The task that failed has its message, and what needs it is skipped on its account."""
    with pytest.raises(TaskError):
        stook.run(Sum(first=-1), store=store, keep_going=True)
    (summary,) = iter_runs(store)
    record = get_run(store, summary.head.id)
    assert record.summary == summary
    assert [task.state for task in record.tasks] == ["failed", "ran", "skipped"]
    assert "negative" in record.tasks[0].message
    assert record.tasks[2].because[0].endswith(":Small failed")


def test_a_wrong_graph_leaves_no_run(store: Store) -> None:
    """What never began is not listed."""
    with pytest.raises(NotFoundError):
        stook.run(Sum(), store=store, force="nothing")
    assert list(iter_runs(store)) == []
    assert not runs_folder(store).exists()


def test_a_run_that_cannot_be_written_down_goes_on(store: Store) -> None:
    """Where its folder cannot be made, that is said once, and the tasks run."""
    runs_folder(store).parent.mkdir(parents=True, exist_ok=True)
    runs_folder(store).write_text("in the way")
    with pytest.warns(UserWarning, match="this run is not written down") as warned:
        assert stook.run(Sum(), store=store).bundle.data == 3
    assert len(warned) == 1


def test_a_run_goes_on_for_others_as_long_as_its_process_does(tmp_path: Path, store: Store) -> None:
    """Before its end it is running, with what is known; its process gone without a word, it is lost."""
    folder = runs_folder(store) / HEAD.id
    recorder = _begun(folder)
    assert get_run(store, HEAD.id).summary.state == "running"
    assert [task.state for task in get_run(store, HEAD.id).tasks] == ["ran", "running"]
    recorder.close()
    lost = get_run(store, HEAD.id)
    assert lost.summary.state == "lost"
    assert [task.state for task in lost.tasks] == ["ran", "stopped"]


def test_a_killed_process_leaves_a_lost_run(tmp_path: Path) -> None:
    """Nothing is needed at its end: what was told before is there."""
    (tmp_path / "dying.py").write_text(
        "import os, stook\n"
        "class Die(stook.Task):\n"
        "    def run(self): os._exit(9)\n"
        "if __name__ == '__main__':\n"
        "    stook.run(Die(), store=stook.open('store'))\n"
    )
    assert subprocess.run([sys.executable, "dying.py"], cwd=tmp_path, check=False).returncode == 9
    (summary,) = iter_runs(stook.open(tmp_path / "store"))
    assert (summary.state, summary.head.target) == ("lost", "dying:Die")


@pytest.mark.parametrize(
    "torn", [b'{"event":"TaskFini', b"\xff\xfe", b"null\n", b'{"event":"Unheard","at":1}\n']
)
def test_a_torn_or_foreign_line_is_passed_over(store: Store, torn: bytes) -> None:
    """The lines before it count."""
    folder = runs_folder(store) / HEAD.id
    _begun(folder).close()
    with open(folder / "events.jsonl", "ab") as file:
        file.write(torn)
    assert [task.state for task in get_run(store, HEAD.id).tasks] == ["ran", "stopped"]
    assert [summary.state for summary in iter_runs(store)] == ["lost"]


def test_what_is_no_run_is_not_listed(store: Store) -> None:
    """A damaged or renamed head is passed over, and said where it is asked for."""
    folder = runs_folder(store) / HEAD.id
    _begun(folder).close()
    (folder / "run.json").write_text('{"id": 3}')
    assert list(iter_runs(store)) == []
    with pytest.raises(NotFoundError):
        get_run(store, HEAD.id)


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    """Several that begin so are told, a whole id is no beginning, and without one it is the newest."""
    with pytest.raises(NotFoundError):
        find_run(store, "")
    for name in ("amber-otter-3f2", "amber-otter-3f2a", "bold-fox-001"):
        Recorder(runs_folder(store) / name, lambda _, name=name: RunHead(name))(RunStarted("a:A", 0, name))
    assert find_run(store, "bold").name == "bold-fox-001"
    assert find_run(store, "amber-otter-3f2").name == "amber-otter-3f2"
    with pytest.raises(InputError, match="the beginning of 2 runs"):
        find_run(store, "amber")
    assert find_run(store, "").name == "bold-fox-001"
    for wrong in ("crisp", "../runs/bold-fox-001"):
        with pytest.raises(NotFoundError):
            find_run(store, wrong)


def test_old_runs_go_when_new_ones_come(store: Store) -> None:
    """Kept are the newest 200, whatever their age, those of the last 30 days, and one that goes on."""
    for number in range(205):
        _old(runs_folder(store) / f"old-run-{number:03x}", age_days=100 + number)
    for number in range(10):
        _old(runs_folder(store) / f"new-run-{number:03x}", age_days=1)
    living = Recorder(runs_folder(store) / "old-life-fff", lambda _: RunHead("old-life-fff"))
    living(RunStarted("a:A", 0))
    os.utime(runs_folder(store) / "old-life-fff" / "run.json", (0, 0))
    Recorder(runs_folder(store) / HEAD.id, lambda _: HEAD)(RunStarted("a:A", 0))
    names = {folder.name for folder in runs_folder(store).iterdir()}
    assert {f"new-run-{number:03x}" for number in range(10)} | {"old-life-fff", HEAD.id} <= names
    assert len([name for name in names if name.startswith("old-run")]) == 190
    assert "old-run-000" in names
    living.close()


def test_following_what_is_printed_ends_with_the_run(store: Store) -> None:
    """What is new comes as it is printed; once the run is over, the rest comes and that is all."""
    folder = runs_folder(store) / HEAD.id
    recorder = _begun(folder)
    log_of(folder, 1).parent.mkdir()
    log_of(folder, 1).write_bytes(b"one\n")
    parts = follow_logs(folder, "")
    assert next(parts).data == b"one\n"
    log_of(folder, 1).write_bytes(b"one\ntwo\n")
    assert next(parts).data == b"two\n"
    log_of(folder, 0).write_bytes(b"late\n")
    recorder(RunEnded("ok", 1.0))
    assert [part.data for part in parts] == [b"late\n"]


def test_how_long_tasks_take_is_known_from_earlier_runs(store: Store) -> None:
    """The newest run counts in which a task ran, with the mean of all tasks of its class."""
    assert typical_seconds(store) == {}
    stook.run(Sum(), store=store)
    first = typical_seconds(store)
    assert sorted(name.rpartition(":")[2] for name in first) == ["Small", "Sum"]
    stook.run(Sum(), store=store)
    assert typical_seconds(store) == first
    stook.run(Sum(), store=store, force="sum")
    again = typical_seconds(store)
    assert [again[name] == first[name] for name in sorted(first)] == [True, False]


def test_a_secret_in_a_url_is_not_kept(store: Store) -> None:
    """Neither in words of the command nor in parameters, labels and reasons: no user, no password, no query."""
    for path in ("a", "b"):
        task = Fetch(url=f"https://me:word@host/{path}?key=hush#there")
        result = run(task, store=store, command=["run", f"--url={path}", task.url])
    folder = runs_folder(store) / result.run
    kept = (folder / "run.json").read_text() + (folder / "events.jsonl").read_text()
    assert [secret for secret in ("me:", "word", "hush") if secret in kept] == []
    record = get_run(store, result.run)
    assert record.summary.head.command == ("run", "--url=b", "https://host/b")
    assert record.summary.head.params == {"url": "https://host/b"}
    assert record.tasks[0].label == "Fetch(url='https://host/b')"
    (added,) = (event for event, _ in iter_events(folder) if isinstance(event, TaskAdded))
    assert added.values == {"url": "url=https://host/b"}
    assert record.tasks[0].because == ("parameter url: https://host/a → https://host/b",)


def test_a_task_with_a_secret_is_known_again(store: Store) -> None:
    """That it failed last is told by what is kept of its label."""
    task = Fetch(url="s3://me:word@host/fail")
    with pytest.raises(TaskError):
        stook.run(task, store=store)
    (standing,) = standings(make_plan(task, store=store), store)
    assert standing.state == "failed"


def test_what_is_no_unicode_can_be_kept(store: Store) -> None:
    """Names of files may have bytes that are no text, and come so into messages: they are written out."""
    with pytest.raises(TaskError):
        run(Fetch(url="no-text"), store=store, command=["run", "\udcff"])
    (summary,) = iter_runs(store)
    assert (summary.state, summary.failed, summary.head.command) == ("failed", 1, ("run", "\\udcff"))
    assert "\\udcff.csv" in get_run(store, summary.head.id).tasks[0].message


def test_a_record_ends_though_its_file_is_closed_already(tmp_path: Path) -> None:
    """A task that runs in this process may close whatever is open."""
    recorder = _begun(tmp_path / HEAD.id)
    events = (tmp_path / HEAD.id / "events.jsonl").stat().st_ino
    (descriptor,) = (number for number in range(3, 1000) if _inode(number) == events)
    os.close(descriptor)
    recorder.close()


def test_a_task_is_called_as_it_was_when_something_first_happened_to_it(tmp_path: Path) -> None:
    """What is said of a run while it goes on, and afterwards, is one; tasks that come later tell themselves apart."""
    recorder = Recorder(tmp_path / HEAD.id, lambda _: HEAD)
    recorder(RunStarted("a:A", 1, HEAD.id))
    recorder(TaskAdded(0, "a:A", "a", "A(n=0)", (), {"n": "n=0"}))
    recorder(TaskStarted("a:A", "a", ("never ran",), 0))
    for number in (1, 2):
        recorder(TaskAdded(number, "a:A", "a", f"A(n={number})", (), {"n": f"n={number}"}))
    recorder(RunEnded("ok", 1.0))
    recorder.close()
    record = read_run(tmp_path / HEAD.id)
    assert record is not None
    assert [task.called for task in record.tasks] == ["a", "a n=1", "a n=2"]
    assert [task.number for task in choose_tasks(record, "a n=2")] == [2]


def _inode(descriptor: int) -> int:
    try:
        return os.fstat(descriptor).st_ino
    except OSError:
        return 0


def _begun(folder: Path) -> Recorder:
    """Return a recorder of a run that is under way: one task has run, another is running."""
    recorder = Recorder(folder, lambda _: HEAD)
    for number in (0, 1):
        recorder(TaskAdded(number, "a:A", "a", f"A(n={number})", ()))
    recorder(RunStarted("a:A", 2, HEAD.id))
    recorder(TaskStarted("a:A", "a", ("never ran",), 0))
    recorder(TaskFinished("a:A", "a", "ran", "a@1", 0.5, 1, 0))
    recorder(TaskStarted("a:A", "a", ("never ran",), 1))
    return recorder


def _old(folder: Path, age_days: float) -> None:
    recorder = Recorder(folder, lambda _: RunHead(folder.name))
    recorder(RunStarted("a:A", 0))
    recorder(RunEnded("ok", 1.0))
    recorder.close()
    when = (folder / "run.json").stat().st_mtime - age_days * 86_400
    os.utime(folder / "run.json", (when, when))
