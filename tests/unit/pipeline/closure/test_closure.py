"""Which definitions belong to a task."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from stook.errors import InputError
from stook.pipeline.closure import Closure, Codebase, Entry, close, packages_in


def closure(folder: Path, files: dict[str, str], name: str = "main:T", path: tuple[str, ...] = ()) -> Closure:
    """Write files and return the closure of a definition."""
    for file, text in files.items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))
    module, _, definition = name.partition(":")
    return close([Entry(module, definition)], Codebase((folder,), path))


def keys(folder: Path, main: str, files: dict[str, str] | None = None) -> set[str]:
    """Return what belongs to `T` of a module, but for itself and Python."""
    return set(closure(folder, {"main.py": main, **(files or {})}).code) - {"main:T", "package:python"}


CASES = {
    "function and constant": (
        "A = 1\ndef f(): return A\ndef T(): return f()\ndef g(): pass",
        {"main:f", "main:A"},
    ),
    "local name hides": ("x = 1\ndef T(x): return x", set()),
    "assigned name hides": ("x = 1\ndef T():\n    x = 2\n    return x", set()),
    "loop variable hides": ("x = 1\ndef T():\n    for x in (): pass\n    return x", set()),
    "caught name hides": ("x = 1\ndef T():\n    try: pass\n    except OSError as x: return x", set()),
    "matched name hides": ("x = 1\ndef T(y):\n    match y:\n        case [x, *_]: return x", set()),
    "global does not hide": ("x = 1\ndef T():\n    global x\n    x = 2", {"main:x"}),
    "comprehension hides within": ("x = 1\ndef T(): return [x for x in ()]", set()),
    "comprehension not after": ("x = 1\ndef T(): return [x for x in ()], x", {"main:x"}),
    "comprehension not in its source": ("x = 1\ndef T(): return [x for x in x]", {"main:x"}),
    "nested function sees": ("x = 1\ndef T():\n    def g(): return x\n    return g", {"main:x"}),
    "nested function hides": ("x = 1\ndef T(x):\n    def g(): return x\n    return g", set()),
    "class body does not hide": ("x = 1\nclass T:\n    x = 2\n    def run(self): return x", {"main:x"}),
    "lambda": ("x = 1\nT = lambda y: x + y", {"main:x"}),
    "default argument": ("x = 1\ndef T(y=x): return y", {"main:x"}),
    "decorator": ("def d(f): return f\n@d\ndef T(): pass", {"main:d"}),
    "base and metaclass": (
        "class M(type): pass\nclass B: pass\nclass T(B, metaclass=M): pass",
        {"main:B", "main:M"},
    ),
    "plain annotation": ("class A: pass\ndef T(x: A) -> A: return x", set()),
    "annotation under a decorator": (
        "import functools\nclass A: pass\n@functools.singledispatch\ndef T(x: A): return x",
        {"main:A"},
    ),
    "annotation of a field": ("class A: pass\nclass T:\n    x: A", {"main:A"}),
    "both branches": ("if 1:\n    x = 1\nelse:\n    x = 2\ndef T(): return x", {"main:x"}),
    "loose statement": ("print(1)\ndef T(): pass", {"main:(body)"}),
    "pass at top level": ("pass\ndef T(): pass", set()),
    "main block": ("def T(): pass\nif __name__ == '__main__':\n    print(1)", set()),
    "type checking block": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import q\ndef T(): pass",
        set(),
    ),
    "table filled later": ("t = {}\nt['a'] = 1\ndef T(): return t", {"main:t", "main:(body)"}),
    "globals": ("def a(): pass\ndef T(): return globals()['a']()", {"main:*"}),
    "vars of a value": ("def a(): pass\ndef T(x): return vars(x), locals()", set()),
    "vars of the module": ("def a(): pass\nT = vars()", {"main:*"}),
    "eval": ("def a(): pass\ndef T(): return eval('a')()", {"main:*"}),
    "mutual recursion": ("def a(): return T()\ndef T(): return a()", {"main:a"}),
    "pure decorator elsewhere": (
        "import functools\n@functools.cache\ndef a(): pass\ndef T(): pass",
        set(),
    ),
    "subclass hook": (
        "class P:\n    all = []\n    def __init_subclass__(cls): P.all.append(cls)\n"
        "class A(P): pass\ndef T(): return P.all",
        {"main:P", "main:A"},
    ),
    "registered by a method": (
        "class R:\n    def add(self, f): return f\nr = R()\n@r.add\ndef a(): pass\ndef T(): return r",
        {"main:R", "main:r", "main:a"},
    ),
    "registered by assignment": (
        "t = {}\ndef reg(f):\n    t[1] = f\n    return f\na = reg(max)\ndef T(): return t",
        {"main:t", "main:a", "main:reg"},
    ),
    "registered, table not used": (
        "t = {}\ndef reg(f):\n    t[1] = f\n@reg\ndef a(): pass\ndef T(): pass",
        set(),
    ),
}


@pytest.mark.parametrize(("main", "expected"), CASES.values(), ids=CASES)
def test_within_a_module(main: str, expected: set[str], tmp_path: Path) -> None:
    """The closure has what the code may use, and nothing else."""
    assert keys(tmp_path, main) == expected


LIBRARY = {
    "lib/__init__.py": "from .a import f as g\nfrom . import b\n",
    "lib/a.py": "K = 1\ndef f(): return K\ndef other(): pass\n",
    "lib/b.py": "def h(): return 1\n",
    "lib/deep/c.py": "def c(): return 1\n",
    "dynamic.py": "def __getattr__(name): return 1\ndef real(): pass\n",
    "stars.py": "from lib.a import *\n",
    "circle.py": "from circle2 import x\n",
    "circle2.py": "from circle import x\n",
}
IMPORTS = {
    "from": ("from lib.a import f\ndef T(): f()", {"lib.a:f", "lib.a:K"}),
    "from, renamed": ("from lib.a import f as q\ndef T(): q()", {"lib.a:f", "lib.a:K"}),
    "re-export": ("from lib import g\ndef T(): g()", {"lib.a:f", "lib.a:K"}),
    "module": ("import lib.a\ndef T(): lib.a.f()", {"lib.a:f", "lib.a:K"}),
    "module, renamed": ("import lib.a as m\ndef T(): m.f()", {"lib.a:f", "lib.a:K"}),
    "through the package": ("import lib\ndef T(): lib.b.h()", {"lib.b:h"}),
    "module as a value": ("import lib.b as m\ndef T(): return getattr(m, 'h')", {"lib.b:*"}),
    "lazily": ("def T():\n    from lib.a import f\n    f()", {"lib.a:f", "lib.a:K"}),
    "lazily, module": ("def T():\n    import lib.b as m\n    return m.h()", {"lib.b:h"}),
    "lazily, within": (
        "def T():\n    import lib.b as m\n    def g(): return m.h()\n    return g",
        {"lib.b:h"},
    ),
    "namespace package": ("from lib.deep.c import c\ndef T(): c()", {"lib.deep.c:c"}),
    "star": ("from lib.a import *\ndef T(): f()", {"lib.a:f", "lib.a:K"}),
    "star of a star": ("from stars import *\ndef T(): return other()", {"lib.a:other"}),
    "unused": ("from lib.a import f\ndef T(): pass", set()),
    "dynamic attribute": ("import dynamic\ndef T(): dynamic.anything", {"dynamic:*"}),
    "by name": ("import importlib\ndef T(): return importlib.import_module('lib.b')", {"lib.b:*"}),
    "circle": ("from circle import x\ndef T(): return x", set()),
    "of Python": ("import json, os.path\ndef T(): return json.dumps(os.path.sep)", set()),
    "not there": ("import nowhere\ndef T(): return nowhere.x", set()),
}


@pytest.mark.parametrize(("main", "expected"), IMPORTS.values(), ids=IMPORTS)
def test_across_modules(main: str, expected: set[str], tmp_path: Path) -> None:
    """Names are followed to where they are defined, whatever way they are imported."""
    assert keys(tmp_path, main, LIBRARY) == expected


def test_registration_is_seen_before_its_table(tmp_path: Path) -> None:
    """A registered function counts though the table turns up only after the module that registers."""
    files = {
        "other.py": "table = {}\ndef reg(f):\n    table[1] = f\n    return f\n",
        "plug.py": "from other import reg\n@reg\ndef a(): pass\n",
        "late.py": "import other\nprint(other.table)\n",
    }
    main = "import late\nimport plug\ndef T(): pass"
    expected = {"late:(body)", "other:table", "other:reg", "plug:a", "order:import"}
    assert keys(tmp_path, main, files) == expected


def test_computed_import_takes_all_files(tmp_path: Path) -> None:
    """Where the name of an imported module is computed, every file of the workspace counts."""
    main = "import importlib\ndef T(x): return importlib.import_module(f'lib.{x}')"
    assert {"lib/b.py:*", "dynamic.py:*"} < keys(tmp_path, main, LIBRARY)


def test_task_without_what_arrives_otherwise(tmp_path: Path) -> None:
    """Of a task, `requires`, the output's name and defaults of parameters are no code; the same holds for functions."""
    text = """
        import stook
        class Other(stook.Task): pass
        class T(stook.Task):
            name = "{name}"
            window: int = {default}
            def requires(self): return Other({arg})
            def run(self, other): return {result}
        """
    first = closure(tmp_path, {"main.py": text.format(name="a", default=1, arg="", result=1)})
    assert set(first.code) == {"main:T", "package:python"}
    assert closure(tmp_path, {"main.py": text.format(name="bb", default=22, arg="3", result=1)}) == first
    assert closure(tmp_path, {"main.py": text.format(name="a", default=1, arg="", result=222)}) != first

    text = """
        from stook import task
        class Other(stook.Task): pass
        @task(requires=Other({arg}))
        def T(other, *, window: int = {default}): return {result}
        """
    first = closure(tmp_path, {"main.py": text.format(default=1, arg="", result=1)})
    assert set(first.code) == {"main:T", "package:python"}
    assert closure(tmp_path, {"main.py": text.format(default=22, arg="3", result=1)}) == first
    assert closure(tmp_path, {"main.py": text.format(default=1, arg="", result=222)}) != first


def test_type_of_a_functions_parameter_counts(tmp_path: Path) -> None:
    """The annotation of a parameter decides what `run` gets, so it is code, for a function as for a class."""
    text = "import stook, enum\nclass A(enum.Enum): x = 1\n@stook.task\ndef T(*, mode: {kind}): return mode"
    assert "main:A" in closure(tmp_path, {"main.py": text.format(kind="A")}).code
    assert "main:A" not in closure(tmp_path, {"main.py": text.format(kind="int")}).code


def test_making_a_task_changes_nothing(tmp_path: Path) -> None:
    """An instance of a task made at top level is no registration, whatever the task uses."""
    main = """
        import stook
        TABLE = {}
        class C(stook.Task):
            def run(self): return TABLE
        @stook.task
        def f(*, n: int = 1): return TABLE
        first, second = C(), f(n=1)
        class T(stook.Task):
            def run(self): return TABLE
        """
    assert keys(tmp_path, main) == {"main:TABLE"}


def test_task_used_as_code_counts_whole(tmp_path: Path) -> None:
    """A task class that `run` itself uses is code like any other."""
    files = {
        "main.py": "import stook\nclass A(stook.Task): pass\nclass T(stook.Task):\n    def run(self): return A"
    }
    assert "main:A" in closure(tmp_path, files).code


def test_packages_count_by_version(tmp_path: Path) -> None:
    """An installed package that is used counts by the version of its distribution, under whatever name."""
    site = tmp_path / "site-packages"
    for name, package, listing in (
        ("plain", "plain", ""),
        ("other-name", "odd", "RECORD"),
        ("third", "top", "top_level.txt"),
    ):
        (site / package).mkdir(parents=True)
        (site / package / "__init__.py").write_text("X = 1\n")
        metadata = site / f"{name.replace('-', '_')}-1.2.3.dist-info"
        metadata.mkdir()
        if listing:
            content = f"{package}/__init__.py,,\n" if listing == "RECORD" else f"{package}\n"
            (metadata / listing).write_text(content)
    project = tmp_path / "project"
    main = "import plain, odd.sub, unused\nfrom top import X\ndef T(): return plain.X, odd.sub.Y, X"
    made = closure(project, {"main.py": main}, path=(str(site),))
    assert (
        packages_in(made.code).items() >= {"plain": "1.2.3", "other-name": "1.2.3", "third": "1.2.3"}.items()
    )
    assert "unused" not in packages_in(made.code)


@pytest.mark.parametrize(
    "main",
    [
        "import stook\nclass T(stook.Task):\n    checks = [stook.checks.rows(1)]",
        "import stook\n@stook.task(checks=[stook.checks.rows(1)])\ndef T(): return stook.open()",
        "from stook import checks\ndef T(): return checks.rows(1)",
        "from stook.checks import rows\ndef T(): return rows(1)",
        "from stook.frames import checks\ndef T(): return checks.rows(1)",
    ],
)
def test_rooms_of_stook_that_compute_count_by_version(main: str, tmp_path: Path) -> None:
    """Checks decide what may be published, so another version of them may decide otherwise; tasks and stores do not."""
    assert set(packages_in(closure(tmp_path, {"main.py": main}).code)) == {"python", "stook.checks"}


def test_code_elsewhere_on_the_path_counts_as_code(tmp_path: Path) -> None:
    """A folder on the path that is no `site-packages`, such as an editable install, is followed like the project."""
    (tmp_path / "editable").mkdir()
    (tmp_path / "editable" / "mine.py").write_text("def f(): return 1\n")
    files = {"main.py": "import mine\ndef T(): return mine.f()"}
    assert "mine:f" in closure(tmp_path / "project", files, path=(str(tmp_path / "editable"),)).code


def test_order_and_place_of_definitions_do_not_count(tmp_path: Path) -> None:
    """Moving definitions around within a file changes nothing."""
    first = closure(tmp_path, {"main.py": "A = 1\ndef f(): return A\ndef T(): return f()"})
    assert closure(tmp_path, {"main.py": "def T(): return f()\n\n\ndef f():\n    return A\nA = 1\n"}) == first


def test_code_that_does_nothing_does_not_count(tmp_path: Path) -> None:
    """`pass`, a docstring and a lone literal are the same."""
    bodies = ["pass", "'''Words.'''", "...", "'''Words.'''; pass"]
    made = {closure(tmp_path, {"main.py": f"def T(): {body}"}).digest for body in bodies}
    assert len(made) == 1


def test_literals_of_different_type_differ(tmp_path: Path) -> None:
    """`1`, `1.0`, `True` and `'1'` are different code."""
    made = {
        closure(tmp_path, {"main.py": f"def T(): return {x}{' ' * n}"}).digest
        for n, x in enumerate(["1", "1.0", "True", "'1'", "b'1'", "None", "..."])
    }
    assert len(made) == 7


def test_file_that_is_no_python(tmp_path: Path) -> None:
    """A module that cannot be parsed is named with the line."""
    with pytest.raises(InputError, match=r"broken\.py, line 2"):
        closure(
            tmp_path, {"main.py": "import broken\ndef T(): return broken.x", "broken.py": "x = 1\ndef (:\n"}
        )


def test_deep_expression(tmp_path: Path) -> None:
    """An expression nested deeper than Python recurses is no trouble."""
    text = "def T(): return " + "+".join(["x"] * 2000)
    assert "main:T" in closure(tmp_path, {"main.py": text}).code
