"""Notebooks: the test drive as it is, and cells that are edited and run again."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.examples import matches, read_blocks

_SECONDS = 240
_RATES = "FACTOR = 3\n\n\ndef rate(x):\n    return x * FACTOR\n\n\ndef other(x):\n    return -x\n"


@dataclass(frozen=True)
class Edit:
    """An edit of a notebook.

    Attributes:
        what: What it is, in words.
        cells: Cells that are typed and run, one after the other.
        runs: The tasks that run again, sorted.
        file: The text of `rates.py` from then on, where it changes.
    """

    what: str
    cells: tuple[str, ...]
    runs: tuple[str, ...] = ()
    file: str = ""


_IMPORTS = """
import dataclasses, enum, functools, math
from pathlib import Path
import numpy as np
import pandas as pd
import stook
import rates
from rates import rate
"""
_VALUES = """
LEAST = 2
NAMES = ["ann", "bob"]
WEIGHTS = np.array([1.0, 2.0])
FRAME = pd.DataFrame({"a": [1, 2]})
UNUSED = 1
"""
_KINDS = """
class Colour(enum.Enum):
    RED = 1
    BLUE = 2

@dataclasses.dataclass
class Config:
    depth: int = 2
    colour: Colour = Colour.RED
    def shown(self):
        return f"{self.depth} {self.colour.name}"

CONFIG = Config()
"""
_HELPERS = '''
def inner(xs):
    """The large ones."""
    return [x for x in xs if x >= LEAST]

def clean(xs):
    return sorted(inner(xs))

def twice(function):
    @functools.wraps(function)
    def call(x):
        return 2 * function(x)
    return call

@twice
def root(x):
    return math.sqrt(x)

def add(x, plus=1):
    return x + plus

SHOW = lambda x: f"<{x}>"
'''
_TASKS = """
class Raw(stook.Task):
    size: int = 5
    def run(self):
        return list(range(self.size))

class Base(stook.Task):
    shift = 0
    def moved(self, x):
        return x + self.shift

class Cleaned(Base):
    tags = {"kind": "list"}
    def requires(self):
        return {"raw": Raw()}
    def run(self, raw):
        return [self.moved(x) for x in clean(raw.data)]
"""
_MORE_TASKS = """
class Weighed(stook.Task):
    def run(self):
        return float(WEIGHTS.sum()) + len(FRAME)

class Rated(stook.Task):
    def run(self):
        return rates.rate(7)

class Configured(stook.Task):
    def run(self):
        return CONFIG.shown()

@stook.task
def greeted(*, sign: str = "!"):
    return [SHOW(name) + sign for name in NAMES]

@stook.task
def rooted():
    return add(root(16))

class Everything(stook.Task):
    def requires(self):
        return [Cleaned(), Weighed(), Rated(), Configured(), greeted(), rooted()]
    def run(self, *all):
        return len(all)
"""
_REPORT = """
def report():
    made = stook.run(Everything())
    print("RAN", *sorted(one.name for one in made.steps if one.decision == "ran" and one.name != "everything"))
report()
"""
_BASE = (_IMPORTS, _VALUES, _KINDS, _HELPERS, _TASKS, _MORE_TASKS)
_ALL = ("cleaned", "configured", "greeted", "rated", "raw", "rooted", "weighed")


def _edited(cell: str, old: str, new: str) -> str:
    assert cell.count(old) == 1, old
    return cell.replace(old, new)


_EDITS = (
    Edit("all cells once more", _BASE),
    Edit("comments, blank lines", (_edited(_HELPERS, "def clean(xs):", "def clean(xs):\n    # sorted\n\n"),)),
    Edit("a docstring", (_edited(_HELPERS, "The large ones.", "Those that are large."),)),
    Edit("a local annotation", (_edited(_HELPERS, "def clean(xs):", "def clean(xs: list) -> list:"),)),
    Edit("definitions moved to cells of their own", tuple(_HELPERS.split("\n\n"))),
    Edit("a constant", ("LEAST = 3",), ("cleaned",)),
    Edit("a constant of the same value", ("LEAST = 1 + 1",)),
    Edit("a constant that nothing uses", ("UNUSED = 2",)),
    Edit("a helper at a distance", (_edited(_HELPERS, "x >= LEAST", "x > LEAST"),), ("cleaned",)),
    Edit("a default", (_edited(_HELPERS, "plus=1", "plus=2"),), ("rooted",)),
    Edit("what a decorator does", (_edited(_HELPERS, "2 * function", "3 * function"),), ("rooted",)),
    Edit("a function below a decorator", (_edited(_HELPERS, "math.sqrt(x)", "x ** 0.5"),), ("rooted",)),
    Edit("a lambda", ('SHOW = lambda x: f"[{x}]"',), ("greeted",)),
    Edit("a list filled in place", ('NAMES.append("cleo")',), ("greeted",)),
    Edit("an array changed in place", ("WEIGHTS[0] = 9",), ("weighed",)),
    Edit("a table changed in place", ('FRAME.loc[0, "a"] = 9',), ("weighed",)),
    Edit("an array of another type", ("WEIGHTS = WEIGHTS.astype('float32')",), ("weighed",)),
    Edit("a field of an object", ("CONFIG.depth = 3",), ("configured",)),
    Edit("a member of an enum", (_edited(_KINDS, "RED = 1", "RED = 3"),), ("configured",)),
    Edit("a method of a dataclass", (_edited(_KINDS, "{self.depth} ", "{self.depth}: "),), ("configured",)),
    Edit("an attribute of a class set elsewhere", ("Base.shift = 1",), ("cleaned",)),
    Edit("the base of a task", (_edited(_TASKS, "x + self.shift", "x - self.shift"), _MORE_TASKS), ("cleaned",)),
    Edit("run of a task", (_edited(_TASKS, "(self.size)", "(1, self.size)"), _MORE_TASKS), ("cleaned", "raw")),
    Edit("run, of equal result", (_edited(_TASKS, "list(range", "list(x for x in range"), _MORE_TASKS), ("raw",)),
    Edit("tags", (_edited(_TASKS, '"list"', '"numbers"'), _MORE_TASKS)),
    Edit("the default of a parameter", (_edited(_TASKS, "int = 5", "int = 6"), _MORE_TASKS), ("cleaned", "raw")),
    Edit("requires written in another way", (_edited(_TASKS, '{"raw": Raw()}', "dict(raw=Raw(size=5))"), _MORE_TASKS)),
    Edit("a task that is a function", (_edited(_MORE_TASKS, "SHOW(name) + sign", "sign + SHOW(name)"),), ("greeted",)),
    Edit("its parameter", (_edited(_MORE_TASKS, 'sign: str = "!"', 'sign: str = "?"'),), ("greeted",)),
    Edit("a name bound to a module, now to another", ("import cmath as math",), ("rooted",)),
    Edit(
        "a file that is imported, and reloaded",
        ("import importlib; importlib.reload(rates)",),
        ("rated",),
        _edited(_RATES, "FACTOR = 3", "FACTOR = 4"),
    ),
    Edit(
        "what nothing uses in that file",
        ("importlib.reload(rates)",),
        (),
        _edited(_RATES, "return -x", "return +x"),
    ),
)  # fmt: skip


def _execute(cells: list[str], folder: Path) -> list[str]:
    """Run a notebook in a folder and return what each cell printed; a cell that fails is an error."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook, timeout=_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells]


def _ran(printed: str) -> tuple[str, ...]:
    line = next(line for line in printed.splitlines() if line.startswith("RAN"))
    return tuple(line.split()[1:])


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a module in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "stook.toml").write_text("")
    (folder / "rates.py").write_text(_RATES)
    return folder


@pytest.mark.full
def test_edits_of_cells(workspace: Path) -> None:
    """Each edit runs exactly the tasks that use what was edited, and to undo it runs none."""
    cells, expected = [*_BASE, _REPORT], {len(_BASE): _ALL}
    for edit in _EDITS:
        write = f"_ = Path('rates.py').write_text({edit.file or _RATES!r})"
        cells += [write, *edit.cells, "report()"]
        expected[len(cells) - 1] = edit.runs
        cells += [f"_ = Path('rates.py').write_text({_RATES!r})", *_BASE]
        cells += ["import importlib; importlib.reload(rates)" if edit.file else "pass", "report()"]
        expected[len(cells) - 1] = ()
    printed = _execute(cells, workspace)
    by_position = {position: _ran(printed[position]) for position in expected}
    words = ["at first", *(word for edit in _EDITS for word in (edit.what, f"{edit.what}, undone"))]
    found = dict(zip(words, by_position.values(), strict=True))
    assert found == dict(zip(words, expected.values(), strict=True))
    assert _ran(_execute([*_BASE, _REPORT], workspace)[-1]) == ()  # the kernel was started anew


_SETUP = """
import importlib, stook, rates, stats
from pathlib import Path
from rates import rate

def put(name, old, new):
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))

def tell(*tasks, **options):
    try:
        made = stook.run(list(tasks), **options)
        print("MADE", *[one.bundle.data for one in made.steps])
    except stook.StookError as error:
        print("MADE", error.kind, error.message.rpartition(": ")[2])

class Rated(stook.Task):
    def run(self):
        return rates.rate(7)

class Both(stook.Task):
    def run(self):
        return stats.both(7)

class Held(stook.Task):
    def run(self):
        return rate(7)

@stook.task
def slow():
    return 1
"""
_STEPS = (
    ("tell(Rated(), Both(), Held())", "21 22 21"),
    ("put('rates.py', 'FACTOR = 3', 'FACTOR = 4'); tell(Rated())", "edited-after-import FACTOR"),
    ("put('rates.py', 'FACTOR = 4', 'FACTOR = 3'); tell(Rated())", "21"),
    ("put('rates.py', 'return -x', 'return +x'); tell(Rated())", "21"),
    ("put('rates.py', 'x * FACTOR', 'FACTOR * x * 2'); tell(Rated())", "edited-after-import rate"),
    ("importlib.reload(rates); tell(Rated())", "42"),
    ("tell(Held())", "edited-after-import rate"),
    ("tell(Both())", "edited-after-import stats:rate"),
    ("from rates import rate; tell(Held())", "42"),
    ("importlib.reload(stats); tell(Both())", "43"),
    ("%load_ext autoreload\n%autoreload 2", ""),
    ("put('rates.py', 'x * 2', 'x * 5')", ""),
    ("tell(Rated(), Both(), Held())", "105 106 105"),
    ("put('rates.py', 'FACTOR = 3', 'FACTOR = 4')", ""),
    ("tell(Rated(), Both(), Held())", "140 141 140"),
    ("%run pipeline.py", ""),
    ("tell(Sized())", "2"),
    ("done = !stook run --plain pipeline.py:Sized 2>&1\nprint('MADE', '1 reused' in str(done))", "True"),
    ("put('pipeline.py', 'SIZE = 2', 'SIZE = 4'); tell(Sized())", "edited-after-import SIZE"),
    ("%run pipeline.py\ntell(Sized(), slow(), jobs=2)", "4 1"),
    ("%%time\nclass Timed(stook.Task):\n    def run(self):\n        return 8", ""),
    ("tell(Timed())", "8"),
    ("%%time\nclass Timed(stook.Task):\n    def run(self):\n        # comment\n        return 8", ""),
    ("print('MADE', stook.why(Timed()).decision)", "reuse"),
    ("%%time\nclass Timed(stook.Task):\n    def run(self):\n        return 9", ""),
    ("tell(Timed())", "9"),
)


@pytest.mark.full
def test_modules_that_are_edited(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old code never runs under the fingerprint of an edited file; by whatever means it is reloaded, the new does."""
    (workspace / "stats.py").write_text("from rates import rate\n\n\ndef both(x):\n    return rate(x) + 1\n")
    task = "import stook\nSIZE = 2\nclass Sized(stook.Task):\n    def run(self):\n        return SIZE\n"
    (workspace / "pipeline.py").write_text(task)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    printed = _execute([_SETUP, *(cell for cell, _ in _STEPS)], workspace)[1:]
    made = [
        (cell, text.partition("MADE ")[2].strip()) for (cell, _), text in zip(_STEPS, printed, strict=True)
    ]
    assert made == [*_STEPS]


@pytest.mark.full
def test_the_page_on_notebooks(project_root: Path, workspace: Path) -> None:
    """The cells of the page print what it says."""
    page = (project_root / "docs/how-to/work-in-a-notebook.md").read_text(encoding="utf-8")
    cells: list[str] = []
    said: dict[int, str] = {}
    for block in read_blocks(page):
        if block.language == "python" and not block.body.startswith("%"):
            cells.append(block.body)
        elif block.language == "text":
            said[len(cells) - 1] = block.body
    printed = _execute(cells, workspace)
    for number, text in said.items():
        assert matches(text, printed[number]), printed[number]


@pytest.mark.full
def test_the_test_drive(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell of the test drive runs, an edit is named by its definition, and only what it reaches runs again."""
    notebook = nbformat.read(project_root / "examples" / "test-drive.ipynb", as_version=4)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    NotebookClient(notebook, timeout=_SECONDS, kernel_name="python3").execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = {cell.source.splitlines()[-1]: _shown(cell) for cell in cells}
    shown = [_shown(cell) for cell in cells]
    assert "my.first.bundle@" in "".join(shown)
    assert "code changed: notebook:LEAST" in said["stook.why(Regulars())"]
    runs = [_shown(cell) for cell in cells if cell.source == "stook.run(Spent())"]
    assert [text.count(">reused<") for text in runs] == [0, 2, 0]
    numbers = [_shown(cell) for cell in cells if cell.source.endswith(".bundle.data")]
    assert [text.strip() for text in numbers] == ["15.7", "15.8"]
    assert "from hello_data.csv" in shown[-1]


def _shown(cell: nbformat.NotebookNode) -> str:
    """Return what a cell shows; that a command failed is an error here, where a notebook goes on."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(output.get("text", "") + (data.get("text/html") or data.get("text/plain", "")))
    text = "".join(parts)
    assert "stook: " not in text, text
    return text
