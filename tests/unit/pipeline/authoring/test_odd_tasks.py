"""Tasks as nobody would expect them, and mistakes that are found before anything runs."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from functools import partial, partialmethod
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

import stook
from stook.errors import InputError, NotFoundError
from stook.pipeline import Task, load_task, parse_task, task
from stook.pipeline.authoring.class_parameters import output_name
from stook.pipeline.authoring.inputs import arguments_of
from stook.pipeline.authoring.requirements import read_requirements
from stook.pipeline.authoring.sources import resolve_path
from stook.pipeline.finding.locate import locate
from stook.pipeline.graph import Graph, collect


class Leaf(Task):
    """Requires nothing."""

    number: int = 0

    def run(self) -> None:
        """Do nothing."""


class NoRun(Task):
    """It has nothing to do."""


class Awaited(Task):
    """Its run is a coroutine."""

    async def run(self) -> None:  # type: ignore[override]
        """Do nothing."""


class AwaitedStream(Task):
    """Its run is an asynchronous generator."""

    async def run(self) -> Any:  # type: ignore[override]
        """Yield nothing."""
        yield 1


class BadName(Leaf):
    """Its name is none for a bundle."""

    name = "a/b"


class NumberName(Leaf):
    """Its name is no text."""

    name = 3  # type: ignore[assignment]


class BadTrait(Leaf):
    """Its retries are no number."""

    retries = "often"


class Mismatched(Task):
    """Its run takes something else."""

    def requires(self) -> Any:
        """Return a leaf."""
        return {"leaf": Leaf()}

    def run(self, leaves: Any) -> None:
        """Do nothing."""


class Ring(Task):
    """It requires itself, some steps on."""

    number: int = 0

    def requires(self) -> Any:
        """Return the next one."""
        return Ring(number=(self.number + 1) % 100)

    def run(self, ring: Any) -> None:
        """Do nothing."""


class Endless(Task):
    """It requires ever more."""

    number: int = 0

    def requires(self) -> Any:
        """Return the next one."""
        return Endless(number=self.number + 1)

    def run(self, other: Any) -> None:
        """Do nothing."""


class Generating(Task):
    """It asks for tasks while it runs."""

    def run(self) -> Any:
        """Ask for a leaf."""
        yield Leaf()


@pytest.mark.parametrize(
    ("made", "kind", "message"),
    [
        (NoRun(), "bad-task", "NoRun has no run"),
        (Awaited(), "bad-task", "Awaited has an async run"),
        (AwaitedStream(), "bad-task", "AwaitedStream has an async run"),
        (NumberName(), "bad-trait", "NumberName: name is 3"),
        (BadTrait(), "bad-trait", "BadTrait: retries is 'often'"),
        (Mismatched(), "run-mismatch", "Mismatched requires leaf, but its run takes"),
        (Ring(), "cycle", r"in a circle: Ring\(number=0\) → .* → … → .* → Ring\(number=0\)(\n|$)"),
    ],
)
def test_a_mistake_says_where_it_is(made: Task, kind: str, message: str) -> None:
    """Each mistake in a task is found when the graph is collected, with file and line."""
    with pytest.raises(InputError, match=rf"^/.*test_odd_tasks\.py:\d+: .*{message}") as caught:
        collect(made)
    assert caught.value.kind == kind
    assert caught.value.hint


def test_a_name_that_is_none_for_a_bundle() -> None:
    """A name of a class that makes no name for a bundle is refused, as is one given."""
    for cls in (BadName, type("_", (Leaf,), {}), type("A" * 300, (Leaf,), {})):
        with pytest.raises(InputError) as caught:
            output_name(cls)
        assert caught.value.kind == "bad-name"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("None", "none"), ("Größe", "größe"), ("Данные", "данные"), ("数据", "数据"), ("T1", "t1")],
)
def test_names_of_classes_in_any_script(name: str, expected: str) -> None:
    """A class may be called what Python allows; its output is the same in lower case."""
    assert output_name(type(name, (Leaf,), {})) == expected


def test_names_that_become_one() -> None:
    """Two classes whose names become one output name are refused, and so is a class that is there twice."""
    classes = [type(name, (Leaf,), {"__module__": __name__}) for name in ("HTTPServer", "HttpServer")]
    with pytest.raises(InputError, match=r"two things make http_server: .*HTTPServer and .*HttpServer"):
        collect(*(cls() for cls in classes))


def test_what_is_no_function_is_no_task() -> None:
    """A lambda has no name, and a class or a number is no function."""
    for wrong in (lambda: 1, 3, Leaf, print):
        with pytest.raises(
            InputError, match="@task makes tasks of functions that have a name, not of"
        ) as caught:
            task(wrong)  # type: ignore[call-overload]
        assert caught.value.hint == "write it with def"


def test_a_task_within_a_class_is_found_by_its_path(tmp_path: Path) -> None:
    """`Outer.Inner` names a nested task on the command line; what is no task is not found."""
    (tmp_path / "nested_odd.py").write_text(
        "import stook\nclass Outer:\n    class Inner(stook.Task):\n        def run(self): pass\n    number = 3\n"
    )
    found = load_task("nested_odd.py:Outer.Inner", folder=tmp_path)
    assert (output_name(found), locate(found).name) == ("inner", "Outer.Inner")
    for wrong in ("Outer", "Outer.number", "Outer.Gone", "stook.Task.run"):
        with pytest.raises(NotFoundError):
            load_task(f"nested_odd.py:{wrong}", folder=tmp_path)
    del sys.modules["nested_odd"]


def test_parameters_in_any_script_and_with_any_name() -> None:
    """A command line may write a name as Python reads it, or as people do."""
    body = {"__annotations__": dict.fromkeys(["größe", "class_", "a_b", "json"], int)}
    odd = type("Odd", (Leaf,), body)
    made = parse_task(odd, {"größe": "1", "class": "2", "a-b": "3", "json": "4"})
    assert made == odd(größe=1, class_=2, a_b=3, json=4)
    decomposed = "gro\u0308ße"
    assert parse_task(odd, {decomposed: "1", "class-": "2", "a_b": "3", "json": "4"}) == made


def test_several_targets_and_a_graph_that_grows() -> None:
    """Tasks of several targets are collected once each; what is added later brings only what is new."""
    assert [node.task for node in collect(Leaf(number=1), Leaf(number=2), Leaf(number=1))] == [
        Leaf(number=1),
        Leaf(number=2),
    ]
    graph = Graph()
    graph.add(Leaf(number=1))
    assert [node.task for node in graph.add(Leaf(number=1), Leaf(number=3))] == [Leaf(number=3)]
    other = type("Other", (Leaf,), {"name": "leaf", "__module__": __name__})
    with pytest.raises(InputError, match="two things make leaf"):
        graph.add(other())


def test_a_generator_is_a_run() -> None:
    """A run that yields is no mistake."""
    assert len(collect(Generating())) == 1


def test_a_graph_without_end() -> None:
    """Tasks that require ever more are stopped, and the error names the first."""
    with pytest.raises(InputError, match=r"Endless\(number=0\) requires more than 1000 tasks"):
        Graph(most=1_000).add(Endless())


def test_cells_of_a_notebook_have_a_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A class typed into IPython is in `__main__`, which is live; one typed into plain Python is refused."""
    (tmp_path / "stook.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    plain = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", plain)
    cls = type("Cell", (Leaf,), {"__module__": "__main__"})
    with pytest.raises(InputError, match="Cell is not in a file"):
        locate(cls)
    vars(plain).update(get_ipython=lambda: None, In=[""])
    place = locate(cls)
    assert (place.module, place.name, place.is_live, place.roots) == ("__main__", "Cell", True, (tmp_path,))
    assert not locate(Leaf).is_live


def test_a_requirement_is_no_list() -> None:
    """Having an index, a task could be gone through without end; it is refused at once."""
    for made in (Leaf(), stook.external("x")):
        with pytest.raises(TypeError):
            list(made)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            assert "a" in made  # type: ignore[operator]


@dataclass
class Decorated(Task):
    """A decorator takes its `__init__` away."""

    number: int = 1

    def run(self) -> None:
        """Do nothing."""


class Initialised(Leaf):
    """It has an `__init__` of its own."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)


class Keyed(Leaf):
    """It has an attribute that tasks keep something in."""

    _key: int = 1  # type: ignore[assignment]


class ListRequires(Leaf):
    """Its requires is a list."""

    requires = [Leaf]  # type: ignore[assignment]  # noqa: RUF012


class NamedByType(Leaf):
    """It means `name` to be a parameter."""

    name: str  # type: ignore[misc]


class Versioned(Leaf):
    """It means `version` to be a parameter."""

    version: int


class Selfless(Task):
    """Its run is no method."""

    def run() -> None:  # type: ignore[override,misc]
        """Do nothing."""


class Annotated(Leaf):
    """An annotation of it raises."""

    ratio: "1 / 0" = 3  # type: ignore[valid-type]  # noqa: UP037


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Decorated, "__init__ is the task's own"),
        (Initialised, "__init__ is the task's own"),
        (Keyed, "_key is the task's own"),
        (ListRequires, "requires is no method"),
        (NamedByType, "name has a type and no value"),
        (Versioned, "version has a type and no value"),
        (Annotated, "ratio: the annotation .* names something that is not there"),
    ],
)
def test_a_class_that_can_be_no_task(cls: type[Task], message: str) -> None:
    """Each is refused when its parameters are looked at, with file and line."""
    with pytest.raises(InputError, match=rf"^/.*test_odd_tasks\.py:\d+: .*{message}") as caught:
        parse_task(cls, {})
    assert (caught.value.kind, bool(caught.value.hint)) == ("bad-task", True)


def test_a_run_that_is_no_method() -> None:
    """A run without self is found before it is called."""
    with pytest.raises(InputError, match=r"test_odd_tasks\.py:\d+: .*Selfless: run is no method"):
        collect(Selfless())


def test_a_run_may_be_any_kind_of_method() -> None:
    """Class methods and what `functools` makes have no argument of theirs taken for self."""

    def add(self: Task, one: Any, *, two: int) -> None:
        """Do nothing."""

    for run in (
        classmethod(lambda cls, leaf: leaf),
        partialmethod(add, two=2),
        partial(lambda x, leaf: leaf, 1),
    ):
        body = {"run": run, "requires": lambda self: [Leaf()], "__module__": __name__}
        assert len(arguments_of(type("AnyRun", (Task,), body)).named) - (run.__class__ is partialmethod) == 1


def test_odd_arguments_of_a_function() -> None:
    """What can be no input or parameter is refused where the function is decorated."""
    with pytest.raises(InputError, match="parameter leaf has something to require as its default"):

        @task
        def given(leaf: Any = Leaf()) -> None:  # noqa: B008
            """Do nothing."""

    with pytest.raises(InputError, match="parameter number has neither a type nor a default that says one"):

        @task
        def untyped(*, number=None) -> None:  # type: ignore[no-untyped-def]
            """Do nothing."""

    with pytest.raises(InputError, match="parameter _hidden begins with an underscore"):

        @task
        def hidden(*, _hidden: int) -> None:
            """Do nothing."""


def test_requires_of_a_function_may_be_any_callable() -> None:
    """What can be called is called with the parameters, be it a function or not."""

    def several(extra: int, count: int) -> list[Leaf]:
        return [Leaf(number=n) for n in range(count + extra)]

    @task(requires=partial(several, 1))
    def many(*leaves: Any, count: int = 1) -> None:
        """Do nothing."""

    assert many(count=2).requires() == [Leaf(number=n) for n in range(3)]


@pytest.mark.parametrize(
    "given", [{"a\nb": Leaf}, {"\ud800": Leaf}, {"a" * 10_000: Leaf}], ids=["line", "odd", "long"]
)
def test_a_name_that_no_input_can_have(given: Any) -> None:
    """What could not be kept or shown is refused before anything runs."""
    with pytest.raises(InputError, match=r"Leaf requires something as .* not to be printed"):
        read_requirements(Leaf(), given)


def test_requirements_without_end() -> None:
    """A list that holds itself, and a map over an endless iterator, are refused and not gone through."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InputError, match="too deep"):
        read_requirements(Leaf(), endless)
    with pytest.raises(InputError, match="more than 1,000,000 values"):
        Leaf.map(number=itertools.count())


def test_a_source_that_cannot_be_looked_at(tmp_path: Path) -> None:
    """A name that the system refuses is no internal error."""
    for path in ("x" * 5000, "~nobody-at-all/x"):
        with pytest.raises(NotFoundError, match="cannot be looked at"):
            resolve_path(Path(path), tmp_path, "s")


def test_a_parameter_may_be_a_bundle() -> None:
    """What is annotated as a bundle takes something to require, as an argument of run does."""

    class Uses(Task):
        data: stook.Bundle

        def run(self, data: stook.Bundle) -> None:
            """Do nothing."""

    assert Uses(data=Leaf()).data == Leaf()
    with pytest.raises(InputError, match="data is 3, which is not a task"):
        Uses(data=3)


def test_class_variables_beside_what_is_not_there() -> None:
    """One annotation that cannot be resolved does not make parameters of class variables."""

    class Odd(Leaf):
        shared: ClassVar[int] = 1
        odd: Nope  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(InputError, match="attribute odd: the annotation Nope"):
        Odd()
