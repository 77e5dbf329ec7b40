"""Tasks written down as JSON, and made again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stook
from stook.errors import InputError, NotFoundError, StookError, TaskError
from stook.pipeline import Task, load_task
from stook.pipeline.authoring.tasks import values_of
from stook.pipeline.authoring.wanted import Partition
from stook.pipeline.finding.specs import dump_class, dump_task, load_spec

HERE = (Path(__file__).resolve().parents[4],)


class Mode(Enum):
    """Two ways."""

    FAST = "f"
    EXACT = 2


@dataclass
class Model:
    """It changes what it is made of, so making it twice would show."""

    depth: int
    rates: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Double the depth."""
        self.depth *= 2


class Leaf(Task):
    """It has parameters of many kinds."""

    number: int = 0
    rate: float = 0.0
    text: str = ""
    flag: bool = False
    day: date | None = None
    at: datetime = datetime(2026, 1, 1)
    every: timedelta = timedelta()
    size: Decimal = Decimal(1)
    where: Path = Path("a")
    mode: Mode = Mode.FAST
    level: Literal["a", 1] = "a"
    key: int | float | str = 0
    words: list[str] = []  # noqa: RUF012 - what a user writes
    weights: dict[str, float] = {}  # noqa: RUF012
    models: list[Model] = []  # noqa: RUF012

    def run(self) -> None:
        """Do nothing."""


class Holder(Task):
    """It holds one thing and several."""

    one: stook.Task | None = None  # type: ignore[assignment]
    many: list[stook.Task] = []  # noqa: RUF012

    def run(self, **_: Any) -> None:
        """Do nothing."""


class Outer:
    """It has a task within."""

    class Inner(Leaf):
        """A nested task."""


texts = st.text(st.characters(codec="utf-8"), max_size=5)
leaves = st.builds(
    Leaf,
    number=st.integers(),
    rate=st.floats(),
    text=texts,
    flag=st.booleans(),
    day=st.none() | st.dates(),
    at=st.datetimes(timezones=st.none() | st.just(UTC)),
    every=st.timedeltas(),
    size=st.decimals(),
    where=st.just(Path("b/c")),
    mode=st.sampled_from(Mode),
    level=st.sampled_from(["a", 1]),
    key=st.integers() | st.floats() | texts,
    words=st.lists(texts, max_size=3),
    weights=st.dictionaries(texts, st.floats(), max_size=3),
    models=st.lists(st.builds(Model, st.integers(), st.tuples(st.floats())), max_size=2),
)
keys = st.none() | st.integers() | st.floats() | texts | st.dates()
requirements = st.recursive(
    leaves | st.just(stook.external("x@prod")) | st.just(stook.source("a/b.csv", name="raw")),
    lambda inner: (
        st.builds(lambda of: Holder(one=of), inner)
        | st.builds(lambda of: Holder(many=of), st.lists(inner, max_size=3))
        | st.builds(lambda of: of["k/0"], inner)
        | st.builds(lambda of, key: Partition(of, "day", key), inner, keys)
        | st.builds(lambda of, start: Partition(of, start=start, stop=start + 5), inner, st.integers(0, 99))
    ),
    max_leaves=4,
)


@given(requirements)
def test_what_is_written_down_comes_back(required: Any) -> None:
    """Through JSON text and back a task is the very same: equal, and with values of the same types."""
    task = Holder(one=required)
    again = load_spec(json.loads(json.dumps(dump_task(task))), HERE)
    assert again == task
    assert hash(again) == hash(task)
    assert repr(dump_task(again)) == repr(dump_task(task))


@given(leaves)
def test_parameters_come_back_exactly(task: Leaf) -> None:
    """Every value is the same in type too; a dataclass is not made a second time."""
    again = load_spec(json.loads(json.dumps(dump_task(task))), HERE)
    assert repr(values_of(again)) == repr(values_of(task))


def test_maps_nested_classes_and_functions() -> None:
    """What stands for a task for each partition comes back too, and so does a task in a class."""
    mapped = Holder.map(one=stook.partitions(Leaf()["t"], rows=5), many=[Leaf(number=1)])
    for task in (Holder(many=mapped), Outer.Inner(number=3)):
        assert load_spec(json.loads(json.dumps(dump_task(task))), HERE) == task
    assert dump_task(Outer.Inner())["name"] == "Outer.Inner"


def test_the_file_is_relative_to_the_workspace() -> None:
    """A spec says the same on every machine that has the workspace."""
    spec = dump_task(Leaf(number=3))
    assert (spec["module"], spec["file"]) == (__name__, "tests/unit/pipeline/finding/test_specs.py")


def test_a_class_alone() -> None:
    """It is told by where it is; parameters are those of a task."""
    file = "tests/unit/pipeline/finding/test_specs.py"
    assert dump_class(Outer.Inner) == {"module": __name__, "name": "Outer.Inner", "file": file}


def test_tasks_that_hold_tasks_too_deeply() -> None:
    """A chain that no reader would take is refused where it is written."""
    task: Any = Leaf()
    for _ in range(200):
        task = Holder(one=task)
    with pytest.raises(InputError, match="hold tasks more than 100 levels deep"):
        dump_task(task)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A workspace with a task and a module that leaves a trace when it is imported."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "stook.toml").write_text("")
    (folder / "steps_of_specs.py").write_text(
        "import stook\nclass Step(stook.Task):\n    n: int = 1\n    def run(self): pass\nother = 3\n"
        "from pathlib import Path\nBorrowed = Path\n"
    )
    trace = tmp_path / "outside" / "trace_of_specs.py"
    trace.parent.mkdir()
    trace.write_text("raise SystemError('it was imported')\n")
    (folder / "broken_of_specs.py").write_text("raise ValueError('broken')\n")
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        del sys.modules[name]


def spec_of(**changes: Any) -> dict[str, Any]:
    """Return a spec with changes."""
    return {
        "module": "steps_of_specs",
        "name": "Step",
        "file": "steps_of_specs.py",
        "params": {"n": 2},
    } | changes


def test_a_spec_is_imported_from_the_workspace(project: Path) -> None:
    """The task of a spec is the one that the command line would load."""
    task = load_spec(spec_of(), (project,))
    assert task == load_task("steps_of_specs.py:Step", folder=project)(n=2)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": "Gone"}, NotFoundError, "has no task Gone"),
        ({"name": "other"}, NotFoundError, "has no task other"),
        ({"name": "Step.run"}, NotFoundError, "has no task"),
        ({"name": "Step.__init__.__globals__"}, NotFoundError, "has no task"),
        ({"name": "Borrowed"}, NotFoundError, "has no task"),
        ({"name": "stook.Task"}, InputError, "is stook.pipeline.authoring.tasks:Task"),
        ({"module": "gone_of_specs"}, NotFoundError, "there is no module"),
        ({"module": "os"}, NotFoundError, "there is no module os"),
        ({"module": "xml.dom"}, InputError, "neither in .* nor installed"),
        ({"module": "sys"}, NotFoundError, "there is no module sys"),
        ({"module": "trace_of_specs"}, InputError, "neither in .* nor installed"),
        ({"module": "../outside/trace_of_specs"}, InputError, "is no module"),
        ({"module": "broken_of_specs"}, TaskError, "broken_of_specs cannot be imported: ValueError: broken"),
        ({"module": 3}, InputError, "is not what Stook writes"),
        ({"params": 3}, InputError, "is not what Stook writes"),
        ({"params": {"n": 1, "m": 3}}, InputError, "cannot be made again: Step has no parameter 'm'"),
        ({"params": {"n": "x"}}, InputError, "cannot be made again: Step: parameter n is 'x'"),
        ({"params": {}}, InputError, "parameter n is missing"),
        ({"held": {"n": {"task": 3}}}, InputError, "is not what Stook writes"),
        ({"held": {"n": {}}}, InputError, "is not what Stook writes"),
        ({"held": {"n": {"external": "a/b"}}}, InputError, "no name"),
        ({"held": 3}, InputError, "is not what Stook writes"),
    ],
)
def test_a_hostile_spec(
    changes: Any, error: type[StookError], message: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec that leads anywhere else than to a task of the workspace is refused, and nothing else is imported."""
    monkeypatch.syspath_prepend(str(project.parent / "outside"))
    with pytest.raises(error, match=message):
        load_spec(spec_of(**changes), (project,))
    assert "trace_of_specs" not in sys.modules


def test_a_bottomless_spec() -> None:
    """A spec nested deeper than Stook writes is refused."""
    deep: Any = {"external": "x"}
    for _ in range(5000):
        deep = {"item": "k", "of": deep}
    spec = dump_task(Holder()) | {"params": {}, "held": {"one": deep}}
    with pytest.raises(InputError, match="nested too deeply"):
        load_spec(spec, HERE)
