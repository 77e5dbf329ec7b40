"""Classes whose own code raises where Stook asks for something: a mistake of the class, told with its place."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from stook.errors import InputError
from stook.pipeline import Task, load_task, parse_task
from stook.pipeline.authoring.asked import tasks_asked_for
from stook.pipeline.graph import collect

MODULE = """
import stook


class Raising:
    def __get__(self, one, owner):
        raise ValueError("no value")


class Exiting:
    def __get__(self, one, owner):
        raise SystemExit(3)


class NotCalled(type(stook.Task)):
    def __call__(cls, **values):
        raise ValueError("not to be made")


class HasNone(type(stook.Task)):
    @property
    def n(cls):
        raise ValueError("no value")


class Plain(stook.Task):
    def run(self):
        return 1


class Default(Plain):
    n: int = Raising()


class OfItsMetaclass(Plain, metaclass=HasNone):
    n: int


class Exits(Plain):
    n: int = Exiting()


class Named(Plain):
    name = Raising()


class Run(stook.Task):
    run = Raising()


class Requires(Plain):
    requires = Raising()


class Function(Plain):
    function = Raising()
    n: set = None


class Uncalled(Plain, metaclass=NotCalled):
    pass


class Unwritten(Plain):
    def __repr__(self):
        raise ValueError("no words")


class NoText(Plain):
    def __repr__(self):
        return 3


class ReprIsNone(Plain):
    __repr__ = Raising()


class Above(Plain):
    def requires(self):
        return {"under": Unwritten()}

    def run(self, under):
        return 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the module."""
    folder = tmp_path_factory.mktemp("classes")
    (folder / "stook.toml").touch()
    (folder / "raising_classes.py").write_text(MODULE)
    return folder


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("Default", "    n: int = Raising()", "n cannot be read: ValueError: no value"),
        ("OfItsMetaclass", "    n: int\n", "n cannot be read: ValueError: no value"),
        ("Exits", "    n: int = Exiting()", "n cannot be read: SystemExit: 3"),
        ("Named", "    name = Raising()", "name cannot be read: ValueError: no value"),
        ("Run", "    run = Raising()", "run cannot be read: ValueError: no value"),
        ("Requires", "    requires = Raising()", "requires cannot be read: ValueError: no value"),
        ("Function", "    n: set = None", "attribute n: "),
        ("Uncalled", "class Uncalled", "cannot be called: ValueError: not to be made"),
        (
            "Unwritten",
            '    def __repr__(self):\n        raise ValueError("no words")',
            "ValueError: no words",
        ),
        ("NoText", "    def __repr__(self):\n        return 3", "TypeError: __repr__ returned non-string"),
        ("ReprIsNone", "    __repr__ = Raising()", "__repr__ cannot be read: ValueError: no value"),
        ("Above", '    def __repr__(self):\n        raise ValueError("no words")', "ValueError: no words"),
    ],
)
def test_what_raises_is_a_mistake_of_the_class(folder: Path, name: str, line: str, said: str) -> None:
    """Whatever it raises is told with file and line before anything runs; the other classes of its file are as ever."""
    number = MODULE[: MODULE.index(line)].count("\n") + 1
    task = load_task(f"raising_classes.py:{name}", folder=folder)
    with pytest.raises(InputError, match=re.escape(f"raising_classes.py:{number}: ")) as caught:
        collect(parse_task(task, {}))
    assert caught.value.kind == "bad-task"
    assert said in caught.value.message
    assert collect(load_task("raising_classes.py:Plain", folder=folder)())[0].name == "plain"


def test_a_class_that_is_given_as_it_is(folder: Path) -> None:
    """A class stands for its task; where its metaclass raises, that is told, and the traceback is the user's."""
    task = load_task("raising_classes.py:Uncalled", folder=folder)
    with pytest.raises(InputError, match="cannot be called: ValueError: not to be made") as caught:
        tasks_asked_for(task)
    assert "in __call__" in str(caught.value.facts["traceback"])


class Shy(Enum):
    """Its members do not say what they are."""

    ONE = 1

    def __repr__(self) -> str:
        """Raise."""
        raise ValueError("no words")


class WithShy(Task):
    """It has a parameter that cannot be written."""

    shy: Shy = Shy.ONE
    n: int = 1

    def run(self) -> Any:
        """Do nothing."""


def test_a_parameter_without_a_repr() -> None:
    """A value whose repr raises is told by its type, so that the task has a repr."""
    assert repr(collect(WithShy())[0].task) == "WithShy(shy=a Shy, n=1)"
