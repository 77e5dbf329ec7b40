"""Results that others have made are taken from a remote instead of being made again, and ours are sent while we run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.app.exchanging import Exchange, Exchanged
from stook.model.events import Observer, ignore
from stook.pipeline import Others, RunResult, Task, load_task, run
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


def _run(store: Store, task: Task, exchange: Exchange) -> tuple[RunResult, Exchanged]:
    observer: Observer = exchange.observe
    others = (
        Others(observer, elsewhere=exchange.elsewhere) if exchange.elsewhere else Others(observer=observer)
    )
    with exchange:
        result = run(task, store=store, others=others)
    return result, exchange.result()


def test_results_of_others_are_taken(ann: Store, bob: Store, total: type[Task]) -> None:
    """What a colleague has run and sent with the same code and parameters is not run here."""
    ours, sent = _run(ann, total(), Exchange(ann, send=True))
    assert len(sent.pushed) == 6
    assert not sent.failures
    theirs, taken = _run(bob, total(), Exchange(bob, take=True))
    assert {step.decision for step in theirs.steps} == {"reused"}
    assert theirs.bundle.digest == ours.bundle.digest
    assert len(taken.adopted) == 6
    assert theirs.bundle.data == 10


def test_what_nobody_has_is_run(ann: Store, bob: Store, total: type[Task]) -> None:
    """Only what the remote lacks is run; what is there is taken."""
    _run(ann, total(count=3), Exchange(ann, send=True))
    theirs, _ = _run(bob, total(count=5), Exchange(bob, take=True))
    decisions = [step.decision for step in theirs.steps]
    assert decisions == ["reused"] * 3 + ["ran"] * 3


def test_data_comes_in_the_background(ann: Store, bob: Store, total: type[Task], tmp_path: Path) -> None:
    """Where data is wanted too, it is all here when the run is over, and the remote is needed no more."""
    _run(ann, total(), Exchange(ann, send=True))
    result, taken = _run(bob, total(), Exchange(bob, data=True))
    assert taken.pulled == 6
    shutil.rmtree(tmp_path / "remote")
    assert [step.bundle.data[0] for step in result.steps[:5]] == [0, 1, 2, 3, 4]


def test_without_the_remote_everything_is_run(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """A remote that is gone is said once, and the run does it all by itself."""
    shutil.rmtree(tmp_path / "remote")
    result, taken = _run(ann, total(), Exchange(ann, take=True, send=True))
    assert {step.decision for step in result.steps} == {"ran"}
    assert len(taken.failures) == 2
    assert not taken.adopted
    assert not taken.pushed


def test_nothing_is_asked_where_nothing_runs(ann: Store, total: type[Task], tmp_path: Path) -> None:
    """A run that reuses all that is here does not ask the remote, which may be far away."""
    run(total(), store=ann, others=Others(ignore))
    shutil.rmtree(tmp_path / "remote")
    result, taken = _run(ann, total(), Exchange(ann, take=True))
    assert {step.decision for step in result.steps} == {"reused"}
    assert not taken.failures
