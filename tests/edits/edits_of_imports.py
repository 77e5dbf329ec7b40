"""Edits of imports, modules, packages and what is looked up at run time."""

from __future__ import annotations

from tests.edits.table import NONE, Edit, edit

IMPORTED = "body, default or decorator of a function that is used, at any distance"
UNUSED_IMPORT = "import that is not used, of a module that only defines things"
MOVED = "definition renamed, or moved to another module"
DYNAMIC = "anything in a module that is used as a value, by `getattr`, `eval`, `sys.modules`, a computed name"
STARS = "`__all__` of a module that a used name is star-imported from"
EDITABLE = "editable install"
VERSION = "version of an installed package that is used"
BINARY = "built extension module, or archive on the path, that is used"
_F = "def f():\n    return 1\n"
_TWO = "def f():\n    return 1\ndef g():\n    return 5\n"
_SITE = "env/site-packages"
_HOOK = """\
import importlib.util
import sys
from pathlib import Path
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        file = Path(__file__).parents[2] / 'elsewhere' / 'mine.py'
        return importlib.util.spec_from_file_location(name, file) if name == 'mine' else None
sys.meta_path.append(Finder)
"""

EDITS: tuple[Edit, ...] = (
    edit(
        IMPORTED,
        "lazy import",
        "lib.f()",
        {"deep.py": ("1", "2")},
        lib="def f():\n    import deep\n    return deep.f()\n",
        files={"deep.py": _F},
    ),
    edit(
        IMPORTED,
        "import of a global name in a function",
        "lib.f()",
        {"deep.py": ("1", "2")},
        lib="def g():\n    global deep\n    import deep\ndef f():\n    g()\n    return deep.f()\n",
        files={"deep.py": _F},
    ),
    edit(IMPORTED, "renamed import", "q()", ("1", "2"), head="from lib import f as q", lib=_F),
    edit(
        IMPORTED,
        "re-export",
        "pack.f()",
        {"pack/inner.py": ("1", "2")},
        head="import pack",
        files={"pack/__init__.py": "from .inner import f\n", "pack/inner.py": _F},
    ),
    edit(IMPORTED, "star import", "f()", ("1", "2"), head="from lib import *", lib=_F),
    edit(
        IMPORTED,
        "star import with __all__",
        "f()",
        ("return 1", "return 2"),
        head="from lib import *",
        lib="__all__ = ['f']\n" + _F,
    ),
    edit(
        IMPORTED,
        "star import that replaces a definition",
        "f()",
        {"deep.py": ("1", "2")},
        head="from lib import f",
        lib="def f():\n    return 0\nfrom deep import *\n",
        files={"deep.py": _F},
    ),
    edit(
        STARS,
        "__all__ changed",
        "f()",
        {"lib.py": ("['f']", "['g']")},
        head="from deep import *\nfrom lib import *",
        lib="__all__ = ['f']\n" + _TWO,
        files={"deep.py": "def f():\n    return 9\ndef g():\n    return 8\n"},
    ),
    edit(
        IMPORTED,
        "relative import",
        "pack.a.f()",
        {"pack/b.py": ("1", "2")},
        head="import pack.a",
        files={
            "pack/__init__.py": "",
            "pack/a.py": "from . import b\ndef f():\n    return b.f()\n",
            "pack/b.py": _F,
        },
    ),
    edit(
        IMPORTED,
        "namespace package",
        "pack.a.f()",
        {"pack/a.py": ("1", "2")},
        head="import pack.a",
        files={"pack/a.py": _F},
    ),
    edit(
        IMPORTED,
        "circular imports",
        "lib.f()",
        {"deep.py": ("+ 1", "+ 2")},
        lib="import deep\nN = 1\ndef f():\n    return deep.g()\n",
        files={"deep.py": "import lib\ndef g():\n    return lib.N + 1\n"},
    ),
    edit(
        IMPORTED,
        "circular from-imports with a fallback",
        "deep.g()",
        {"lib.py": ("1", "2")},
        head="import lib\nimport deep",
        lib="def x():\n    return 1\ntry:\n    from deep import x\nexcept ImportError:\n    pass\n",
        files={"deep.py": "from lib import x\ndef g():\n    return x()\n"},
    ),
    edit(
        IMPORTED,
        "module-level __getattr__",
        "lib.anything",
        ("1", "2"),
        lib="def __getattr__(name):\n    return 1\n",
    ),
    edit(
        IMPORTED,
        "what a module-level __getattr__ imports",
        "pack.inner.f()",
        {"pack/inner.py": ("1", "2")},
        head="import pack",
        files={
            "pack/__init__.py": "import importlib\ndef __getattr__(name):\n"
            "    return importlib.import_module(f'pack.{name}')\n",
            "pack/inner.py": _F,
        },
    ),
    edit(
        UNUSED_IMPORT,
        "unused import",
        "lib.f()",
        ("def", "import deep\ndef"),
        lib=_F,
        files={"deep.py": _F},
        runs=NONE,
    ),
    edit(
        UNUSED_IMPORT,
        "import for type checkers",
        "lib.f()",
        {"deep.py": ("1", "2")},
        lib="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from deep import f as g\n"
        "def f():\n    return 1\n",
        files={"deep.py": _F},
        runs=NONE,
    ),
    edit(
        UNUSED_IMPORT,
        "main block",
        "lib.f()",
        ("print(1)", "print(2)"),
        lib=_F + "if __name__ == '__main__':\n    print(1)\n",
        runs=NONE,
    ),
    edit(
        MOVED,
        "function renamed",
        "lib.f()",
        {"lib.py": ("def f", "def h"), "pipeline.py": ("lib.f()", "lib.h()")},
        lib=_F,
        runs=frozenset({"hit"}),
        needless="the name is part of the closure",
    ),
    edit(
        MOVED,
        "function moved",
        "lib.f()",
        {"lib.py": (_F, "from deep import f\n"), "deep.py": (None, _F)},
        lib=_F,
        runs=frozenset({"hit"}),
        needless="the module's name is part of the closure",
    ),
    edit(DYNAMIC, "getattr of a module", "getattr(lib, 'f')()", ("return 1", "return 2"), lib=_F),
    edit(
        DYNAMIC,
        "other name of a module used by getattr",
        "getattr(lib, 'f')()",
        ("5", "6"),
        lib=_TWO,
        runs=frozenset({"hit"}),
        needless="which name is taken is known only at run time",
    ),
    edit(
        DYNAMIC,
        "getattr of a module that imports",
        "getattr(lib, 'f')()",
        {"deep.py": ("1", "2")},
        lib="from deep import f\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "getattr of a package",
        "getattr(pack, 'a').f()",
        {"pack/a.py": ("1", "2")},
        head="import pack, pack.a",
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    edit(
        DYNAMIC,
        "getattr of a table of modules",
        "getattr(lib, 'm').f()",
        {"deep.py": ("1", "2")},
        lib="import deep as m\n",
        files={"deep.py": _F},
    ),
    edit(DYNAMIC, "__dict__ of a module", "lib.__dict__['f']()", ("1", "2"), lib=_F),
    edit(DYNAMIC, "vars of a module", "vars(lib)['f']()", ("1", "2"), lib=_F),
    edit(
        DYNAMIC,
        "globals",
        "lib.g()",
        ("return 1", "return 2"),
        lib=_F + "def g():\n    return globals()['f']()\n",
    ),
    edit(
        DYNAMIC,
        "globals that are imported",
        "lib.g()",
        {"deep.py": ("1", "2")},
        lib="from deep import f\ndef g():\n    return globals()['f']()\n",
        files={"deep.py": _F},
    ),
    edit(DYNAMIC, "eval", "lib.g()", ("return 1", "return 2"), lib=_F + "def g():\n    return eval('f()')\n"),
    edit(
        DYNAMIC,
        "eval by another name",
        "lib.g()",
        ("return 1", "return 2"),
        lib="from builtins import eval as e\n" + _F + "def g():\n    return e('f()')\n",
    ),
    edit(
        DYNAMIC,
        "eval of a name in a package",
        "lib.g()",
        {"pack/a.py": ("1", "2")},
        lib="import pack.a\ndef g():\n    return eval('pack.a.f()')\n",
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    edit(
        DYNAMIC,
        "exec",
        "lib.g()",
        ("return 1", "return 2"),
        lib=_F + "def g():\n    box = {}\n    exec('x = f()', globals(), box)\n    return box['x']\n",
    ),
    edit(
        DYNAMIC,
        "sys.modules by own name",
        "lib.g()",
        ("return 1", "return 2"),
        lib="import sys\n" + _F + "def g():\n    return getattr(sys.modules[__name__], 'f')()\n",
    ),
    edit(
        DYNAMIC,
        "sys.modules by constant name",
        "lib.g()",
        {"deep.py": ("1", "2")},
        lib="import sys\nimport deep\ndef g():\n    return sys.modules['deep'].f()\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "importlib with a constant name",
        "lib.g()",
        {"deep.py": ("1", "2")},
        lib="import importlib\ndef g():\n    return importlib.import_module('deep').f()\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "importlib with a computed name",
        "lib.g('p')",
        {"deep.py": ("1", "2")},
        lib="import importlib\ndef g(x):\n    return importlib.import_module('dee' + x).f()\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "import_module by another name",
        "lib.g('p')",
        {"deep.py": ("1", "2")},
        lib="from importlib import import_module as load\ndef g(x):\n    return load('dee' + x).f()\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "import_module handed on",
        "lib.g()",
        {"deep.py": ("1", "2")},
        lib="import importlib\ndef g():\n"
        "    return [m.f() for m in map(importlib.import_module, ['deep'])]\n",
        files={"deep.py": _F},
    ),
    edit(
        DYNAMIC,
        "__import__",
        "lib.g()",
        {"pack/a.py": ("1", "2")},
        lib="def g():\n    return __import__('pack.a').a.f()\n",
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    edit(
        DYNAMIC,
        "runpy",
        "lib.g()",
        {"script.py": ("1", "2")},
        lib="import runpy\nfrom pathlib import Path\ndef g():\n"
        "    return runpy.run_path(str(Path(__file__).with_name('script.py')))['N']\n",
        files={"script.py": "N = 1\n"},
    ),
    edit(
        IMPORTED,
        "sys.path in code",
        "lib.f()",
        {"more/deep.py": ("1", "2")},
        lib="import sys\nfrom pathlib import Path\n"
        "sys.path.insert(0, str(Path(__file__).with_name('more')))\nimport deep\ndef f():\n"
        "    return deep.f()\n",
        files={"more/deep.py": _F},
    ),
    edit(
        IMPORTED,
        "sys.path in a function",
        "lib.f()",
        {"more/deep.py": ("1", "2")},
        lib="import sys\nfrom pathlib import Path\ndef f():\n"
        "    sys.path.insert(0, str(Path(__file__).with_name('more')))\n    import deep\n"
        "    return deep.f()\n",
        files={"more/deep.py": _F},
    ),
    edit(
        IMPORTED,
        "new file that takes a module's name",
        "lib.f()",
        {"colorsys.py": (None, "def rgb_to_yiq(*x):\n    return 'mine'\n")},
        lib="def f():\n    from colorsys import rgb_to_yiq\n    return rgb_to_yiq(1, 1, 1)\n",
    ),
    edit(
        VERSION,
        "version of a package",
        "fake.N",
        {
            f"{_SITE}/fake/__init__.py": ("1", "2"),
            f"{_SITE}/fake-1.0.dist-info/METADATA": ("1.0", None),
            f"{_SITE}/fake-2.0.dist-info/METADATA": (None, "Name: fake\nVersion: 2.0\n"),
        },
        head="import fake",
        files={
            f"{_SITE}/fake/__init__.py": "N = 1\n",
            f"{_SITE}/fake-1.0.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        VERSION,
        "version in the metadata alone",
        "fake.N",
        {f"{_SITE}/fake/__init__.py": ("1", "2"), f"{_SITE}/fake-1.0.dist-info/METADATA": ("1.0", "1.1")},
        head="import fake",
        files={
            f"{_SITE}/fake/__init__.py": "N = 1\n",
            f"{_SITE}/fake-1.0.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        VERSION,
        "version of a package that is not used",
        "lib.f()",
        {f"{_SITE}/fake-1.0.dist-info/METADATA": ("1.0", "1.1")},
        lib=_F,
        runs=NONE,
        files={
            f"{_SITE}/fake/__init__.py": "N = 1\n",
            f"{_SITE}/fake-1.0.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        VERSION,
        "class derived from one of a package",
        "lib.C().go()",
        ("+ 1", "+ 2"),
        lib="import fake\nclass C(fake.B):\n    def go(self):\n        return self.n + 1\n",
        files={
            f"{_SITE}/fake/__init__.py": "class B:\n    n = 1\n",
            f"{_SITE}/fake-1.0.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        "registered function or class",
        "registered with a package",
        "fake.ALL['a']()",
        ("return 1", "return 2"),
        head="import fake\nimport lib",
        lib="import fake\n@fake.register\ndef a():\n    return 1\n",
        files={
            f"{_SITE}/fake/__init__.py": "ALL = {}\ndef register(g):\n    ALL[g.__name__] = g\n    return g\n",
            f"{_SITE}/fake-1.0.dist-info/METADATA": "Name: fake\nVersion: 1.0\n",
        },
    ),
    edit(
        EDITABLE,
        "editable install by a path",
        "mine.f()",
        {"elsewhere/mine.py": ("1", "2")},
        head="import mine",
        files={f"{_SITE}/__editable__.pth": "../../elsewhere\n", "elsewhere/mine.py": _F},
    ),
    edit(
        EDITABLE,
        "editable install by a hook",
        "mine.f()",
        {"elsewhere/mine.py": ("1", "2")},
        head="import mine",
        files={
            f"{_SITE}/__editable__.pth": "import mine_finder\n",
            f"{_SITE}/mine_finder.py": _HOOK,
            "elsewhere/mine.py": _F,
        },
    ),
    edit(
        BINARY,
        "bytes of an extension module",
        "lib.f()",
        {"native.so": ("1", "2")},
        lib="def f():\n    try:\n        import native\n    except ImportError:\n"
        "        return 1\n    return native.f()\n",
        files={"native.so": "built 1\n"},
        runs=frozenset({"hit"}),
        needless="it is a fake that cannot be imported",
    ),
    edit(
        IMPORTED,
        "attribute of a package that another module imports",
        "pack.a.f()",
        {"pack/a.py": ("1", "2")},
        head="import lib\nimport pack",
        lib="import pack.a\n",
        files={"pack/__init__.py": "", "pack/a.py": _F},
    ),
    edit(
        IMPORTED,
        "__init__ of a package",
        "pack.a.f()",
        {"pack/__init__.py": ("1", "2")},
        head="import pack.a",
        files={"pack/__init__.py": "N = 1\n", "pack/a.py": "import pack\ndef f():\n    return pack.N\n"},
    ),
    edit(
        IMPORTED,
        "import through another module's import",
        "lib.deep.f()",
        {"deep.py": ("1", "2")},
        lib="import deep\n",
        files={"deep.py": _F},
    ),
    edit(
        IMPORTED,
        "module under another name",
        "lib.f()",
        {"deep.py": ("1", "2")},
        lib="import deep\nalias = deep\ndef f():\n    return alias.f()\n",
        files={"deep.py": _F},
    ),
    edit(
        IMPORTED,
        "module handed to a function",
        "lib.call(deep)",
        {"deep.py": ("1", "2")},
        head="import lib\nimport deep",
        lib="def call(m):\n    return m.f()\n",
        files={"deep.py": _F},
    ),
    edit(
        IMPORTED,
        "name for other than type checkers",
        "lib.f()",
        {"deep.py": ("1", "2")},
        lib="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    f = None\nelse:\n    from deep import f\n",
        files={"deep.py": _F},
    ),
    edit(
        IMPORTED,
        "definition that begins to hide one of Python's",
        "lib.f()",
        ("def f", "def max(*x):\n    return 7\ndef f"),
        lib="def f():\n    return max(1, 2)\n",
    ),
    edit(
        IMPORTED,
        "star-imported definition that begins to hide one of Python's",
        "lib.f()",
        {"deep.py": ("X = 1", "def max(*x):\n    return 7")},
        lib="from deep import *\ndef f():\n    return max(1, 2)\n",
        files={"deep.py": "X = 1\n"},
    ),
    edit(
        IMPORTED,
        "later definition of the same name",
        "lib.f()",
        ("# more", "def f():\n    return 2"),
        lib=_F + "# more\n",
    ),
    edit(
        IMPORTED,
        "later import of the same name",
        "lib.f()",
        ("# more", "from deep import f"),
        lib=_F + "# more\n",
        files={"deep.py": "def f():\n    return 2\n"},
    ),
)
