"""Results that others have made are taken from a remote instead of being made again, and ours are sent while we run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stook.app.exchange_choice import ExchangeChoice
from stook.app.exchanging import Exchange, run_exchanging
from stook.app.remote_results import RemoteResults
from stook.app.run_records import get_run, iter_runs
from stook.app.running import run as run_here
from stook.errors import NotFoundError, StookError, StorageError
from stook.model.events import Event, Exchanged, ExchangeFailed, ignore
from stook.pipeline import Others, RunOptions, RunResult, Task, load_task, run
from stook.store import Store
from stook.store.open import reopen

PIPELINE = """
import stook

class Leaf(stook.Task):
    number: int = 0

    def run(self):
        return [self.number] * 3_000

class Total(stook.Task):
    count: int = 5

    def requires(self):
        return [Leaf(number=number) for number in range(self.count)]

    def run(self, *leaves):
        return sum(leaf.data[0] for leaf in leaves)
"""


@pytest.fixture
def total(tmp_path: Path) -> Iterator[type[Task]]:
    """A task that requires others, of a file that both have."""
    (tmp_path / "shared_pipeline.py").write_text(PIPELINE)
    yield load_task("shared_pipeline.py:Total", folder=tmp_path)
    sys.modules.pop("shared_pipeline", None)


@pytest.fixture
def ann(tmp_path: Path) -> Store:
    """A store with a remote."""
    return _store(tmp_path, "ann")


@pytest.fixture
def bob(ann: Store, tmp_path: Path) -> Store:
    """Another store with the same remote."""
    return _store(tmp_path, "bob")


def _store(folder: Path, owner: str) -> Store:
    store = reopen(str(folder / owner), "main", str(folder / f"cache-{owner}"), owner)
    store.add_remote("origin", str(folder / "remote"))
    return store


def _run(
    store: Store, task: Task, *, take: bool = False, data: bool = False, send: bool = False
) -> tuple[RunResult, list[Event]]:
    told: list[Event] = []
    choice = ExchangeChoice(take, data, send)
    return run_exchanging((task,), store, RunOptions(), Others(told.append), choice), told


def _exchanged(told: list[Event]) -> Exchanged:
    return next((event for event in told if isinstance(event, Exchanged)), Exchanged())


def _failed(told: list[Event]) -> list[str]:
    return [event.what for event in told if isinstance(event, ExchangeFailed)]


def test_results_of_others_are_taken(ann: Store, bob: Store, total: type[Task]) -> None:
    """What a colleague has run and sent with the same code and parameters is not run here."""
    ours, told = _run(ann, total(), send=True)
    assert len(_exchanged(told).sent) == 6
    assert not _failed(told)
    theirs, told = _run(bob, total(), take=True)
    assert {step.decision for step in theirs.steps} == {"reused"}
    assert theirs.bundle.digest == ours.bundle.digest
    assert len(_exchanged(told).taken) == 6
    assert theirs.bundle.data == 10


def test_what_nobody_has_is_run(ann: Store, bob: Store, total: type[Task]) -> None:
    """Only what the remote lacks is run; what is there is taken."""
    _run(ann, total(count=3), send=True)
    theirs, _ = _run(bob, total(count=5), take=True)
    decisions = [step.decision for step in theirs.steps]
    assert decisions == ["reused"] * 3 + ["ran"] * 3


def test_only_what_is_lacking_is_sent(ann: Store, total: type[Task]) -> None:
    """What was made before and not sent goes along with what is made now; what is there is not sent again."""
    _run(ann, total(count=2))
    _, told = _run(ann, total(count=3), send=True)
    assert len(_exchanged(told).sent) == 4
    _, told = _run(ann, total(count=4), send=True)
    assert len(_exchanged(told).sent) == 2


def test_nothing_to_send_asks_nobody(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """Where the remote has everything, as far as is known, it is not even asked."""
    _run(ann, total(), send=True)
    shutil.rmtree(tmp_path / "remote")
    _, told = _run(ann, total(), send=True, data=True, take=True)
    assert not _failed(told)


def test_data_comes_in_the_background(ann: Store, bob: Store, total: type[Task], tmp_path: Path) -> None:
    """Where data is wanted too, it is all here when the run is over, and the remote is needed no more."""
    _run(ann, total(), send=True)
    result, told = _run(bob, total(), take=True, data=True)
    assert _exchanged(told).got >= 5  # the sum is so small that it is in its record
    shutil.rmtree(tmp_path / "remote")
    assert [step.bundle.data[0] for step in result.steps[:5]] == [0, 1, 2, 3, 4]


def test_without_the_remote_everything_is_run(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """A remote that is gone is said once for each direction, and the run does it all by itself."""
    shutil.rmtree(tmp_path / "remote")
    told: list[Event] = []
    choice = ExchangeChoice(take=True, send=True)
    with pytest.raises(StorageError, match="6 results are here, but not on origin") as raised:
        run_exchanging((total(),), ann, RunOptions(), Others(told.append), choice)
    result = raised.value.facts["result"]
    assert isinstance(result, RunResult)
    assert {step.decision for step in result.steps} == {"ran"}
    assert _failed(told) == ["take", "send"]
    assert len(_exchanged(told).unsent) == 6


def test_what_was_not_sent_is_sent_by_the_next_run(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """After a failure the next run that sends makes up for it, though it runs nothing."""
    (tmp_path / "remote").rename(tmp_path / "away")
    with pytest.raises(StorageError, match="not on origin"):
        _run(ann, total(), send=True)
    (tmp_path / "away").rename(tmp_path / "remote")
    result, told = _run(ann, total(), send=True)
    assert {step.decision for step in result.steps} == {"reused"}
    assert len(_exchanged(told).sent) == 6


def test_nothing_is_asked_where_nothing_runs(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """A run that reuses all that is here does not ask the remote, which may be far away."""
    run(total(), store=ann)
    shutil.rmtree(tmp_path / "remote")
    result, told = _run(ann, total(), take=True)
    assert {step.decision for step in result.steps} == {"reused"}
    assert not _failed(told)
    assert _exchanged(told) == Exchanged()


def test_what_was_removed_stays_away(ann: Store, bob: Store, total: type[Task]) -> None:
    """A result that was removed here is made anew: nobody who removes one wants to have it back from elsewhere."""
    _run(ann, total(count=1), send=True)
    result, _ = _run(bob, total(count=1), take=True)
    bob.rm(result.bundle)
    again, _ = _run(bob, total(count=1), take=True)
    assert [step.decision for step in again.steps] == ["reused", "ran"]


def test_aliases_stay_where_they_are(ann: Store, bob: Store, total: type[Task]) -> None:
    """What an alias stands for is nobody's business but of those who push and pull."""
    result, _ = _run(ann, total(count=1), send=True)
    ann.alias("prod", result.bundle)
    ann.push(result.bundle)
    _run(bob, total(count=1), take=True)
    assert not bob.aliases()
    bob.alias("best", result.bundle.ref)
    _run(bob, total(count=2), send=True)
    assert {alias.alias for alias in ann.at_remote().aliases()} == {"prod"}


def test_a_remote_that_is_none(tmp_path: Path) -> None:
    """Where there is no such remote, it is said before anything runs."""
    store = reopen(str(tmp_path / "store"), "main", str(tmp_path / "cache"), "cleo")
    with pytest.raises(NotFoundError, match="no remotes"):
        Exchange(store, ExchangeChoice(take=True), ignore)


def test_what_comes_from_a_remote_is_no_file_of_a_task(ann: Store, bob: Store, total: type[Task]) -> None:
    """Data that comes while a task runs, from a folder or not, is its input; that files have it is no matter."""
    _run(ann, total(count=3), send=True)
    result, _ = _run(bob, total(count=4), take=True, send=True)
    assert [step.decision for step in result.steps] == ["reused"] * 3 + ["ran"] * 2
    assert not result.bundle.lineage.reads


def _damage(folder: Path, how: str) -> None:
    packs = [path for path in (folder / "packs" / "data").rglob("*") if path.is_file()]
    assert packs
    for path in packs:
        if how == "missing":
            path.unlink()
        else:
            path.write_bytes(bytes(len(path.read_bytes())))


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_data_that_cannot_be_had_is_made_here(
    ann: Store, bob: Store, total: type[Task], tmp_path: Path, how: str
) -> None:
    """Where data of results is damaged or missing there, those that are needed are made here, and it is said."""
    _run(ann, total(count=3), send=True)
    _damage(tmp_path / "remote", how)
    result, told = _run(bob, total(count=4), take=True)
    assert [step.decision for step in result.steps] == ["ran"] * 5
    assert result.bundle.data == 6
    assert "take" in _failed(told)
    again, _ = _run(bob, total(count=4), take=True)
    assert {step.decision for step in again.steps} == {"reused"}
    assert [step.bundle.data[0] for step in again.steps[:4]] == [0, 1, 2, 3]


def test_data_that_nobody_needs_may_be_lost(
    ann: Store, bob: Store, total: type[Task], tmp_path: Path
) -> None:
    """A result is taken though data of what it was made from is damaged on the remote."""
    _run(ann, total(count=3), send=True)
    _damage(tmp_path / "remote", "damaged")
    result, told = _run(bob, total(count=3), take=True)
    assert {step.decision for step in result.steps} == {"reused"}
    assert result.bundle.data == 3
    assert not _failed(told)


def test_in_python_failures_are_warnings(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """Where nobody observes a run, what could not be taken is a warning, and the result is returned."""
    shutil.rmtree(tmp_path / "remote")
    with pytest.warns(UserWarning, match="there is no store"):
        result = run_here(total(count=1), store=ann, only_missing=True)
    assert result.decision == "ran"


def test_what_was_exchanged_is_kept_with_the_run(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """The record of a run says what was sent; and what could not be, and why, with the end that the run has had."""
    sent = run_here(total(count=2), store=ann, push=True)
    record = get_run(ann, sent.run)
    assert record.exchanged == Exchanged("origin", sent=tuple(step.bundle.ref for step in sent.steps))
    shutil.rmtree(tmp_path / "remote")
    with pytest.warns(UserWarning, match="send origin"), pytest.raises(StorageError):
        run_here(total(count=3), store=ann, push=True)
    last = next(iter_runs(ann))
    record = get_run(ann, last.head.id)
    assert (last.state, last.ran, record.summary) == ("ok", 2, last)
    assert record.exchanged is not None
    assert len(record.exchanged.unsent) == 2
    assert [problem.partition(":")[0] for problem in record.problems] == ["send origin"]


def test_what_is_made_anew_is_counted_once(ann: Store, bob: Store, total: type[Task], tmp_path: Path) -> None:
    """A result that was taken and then could not be had is made here: it has run, and was not reused."""
    run_here(total(count=3), store=ann, push=True)
    _damage(tmp_path / "remote", "damaged")
    with pytest.warns(UserWarning, match="take origin"):
        result = run_here(total(count=4), store=bob, only_missing=True)
    (summary,) = iter_runs(bob)
    assert (summary.tasks, summary.ran, summary.reused) == (5, 5, 0)
    assert get_run(bob, result.run).summary == summary


def test_what_comes_while_a_run_goes_on(ann: Store, bob: Store, total: type[Task]) -> None:
    """After a while the remote is asked again, so that what a colleague has sent meanwhile is taken."""
    failures: list[StookError] = []
    asked_often = RemoteResults(bob, fail=failures.append, every=0.0)
    asked_once = RemoteResults(bob, fail=failures.append, every=1e9)
    with closing(asked_often), closing(asked_once):
        assert not asked_often.adopt("leaf", "nobody has made it")
        assert not asked_once.adopt("leaf", "nobody has made it")
        made, _ = _run(ann, total(count=1), send=True)
        leaf = made.steps[0].bundle
        assert not asked_once.adopt("leaf", leaf.fingerprint)
        assert asked_often.adopt("leaf", leaf.fingerprint)
    assert not failures
