"""The graph that a task pulls in, and the mistakes that are found in it."""

from __future__ import annotations

from typing import Any

import pytest

import stook
from stook.errors import InputError, TaskError
from stook.pipeline import Task
from stook.pipeline.graph import collect


class Leaf(Task):
    """Requires nothing."""

    number: int = 0

    def run(self) -> int:
        """Return the number."""
        return self.number


class Taker(Task):
    """Takes whatever is required."""

    number: int = 0

    def run(self, *inputs: Any, **named: Any) -> None:
        """Take anything."""


def requiring(given: Any) -> Task:
    """Return a task that requires something."""
    cls = type("Requiring", (Taker,), {"requires": lambda self: given, "__module__": __name__})
    return cls()


class Left(Task):
    """Requires a leaf."""

    def requires(self) -> Task:
        """Return it."""
        return Leaf()

    def run(self, leaf: Any) -> None:
        """Do nothing."""


class Right(Left):
    """Requires the same leaf."""


def test_order_is_requirements_first_and_each_once() -> None:
    """A diamond has four tasks, each after what it requires, however often it is required."""
    nodes = collect(requiring({"left": Left(), "right": Right(), "leaf": Leaf()}))
    assert [node.name for node in nodes] == ["leaf", "left", "right", "requiring"]


def test_class_stands_for_itself_with_defaults() -> None:
    """A class among the requirements is the task with default parameters."""
    assert collect(requiring({"leaf": Leaf}))[0].task == Leaf()


def test_lists_within_a_dict() -> None:
    """A list within a dict arrives as a list, and each of its members has a role."""
    node = collect(requiring({"parts": [Leaf(number=n) for n in range(3)], "one": Leaf()}))[-1]
    assert list(node.requirements.roles) == ["parts.0", "parts.1", "parts.2", "one"]
    assert node.requirements.shape == {"parts": ["parts.0", "parts.1", "parts.2"], "one": "one"}


class Ping(Task):
    """Requires Pong."""

    def requires(self) -> Task:
        """Return it."""
        return Pong()

    def run(self, pong: Any) -> None:
        """Do nothing."""


class Pong(Task):
    """Requires Ping."""

    def requires(self) -> Task:
        """Return it."""
        return Ping()

    def run(self, ping: Any) -> None:
        """Do nothing."""


def test_circle() -> None:
    """Tasks that require each other are shown as a path."""
    with pytest.raises(InputError, match=r"in a circle: Ping\(\) → Pong\(\) → Ping\(\)(\ntry|$)") as caught:
        collect(Ping())
    assert caught.value.kind == "cycle"


def test_circle_further_down() -> None:
    """Only the tasks of the circle are named."""
    with pytest.raises(InputError, match=r"in a circle: Ping\(\) → Pong\(\) → Ping\(\)(\ntry|$)"):
        collect(requiring([Leaf(), Ping()]))


def test_two_classes_of_one_output_name() -> None:
    """Two different tasks may not make bundles of one name; one with several parameters may."""
    other = type("Other", (Leaf,), {"name": "leaf", "__module__": __name__})
    with pytest.raises(InputError, match=r"two things make leaf: .*test_graph:Leaf and .*test_graph:Other"):
        collect(requiring([Leaf(), other()]))
    assert len(collect(requiring([Leaf(number=1), Leaf(number=2)]))) == 3


def test_source_of_a_tasks_output_name() -> None:
    """A file may not be kept under a task's output name, nor two files under one."""
    with pytest.raises(InputError, match=r"two things make leaf: .*x\.csv and .*Leaf"):
        collect(requiring([stook.source("x.csv", name="leaf"), Leaf()]))
    with pytest.raises(InputError, match=r"two things make raw: the source x\.csv and the source y\.csv"):
        collect(requiring([stook.source("x.csv", name="raw"), stook.source("y.csv", name="raw")]))


@pytest.mark.parametrize("given", ["raw", 3, {"a": "raw"}, [None], stook])
def test_requirement_that_is_none(given: Any) -> None:
    """Something that cannot be required is refused, naming the task and the role."""
    with pytest.raises(InputError, match=r"^Requiring requires .* as '\w+', which is neither") as caught:
        collect(requiring(given))
    assert "stook.external" in caught.value.hint


@pytest.mark.parametrize("given", [{"a.b": Leaf(), "a": {"b": Right()}}, {1: Leaf(), "1": Right()}])
def test_two_requirements_of_one_role(given: Any) -> None:
    """Two requirements whose role reads alike are refused: one of them would stand in for both."""
    with pytest.raises(InputError, match=r"requires two things as '(a\.b|1)'"):
        collect(requiring(given))


@pytest.mark.parametrize("given", [Leaf, [Leaf, Leaf(number=1)], {"other": Leaf}])
def test_run_that_takes_something_else(given: Any) -> None:
    """A `run` that does not take what is required is found before anything runs."""
    cls = type("Taking", (Taker,), {"requires": lambda self: given, "run": lambda self, a, b, c: None})
    cls.__module__ = __name__
    with pytest.raises(InputError, match=r"Taking requires .*, but its run takes \(a, b, c\)"):
        collect(cls())


@pytest.mark.parametrize("own", ["self", "me", "cls"])
def test_an_input_named_as_the_task_itself(own: str) -> None:
    """What `run` calls the task itself can be no input's name, though it takes any others."""
    names: dict[str, Any] = {}
    exec(f"def run({own}, **others): ...\ndef free({own}, /, **others): ...", names)  # noqa: S102
    run = classmethod(names["run"]) if own == "cls" else names["run"]
    given = {own: Leaf(), "other": Leaf(number=1)}
    made = {"requires": lambda self: given, "__module__": __name__}
    with pytest.raises(
        InputError, match=rf"requires {own}, other, but its run .*: {own} is the task"
    ) as caught:
        collect(type("Taking", (Taker,), {**made, "run": run})())
    assert caught.value.kind == "run-mismatch"
    assert len(collect(type("Free", (Taker,), {**made, "run": names["free"]})())) == 3


def test_requires_that_raises() -> None:
    """An exception in `requires` is the task's failure, with the user's traceback."""

    class Failing(Leaf):
        def requires(self) -> Any:
            return {}["x"]

    Failing.__qualname__ = "Failing"
    with pytest.raises(TaskError, match=r"requires of Failing\(number=0\) failed: KeyError: 'x'") as caught:
        collect(Failing())
    assert 'return {}["x"]' in str(caught.value.facts["traceback"])


def test_task_within_a_function() -> None:
    """A task defined within a function is refused: its variables are part of it and cannot be seen."""

    class Inner(Leaf):
        pass

    with pytest.raises(InputError, match="Inner is defined within a function") as caught:
        collect(Inner())
    assert caught.value.kind == "no-source"


class Link(Task):
    """A chain as long as its number."""

    number: int

    def requires(self) -> Task | None:
        """Return the link before."""
        return Link(number=self.number - 1) if self.number else None

    def run(self, *before: Any) -> None:
        """Do nothing."""


def test_chain_longer_than_the_stack() -> None:
    """A chain may be longer than Python's recursion allows."""
    nodes = collect(Link(number=5000))
    assert [node.task.number for node in nodes] == list(range(5001))  # type: ignore[attr-defined]
