"""Every kind of edit re-runs exactly the tasks that it may change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.pipeline_project import Project

TARGET = "pipeline.py:Report"
FILES = {
    "data.txt": "3 1 2",
    "pipeline.py": '''
        import stook
        from stook import Task
        import lib.text as text
        from lib import LIMIT, scale as scaled
        from lib.stars import *
        from lib import registry
        from base import Step


        def local_helper(values):
            """Sort."""
            return sorted(values)


        class Clean(Step):
            """Read the numbers."""

            minimum: int = 0

            def requires(self):
                return stook.source("data.txt", name="raw")

            def run(self, raw):
                # read them
                values = text.numbers(raw.path().read_text())
                return [v for v in values if v >= self.minimum]


        @stook.task(requires={"clean": Clean})
        def features(clean, *, window: int = 90):
            values = local_helper(clean.data)
            return {"sum": sum(map(scaled, values)), "limit": LIMIT, "window": window}


        class Model(Task):
            def requires(self):
                return {"features": features()}

            def run(self, features):
                from lib.lazy import fit
                return {"fit": fit(features.data["sum"]), "star": starred(2), "kind": registry.TABLE["add"](1, 2)}


        class Report(Task):
            def requires(self):
                return [Model(), features()]

            def run(self, model, features):
                return f"{model.data['fit']} {self.title()} {features.data['limit']}"

            def title(self):
                return "Report"


        if __name__ == "__main__":
            stook.run(Report())
        ''',
    "base.py": """
        from stook import Task


        def timed(function):
            def call(*args):
                return function(*args)

            return call


        class Step(Task):
            def shared(self):
                return 1
        """,
    "lib/__init__.py": """
        from .numbers import scale
        from .settings import LIMIT
        """,
    "lib/numbers.py": """
        FACTOR = 2


        def scale(value, by=1):
            return value * by * FACTOR


        def unused(value):
            return value
        """,
    "lib/settings.py": """
        LIMIT = 10
        OTHER = 11
        """,
    "lib/text.py": """
        from .words import split as words
        from base import timed


        @timed
        def numbers(content):
            return [int(word) for word in words(content)]
        """,
    "lib/words.py": """
        def split(content):
            return content.split()


        def double(value):
            return value * 2
        """,
    "lib/stars.py": """
        def starred(x):
            return x + 1
        """,
    "lib/lazy.py": """
        import math


        class Model:
            rate = 0.5

            def predict(self, value):
                return math.floor(value * self.rate)


        class Bigger(Model):
            extra: int = 0


        def fit(value):
            return Bigger().predict(value)
        """,
    "lib/registry.py": """
        TABLE = {}


        def register(name):
            def keep(function):
                TABLE[name] = function
                return function

            return keep


        @register("add")
        def add(a, b):
            return a + b
        """,
}
CLEAN, FEATURES, MODEL, REPORT = {"clean"}, {"features"}, {"model"}, {"report"}


@dataclass(frozen=True)
class Edit:
    """One edit, and the tasks that run after it."""

    label: str
    file: str
    old: str
    new: str
    runs: frozenset[str] | set[str]


EDITS = [
    Edit("comment", "pipeline.py", "# read them", "# read all of them", set()),
    Edit("comment added", "lib/words.py", "return", "# split\n    return", set()),
    Edit("docstring of function", "pipeline.py", '"""Sort."""', '"""Sort values."""', set()),
    Edit("docstring of task", "pipeline.py", '"""Read the numbers."""', '"""Read."""', set()),
    Edit("docstring removed", "pipeline.py", '    """Sort."""\n', "", set()),
    Edit("layout", "pipeline.py", "return sorted(values)", "return sorted(\n        values,\n    )", set()),
    Edit("annotation", "lib/words.py", "split(content)", "split(content: str) -> list[str]", set()),
    Edit("unused function", "lib/numbers.py", "    return value\n", "    return value + 1\n", set()),
    Edit("unused constant", "lib/settings.py", "OTHER = 11", "OTHER = 12", set()),
    Edit("unused import", "lib/words.py", "def split", "import json\n\n\ndef split", set()),
    Edit("main block", "pipeline.py", "stook.run(Report())", "print(stook.run(Report()))", set()),
    Edit(
        "requires, equal inputs",
        "pipeline.py",
        '"features": features()',
        '"features": features(window=90)',
        set(),
    ),
    Edit(
        "new task",
        "lib/words.py",
        "def split",
        "import stook\n\n\nclass New(stook.Task):\n    pass\n\n\ndef split",
        set(),
    ),
    Edit("body of run, equal output", "pipeline.py", "if v >= self.minimum", "if self.minimum <= v", CLEAN),
    Edit(
        "body of run",
        "pipeline.py",
        "if v >= self.minimum",
        "if v > self.minimum + 1",
        CLEAN | FEATURES | MODEL | REPORT,
    ),
    Edit("method", "pipeline.py", 'return "Report"', 'return "The report"', REPORT),
    Edit("helper", "pipeline.py", "sorted(values)", "sorted(values)[:2]", FEATURES | MODEL | REPORT),
    Edit("helper, equal output", "pipeline.py", "sorted(values)", "sorted(values, key=int)", FEATURES),
    Edit(
        "helper in other module",
        "lib/text.py",
        "int(word)",
        "1 + int(word)",
        CLEAN | FEATURES | MODEL | REPORT,
    ),
    Edit(
        "transitive helper",
        "lib/words.py",
        "content.split()",
        "content.split()[:1]",
        CLEAN | FEATURES | MODEL | REPORT,
    ),
    Edit("transitive helper, equal output", "lib/words.py", "content.split()", "content.split(None)", CLEAN),
    Edit("constant", "lib/settings.py", "LIMIT = 10", "LIMIT = 20", FEATURES | MODEL | REPORT),
    Edit("constant of a re-export", "lib/numbers.py", "FACTOR = 2", "FACTOR = 3", FEATURES | MODEL | REPORT),
    Edit("default argument", "lib/numbers.py", "by=1", "by=4", FEATURES | MODEL | REPORT),
    Edit(
        "re-export from elsewhere",
        "lib/__init__.py",
        "from .numbers import scale",
        "from .words import double as scale",
        FEATURES,
    ),
    Edit("base class of task", "base.py", "return 1", "return 2", CLEAN),
    Edit("decorator's body", "base.py", "return function(*args)", "return list(function(*args))", CLEAN),
    Edit("decorator removed", "lib/text.py", "@timed\n", "", CLEAN),
    Edit("star import", "lib/stars.py", "x + 1", "x + 2", MODEL | REPORT),
    Edit("lazily imported", "lib/lazy.py", "return Bigger", "return 1 + Bigger", MODEL | REPORT),
    Edit("class constant", "lib/lazy.py", "rate = 0.5", "rate = 0.9", MODEL | REPORT),
    Edit("method of base class elsewhere", "lib/lazy.py", "math.floor", "math.ceil", MODEL),
    Edit("field of a class", "lib/lazy.py", "extra: int = 0", "extra: float = 0", MODEL),
    Edit("registered function", "lib/registry.py", "return a + b", "return a - b", MODEL | REPORT),
    Edit("registration", "lib/registry.py", "TABLE[name] = function", "TABLE[name] = max", MODEL | REPORT),
    Edit(
        "import of a module",
        "pipeline.py",
        "import lib.text as text\n",
        "import lib.text as text\nimport lib.words\n",
        set(),
    ),
    Edit("import renamed", "pipeline.py", "scaled", "scaling", FEATURES),
    Edit("input file", "data.txt", "3 1 2", "3 1 5", CLEAN | FEATURES | MODEL | REPORT),
    Edit("input file, equal numbers", "data.txt", "3 1 2", "3  1 2", CLEAN),
    Edit("default of parameter, class", "pipeline.py", "minimum: int = 0", "minimum: int = 1", CLEAN),
    Edit(
        "default of parameter, function",
        "pipeline.py",
        "window: int = 90",
        "window: int = 30",
        FEATURES | MODEL | REPORT,
    ),
    Edit(
        "output name",
        "pipeline.py",
        "minimum: int = 0",
        'minimum: int = 0\n    name = "cleaned"',
        {"cleaned"},
    ),
    Edit(
        "monkeypatch on import",
        "lib/settings.py",
        "OTHER = 11",
        "import lib.words\nlib.words.split = str.split",
        CLEAN | FEATURES | MODEL | REPORT,
    ),
]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project, run once."""
    project = Project(tmp_path)
    project.write(FILES)
    assert project.ran(TARGET) == CLEAN | FEATURES | MODEL | REPORT
    yield project
    project.forget()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.label)
def test_edit(project: Project, edit: Edit) -> None:
    """After the edit exactly the expected tasks run, and after that none."""
    project.replace(edit.file, edit.old, edit.new)
    assert project.ran(TARGET) == edit.runs
    assert project.ran(TARGET) == set()
