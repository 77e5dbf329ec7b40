"""Edits of what surrounds the code: where modules are found, and files that they read."""

from __future__ import annotations

from collections.abc import Mapping

from tests.edits.table import Edit, edit

FOUND = "module, or part of a package, anywhere that Python would find it"
WHOLE = "anything in a module that is used as a value, by `getattr`, `eval`, `sys.modules`, a computed name"
IMPORTED = "file or folder that a module reads while it is imported, or a function that remembers its results"
NAMED = "file that the code names, from its module's folder too; parts of a table that is kept as a folder"
VERSION = "version of an installed package that is used"
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
)
