"""Edits of what surrounds the code: where modules are found, and files that they read."""

from __future__ import annotations

from collections.abc import Mapping

from tests.edits.table import NONE, Edit, edit

FOUND = "module, or part of a package, anywhere that Python would find it"
WHOLE = "anything in a module that is used as a value, by `getattr`, `eval`, `sys.modules`, a computed name"
IMPORTED = "file or folder that a module reads while it is imported, or a function that remembers its results"
NAMED = "file that the code names, from its module's folder too; parts of a table that is kept as a folder"
VERSION = "version of an installed package that is used"
ASKED = "docstring or annotation that code asks for: `__doc__`, `get_type_hints`, `signature`…"
REGISTERED = "registered function or class"
OWN = "body, default or decorator of a function that is used, at any distance"

_SITE = "env/site-packages"
_PATH = "import os, sys\nHERE = os.path.dirname(__file__)\n"
_TWICE = """\
import stook
{head}
class Hit(stook.Task):
    def run(self):
        return {hit}
class Below(stook.Task):
    def run(self):
        return {hit}
import other
class Everything(stook.Task):
    def requires(self):
        return [Hit(), Below(), other.Miss()]
    def run(self, *results):
        return len(results)
"""


def on_path(
    name: str, folders: str, hit: str, head: str, files: Mapping[str, str], file: str, *, row: str = FOUND
) -> Edit:
    """Return an edit of `1` to `2` in a file of a project with more folders on its path."""
    added = f"{_PATH}sys.path[:0] = [os.path.join(HERE, one) for one in {folders.split()!r}]\n"
    return edit(row, name, hit, {file: ("1", "2")}, head=f"{added}import lib\n{head}", files=files)


def twice(name: str, hit: str, lib: str, *, head: str = "import lib", row: str = IMPORTED) -> Edit:
    """Return an edit of a file that two tasks of one process get, of which the first alone reads it."""
    text = _TWICE.replace("{head}", head).replace("{hit}", hit)
    return edit(row, name, "", {"a.txt": ("1", "2")}, lib=lib, files={"pipeline.py": text, "a.txt": "1"})


EDITS = (
    edit(
        OWN,
        "table in an attribute called modules",
        "'a' in lib.modules",
        ("'a'", "'b'"),
        lib="modules = ['a']\n",
    ),
    edit(
        OWN,
        "function called run_path",
        "lib.run_path('x')",
        ("1", "2"),
        lib="def run_path(x):\n    return x + '1'\n",
    ),
    edit(
        OWN,
        "function called import_module",
        "lib.import_module('x')",
        ("1", "2"),
        lib="def import_module(x):\n    return x + '1'\n",
    ),
    edit(
        WHOLE,
        "what a script run by its path imports",
        "runpy.run_path('scripts/prep.py')['V']",
        {"deep.py": ("1", "2")},
        head="import runpy\nimport lib",
        files={"scripts/prep.py": "from deep import V\n", "deep.py": "V = 1\n"},
    ),
    edit(
        WHOLE,
        "module by pkgutil.resolve_name",
        "pkgutil.resolve_name('de' + 'ep:V')",
        {"deep.py": ("1", "2")},
        head="import pkgutil\nimport lib",
        files={"deep.py": "V = 1\n"},
    ),
    edit(
        WHOLE,
        "module by pydoc.locate",
        "locate('deep.V')",
        {"deep.py": ("1", "2")},
        head="from pydoc import locate\nimport lib",
        files={"deep.py": "V = 1\n"},
    ),
    edit(
        WHOLE,
        "module by an entry point",
        "[one.load()() for one in entry_points(group='lib.plugins')]",
        {"more/plug.py": ("1", "2")},
        head=f"{_PATH}sys.path.insert(0, os.path.join(HERE, 'more'))\n"
        "from importlib.metadata import entry_points\nimport lib",
        files={
            "more/plug.py": "def f():\n    return 1\n",
            "more/plug-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: plug\nVersion: 1\n",
            "more/plug-1.dist-info/entry_points.txt": "[lib.plugins]\na = plug:f\n",
        },
    ),
    on_path(
        "one of Python's modules hidden",
        "more",
        "sndhdr.V",
        "import sndhdr",
        {"more/sndhdr.py": "V = 1\n"},
        "more/sndhdr.py",
    ),
    on_path(
        "namespace package in two folders",
        "one two",
        "co.b.V",
        "import co.a, co.b",
        {"one/co/a.py": "", "two/co/b.py": "V = 1\n"},
        "two/co/b.py",
    ),
    on_path(
        "namespace package that is installed in part",
        f"{_SITE} two",
        "co.b.V",
        "import co.a, co.b",
        {f"{_SITE}/co/a.py": "", "two/co/b.py": "V = 1\n"},
        "two/co/b.py",
    ),
    on_path(
        "package that extends its path",
        "one two",
        "co.b.V",
        "import co.b",
        {
            "one/co/__init__.py": "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
            "two/co/__init__.py": "",
            "two/co/b.py": "V = 1\n",
        },
        "two/co/b.py",
    ),
    edit(
        VERSION,
        "one of several that share a namespace",
        "goog.bq.V",
        {f"{_SITE}/goog_bq-1.dist-info/METADATA": ("1.0", "1.1"), f"{_SITE}/goog/bq.py": ("1", "2")},
        head="import lib\nimport goog.bq",
        files={
            f"{_SITE}/goog/bq.py": "V = 1\n",
            f"{_SITE}/goog_auth-1.dist-info/METADATA": "Name: goog-auth\nVersion: 1.0\n",
            f"{_SITE}/goog_auth-1.dist-info/RECORD": "goog/auth.py,,\n",
            f"{_SITE}/goog_bq-1.dist-info/METADATA": "Name: goog-bq\nVersion: 1.0\n",
            f"{_SITE}/goog_bq-1.dist-info/RECORD": "goog/bq.py,,\n",
        },
    ),
    edit(
        IMPORTED,
        "file beside a module",
        "conf.settings.C",
        {"conf/c.json": ("1", "2")},
        head="import lib\nimport conf.settings",
        files={
            "conf/__init__.py": "",
            "conf/settings.py": "from pathlib import Path\nC = (Path(__file__).parent / f'c.{\"json\"}').read_text()\n",
            "conf/c.json": "1",
        },
    ),
    edit(
        IMPORTED,
        "folder listed by a module",
        "lib.C",
        {"conf/b.json": (None, "")},
        lib="import os\nC = sorted(os.listdir('co' + 'nf'))\n",
        files={"conf/a.json": ""},
    ),
    twice(
        "module imported by the first of two tasks",
        "__import__('lib').C",
        "C = open('a' + '.txt').read()\n",
        head="",
    ),
    twice(
        "function under lru_cache",
        "lib.get('a')",
        "from functools import lru_cache\n@lru_cache\ndef get(name):\n    return open(name + '.txt').read()\n",
    ),
    twice(
        "function with a table",
        "lib.get('a')",
        "KNOWN = {}\ndef get(name):\n    if name not in KNOWN:\n"
        "        KNOWN[name] = open(name + '.txt').read()\n    return KNOWN[name]\n",
    ),
    twice(
        "function with a global variable",
        "lib.get('a')",
        "TEXT = None\ndef get(name):\n    global TEXT\n    if TEXT is None:\n"
        "        TEXT = open(name + '.txt').read()\n    return TEXT\n",
    ),
    edit(
        IMPORTED,
        "file of a package by pkgutil",
        "pkgutil.get_data('conf', 'x' + '.txt').decode()",
        {"conf/x.txt": ("1", "2")},
        head="import pkgutil\nimport conf\nimport lib",
        files={"conf/__init__.py": "", "conf/x.txt": "1"},
    ),
    edit(
        NAMED,
        "file beside a module, read in C++",
        "conf.tables.rates()",
        {"conf/rates.csv": ("1", "2")},
        head="import lib\nimport conf.tables",
        files={
            "conf/__init__.py": "",
            "conf/tables.py": "from pathlib import Path\n\ndef rates():\n    import polars\n"
            "    return polars.read_csv(Path(__file__).parent / 'rates.csv').rows()\n",
            "conf/rates.csv": "a\n1\n",
        },
    ),
    edit(
        NAMED,
        "part of a table in a folder",
        "lib.rows()",
        {"table/year=2/a.parquet": (None, "")},
        lib="import os\ndef rows():\n    return os.stat('table').st_nlink\n",
        files={"table/year=1/a.parquet": ""},
    ),
    edit(
        ASKED,
        "docstring that code reads",
        "lib.f.__doc__",
        ("One", "Two"),
        lib="def f():\n    '''One'''\n",
    ),
    edit(ASKED, "docstring of a module that code reads", "lib.__doc__", ("One", "Two"), lib="'''One'''\n"),
    edit(
        ASKED,
        "own docstring that code reads",
        "lib.f()",
        ("One", "Two"),
        lib="'''One'''\ndef f():\n    return __doc__\n",
    ),
    edit(
        ASKED,
        "annotation of a plain function that code reads",
        "str(typing.get_type_hints(lib.f))",
        ("x: int", "x: str"),
        head="import typing\nimport lib",
        lib="def f(x: int):\n    return 1\n",
    ),
    edit(
        ASKED,
        "signature of a plain function",
        "lib.g()",
        ("x: int", "x: str"),
        lib="from inspect import signature\ndef f(x: int):\n    return 1\ndef g():\n    return str(signature(f))\n",
    ),
    edit(
        ASKED,
        "annotation of a variable of a module that code reads",
        "str(lib.__annotations__)",
        ("X: int", "X: str"),
        lib="X: int = 1\n",
    ),
    edit(
        WHOLE,
        "source text of a function",
        "inspect.getsource(lib.f)",
        ("return 1", "return 1  # one"),
        head="import inspect\nimport lib",
        lib="def f():\n    return 1\n",
    ),
    edit(
        WHOLE,
        "modules of a package listed",
        "[one.name for one in pkgutil.iter_modules(pack.__path__)]",
        {"pack/b.py": (None, "")},
        head="import pkgutil\nimport pack\nimport lib",
        files={"pack/__init__.py": "", "pack/a.py": ""},
    ),
    edit(
        FOUND,
        "module asked for by find_spec",
        "lib.f()",
        {"maybe.py": (None, "")},
        lib="from importlib.util import find_spec\ndef f():\n    return find_spec('maybe') is not None\n",
    ),
    edit(
        FOUND,
        "module that becomes a package",
        "lib.f()",
        {
            "lib.py": ("", None),
            "lib/__init__.py": (
                None,
                "from pathlib import Path\ndef f():\n    return Path(__file__).name\n",
            ),
        },
        lib="from pathlib import Path\ndef f():\n    return Path(__file__).name\n",
    ),
    edit(
        OWN,
        "module that a star import brings by __all__",
        "a.f()",
        {"pack/a.py": ("1", "2")},
        head="from pack import *\nimport lib",
        files={"pack/__init__.py": "__all__ = ['a']\n", "pack/a.py": "def f():\n    return 1\n"},
    ),
    edit(
        VERSION,
        "package imported by a computed name",
        "importlib.import_module('fa' + 'ke').N",
        {f"{_SITE}/fake/__init__.py": ("1", "2"), f"{_SITE}/fake-1.dist-info/METADATA": ("1.0", "1.1")},
        head="import importlib\nimport lib",
        files={
            f"{_SITE}/fake/__init__.py": "N = 1\n",
            f"{_SITE}/fake-1.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        VERSION,
        "version that code asks for",
        "version('fake')",
        {f"{_SITE}/fake-1.dist-info/METADATA": ("1.0", "1.1")},
        head="from importlib.metadata import version\nimport lib",
        files={f"{_SITE}/fake-1.dist-info/METADATA": "Name: fake\nVersion: 1.0\n"},
    ),
    edit(
        VERSION,
        "package that no module of a folder can be",
        "lib.load('a').V",
        {f"{_SITE}/fake-1.dist-info/METADATA": ("1.0", "1.1")},
        lib="import importlib\ndef load(name):\n    return importlib.import_module(f'pack.{name}')\n",
        files={
            "pack/a.py": "V = 1\n",
            f"{_SITE}/fake-1.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
        runs=NONE,
    ),
    edit(
        IMPORTED,
        "source that a module reads as data",
        "lib.V",
        {"about.py": ("1", "2")},
        lib="V = open('ab' + 'out.py').read()\n",
        files={"about.py": "V = 1\n"},
    ),
    edit(
        REGISTERED,
        "table in a closure that two names share",
        "lib.get('a')()",
        ("return 1", "return 2"),
        lib="def make():\n    t = {}\n    def add(f):\n        t[f.__name__] = f\n        return f\n"
        "    return add, t.get\nadd, get = make()\n@add\ndef a():\n    return 1\n",
    ),
    edit(
        REGISTERED,
        "table as a default",
        "lib.add.__defaults__[0]['a']()",
        ("return 1", "return 2"),
        lib="def add(f, t={}):\n    t[f.__name__] = f\n    return f\n@add\ndef a():\n    return 1\n",
    ),
    edit(
        REGISTERED,
        "method of a class that dispatches, from another module",
        "lib.C().go(1)",
        {"plug.py": ("'int'", "'number'")},
        head="import lib\nimport plug",
        lib="from functools import singledispatchmethod\nclass C:\n    @singledispatchmethod\n"
        "    def go(self, x):\n        return 'any'\n",
        files={
            "plug.py": "from lib import C\n@C.__dict__['go'].register(int)\ndef _(self, x):\n    return 'int'\n"
        },
    ),
)
