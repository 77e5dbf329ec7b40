"""What variables of a notebook are, by content."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import enum
import functools
import io
import sqlite3
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import stook
from stook.errors import InputError
from stook.pipeline.closure import Codebase
from stook.pipeline.live.walk import LiveWalk


class _Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class _Point:
    x: object
    y: object = 0


def _digest(value: object) -> str:
    return LiveWalk({}, Codebase((Path(__file__).parent,))).describe(value, "value")


_SEVERAL = [
    1, 1.0, True, "1", b"1", None, [1], (1,), {1}, frozenset({1}), {"a": 1, "b": 2}, {"b": 2, "a": 1}, [[1], 2],
    [1, [2]],
    dt.date(2024, 1, 1), dt.datetime(2024, 1, 1), Decimal("1.0"), Decimal("1.00"), Path("1"), range(1), _Colour.RED,
    _Colour.BLUE, _Point(1), _Point(2), _Point([1]), np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]),
    np.float64(1.0), np.dtype("int8"), pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pl.DataFrame({"a": [1]}),
    collections.OrderedDict(a=1), collections.Counter("a"), collections.deque([1]), len, print, io.StringIO, io.BytesIO,
    functools.partial(int, base=2), functools.partial(int, base=8), stook.external("a"), stook.external("b"),
    "ab".upper, "ac".upper, list[int], list[str], int | None, int | str,
]  # fmt: skip


def test_values_that_differ_have_digests_that_differ() -> None:
    """Types, order, shapes, names: whatever code could tell apart has another digest."""
    digests = [_digest(value) for value in _SEVERAL]
    assert len(set(digests)) == len(_SEVERAL)
    assert digests == [_digest(value) for value in _SEVERAL]


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"a": [1, {"b": (2, 3)}]},
        lambda: {"x", "y", "z"},
        lambda: np.arange(5)[::2],
        lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        lambda: _Point({"a": _Colour.RED}),
        lambda: [stook.external("a"), Path("x/y")],
    ],
)
def test_equal_values_made_twice_are_one(make: object) -> None:
    """Which object it is does not count."""
    assert _digest(make()) == _digest(make())  # type: ignore[operator]


def test_a_list_that_holds_itself() -> None:
    """A circle ends, and what is in it counts."""

    def circle(first: int) -> list[object]:
        made: list[object] = [first]
        made.append(made)
        return made

    assert _digest(circle(1)) == _digest(circle(1)) != _digest(circle(2))


@pytest.mark.parametrize(
    "value", [sqlite3.connect(":memory:"), io.StringIO(), iter([1]), object(), [object()]]
)
def test_what_has_no_content_to_tell_is_refused(value: object) -> None:
    """The error names the variable and says what to do instead."""
    with pytest.raises(InputError, match="a task of the notebook uses value") as caught:
        _digest(value)
    assert caught.value.kind == "not-a-value"
    assert "require it as an input" in caught.value.hint


def test_what_is_nested_without_end_is_refused() -> None:
    """Rather than that Python's stack ends."""
    deep: list[object] = []
    for _ in range(1000):
        deep = [deep]
    with pytest.raises(InputError, match="nested too deeply"):
        _digest(deep)
