"""Why the task of a partition runs: compared with what it was for that partition."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.pipeline.planning import make_plan
from stook.store import Store

pandas = pytest.importorskip("pandas")


class Day(stook.Task):
    """One day of what is there."""

    factor: int = 1
    part: stook.Partition

    def run(self, part: object) -> int:
        """Return the factor."""
        return self.factor


class Days(stook.Task):
    """All days."""

    factor: int = 1

    def requires(self) -> object:
        """Need each day."""
        return Day.map(factor=self.factor, part=stook.partitions(stook.external("sales"), by="day"))

    def run(self, days: list[int]) -> int:
        """Count them."""
        return len(days)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in which two days have been worked on."""
    store = stook.open(tmp_path / "store")
    store.add("sales", pandas.DataFrame({"day": ["mon", "tue"], "amount": [1, 2]}))
    stook.run(Days(), store=store)
    return store


def reasons(store: Store, factor: int = 1) -> list[str]:
    """Return why each day would run, without ids."""
    steps = make_plan(Days(factor=factor), store=store).steps[:-1]
    return [" ".join(word.partition("@")[0] for word in step.because[0].split()) for step in steps]


def test_a_partition_is_compared_with_itself(store: Store) -> None:
    """Not with the one that was made last, which has other rows anyway."""
    store.add("sales", pandas.DataFrame({"day": ["mon", "tue"], "amount": [3, 4]}))
    assert reasons(store) == [
        "input part changed (sales day=mon → sales day=mon)",
        "input part changed (sales day=tue → sales day=tue)",
    ]
    assert reasons(store, factor=2)[0] == "parameter factor: 1 → 2"


def test_a_new_partition_never_ran(store: Store) -> None:
    """It has nothing to be compared with."""
    store.add("sales", pandas.DataFrame({"day": ["mon", "tue", "wed"], "amount": [1, 2, 3]}))
    assert reasons(store) == ["same as day", "same as day", "never ran for day=wed"]
