"""Edits of tasks: what they say of themselves, what they require, what they ask for."""

from __future__ import annotations

from tests.edits.table import HIT, NONE, OTHER, PIPELINE, Edit, edit

OWN = "body, default or decorator of a function that is used, at any distance"
BASE = "method or attribute of a class that is used, or of its bases"
DEFAULT = "default of a task's parameter"
REQUIRES = "`requires` names the same bundles in another way"
OTHER_INPUTS = "`requires` names other inputs, or the same under other roles"
SAYS = "what a task says of how it is run and kept: `tags`, `retries`, `timeout`, `memory`…"
VERSION = "`version` of a task"
NAME = "output name"
ANNOTATION = "annotation of an argument of a task's `run`, or of its function"
FILES = "file or definition that `includes` names"
IGNORED = "code that `ignore` names"
ASKS = "task that `run` itself uses"
YIELDS = "task that `run` only yields"
FORM = "order of keys in what `requires` or a task gives; kind of a table; order of an array in memory"
EQUAL = "input whose task ran again with an equal result"
PARAMETER = "parameter added with a default"
VALUE = "value of a parameter, also its type (`1` to `1.0`)"
INPUT = "input file with other content"

_CLASS = "class Hit(stook.Task):\n"


def of_hit(
    row: str,
    name: str,
    own: str,
    change: tuple[str, str],
    *,
    head: str = "import lib",
    lib: str = "",
    runs: frozenset[str] = HIT,
    needless: str = "",
    files: dict[str, str] | None = None,
) -> Edit:
    """Return an edit of the task itself: `own` are the first lines in its class."""
    text = PIPELINE.replace("{head}", head).replace(_CLASS, _CLASS + own).replace("{hit}", "1")
    return edit(
        row,
        name,
        "",
        {"pipeline.py": change},
        lib=lib,
        runs=runs,
        needless=needless,
        files={**(files or {}), "pipeline.py": text},
    )


def of_text(
    row: str,
    name: str,
    text: str,
    change: dict[str, tuple[str | None, str | None]],
    *,
    runs: frozenset[str] = HIT,
    needless: str = "",
    files: dict[str, str] | None = None,
) -> Edit:
    """Return an edit of a pipeline that is written out."""
    everything = (
        "\n\nclass Everything(stook.Task):\n    def requires(self):\n"
        "        return [Hit(), Below(), other.Miss()]\n"
        "    def run(self, *results):\n        return len(results)\n"
    )
    below = (
        "\n\nclass Below(stook.Task):\n    def requires(self):\n        return Hit()\n"
        "    def run(self, hit):\n        return [hit.data, 1]\n"
    )
    head = "import stook\nimport other\n"
    return edit(
        row,
        name,
        "",
        change,
        runs=runs,
        needless=needless,
        files={**(files or {}), "other.py": OTHER, "pipeline.py": head + text + below + everything},
    )


_UP = """\
import numpy as np
import pandas as pd
import polars as pl
class Up(stook.Task):
    def run(self):
        return {made}
class Hit(stook.Task):
    def requires(self):
        return {required}
    def run(self, up):
        return {hit}
"""
_YIELDS = """\
class Help(stook.Task):
    n: int = 1
    K = 1
    def run(self):
        return 1
class Hit(stook.Task):
    def run(self):
        made = yield {asked}
        return {hit}
"""


def of_up(name: str, made: str, change: tuple[str, str], hit: str, required: str = "Up()") -> Edit:
    """Return an edit of what a task gives, of which the one that requires it sees more than the content."""
    text = _UP.format(made=made, hit=hit, required=required)
    return of_text(FORM, name, text, {"pipeline.py": change}, runs=HIT | {"up"})


def of_asked(
    name: str,
    asked: str,
    change: tuple[str, str],
    hit: str = "type(made).__name__",
    *,
    runs: frozenset[str] = HIT,
    needless: str = "",
) -> Edit:
    """Return an edit of a task that another one asks for."""
    text = _YIELDS.format(asked=asked, hit=hit)
    return of_text(YIELDS, name, text, {"pipeline.py": change}, runs=runs | {"help"}, needless=needless)


_FUNCTION = "@stook.task\ndef hit(*, n: int = 1):\n    return {value}\nHit = hit\n"

EDITS: tuple[Edit, ...] = (
    of_hit(OWN, "body of run", "", ("return 1\n", "return 2\n")),
    of_text(
        OWN, "body of a function task", _FUNCTION.format(value="n + 1"), {"pipeline.py": ("n + 1", "n + 2")}
    ),
    of_hit(SAYS, "tags", "    tags = {'a': 'b'}\n", ("'b'", "'c'"), runs=NONE),
    of_hit(
        SAYS,
        "retries and timeout",
        "    retries = 1\n    timeout = 60.0\n",
        ("= 1\n    timeout = 60.0", "= 2\n    timeout = 61.0"),
        runs=NONE,
    ),
    of_hit(SAYS, "resources", "    cpus = 1\n", ("cpus = 1", "cpus = 2"), runs=NONE),
    of_hit(
        VERSION,
        "version",
        "    version = 1\n",
        ("version = 1", "version = 2"),
        runs=frozenset({"hit"}),
        needless="it is there for that",
    ),
    of_text(
        BASE,
        "tags that run reads",
        "class Hit(stook.Task):\n    tags = {'a': 'b'}\n    def run(self):\n        return self.tags['a']\n",
        {"pipeline.py": ("'b'", "'c'")},
    ),
    of_text(
        BASE,
        "tags that a helper reads",
        "import lib\nclass Hit(stook.Task):\n    tags = {'a': 'b'}\n    def run(self):\n"
        "        return lib.f(self)\n",
        {"pipeline.py": ("'b'", "'c'")},
        files={"lib.py": "def f(task):\n    return getattr(task, 'tags')['a']\n"},
    ),
    of_hit(
        NAME,
        "output name",
        "    name = 'hit'\n",
        ("name = 'hit'", "name = 'hit2'"),
        runs=frozenset({"hit2"}),
        needless="results are looked up by name",
    ),
    of_text(
        DEFAULT,
        "default of a parameter",
        "class Hit(stook.Task):\n    n: int = 1\n    def run(self):\n        return self.n\n",
        {"pipeline.py": ("= 1", "= 2")},
    ),
    of_text(
        DEFAULT,
        "default that is read from the class",
        "class Hit(stook.Task):\n    n: int = 1\n    def run(self):\n        return type(self).n\n",
        {"pipeline.py": ("= 1", "= 2")},
    ),
    of_text(
        PARAMETER,
        "parameter added",
        "class Hit(stook.Task):\n    n: int = 1\n    def run(self):\n        return 1\n",
        {"pipeline.py": ("    n: int = 1\n", "    n: int = 1\n    m: int = 1\n")},
        runs=frozenset({"hit"}),
        needless="its value is a new part of the fingerprint",
    ),
    of_text(
        ANNOTATION,
        "type of an input",
        "import lib\nclass Hit(stook.Task):\n    def requires(self):\n        return {'x': other.Miss()}\n"
        "    def run(self, x: str):\n        return type(x).__name__\n",
        {"pipeline.py": ("x: str", "x: stook.Bundle")},
    ),
    of_text(
        REQUIRES,
        "requires written in another way",
        "class Hit(stook.Task):\n    def requires(self):\n        return [other.Miss()]\n"
        "    def run(self, x):\n        return x.data\n",
        {"pipeline.py": ("return [other.Miss()]", "return [made() for made in (other.Miss,)]")},
        runs=NONE,
    ),
    of_text(
        OTHER_INPUTS,
        "another input",
        "class Hit(stook.Task):\n    def requires(self):\n        return [other.Miss()]\n"
        "    def run(self, *x):\n        return len(x)\n",
        {"pipeline.py": ("[other.Miss()]", "[]")},
    ),
    of_text(
        EQUAL,
        "input that comes out the same",
        "class Hit(stook.Task):\n    def run(self):\n        return 1 + 1\n",
        {"pipeline.py": ("1 + 1", "2")},
        runs=frozenset({"hit"}),
        needless="what code gives is known when it has run",
    ),
    of_text(
        BASE,
        "task derived from a task",
        "class Base(stook.Task):\n    def run(self):\n        return self.value()\n"
        "class Hit(Base):\n    def value(self):\n        return 1\n",
        {"pipeline.py": ("self.value()", "self.value() + 1")},
    ),
    of_text(
        BASE,
        "shared base in another module",
        "import base\nclass Hit(base.Base):\n    def run(self):\n        return self.value()\n",
        {"base.py": ("1", "2")},
        files={"base.py": "import stook\nclass Base(stook.Task):\n    def value(self):\n        return 1\n"},
    ),
    of_text(
        ASKS,
        "another task's class in run",
        "class Help(stook.Task):\n    def run(self):\n        return 1\n"
        "class Hit(stook.Task):\n    def run(self):\n        return Help().run()\n",
        {"pipeline.py": ("return 1", "return 2")},
    ),
    of_text(
        YIELDS,
        "task that run yields",
        "class Help(stook.Task):\n    def run(self):\n        return 1\n"
        "class Hit(stook.Task):\n    def run(self):\n        made = yield Help()\n        return made.data\n",
        {"pipeline.py": ("return 1", "return 2")},
        runs=frozenset({"hit", "below", "help"}),
    ),
    of_text(
        FILES,
        "data file",
        "class Hit(stook.Task):\n    includes = ('sql/*.sql',)\n    def run(self):\n        return 1\n",
        {"sql/q.sql": ("1", "2")},
        files={"sql/q.sql": "select 1"},
        runs=frozenset({"hit"}),
        needless="whether it is read cannot be told",
    ),
    of_text(
        FILES,
        "new data file",
        "class Hit(stook.Task):\n    includes = ('sql/*.sql',)\n    def run(self):\n        return 1\n",
        {"sql/r.sql": (None, "2")},
        files={"sql/q.sql": "select 1"},
        runs=frozenset({"hit"}),
        needless="whether it is read cannot be told",
    ),
    of_text(
        FILES,
        "included definition",
        "class Hit(stook.Task):\n    includes = ('hidden:f',)\n    def run(self):\n        return 1\n",
        {"hidden.py": ("1", "2")},
        files={"hidden.py": "def f():\n    return 1\n"},
        runs=frozenset({"hit"}),
        needless="the author says so",
    ),
    of_text(
        IGNORED,
        "ignored definition",
        "import lib\nclass Hit(stook.Task):\n    ignore = ('lib:trace',)\n    def run(self):\n"
        "        lib.trace()\n        return 1\n",
        {"lib.py": ("1", "2")},
        files={"lib.py": "def trace():\n    return 1\n"},
        runs=NONE,
    ),
    of_text(
        IGNORED,
        "ignored module",
        "import lib\nclass Hit(stook.Task):\n    ignore = ('lib',)\n    def run(self):\n"
        "        lib.trace()\n        return 1\n",
        {"lib.py": ("1", "2")},
        files={"lib.py": "def trace():\n    return 1\n"},
        runs=NONE,
    ),
    of_text(
        INPUT,
        "content of an input file",
        "class Hit(stook.Task):\n    def requires(self):\n        return stook.source('in.txt', name='raw')\n"
        "    def run(self, raw):\n        return raw.path().read_text()\n",
        {"in.txt": ("1", "2")},
        files={"in.txt": "1"},
    ),
    of_text(
        INPUT,
        "input file written again as it was",
        "class Hit(stook.Task):\n    def requires(self):\n        return stook.source('in.txt', name='raw')\n"
        "    def run(self, raw):\n        return raw.path().read_text()\n",
        {"in.txt": (None, "1")},
        files={"in.txt": "1"},
        runs=NONE,
    ),
    of_text(
        VALUE,
        "value of a parameter",
        "class Number(stook.Task):\n    name = 'number'\n    n: float = 0.0\n"
        "    def run(self):\n        return self.n\n"
        "class Hit(stook.Task):\n    def requires(self):\n        return Number(n=1.5)\n"
        "    def run(self, number):\n        return number.data\n",
        {"pipeline.py": ("n=1.5", "n=2.5")},
        runs=HIT | {"number"},
    ),
    of_up(
        "order of keys in a result", "{'a': 1, 'b': 5}", ("'a': 1, 'b': 5", "'b': 5, 'a': 1"), "list(up.data)"
    ),
    of_up(
        "order of keys in an item",
        "{'x': {'a': 1, 'b': 5}}",
        ("'a': 1, 'b': 5", "'b': 5, 'a': 1"),
        "list(up)",
        "Up()['x']",
    ),
    of_up(
        "library of a table",
        "pd.DataFrame({'a': [1]})",
        ("return pd.", "return pl."),
        "type(up.data).__module__",
    ),
    of_up(
        "type of a column",
        "pd.Series(['a'], dtype='object')",
        ("'object'", "'string'"),
        "str(up.data.dtype)",
    ),
    of_up(
        "order of an array in memory",
        "np.ones((2, 3), order='C')",
        ("'C'", "'F'"),
        "up.data.flags.c_contiguous",
    ),
    of_text(
        FORM,
        "order of keys in requires",
        "class Hit(stook.Task):\n    def requires(self):\n        return {'a': other.Miss(), 'b': other.Miss()}\n"
        "    def run(self, **given):\n        return list(given)\n",
        {"pipeline.py": ("{'a': other.Miss(), 'b': other.Miss()}", "{'b': other.Miss(), 'a': other.Miss()}")},
    ),
    of_text(
        REQUIRES,
        "order of keys in requires that run names",
        "class Hit(stook.Task):\n    def requires(self):\n        return {'a': other.Miss(), 'b': other.Miss()}\n"
        "    def run(self, a, b):\n        return a.data + b.data\n",
        {"pipeline.py": ("{'a': other.Miss(), 'b': other.Miss()}", "{'b': other.Miss(), 'a': other.Miss()}")},
        runs=NONE,
    ),
    of_asked(
        "yielded task with an equal result",
        "Help()",
        ("return 1", "return 2 - 1"),
        runs=NONE,
        needless="what code gives is known when it has run",
    ),
    of_asked(
        "yielded tasks in a list and a dict",
        "{'a': [Help(n=i) for i in range(2)]}",
        ("return 1", "return 2 - 1"),
        runs=NONE,
        needless="what code gives is known when it has run",
    ),
    of_asked("default of a yielded task", "Help()", ("n: int = 1", "n: int = 2"), "made.lineage.params['n']"),
    of_asked("attribute of a yielded task that is used besides", "Help()", ("K = 1", "K = 2"), "Help.K"),
)
