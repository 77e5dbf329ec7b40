"""What a plan knows before anything runs: partitions, items, what tasks asked for when they last ran, traits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import stook
from stook.errors import NotFoundError
from stook.pipeline import RunOptions
from stook.pipeline.planning import PlannedStep, make_plan
from stook.store import Store

pandas = pytest.importorskip("pandas")


class Days(stook.Task):
    """A table with two days."""

    days: int = 2

    def run(self) -> object:
        """Return a row a day."""
        return pandas.DataFrame({"day": [str(number) for number in range(self.days)]})


class Clean(stook.Task):
    """One day."""

    part: stook.Partition

    def run(self, part: object) -> int:
        """Return something."""
        return 1


class Cleaned(stook.Task):
    """All days."""

    days: int = 2

    def requires(self) -> object:
        """Need each day."""
        return Clean.map(part=stook.partitions(Days(days=self.days), by="day"))

    def run(self, parts: list[stook.Bundle]) -> int:
        """Count them."""
        return len(parts)


class Answer(stook.Task):
    """What another asks for."""

    number: int = 1

    def run(self) -> int:
        """Return the number."""
        return self.number


class Asking(stook.Task):
    """Asks while it runs."""

    def run(self) -> Iterator[Answer]:
        """Ask for two."""
        first = yield Answer(number=1)
        second = yield Answer(number=2)
        return first.data + second.data


class Head(stook.Task):
    """Uses one item alone."""

    def requires(self) -> object:
        """Need one of two."""
        return Two()["left"]

    def run(self, left: object) -> int:
        """Return something."""
        return 1


class Two(stook.Task):
    """Makes two items."""

    def run(self) -> dict[str, int]:
        """Return both."""
        return {"left": 1, "right": 2}


class Always(stook.Task):
    """Never reused."""

    cache = False

    def run(self) -> int:
        """Return something."""
        return 1


class Link(stook.Task):
    """One of a long row."""

    number: int = 0

    def requires(self) -> object:
        """Need the one before."""
        return Link(number=self.number - 1) if self.number else None

    def run(self, before: object = None) -> int:
        """Return something."""
        return self.number


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store")


def _decided(steps: tuple[PlannedStep, ...]) -> list[tuple[str, str]]:
    return [(step.name, step.decision) for step in steps]


def test_partitions_are_planned_once_their_table_is_known(store: Store) -> None:
    """Before, what needs them depends; then each is a task, and of a longer table only the new one runs."""
    (days, cleaned) = make_plan(Cleaned(), store=store).steps
    assert (days.decision, cleaned.decision) == ("run", "depends")
    assert cleaned.because[0].endswith(":Days (days): a task for each day")
    stook.run(Days(), store=store)
    plan = make_plan(Cleaned(), store=store)
    assert _decided(plan.steps) == [
        ("days", "reuse"),
        ("clean", "run"),
        ("clean", "run"),
        ("cleaned", "depends"),
    ]
    assert [step.values for step in plan.steps[1:3]] == [{"part": "day=0"}, {"part": "day=1"}]
    assert plan.steps[3].requires == (1, 2)
    stook.run(Cleaned(), store=store)
    assert {step.decision for step in make_plan(Cleaned(), store=store).steps} == {"reuse"}
    stook.run(Days(days=3), store=store)
    longer = make_plan(Cleaned(days=3), store=store)
    assert [decision for _, decision in _decided(longer.steps)] == [
        "reuse",
        "reuse",
        "reuse",
        "run",
        "depends",
    ]


def test_an_item_counts_by_itself(store: Store) -> None:
    """It is known as soon as the task that makes it has run."""
    assert _decided(make_plan(Head(), store=store).steps) == [("two", "run"), ("head", "depends")]
    stook.run(Head(), store=store)
    assert _decided(make_plan(Head(), store=store).steps) == [("two", "reuse"), ("head", "reuse")]


def test_what_a_task_asked_for_is_planned_first(store: Store) -> None:
    """All current, it is reused; where one of them would run, it depends on that, and says so."""
    assert _decided(make_plan(Asking(), store=store).steps) == [("asking", "run")]
    stook.run(Asking(), store=store)
    plan = make_plan(Asking(), store=store)
    assert _decided(plan.steps) == [("answer", "reuse"), ("answer", "reuse"), ("asking", "reuse")]
    forced = make_plan(Asking(), store=store, options=RunOptions(force=("asking",)))
    assert _decided(forced.steps) == [("asking", "run")]
    changed = _plan_with_changed_answer(store)
    assert changed[-1].decision == "depends"
    assert changed[-1].because[0] == "depends on Answer(number=1), which it asks for"


def _plan_with_changed_answer(store: Store) -> tuple[PlannedStep, ...]:
    """Plan as if the code of what is asked for had another version."""
    Answer.version = "2"  # type: ignore[attr-defined]
    type.__delattr__(Answer, "_stook_traits")
    try:
        return make_plan(Asking(), store=store).steps
    finally:
        del Answer.version  # type: ignore[attr-defined]
        type.__delattr__(Answer, "_stook_traits")


def test_a_task_that_is_not_cached_would_run(store: Store) -> None:
    """Each time, and says why."""
    stook.run(Always(), store=store)
    (step,) = make_plan(Always(), store=store).steps
    assert (step.decision, step.because) == ("run", ("not cached",))


def test_only_some_are_planned_if_told(store: Store) -> None:
    """What the others made is taken as it is; where it was never made, that is said."""
    only = RunOptions(only=("head",))
    with pytest.raises(NotFoundError, match="is needed and was never made"):
        make_plan(Head(), store=store, options=only)
    stook.run(Two(), store=store)
    steps = make_plan(Head(), store=store, options=only).steps
    assert [(step.decision, step.because[0]) for step in steps] == [
        ("reuse", "taken as it is"),
        ("run", "never ran"),
    ]


def test_a_plan_writes_nothing(store: Store) -> None:
    """Neither bundles nor runs."""
    make_plan(Cleaned(), store=store)
    assert store.ls() == []
    assert not (store.repository.cache / "runs").exists()


def test_a_long_row_is_planned_in_linear_time(store: Store) -> None:
    """Twice as many take about twice as long, and no recursion is too deep."""
    assert len(make_plan(Link(number=5_000), store=store).steps) == 5_001
    started = time.process_time()
    make_plan(Link(number=5_000), store=store)
    assert time.process_time() - started < 10
