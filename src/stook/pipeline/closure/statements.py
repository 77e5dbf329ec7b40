"""What kind a statement is, and what it does when its module is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stook.pipeline.closure.normal import Function
from stook.pipeline.closure.references import chain

__all__ = [
    "COMPOUND",
    "called_at_import",
    "does_nothing",
    "holds_mutable",
    "inner_statements",
    "is_outside_task",
    "never_at_run",
]

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


def inner_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the simple statements and definitions within a compound statement, at any depth of compounds."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt) and not isinstance(node, COMPOUND):
            yield node
        else:
            stack += [n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr)]


def holds_mutable(node: ast.stmt) -> bool:
    """Tell whether a definition makes something that other code can change."""
    if isinstance(node, Function):
        return False
    if isinstance(node, ast.ClassDef):
        return any(
            holds_mutable(c) for c in node.body if isinstance(c, ast.Assign | ast.AnnAssign) and c.value
        )
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value is None or not _is_immutable(value)


def _is_immutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(map(_is_immutable, value.elts))
    return isinstance(
        value.operand if isinstance(value, ast.UnaryOp) else value, ast.Constant | ast.JoinedStr
    )


def does_nothing(statement: ast.stmt) -> bool:
    """Tell whether a statement is `pass`, a docstring or another lone literal."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def never_at_run(test: ast.expr) -> bool:
    """Tell whether a condition is that of a type checker's block or of a script's main block."""
    _, attributes = chain(test)
    if getattr(test, "id", "") == "TYPE_CHECKING" or attributes == ("TYPE_CHECKING",):
        return True
    return isinstance(test, ast.Compare) and getattr(test.left, "id", "") == "__name__"


def is_outside_task(child: ast.stmt) -> bool:
    """Tell whether a statement in a task's class reaches the result otherwise: `requires`, and the output's `name`."""
    if isinstance(child, Function):
        return child.name == "requires"
    if isinstance(child, ast.Assign):
        return [getattr(target, "id", "") for target in child.targets] == ["name"]
    return isinstance(child, ast.AnnAssign) and getattr(child.target, "id", "") == "name"


def called_at_import(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield what is called while a top-level statement runs, decorators included, bodies of functions excluded."""
    stack: list[ast.AST] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, (*Function, ast.ClassDef)):
            yield from (d for d in current.decorator_list if not isinstance(d, ast.Call))
            stack += current.decorator_list
        if isinstance(current, Function):
            stack += [*current.args.defaults, *(d for d in current.args.kw_defaults if d is not None)]
        elif not isinstance(current, ast.Lambda):
            if isinstance(current, ast.Call):
                yield current.func
            stack += ast.iter_child_nodes(current)
