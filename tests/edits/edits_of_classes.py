"""Edits of classes, and of what runs when a class is defined or used."""

from __future__ import annotations

from tests.edits.table import HIT, NONE, Edit, edit

MEMBER = "method or attribute of a class that is used, or of its bases"
REGISTERED = "registered function or class"
UNUSED = "definition that is not used"
ORDER = "registrations, or imports of modules with registrations or statements, in another order"

_HOOK = """\
ALL = {}
class Base:
    def __init_subclass__(cls):
        ALL[cls.__name__] = cls
def f():
    return [c().go() for c in ALL.values()]
"""
_REGISTRY = """\
TABLE = {}
def register(name):
    def keep(g):
        TABLE[name] = g
        return g
    return keep
def f():
    return [g() for g in TABLE.values()]
"""
_GIVEN = "TABLE = {}\ndef f():\n    return [g() for g in TABLE.values()]\n"

EDITS: tuple[Edit, ...] = (
    edit(MEMBER, "method", "lib.C().go()", ("1", "2"), lib="class C:\n    def go(self):\n        return 1\n"),
    edit(
        MEMBER,
        "inherited method",
        "lib.C().go()",
        ("1", "2"),
        lib="class B:\n    def go(self):\n        return 1\nclass C(B):\n    pass\n",
    ),
    edit(
        MEMBER,
        "base in another module",
        "lib.C().go()",
        {"base.py": ("1", "2")},
        lib="import base\nclass C(base.B):\n    pass\n",
        files={"base.py": "class B:\n    def go(self):\n        return 1\n"},
    ),
    edit(
        MEMBER,
        "mixin",
        "lib.C().go()",
        ("return 1", "return 2"),
        lib="class M:\n    def go(self):\n        return 1\nclass B:\n    pass\nclass C(M, B):\n    pass\n",
    ),
    edit(
        MEMBER,
        "property",
        "lib.C().go",
        ("1", "2"),
        lib="class C:\n    @property\n    def go(self):\n        return 1\n",
    ),
    edit(
        MEMBER,
        "classmethod",
        "lib.C.go()",
        ("1", "2"),
        lib="class C:\n    @classmethod\n    def go(cls):\n        return 1\n",
    ),
    edit(MEMBER, "class attribute", "lib.C.n", ("1", "2"), lib="class C:\n    n = 1\n"),
    edit(
        MEMBER,
        "import within a class",
        "lib.C().go()",
        {"deep.py": ("1", "2")},
        lib="class C:\n    from deep import f\n    def go(self):\n        return self.f()\n",
        files={"deep.py": "def f(self):\n    return 1\n"},
    ),
    edit(
        MEMBER,
        "default of a dataclass's field",
        "lib.C().n",
        ("= 1", "= 2"),
        lib="from dataclasses import dataclass\n@dataclass\nclass C:\n    n: int = 1\n",
    ),
    edit(
        MEMBER,
        "field of a dataclass added",
        "repr(lib.C())",
        ("n: int = 1\n", "n: int = 1\n    m: int = 2\n"),
        lib="from dataclasses import dataclass\n@dataclass\nclass C:\n    n: int = 1\n",
    ),
    edit(
        MEMBER,
        "factory of a dataclass's field",
        "lib.C().n",
        ("[1]", "[2]"),
        lib="from dataclasses import dataclass, field\ndef make():\n    return [1]\n@dataclass\nclass C:\n"
        "    n: list = field(default_factory=make)\n",
    ),
    edit(
        MEMBER,
        "member of an enum",
        "lib.E.A.value",
        ("A = 1", "A = 2"),
        lib="import enum\nclass E(enum.Enum):\n    A = 1\n",
    ),
    edit(
        MEMBER,
        "default in a named tuple",
        "lib.P().x",
        ("= 1", "= 2"),
        lib="from typing import NamedTuple\nclass P(NamedTuple):\n    x: int = 1\n",
    ),
    edit(
        MEMBER,
        "protocol that is asked at run time",
        "isinstance(lib.C(), lib.P)",
        ("def go(self): ...", "def stop(self): ..."),
        lib="from typing import Protocol, runtime_checkable\n@runtime_checkable\nclass P(Protocol):\n"
        "    def go(self): ...\nclass C:\n    def go(self):\n        return 1\n",
    ),
    edit(
        MEMBER,
        "abstract base class",
        "lib.C().go()",
        ("+ 1", "+ 2"),
        lib="from abc import ABC, abstractmethod\nclass B(ABC):\n    @abstractmethod\n    def n(self): ...\n"
        "    def go(self):\n        return self.n() + 1\nclass C(B):\n    def n(self):\n        return 1\n",
    ),
    edit(
        MEMBER,
        "metaclass",
        "lib.C.n",
        ("= 1", "= 2"),
        lib="class M(type):\n    def __new__(m, name, bases, body):\n        body['n'] = 1\n"
        "        return super().__new__(m, name, bases, body)\nclass C(metaclass=M):\n    pass\n",
    ),
    edit(
        MEMBER,
        "metaclass of a base",
        "lib.C.n",
        ("= 1", "= 2"),
        lib="class M(type):\n    def __new__(m, name, bases, body):\n        body['n'] = 1\n"
        "        return super().__new__(m, name, bases, body)\nclass B(metaclass=M):\n"
        "    pass\nclass C(B):\n    pass\n",
    ),
    edit(
        MEMBER,
        "descriptor",
        "lib.C().n",
        ("return 1", "return 2"),
        lib="class D:\n    def __get__(self, owner, kind):\n        return 1\nclass C:\n    n = D()\n",
    ),
    edit(
        MEMBER,
        "__getattr__ of a class",
        "lib.C().anything",
        ("return 1", "return 2"),
        lib="class C:\n    def __getattr__(self, name):\n        return 1\n",
    ),
    edit(
        MEMBER,
        "class decorator",
        "lib.C().n",
        ("= 1", "= 2"),
        lib="def d(cls):\n    cls.n = 1\n    return cls\n@d\nclass C:\n    pass\n",
    ),
    edit(
        MEMBER,
        "class derived from one of Python's",
        "lib.C().go()",
        ("1", "2"),
        lib="import collections\nclass C(collections.UserDict):\n    def go(self):\n        return 1\n",
    ),
    edit(
        MEMBER,
        "unused method",
        "lib.C().go()",
        ("return 5", "return 6"),
        runs=frozenset({"hit"}),
        lib="class C:\n    def go(self):\n        return 1\n    def stop(self):\n        return 5\n",
        needless="a class is one unit: which method runs is known only at run time",
    ),
    edit(
        REGISTERED,
        "__init_subclass__",
        "lib.f()",
        ("return 1", "return 2"),
        lib=_HOOK + "class A(Base):\n    def go(self):\n        return 1\n",
    ),
    edit(
        REGISTERED,
        "__init_subclass__ from another module",
        "lib.f()",
        {"plug.py": ("return 1", "return 2")},
        head="import lib\nimport plug",
        lib=_HOOK,
        files={"plug.py": "import lib\nclass A(lib.Base):\n    def go(self):\n        return 1\n"},
    ),
    edit(
        REGISTERED,
        "__subclasses__",
        "lib.f()",
        {"plug.py": ("return 1", "return 2")},
        head="import lib\nimport plug",
        lib="class Base:\n    pass\ndef f():\n    return [c().go() for c in Base.__subclasses__()]\n",
        files={"plug.py": "import lib\nclass A(lib.Base):\n    def go(self):\n        return 1\n"},
    ),
    edit(
        REGISTERED,
        "registry by decorator",
        "lib.f()",
        ("return 1", "return 2"),
        lib=_REGISTRY + "@register('a')\ndef a():\n    return 1\n",
    ),
    edit(
        REGISTERED,
        "registry by decorator from another module",
        "lib.f()",
        {"plug.py": ("return 1", "return 2")},
        head="import lib\nimport plug",
        lib=_REGISTRY,
        files={"plug.py": "from lib import register\n@register('a')\ndef a():\n    return 1\n"},
    ),
    edit(
        REGISTERED,
        "table as argument of a decorator",
        "lib.f()",
        ("return 1", "return 2"),
        lib=_GIVEN + "def keep(table):\n    return lambda g: table.setdefault('a', g)\n@keep(TABLE)\n"
        "def a():\n    return 1\n",
    ),
    edit(
        REGISTERED,
        "table as argument of a call",
        "lib.f()",
        ("return 1", "return 2"),
        lib=_GIVEN
        + "def put(table, g):\n    table['a'] = g\n    return g\na = put(TABLE, lambda: (lambda: 1)())\n".replace(
            "(lambda: 1)()", "b()"
        )
        + "def b():\n    return 1\n",
    ),
    edit(
        REGISTERED,
        "table as argument of operator.setitem",
        "lib.f()",
        ("return 1", "return 2"),
        lib="import operator\n" + _GIVEN + "def b():\n    return 1\n_ = operator.setitem(TABLE, 'a', b)\n",
    ),
    edit(
        REGISTERED,
        "method of a table lent to map",
        "lib.f()",
        ("(b, b)", "(b,)"),
        lib="T = []\ndef f():\n    return [g() for g in T]\ndef b():\n    return 1\n"
        "_ = list(map(T.append, (b, b)))\n",
    ),
    edit(
        REGISTERED,
        "method of a table behind an index",
        "lib.f()",
        ("append(b)", "append(c)"),
        lib="T = {'a': []}\ndef f():\n    return [g() for g in T['a']]\ndef b():\n    return 1\n"
        "def c():\n    return 2\n"
        "_ = T['a'].append(b)\n",
    ),
    edit(
        REGISTERED,
        "registry of a registry object",
        "lib.f()",
        ("return 1", "return 2"),
        lib="class R:\n    def __init__(self):\n        self.all = []\n    def log(self, g):\n"
        "        self.all.append(g)\n"
        "        return g\nr = R()\n@r.log\ndef a():\n    return 1\ndef f():\n"
        "    return [g() for g in r.all]\n",
    ),
    edit(
        REGISTERED,
        "registry by dict",
        "lib.f('a')",
        ("return 1", "return 2"),
        lib="def a():\n    return 1\nTABLE = {'a': a}\ndef f(name):\n    return TABLE[name]()\n",
    ),
    edit(
        UNUSED,
        "registration in a table that is not used",
        "lib.g()",
        ("return 1", "return 2"),
        lib=_REGISTRY + "@register('a')\ndef a():\n    return 1\ndef g():\n    return 3\n",
        runs=NONE,
    ),
    edit(
        ORDER,
        "registrations in another order",
        "lib.f()",
        (
            "@register('a')\ndef a():\n    return 1\n@register('b')\ndef b():\n    return 2\n",
            "@register('b')\ndef b():\n    return 2\n@register('a')\ndef a():\n    return 1\n",
        ),
        lib=_REGISTRY + "@register('a')\ndef a():\n    return 1\n@register('b')\ndef b():\n    return 2\n",
    ),
    edit(
        ORDER,
        "imports of modules that register in another order",
        "lib.f()",
        {"pipeline.py": ("import one\nimport two", "import two\nimport one")},
        head="import lib\nimport one\nimport two",
        lib=_REGISTRY,
        runs=HIT,
        files={
            "one.py": "import lib\n@lib.register('a')\ndef a():\n    return 1\n",
            "two.py": "import lib\n@lib.register('b')\ndef b():\n    return 2\n",
        },
    ),
    edit(
        ORDER,
        "imports of modules with statements in another order",
        "lib.f()",
        {"pipeline.py": ("import one\nimport two", "import two\nimport one")},
        head="import lib\nimport one\nimport two",
        lib="T = []\ndef f():\n    return T\n",
        runs=HIT,
        files={"one.py": "import lib\nlib.T.append(1)\n", "two.py": "import lib\nlib.T.append(2)\n"},
    ),
    edit(
        REGISTERED,
        "class changed by a function that is called for its value",
        "lib.C().go()",
        ("return 2", "return 3"),
        lib="class C:\n    def go(self):\n        return 1\ndef install():\n    C.go = lambda self: new()\n"
        "def new():\n    return 2\n_ = install()\n",
    ),
    edit(
        REGISTERED,
        "name changed by a function that is called for its value",
        "lib.f()",
        ("N = 2", "N = 3"),
        lib="N = 1\ndef init():\n    global N\n    N = 2\n_ = init()\ndef f():\n    return N\n",
    ),
    edit(
        REGISTERED,
        "other module changed by a function that is called for its value",
        "lib.f()",
        {"patch.py": ("N = 2", "N = 3")},
        head="import lib\nimport patch",
        lib="N = 1\ndef f():\n    return N\n",
        files={"patch.py": "import lib\ndef init():\n    lib.N = 2\ndone = init()\n"},
    ),
    edit(
        REGISTERED,
        "function changed by setattr in a function",
        "lib.f.n",
        ("'n', 2", "'n', 3"),
        lib="def f():\n    return 1\ndef init():\n    setattr(f, 'n', 2)\ndone = init()\n",
    ),
    edit(
        REGISTERED,
        "operator that notes its operand",
        "lib.f()",
        ("return 2", "return 3"),
        lib="class Step:\n    def __init__(self, go):\n        self.go = go\n        self.next = []\n"
        "    def __rshift__(self, other):\n        self.next.append(other)\n        return other\n"
        "a = Step(lambda: 1)\ndef two():\n    return 2\nb = a >> Step(two)\ndef f():\n"
        "    return [s.go() for s in a.next]\n",
    ),
    edit(
        REGISTERED,
        "descriptor that registers its class",
        "lib.f()",
        ("return 2", "return 3"),
        lib="ALL = []\nclass D:\n    def __set_name__(self, owner, name):\n        ALL.append(owner)\nSHARED = D()\n"
        "class C:\n    x = SHARED\n    def go(self):\n        return 2\ndef f():\n"
        "    return [c().go() for c in ALL]\n",
    ),
    edit(
        REGISTERED,
        "instance that registers itself",
        "lib.f()",
        ("C(1)", "C(2)"),
        lib="ALL = []\nclass C:\n    def __init__(self, n):\n        self.n = n\n        ALL.append(self)\n"
        "c = C(1)\ndef f():\n    return [c.n for c in ALL]\n",
    ),
    edit(
        REGISTERED,
        "partial decorator with a table",
        "lib.f()",
        ("return 2", "return 3"),
        lib="from functools import partial\nT = {}\ndef put(table, g):\n    table['g'] = g\n    return g\n"
        "@partial(put, T)\ndef a():\n    return 2\ndef f():\n    return T['g']()\n",
    ),
    edit(
        REGISTERED,
        "named partial decorator with a table",
        "lib.f()",
        ("return 2", "return 3"),
        lib="from functools import partial\nT = {}\ndef put(table, g):\n    table['g'] = g\n    return g\n"
        "keep = partial(put, T)\n@keep\ndef a():\n    return 2\ndef f():\n    return T['g']()\n",
    ),
    edit(
        MEMBER,
        "value of a class's attribute made by a helper",
        "lib.C.x",
        ("return 1", "return 2"),
        lib="def make():\n    return 1\nclass C:\n    x = make()\n",
    ),
    edit(
        UNUSED,
        "unused sum of a list that is used",
        "lib.f()",
        ("[9]", "[8]"),
        lib="BASE = [1]\nMORE = BASE + [9]\ndef f():\n    return BASE\n",
        runs=NONE,
    ),
    edit(
        UNUSED,
        "unused module of the project",
        "lib.f()",
        {"unused.py": ("1", "2")},
        lib="def f():\n    return 1\n",
        files={"unused.py": "print(1)\n"},
        runs=NONE,
    ),
)
