"""Parameters of every kind: what is kept, what is told apart, and what is refused."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import pytest

from stook.errors import InputError
from stook.pipeline import Task, parse_task
from stook.pipeline.authoring.parameters import kind_of, plain, typed
from stook.pipeline.authoring.tasks import values_of

UserId = NewType("UserId", int)


@dataclass(frozen=True)
class AtLeast:
    """A bound, as libraries of annotations write it."""

    ge: float


@dataclass
class Model:
    """A dataclass that can be changed."""

    depth: int = 3
    rates: list[float] = field(default_factory=lambda: [0.1])


@dataclass(frozen=True)
class Training:
    """A dataclass within which is another, and which checks itself."""

    model: Model
    title: str = "x"
    day: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse one title."""
        if self.title == "bad":
            raise ValueError("the title must not be bad")
        if self.title == "odd":
            raise LookupError(self.title)


class _Unprintable:
    def __repr__(self) -> str:
        raise LookupError


def _nested(depth: int) -> list[object]:
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


class Rich(Task):
    """Parameters that hold several values."""

    training: Training = Training(Model())
    models: list[Model] = []  # noqa: RUF012 - what a user writes
    weights: dict[str, float] = {"b": 1, "a": 2}  # noqa: RUF012
    pair: tuple[int, str] = (1, "a")
    every: timedelta = timedelta(hours=26)
    key: int | str | None = None
    count: Annotated[int, AtLeast(1)] = 1
    user: UserId = 3  # type: ignore[assignment]
    from_: str = "start"
    bundle: Path = Path("a")

    def run(self) -> None:
        """Do nothing."""


def parse(**texts: str) -> Rich:
    """Return the task with texts; `__` stands for a dot."""
    made = parse_task(Rich, {name.replace("__", "."): text for name, text in texts.items()})
    assert isinstance(made, Rich)
    return made


def test_a_dataclass_is_given_as_instance_dict_or_json() -> None:
    """Whichever way it is written, it is the same task, and what was not given has its default."""
    made = Rich(training=Training(Model(depth=5)))
    assert made == Rich(training={"model": {"depth": 5}})
    assert made == Rich(training=Training(Model(5, rates=[0.1])))
    assert made == parse(training='{"model": {"depth": 5}}')
    assert made.training.model.rates == (0.1,)


def test_parts_of_a_dataclass_are_options() -> None:
    """Dotted options change single fields of what is there, at any depth."""
    made = parse(training__model__depth="7", training__title="deep", weights__c="3")
    assert (made.training.model.depth, made.training.title) == (7, "deep")
    assert made.weights == {"a": 2.0, "b": 1.0, "c": 3.0}
    over = parse_task(Rich, {"training.title": "over"}, {"training": {"model": {"depth": 8}}})
    assert over == Rich(training=Training(Model(8), "over"))
    assert parse(training='{"model": {"depth": 9}}', training__title="t").training.model.depth == 9


def test_what_is_kept_is_a_copy() -> None:
    """Changing what was given changes no task, and what a task has is hashable."""
    model, weights, listed = Model(), {"a": 1.0}, [Model()]
    made = Rich(training=Training(model), weights=weights, models=listed)
    before = hash(made)
    model.depth, weights["a"], listed[0].depth = 99, 99.0, 99
    listed.append(Model())
    assert (made.training.model.depth, made.weights["a"], made.models[0].depth) == (3, 1.0, 3)
    assert hash(made) == before
    assert made == Rich(training=Training(Model()), weights={"a": 1}, models=(Model(),))
    with pytest.raises(TypeError, match="cannot be changed"):
        made.weights["a"] = 3
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    assert copy.deepcopy(made) is made


def test_order_of_a_dict_does_not_count() -> None:
    """A dict is kept in order of the alphabet, so what iterates over it does the same however it was written."""
    assert (
        list(Rich(weights={"b": 1, "a": 2}).weights)
        == list(Rich(weights={"a": 2, "b": 1}).weights)
        == ["a", "b"]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1d12h", timedelta(days=1, hours=12)),
        ("90s", timedelta(seconds=90)),
        ("-1.5m", timedelta(seconds=-90)),
        ("250ms", timedelta(milliseconds=250)),
        ("1 day, 2:00:00", timedelta(hours=26)),
        ("-1 day, 23:59:59.5", timedelta(seconds=-0.5)),
    ],
)
def test_durations_read_as_people_and_python_write_them(text: str, expected: timedelta) -> None:
    """A duration is read with units, or as Python prints it."""
    assert parse(every=text).every == expected
    assert parse(every=str(expected)).every == expected


def test_unions_keep_the_exact_type() -> None:
    """From Python the type decides, from a text the first that reads it; 1 and "1" are two tasks."""
    assert [type(Rich(key=key).key) for key in (1, "1", None)] == [int, str, type(None)]
    assert [parse(key=text).key for text in ("1", "x", "none")] == [1, "x", None]
    assert Rich(key=1) != Rich(key="1")
    assert [kind_of(bool | int).parse(text) for text in ("1", "true")] == [1, True]
    assert type(kind_of(bool | int).parse("1")) is int


def test_names_that_python_keeps_for_itself() -> None:
    """`--from` is the parameter `from_`, since Python takes no other."""
    assert parse_task(Rich, {"from": "there"}) == Rich(from_="there")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"training__model__depht": "7"},
            r"training\.model\.depht: Model has no such field; it has depth, rates",
        ),
        ({"training__model__depth": "x"}, r"training\.model\.depth is 'x', which is not a whole number"),
        ({"training__title": "bad"}, "training: the title must not be bad"),
        ({"training": "[]"}, r"training is '\[\]', which is not Training \(model, title, day\)"),
        ({"training": "{"}, "training is '{', which is not Training"),
        ({"training": "[" * 100_000}, "training is '.*….*', which is not Training"),
        ({"count": "0"}, "count is 0, which is not a whole number, at least 1"),
        ({"count__x": "0"}, "count: it has no part x, being a whole number"),
        ({"weights": "a=1,b"}, "weights is 'a=1,b', which is not a dict"),
        ({"weights": "a=1,a=2"}, "weights is .*, which is not a dict"),
        ({"pair": "1"}, "pair is '1', which is not 2 values: a whole number, a text"),
        ({"pair": "x,y"}, "pair.0 is 'x', which is not a whole number"),
        ({"every": "soon"}, "every is 'soon', which is not a duration"),
        ({"models": '[{"depth": "x"}]'}, r"models\.0\.depth is 'x', which is not a whole number"),
    ],
)
def test_text_that_does_not_fit_says_which_part(texts: dict[str, str], message: str) -> None:
    """An error names the part of the parameter that is wrong, and what it should be."""
    with pytest.raises(InputError, match=rf"^Rich: parameter {message}") as caught:
        parse(**texts)
    assert caught.value.facts["parameter"] == next(iter(texts)).partition("__")[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", {1: 2.0}),
        ("weights", {"a": "x"}),
        ("weights", {"\ud800": 1.0}),
        ("from_", "\ud800"),
        ("training", Training(Model(depth="x"))),  # type: ignore[arg-type]
        ("training", Model()),
        ("pair", (1, "a", 2)),
        ("count", 0),
        ("key", 1.5),
        pytest.param("key", 10**5000, id="key-huge"),
        pytest.param("count", 10**5000, id="count-huge"),
        ("models", _nested(5000)),
        ("models", [_Unprintable()]),
        ("training", {"model": {}, "title": "odd"}),
        ("bundle", Path("a\0b")),
    ],
)
def test_value_that_does_not_fit(name: str, value: object) -> None:
    """Values in Python are held to the same rules, at any depth."""
    with pytest.raises(InputError, match=f"^Rich: parameter {name}"):
        Rich(**{name: value})


class Mode(Enum):
    """An enum whose value is a text."""

    A = "a"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        (1, "1"),
        ("a", Path("a")),
        (Mode.A, "A"),
        (Decimal("1.0"), Decimal("1.00")),
        ((), ("",)),
        ((1, 2), ("1", "2")),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12)),
        (Model(1), Training(Model(1))),
        (kind_of(dict[str, str]).check({"path": "a"}), Path("a")),
        (kind_of(dict[str, str]).check({"enum": "Mode"}), Mode.A),
    ],
)
def test_different_values_differ_in_the_fingerprint(one: object, other: object) -> None:
    """Two values that differ, be it in type alone, are never the same to a fingerprint."""
    from stook.format import canonical

    assert canonical.encode(typed(one)) != canonical.encode(typed(other))


def test_values_are_kept_plain() -> None:
    """What a bundle keeps of parameters is plain: dataclasses and dicts as dicts, tuples as lists."""
    values = {name: plain(value) for name, value in values_of(Rich()).items()}
    assert values["training"] == {"model": {"depth": 3, "rates": [0.1]}, "title": "x", "day": None}
    assert type(values["weights"]) is dict
    assert values["pair"] == [1, "a"]


@dataclass
class Endless:
    """It holds itself."""

    inner: Endless | None = None


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (set[int], "its order differs between processes"),
        (dict[int, str], "unless from str"),
        (str | Path, "could not be told"),
        (Endless, "holds itself"),
        (list, r"list does not say of what; write list\[int\]"),
        ([int], "is no type"),
        (complex, "complex is no type"),
        (list[complex], "complex is no type"),
    ],
)
def test_types_that_no_parameter_has(annotation: Any, message: str) -> None:
    """A type that cannot be read, kept and compared for sure is refused with the reason."""
    with pytest.raises(TypeError, match=message):
        kind_of(annotation)


def test_a_default_that_does_not_fit_says_where() -> None:
    """The error of a bad default names the file and line of the attribute."""

    class Wrong(Task):
        first: int = 1
        second: int = "x"  # type: ignore[assignment]

    with pytest.raises(
        InputError, match=r"test_parameter_values\.py:\d+: the default of Wrong: parameter second"
    ) as e:
        Wrong()
    line = int(str(e.value).partition("values.py:")[2].partition(":")[0])
    assert 'second: int = "x"' in Path(__file__).read_text(encoding="utf-8").splitlines()[line - 1]


def test_a_thousand_parameters() -> None:
    """Nothing grows faster than the number of parameters."""
    names = [f"p{n}" for n in range(1000)]
    body = {"__annotations__": dict.fromkeys(names, int), **dict.fromkeys(names, 1)}
    many = type("Many", (Task,), body)
    assert values_of(many(p999=2))["p999"] == 2


@dataclass
class Derived:
    """It computes more than its fields."""

    depth: int = 1
    width: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Derive a field, and what is no field."""
        self.width = self.depth * 2
        self.area = self.depth * self.width


@dataclass
class Moving:
    """It is another each time that it is made."""

    depth: int = 1

    def __post_init__(self) -> None:
        """Change a field."""
        self.depth += 1
        self.seen = self.depth


@dataclass
class Unset:
    """It lacks a field unless something sets it."""

    depth: int = field(init=False)


def test_an_instance_is_revived_with_what_its_class_derives() -> None:
    """What `__post_init__` adds is there again, but where that would give other fields than were kept."""
    kind = kind_of(Derived)
    revived: Any = kind.revive(plain(kind.check(Derived(3))))
    assert (revived, revived.area) == (Derived(3), 18)
    moved: Any = kind_of(Moving).revive({"depth": 5})
    assert (moved.depth, hasattr(moved, "seen")) == (5, False)


def test_a_field_without_a_value() -> None:
    """A field that nothing has set is named, and no attribute error."""

    class Lacking(Task):
        unset: Unset

        def run(self) -> None:
            """Do nothing."""

    with pytest.raises(InputError, match=r"parameter unset\.depth is .*, which is not a whole number"):
        Lacking(unset={})


def test_members_of_an_enum_as_literals_are_revived() -> None:
    """A member that a `Literal` lists comes back from its name."""
    kind = kind_of(Literal[Mode.A, "b"])
    assert [kind.revive(plain(value)) for value in (Mode.A, "b")] == [Mode.A, "b"]


def test_a_large_value_is_not_gone_through_for_its_error() -> None:
    """The error of a value that holds itself ten times, ten levels deep, is short, and there at once."""
    bomb: list[object] = [1] * 10
    for _ in range(12):
        bomb = [bomb] * 10
    with pytest.raises(InputError, match="from_ is") as caught:
        Rich(from_=bomb)
    assert len(caught.value.message) < 400
