"""What kind a statement is."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from stook.pipeline.closure.taking_apart.facts import Target
from stook.pipeline.closure.taking_apart.names import chain

__all__ = [
    "COMPOUND",
    "Function",
    "does_nothing",
    "holds_mutable",
    "inner_statements",
    "is_main_block",
    "is_of_python",
    "is_typing_block",
]

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPOUND = (
    ast.If,
    ast.Try,
    ast.With,
    ast.For,
    ast.While,
    ast.Match,
    ast.AsyncFor,
    ast.AsyncWith,
    ast.TryStar,
)
Imports = Mapping[str, tuple[Target, ...]]
# Calls of Python's own that give a value which nobody can change, or a part of a class that belongs to it alone.
_MAKES_FIXED: Final = frozenset(
    {
        *(
            "Decimal",
            "Fraction",
            "Logger",
            "NewType",
            "ParamSpec",
            "Path",
            "PurePath",
            "PurePosixPath",
            "TypeVar",
        ),
        *("attrgetter", "auto", "bool", "bytes", "compile", "complex", "date", "datetime", "field", "float"),
        *("frozenset", "getLogger", "getenv", "int", "itemgetter", "len", "namedtuple", "property", "range"),
        *("str", "sum", "time", "timedelta", "timezone"),
    }
)


def inner_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the simple statements and definitions within a compound statement, at any depth of compounds."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt) and not isinstance(node, COMPOUND):
            yield node
        else:
            stack += [n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr)]


def holds_mutable(node: ast.stmt, imports: Imports) -> bool:
    """Tell whether a definition makes something that other code can change."""
    if isinstance(node, Function):
        defaults = [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]
        return any(_is_table(one) for one in defaults)
    if isinstance(node, ast.ClassDef):
        return any(
            holds_mutable(c, imports)
            for c in node.body
            if isinstance(c, ast.Assign | ast.AnnAssign) and c.value
        )
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value is None or not _is_fixed(value, imports)


def is_of_python(name: str, imports: Imports) -> bool:
    """Tell whether a name that a module does not define is one of Python's own, or imported from its library."""
    targets = imports.get(name, ())
    if not targets:
        return hasattr(builtins, name)
    return all(target.module.partition(".")[0] in sys.stdlib_module_names for target in targets)


def does_nothing(statement: ast.stmt) -> bool:
    """Tell whether a statement is `pass`, a docstring or another lone literal."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def is_typing_block(test: ast.expr) -> bool:
    """Tell whether a condition is that of a block for type checkers."""
    _, attributes = chain(test)
    return getattr(test, "id", "") == "TYPE_CHECKING" or attributes[-1:] == ("TYPE_CHECKING",)


def is_main_block(test: ast.expr) -> bool:
    """Tell whether a condition is that of a script's main block."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq) or test.ops[1:]:
        return False
    sides = (test.left, test.comparators[0])
    names = [getattr(side, "id", "") for side in sides]
    return "__name__" in names and "__main__" in [getattr(side, "value", "") for side in sides]


def _is_table(value: ast.expr) -> bool:
    """Tell whether a default is made once and kept: what one call puts into it, others find."""
    if isinstance(value, ast.Call):
        return getattr(value.func, "id", "") in {"defaultdict", "deque", "dict", "list", "set"}
    return isinstance(value, ast.Dict | ast.List | ast.Set)


def _is_fixed(value: ast.expr, imports: Imports) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_fixed(item, imports) for item in value.elts)
    if isinstance(value, ast.UnaryOp):
        return _is_fixed(value.operand, imports)
    if isinstance(value, ast.BinOp):
        return _is_fixed(value.left, imports) and _is_fixed(value.right, imports)
    if isinstance(value, ast.Call):
        root, attributes = chain(value.func)
        called = attributes[-1] if attributes else getattr(root, "id", "")
        return called in _MAKES_FIXED and isinstance(root, ast.Name) and is_of_python(root.id, imports)
    return isinstance(value, ast.Constant | ast.JoinedStr)
