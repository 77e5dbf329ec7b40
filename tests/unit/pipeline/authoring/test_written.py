"""How parameters of tasks are written for a person."""

from __future__ import annotations

from datetime import date
from enum import Enum
from pathlib import Path

import pytest

import stook
from stook.pipeline.authoring.written import written_values
from stook.pipeline.planning import make_plan


class Colour(Enum):
    """Some."""

    RED = "r"


class Table(stook.Task):
    """Has several parameters."""

    text: str = "a b"
    number: float = 0.5
    day: date = date(2026, 1, 31)
    file: Path = Path("x.csv")
    colour: Colour = Colour.RED
    shops: tuple[str, ...] = ("north", "south")

    def run(self) -> int:
        """Return nothing of note."""
        return 1


class Few(stook.Task):
    """Has one."""

    n: int = 1

    def run(self) -> int:
        """Return nothing of note."""
        return 1


class Part(stook.Task):
    """Holds what is required."""

    part: stook.Partition
    other: stook.Bundle

    def run(self, part: object, other: object) -> int:
        """Return nothing of note."""
        return 1


def test_values_are_written_as_on_a_command_line() -> None:
    """Texts, dates and paths without quotes, enums by name."""
    assert list(written_values(Table()).values()) == [
        "text=a b",
        "number=0.5",
        "day=2026-01-31",
        "file=x.csv",
        "colour=RED",
        "shops=['north', 'south']",
    ]


@pytest.mark.parametrize(
    ("partition", "text"),
    [
        (stook.Partition(Table(), "day", "monday"), "day=monday"),
        (stook.Partition(Table(), "day", None), "day is null"),
        (stook.Partition(Table(), "", None, 0, 10), "rows 0-10"),
    ],
)
def test_a_partition_says_itself_what_it_is(partition: stook.Partition, text: str) -> None:
    """The parameter's name is left out."""
    assert written_values(Part(part=partition, other=Few()))["part"] == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (Few(n=2), "Few(n=2)"),
        (Few(n=2)["sales"], "Few(n=2)[sales]"),
        (stook.external("best@prod"), "best@prod"),
        (stook.source("sales.csv", name="raw.sales"), "raw.sales"),
    ],
)
def test_other_inputs_are_short(given: stook.Task, text: str) -> None:
    """A bundle is its name, an item stands in brackets."""
    part = stook.Partition(Few(), "day", 1)
    assert written_values(Part(part=part, other=given))["other"] == f"other={text}"


def test_a_plan_has_them(tmp_path: Path) -> None:
    """Each step has those of its task."""
    (step,) = make_plan(Table(number=2.0), store=stook.open(tmp_path / "store")).steps
    assert step.values == written_values(Table(number=2.0))
