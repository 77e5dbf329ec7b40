"""Tasks and their parameters."""

from __future__ import annotations

import enum
import pickle
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

import stook
from stook.errors import InputError
from stook.pipeline import Task, parameters_of, parse_task, task
from stook.pipeline.authoring.class_parameters import output_name
from stook.pipeline.authoring.tasks import values_of


class Mode(enum.Enum):
    """Two ways."""

    FAST = "f"
    EXACT = "e"


class Everything(Task):
    """A parameter of every kind."""

    number: int
    rate: float = 0.5
    title: str = "x"
    dry: bool = False
    day: date = date(2026, 1, 2)
    at: datetime | None = None
    path: Path = Path("a")
    size: Decimal = Decimal("1.5")
    level: Literal["low", "high", 3] = "low"
    mode: Mode = Mode.FAST
    columns: list[str] = ["a"]  # noqa: RUF012 - what a user writes
    shared: ClassVar[int] = 3
    plain = 4


class Base(Task):
    """A task to derive from."""

    window: int = 90


class Derived(Base):
    """It has the parameter of its base, and one more."""

    depth: int = 1


@task(name="made.features")
def features(clean: Any, *, window: int = 90, scale: float = 1.0) -> list[Any]:
    """Return what it was given."""
    return [clean, window, scale]


def test_values_of_every_kind() -> None:
    """Values are kept in the exact type of their annotation."""
    made = Everything(
        number=np.int64(3),
        rate=2,
        path="b",
        size=2,
        mode="EXACT",
        columns=("a", "b"),
        at=datetime(2026, 1, 1),
    )
    values = values_of(made)
    assert [type(value).__name__ for value in values.values()] == (
        ["int", "float", "str", "bool", "date", "datetime", "PosixPath", "Decimal", "str", "Mode", "tuple"]
    )
    assert values["rate"] == 2.0
    assert values["mode"] is Mode.EXACT


def test_texts_of_a_command_line() -> None:
    """Every kind reads from a text."""
    texts = {
        "number": "7",
        "rate": "1e-3",
        "title": "7",
        "dry": "yes",
        "day": "2026-02-03",
        "at": "2026-02-03T04:05:06",
        "path": "c/d",
        "size": "2.50",
        "level": "3",
        "mode": "EXACT",
        "columns": "a, b",
    }
    assert parse_task(Everything, texts) == Everything(
        number=7,
        rate=0.001,
        title="7",
        dry=True,
        day=date(2026, 2, 3),
        at=datetime(2026, 2, 3, 4, 5, 6),
        path=Path("c/d"),
        size=Decimal("2.50"),
        level=3,
        mode=Mode.EXACT,
        columns=["a", "b"],
    )
    assert values_of(parse_task(Everything, {"number": "1", "at": "none"}))["at"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "7"),
        ("number", True),
        ("number", 1.0),
        ("rate", "1"),
        ("rate", 10**400),
        ("title", 1),
        ("dry", 1),
        ("day", datetime(2026, 1, 1)),
        ("day", "2026-01-01"),
        ("path", 3),
        ("size", "?"),
        ("size", True),
        ("level", "middle"),
        ("mode", "SLOW"),
        ("columns", "ab"),
        ("columns", [1]),
        ("at", 5),
    ],
)
def test_value_that_does_not_fit(name: str, value: object) -> None:
    """A value of another type is refused, naming task, parameter and what it should be."""
    with pytest.raises(
        InputError, match=rf"^Everything: parameter {name}(\.0)? is .*, which is not "
    ) as caught:
        Everything(**{"number": 1, name: value})
    assert caught.value.facts["parameter"] == name


@pytest.mark.parametrize(
    "texts",
    [{"number": "1.5"}, {"number": "x"}, {"number": "1", "day": "soon"}, {"number": "1", "size": "?"}],
)
def test_text_that_does_not_fit(texts: dict[str, str]) -> None:
    """A text that does not read as the parameter's kind is refused."""
    with pytest.raises(InputError, match="which is not"):
        parse_task(Everything, texts)


def test_unknown_and_missing_parameters() -> None:
    """The error names the parameters that there are, and the one that is missing."""
    with pytest.raises(InputError, match=r"^Derived has no parameter 'widow'; it has window, depth(\ntry|$)"):
        Derived(widow=3)
    with pytest.raises(InputError, match=r"Derived has no parameter 'wi-dow'"):
        parse_task(Derived, {"wi-dow": "3"})
    with pytest.raises(
        InputError, match=r"^Everything: parameter number is missing; it is a whole number(\ntry|$)"
    ):
        Everything()


def test_tasks_are_values() -> None:
    """Tasks are equal by class and parameters, cannot be changed, and survive a pickle."""
    assert Derived(window=1) == Derived(window=1, depth=1)
    assert hash(Derived(window=1)) == hash(Derived(window=1, depth=1))
    assert Derived(window=1) != Derived(window=2)
    assert Derived() != Base()
    assert repr(Derived(window=1)) == "Derived(window=1, depth=1)"
    assert pickle.loads(pickle.dumps(Derived(window=7))) == Derived(window=7)  # noqa: S301
    with pytest.raises(AttributeError, match="frozen"):
        Derived().window = 3
    with pytest.raises(AttributeError, match="frozen"):
        del Derived().window


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Clean", "clean"), ("HTTPServer2Task", "http_server2_task"), ("ABTest", "ab_test"), ("_Own", "own")],
)
def test_name_of_the_output(name: str, expected: str) -> None:
    """The class's name in snake_case, unless the class says otherwise."""
    assert output_name(type(name, (Task,), {})) == expected
    assert output_name(type(name, (Task,), {"name": "raw.data"})) == "raw.data"


def test_annotation_of_an_unknown_type() -> None:
    """An annotation that is no parameter's type says which attribute, and what to do."""

    class Wrong(Task):
        table: dict[int, int]

    with pytest.raises(
        InputError, match=r"test_tasks\.py:\d+: .*Wrong: attribute table: a dict is no type"
    ) as caught:
        parameters_of(Wrong)
    assert "ClassVar" in caught.value.hint


def test_default_that_does_not_fit() -> None:
    """A default of another type is found when the task is first used."""
    wrong = type("Wrong", (Task,), {"__annotations__": {"window": int}, "window": "90"})
    with pytest.raises(InputError, match="window is '90'"):
        wrong()


def test_function_as_a_task() -> None:
    """Keyword-only arguments are the parameters; the function itself stays callable."""
    assert issubclass(features, Task)
    assert output_name(features) == "made.features"
    assert list(parameters_of(features)) == ["window", "scale"]
    assert features(window=3) == features(window=3, scale=1.0)
    assert features(window=3).run("in") == ["in", 3, 1.0]
    assert features.function("in", window=4) == ["in", 4, 1.0]
    assert pickle.loads(pickle.dumps(features(window=7))) == features(window=7)  # noqa: S301


def test_function_with_a_parameter_of_no_type() -> None:
    """A parameter with neither annotation nor default is refused when the function is decorated."""
    with pytest.raises(InputError, match="parameter window has neither a type nor a default"):

        @task
        def wrong(*, window):  # type: ignore[no-untyped-def]
            return window


def test_requirements_are_checked_when_made() -> None:
    """A name that is no bundle's is refused where it is written."""
    with pytest.raises(InputError):
        stook.external("a/b")
    with pytest.raises(InputError):
        stook.source("x.csv", name="")
