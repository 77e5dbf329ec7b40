"""Inputs arrive as `run` asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import stook
from stook.errors import InputError, NotFoundError
from stook.pipeline import Task, task
from stook.pipeline.authoring.inputs import prepare
from stook.pipeline.authoring.requirements import read_requirements
from stook.pipeline.graph import collect

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

    from stook import Bundle

TABLE = pd.DataFrame({"x": [1, 2], "y": ["a", None]})


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, stook.Bundle]:
    """A bundle of each sort."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "a.txt").write_text("a")
    store = stook.open(folder / "store")
    data = {
        "pandas": TABLE,
        "polars": pl.DataFrame({"x": [3]}),
        "several": {"table": TABLE, "n": 5, "deep": {"k": [1, 2]}, "array": np.arange(3)},
        "number": 7,
        "names": {"a": 1},
        "file": folder / "a.txt",
    }
    made = {}
    for name, value in data.items():
        with store.draft(name) as draft:
            draft.set(value)
        made[name] = draft.bundle
    return made


@task
def as_pandas(it: pandas.DataFrame) -> Any:
    """Take what only type checkers import."""
    return it


@task
def as_polars(it: pl.DataFrame) -> Any:
    """Take polars."""
    return it


@task
def as_lazy(it: pl.LazyFrame) -> Any:
    """Take lazy polars."""
    return it


@task
def as_arrow(it: pa.Table | None) -> Any:
    """Take Arrow, also where it may be None."""
    return it


@task
def as_path(it: Path) -> Any:
    """Take a path."""
    return it


@task
def as_number(it: float) -> Any:
    """Take a number."""
    return it


@task
def as_dict(it: dict[str, int]) -> Any:
    """Take a dict."""
    return it


@task
def as_bundle(it: Bundle) -> Any:
    """Take a bundle, whose class only type checkers import."""
    return it


@task
def as_usual(it) -> Any:  # type: ignore[no-untyped-def]
    """Take what is usual."""
    return it


@task
def several(first: Path, /, *tables: pd.DataFrame, **named: list[pl.DataFrame]) -> Any:
    """Take several of each."""
    return first, tables, named


def call(made: Task, bundles: dict[str, stook.Bundle]) -> Any:
    """Call run with bundles whose names are those of the requirements."""
    required = read_requirements(made, made.requires())
    chosen = {role: bundles[str(needed).split("'")[1]] for role, needed in required.roles.items()}
    return prepare(made, required, chosen)()


@pytest.mark.parametrize(
    ("taker", "required", "expected"),
    [
        (as_pandas, stook.external("pandas"), "pandas DataFrame 2"),
        (as_pandas, stook.external("polars"), "pandas DataFrame 1"),
        (as_pandas, stook.external("several")["table"], "pandas DataFrame 2"),
        (as_polars, stook.external("pandas"), "polars DataFrame 2"),
        (as_lazy, stook.external("pandas"), "polars LazyFrame"),
        (as_arrow, stook.external("polars"), "pyarrow Table 1"),
        (as_path, stook.external("file"), "pathlib PosixPath"),
        (as_number, stook.external("number"), "builtins int"),
        (as_number, stook.external("several")["n"], "builtins int"),
        (as_number, stook.external("several")["deep/k/1"], "builtins int"),
        (as_dict, stook.external("names"), "builtins dict 1"),
        (as_bundle, stook.external("names"), "stook Bundle"),
        (as_usual, stook.external("pandas"), "stook Bundle"),
        (as_usual, stook.external("several")["array"], "numpy ndarray 3"),
    ],
)
def test_an_input_arrives_as_it_is_annotated(
    taker: Any, required: Any, expected: str, bundles: dict[str, stook.Bundle]
) -> None:
    """Tables come in the library asked for, files as paths, items and values as they are, all else as a bundle."""
    found = call(taker(it=required), bundles)
    package = type(found).__module__.partition(".")[0]
    size = f" {len(found)}" if hasattr(found, "__len__") else ""
    assert f"{package} {type(found).__name__}{size}" == expected


@pytest.mark.parametrize(
    ("taker", "required", "message"),
    [
        (as_pandas, stook.external("number"), r"pandas\.DataFrame, but number@\w+ has none"),
        (as_pandas, stook.external("several")["n"], r"pandas.DataFrame, but several@\w+ n is no table"),
        (as_path, stook.external("several"), "a path, but several@"),
        (as_number, stook.external("names"), r"float, but names@\w+ is of type dict"),
        (as_dict, stook.external("number"), r"dict\[str, int\], but number@\w+ is of type int"),
        (as_bundle, stook.external("several")["n"], "stook.Bundle, but an item of a bundle is no bundle"),
    ],
)
def test_an_input_that_cannot_be_had_so(
    taker: Any, required: Any, message: str, bundles: dict[str, stook.Bundle]
) -> None:
    """What cannot be given as asked is an error that names task, role and bundle."""
    with pytest.raises(InputError, match=rf"^{taker.__name__}: input it is asked for as {message}") as caught:
        call(taker(it=required), bundles)
    assert (caught.value.kind, caught.value.facts["role"]) == ("bad-input", "it")


@task(requires={"self": stook.external("number")})
def called_self(self: int) -> int:
    """Take an input of the name that methods have for the task."""
    return self


def test_an_input_of_a_function_may_be_called_self(bundles: dict[str, stook.Bundle]) -> None:
    """A function has no name for the task itself, so none is taken."""
    [node] = collect(called_self())
    assert prepare(node.task, node.requirements, {"self": bundles["number"]})() == 7


def test_an_item_that_is_not_there(bundles: dict[str, stook.Bundle]) -> None:
    """A wrong name of an item stays the error that lists the right ones."""
    with pytest.raises(NotFoundError, match="has no item 'nope'"):
        call(as_usual(it=stook.external("several")["nope"]), bundles)


def test_lists_dicts_and_further_arguments(bundles: dict[str, stook.Bundle]) -> None:
    """Each member of a list or dict is read as the annotation of its members says, and so are *args and **kwargs."""
    made = task(requires=[stook.external("file"), stook.external("pandas"), stook.external("polars")])(
        several.function
    )
    first, tables, named = call(made(), bundles)
    assert isinstance(first, Path)
    assert [type(table) for table in tables] == [pd.DataFrame, pd.DataFrame]
    assert named == {}


class Held(Task):
    """It holds a table and a list of tables."""

    table: pandas.DataFrame
    parts: list[stook.Task] = []  # noqa: RUF012 - what a user writes
    where: Path = Path("x")

    def run(self, parts: list[pl.DataFrame]) -> Any:
        """Return what it got, as arguments and as attributes."""
        return self.table, parts, self.where, self


def test_in_run_what_was_held_is_the_input(bundles: dict[str, stook.Bundle]) -> None:
    """`self.table` is the table, passed or not: of what was required only the content can reach a result."""
    made = Held(
        table=stook.external("pandas"), parts=[stook.external("polars")], where=stook.external("file")
    )
    table, parts, where, me = call(made, bundles)
    assert isinstance(table, pd.DataFrame)
    assert [type(part) for part in parts] == [pl.DataFrame]
    assert where.name == "a.txt"
    assert me.parts is parts
    assert made.table == stook.external("pandas")  # type: ignore[comparison-overlap]


class Unknown(Task):
    """Its annotation leads nowhere."""

    def requires(self) -> Any:
        """Return anything."""
        return {"it": stook.external("x")}

    def run(self, it: Nonsense) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Do nothing."""


def test_an_annotation_that_nobody_knows_is_found_before_anything_runs() -> None:
    """It is named, with the file and line of `run`."""
    with pytest.raises(
        InputError, match=r"test_inputs\.py:\d+: .*argument it: its annotation Nonsense names"
    ) as caught:
        collect(Unknown())
    assert caught.value.kind == "bad-task"


def test_files_of_the_output(tmp_path: Path, bundles: dict[str, stook.Bundle]) -> None:
    """`self.path` and `stook.path` give paths in the folder of the run, and refuse names that lead elsewhere."""
    from stook.pipeline.authoring.output_files import writing_in

    class Writing(Task):
        def run(self) -> Path:
            return self.path("plots/a.png")

    made = Writing()
    folder = tmp_path / "out"
    assert prepare(made, read_requirements(made, None), {}, folder=folder)() == folder / "plots" / "a.png"
    assert (folder / "plots").is_dir()
    with writing_in(folder):
        assert stook.path("b.csv") == folder / "b.csv"
        for name in ("../x", "/etc/x", "a//b", ""):
            with pytest.raises(InputError, match="is no name for a file of the output"):
                stook.path(name)
    with pytest.raises(InputError, match="outside of a running task"):
        made.path("x")
    with pytest.raises(InputError, match="outside of a running task"):
        stook.path("x")
