"""What tasks require: items, parameters that hold requirements, and maps."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

import stook
from stook.errors import InputError
from stook.pipeline import Task, task
from stook.pipeline.authoring.mapping import PartKey, expand
from stook.pipeline.authoring.requirements import read_requirements
from stook.pipeline.authoring.tasks import parameters_of, requirements_in, values_of
from stook.pipeline.authoring.wanted import Item, Mapped, Partition, Partitions, needs_of
from stook.pipeline.graph import collect

if TYPE_CHECKING:
    import pandas as pd


class Raw(Task):
    """The first task."""

    year: int = 2026

    def run(self) -> None:
        """Do nothing."""


class Other(Raw):
    """Another task."""


class Clean(Task):
    """It holds what it works on."""

    data: stook.Task
    window: int = 3

    def run(self, data: Any) -> None:
        """Do nothing."""


class Cut(Task):
    """It holds a table, or a part of one."""

    table: pd.DataFrame
    raw: Raw | None = None  # type: ignore[assignment]

    def run(self, table: Any, **_: Any) -> None:
        """Do nothing."""


class Join(Task):
    """It holds several."""

    parts: list[stook.Task] = []  # noqa: RUF012 - what a user writes
    named: dict[str, stook.Task] = {}  # noqa: RUF012

    def run(self, parts: Any, named: Any) -> None:
        """Do nothing."""


@task
def features(transactions: pd.DataFrame, prices: Any = None, *, window: int = 90) -> None:
    """Take two inputs that no `requires` names."""


def test_parameters_that_hold_requirements_are_required() -> None:
    """A held task is required under the parameter's name, and is no value that the fingerprint sees."""
    made = Clean(data=Raw(year=2025))
    assert values_of(made) == {"window": 3}
    assert requirements_in(made) == {"data": Raw(year=2025)}
    nodes = collect(made)
    assert [node.task for node in nodes] == [Raw(year=2025), made]
    assert nodes[-1].requirements.roles == {"data": Raw(year=2025)}
    assert (nodes[-1].requirements.shape, nodes[-1].requirements.held) == ([], {"data": "data"})


def test_tasks_that_hold_tasks_are_values() -> None:
    """They are equal where what they hold is, survive a pickle, and do not print a whole chain."""
    made = Clean(data=Clean(data=Raw()))
    assert made == Clean(data=Clean(data=Raw(year=2026)))
    assert made != Clean(data=Clean(data=Raw(year=1)))
    assert Clean(data=Raw()) != Clean(data=Other())
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    assert repr(made) == "Clean(data=Clean(…), window=3)"


def test_a_deep_chain_of_held_tasks() -> None:
    """Tasks may hold tasks deeper than Python's stack: compared, hashed, printed and collected they are as others."""
    one, same = Clean(data=Raw()), Clean(data=Raw())
    for _ in range(3000):
        one, same = Clean(data=one), Clean(data=same)
    assert one == same
    assert len(collect(one)) == 3002


def test_lists_and_dicts_of_requirements() -> None:
    """Each of them has a role, and `run` gets them in the shape in which they are held."""
    made = Join(parts=[Raw(), Other], named={"a": stook.external("x"), "b": Raw()["k"]})
    roles = read_requirements(made, None)
    assert list(roles.roles) == ["parts.0", "parts.1", "named.a", "named.b"]
    assert roles.shape == []
    assert roles.held == {"parts": ["parts.0", "parts.1"], "named": {"a": "named.a", "b": "named.b"}}
    assert read_requirements(Join(), None).held == {"parts": [], "named": {}}


def test_a_list_and_a_dict_with_digits_have_two_shapes() -> None:
    """Their roles are alike, but `run` gets another thing, so the shape, which a fingerprint sees, differs."""
    listed = read_requirements(Raw(), {"a": [Raw()]})
    named = read_requirements(Raw(), {"a": {"0": Raw()}})
    assert listed.roles == named.roles
    assert listed.shape != named.shape


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": 3},
        {"data": "raw"},
        {"data": [Raw()]},
        {"data": Raw().map(year=[1, 2])},
        {"data": Mapped(Clean, "data", Partitions(Raw(), rows=2), {})},
    ],
)
def test_what_a_parameter_cannot_hold(wrong: dict[str, Any]) -> None:
    """A parameter for one requirement takes neither values nor several requirements."""
    with pytest.raises(
        InputError, match=r"^Clean: parameter data is .*, which is not a task, or another thing"
    ):
        Clean(**wrong)


def test_a_parameter_for_a_certain_task() -> None:
    """An annotation with a class of tasks refuses other tasks; what may be one, such as an item, passes."""
    annotated = type("Annotated", (Task,), {"__annotations__": {"raw": Other}})
    assert annotated(raw=Other()).raw == Other()
    assert annotated(raw=stook.external("x")).raw == stook.external("x")
    with pytest.raises(InputError, match="such as Other"):
        annotated(raw=Raw())


def test_annotations_that_only_type_checkers_see() -> None:
    """A table's class may be imported under TYPE_CHECKING alone."""
    assert Cut(table=Raw()).table == Raw()
    assert requirements_in(Cut(table=Raw(), raw=Raw())) == {"table": Raw(), "raw": Raw()}
    assert values_of(Cut(table=Raw())) == {"raw": None}
    with pytest.raises(InputError, match=r"parameter table is 3, which is not a task, .* that gives a table"):
        Cut(table=3)


def test_inputs_of_a_function_are_given_where_it_is_required() -> None:
    """Arguments that are no parameters are held when given; what is missing is found before anything runs."""
    made = features(transactions=Raw(), window=7)
    assert list(parameters_of(features)) == ["window"]
    assert values_of(made) == {"window": 7}
    assert collect(made)[-1].requirements.roles == {"transactions": Raw()}
    assert made != features(transactions=Other(), window=7)
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    with pytest.raises(InputError, match="missing a required argument: 'transactions'") as caught:
        collect(features(prices=Raw()))
    assert caught.value.kind == "run-mismatch"
    with pytest.raises(InputError, match="features: parameter prices is 3, which is not a task"):
        features(transactions=Raw(), prices=3)
    with pytest.raises(InputError, match="features has no parameter 'price'"):
        features(transactions=Raw(), price=Raw())


def test_what_is_held_and_required_under_one_name() -> None:
    """Two things of one role are refused, since one of them would be lost."""
    cls = type("Twice", (Clean,), {"requires": lambda self: {"data": Other()}, "__module__": __name__})
    with pytest.raises(InputError, match="requires two things as 'data'"):
        collect(cls(data=Raw()))


def test_items() -> None:
    """An item of a task, a bundle or an item is required by its path, and needs the whole to be there first."""
    deep = Raw()["a"]["b"]
    assert deep == Item(Raw(), "a/b") == Raw()["a/b"]
    assert needs_of(deep) == Raw()
    assert needs_of(stook.external("x")[0]) == stook.external("x")
    assert [node.name for node in collect(Clean(data=deep))] == ["raw", "clean"]
    assert Clean(data=Raw()["a"]) != Clean(data=Raw()["b"])
    with pytest.raises(TypeError, match="not iterable"):
        list(Raw())  # type: ignore[call-overload]


def test_a_map_over_values_is_a_list() -> None:
    """The first argument is gone through, the others are the same for all."""
    assert Raw.map(year=range(2)) == [Raw(year=0), Raw(year=1)]
    assert Clean.map(data=[Raw(), Other()], window=7) == [
        Clean(data=Raw(), window=7),
        Clean(data=Other(), window=7),
    ]


@pytest.mark.parametrize("wrong", [{}, {"year": 3}, {"year": "2026"}])
def test_a_map_over_nothing(wrong: dict[str, Any]) -> None:
    """A map that has nothing to go through says how to write it; a text is no list of letters."""
    with pytest.raises(InputError, match="so there is nothing to go through") as caught:
        Raw.map(**wrong)
    assert "stook.partitions" in caught.value.hint


def test_a_map_over_partitions() -> None:
    """It stands for its tasks until the table is known, and pulls in what has the table."""
    mapped = Clean.map(window=7, data=stook.partitions(Raw, by="day"))
    assert mapped == Mapped(Clean, "data", Partitions(Raw(), "day"), {"window": 7})
    assert needs_of(mapped) == Raw()
    nodes = collect(Join(parts=mapped))
    assert [node.name for node in nodes] == ["raw", "join"]
    assert nodes[-1].requirements.roles == {"parts": mapped}

    tasks = expand(mapped, [PartKey("day=a", "1", "a"), PartKey("day is null", "2")])
    parts = [Partition(Raw(), "day", "a"), Partition(Raw(), "day", None)]
    assert tasks == [Clean(window=7, data=part) for part in parts]
    made = nodes[-1].requirements.expanded({"parts": tasks})
    assert made.roles == {"parts.0": tasks[0], "parts.1": tasks[1]}
    assert made.held == {"parts": ["parts.0", "parts.1"], "named": {}}
    assert nodes[-1].requirements.expanded({"parts": []}).held["parts"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"of": 3, "by": "day"}, "3 cannot be taken apart"),
        ({"of": Raw()}, "either by a column or of a number of rows"),
        ({"of": Raw(), "by": "day", "rows": 3}, "either by a column"),
        ({"of": Raw(), "rows": -1}, "either by a column"),
        ({"of": Raw(), "rows": True}, "either by a column"),
        ({"of": Mapped(Clean, "data", Partitions(Raw(), rows=2), {}), "rows": 1}, "cannot be taken apart"),
    ],
)
def test_partitions_that_cannot_be(given: dict[str, Any], message: str) -> None:
    """Partitions of what has no table, or by nothing, are refused where they are written."""
    with pytest.raises(InputError, match=message):
        stook.partitions(given.pop("of"), **given)


def test_maps_are_checked_before_anything_runs() -> None:
    """A wrong parameter, two partitions, an item of a map, a class without run: found before it runs."""
    over = stook.partitions(Raw(), rows=2)
    with pytest.raises(InputError, match="parameter window is 'x'"):
        Clean.map(data=over, window="x")
    with pytest.raises(InputError, match="not through data and window"):
        Clean.map(data=over, window=over)
    with pytest.raises(InputError, match="so it has no item 'a'"):
        Clean.map(data=over)["a"]
    empty = type("Empty", (Task,), {"__annotations__": {"data": Task}, "__module__": __name__})
    with pytest.raises(InputError, match="Empty has no run"):
        collect(Join(parts=empty.map(data=over)))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (0.0, -0.0), (None, "None"), ("1", 1)],
)
def test_partitions_differ_where_their_keys_do(one: object, other: object) -> None:
    """Keys that Python takes for equal, or that read alike, make two partitions; NaN makes one."""
    assert Partition(Raw(), "k", one) != Partition(Raw(), "k", other)
    nan = float("nan")
    assert Partition(Raw(), "k", nan) == Partition(Raw(), "k", nan)
    assert len({Partition(Raw(), "k", nan), Partition(Raw(), "k", float("nan"))}) == 1
