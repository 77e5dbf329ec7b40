"""What may be asked to be run, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.errors import InputError
from stook.store import Store


class Numbers(stook.Task):
    """A task with a parameter."""

    count: int = 2

    def run(self) -> list[int]:
        """Return so many numbers."""
        return [*range(self.count)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store")


def test_a_class_stands_for_its_task(store: Store) -> None:
    """Wherever a task is asked for, as in `requires`, with the defaults of its parameters."""
    assert stook.run(Numbers, store=store).bundle.data == [0, 1]  # type: ignore[arg-type] - what people write
    assert stook.plan([Numbers, Numbers(count=3)], store=store).steps[0].decision == "reuse"  # type: ignore[list-item]
    assert stook.why(Numbers, store=store).decision == "reuse"  # type: ignore[arg-type] - what people write


@pytest.mark.parametrize("given", ["tasks.py:Numbers", stook.external("numbers"), 3, [3], int])
def test_what_is_no_task_is_refused(store: Store, given: object) -> None:
    """A text is not looked up, and bundles and files are there already or come with a task."""
    with pytest.raises(InputError, match="is no task, so it cannot be run"):
        stook.run(given, store=store)  # type: ignore[arg-type] - what people write
    with pytest.raises(InputError, match="is no task, so it cannot be run"):
        stook.plan(given, store=store)  # type: ignore[arg-type] - what people write


def test_parameters_are_given_by_name() -> None:
    """So that a parameter more, or another order, changes no call."""
    with pytest.raises(InputError) as caught:
        Numbers(5)  # type: ignore[arg-type] - what people write
    assert caught.value.hint == "write Numbers(count=…)"


def test_an_attribute_without_annotation_is_said_to_be_none() -> None:
    """It looks like a parameter, so it is said what it lacks."""

    class Plain(stook.Task):
        count = 2

    with pytest.raises(InputError, match="count has no annotation, which makes a parameter: count: int"):
        Plain(count=3)


def test_results_are_short_where_nobody_draws_them(store: Store) -> None:
    """At a prompt a result is one line, and not all that is known of it."""
    result = stook.run(Numbers(), store=store)
    assert repr(result) == f"<RunResult {result.bundle.ref} ran, 1 step, run {result.run}>"
    assert repr(result.target) == f"<StepResult {result.bundle.ref} ran: never ran>"
    assert (
        repr(stook.why(Numbers(count=3), store=store))
        == "<PlannedStep Numbers(count=3) run: parameter count: 2 → 3>"
    )
