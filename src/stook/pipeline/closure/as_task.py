"""What of a class or function counts where it is a task: not what reaches its result by another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from stook.pipeline.closure.facts import TASK_TRAITS, ClassFacts, Piece, Use
from stook.pipeline.closure.names import chain
from stook.pipeline.closure.scan import Function, scan
from stook.pipeline.closure.statements import Imports

__all__ = ["class_facts", "is_task_decorator", "task_piece"]

_BINARY = (
    "add",
    "and",
    "floordiv",
    "lshift",
    "matmul",
    "mod",
    "mul",
    "or",
    "pow",
    "rshift",
    "sub",
    "truediv",
    "xor",
)
_OPERATORS: Final = frozenset(
    {
        *(f"__{kind}{name}__" for kind in ("", "r", "i") for name in _BINARY),
        *(
            "__eq__",
            "__ge__",
            "__getattr__",
            "__getitem__",
            "__gt__",
            "__invert__",
            "__iter__",
            "__le__",
            "__lt__",
        ),
        *("__neg__", "__pos__", "__set_name__"),
    }
)


def class_facts(node: ast.stmt) -> ClassFacts | None:
    """Return the facts about a class, or None where a statement is none."""
    if not isinstance(node, ast.ClassDef):
        return None
    bases = [chain(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases]
    return ClassFacts(
        tuple(Use(root.id, attributes) for root, attributes in bases if isinstance(root, ast.Name)),
        bool(node.keywords),
        any(getattr(child, "name", "") == "__init_subclass__" for child in node.body),
        any(getattr(child, "name", "") in _OPERATORS for child in node.body),
    )


def is_task_decorator(decorator: ast.expr, imports: Imports) -> bool:
    """Tell whether a decorator is `stook.task`, under whatever name."""
    root, attributes = chain(decorator.func if isinstance(decorator, ast.Call) else decorator)
    targets = imports.get(root.id, ()) if isinstance(root, ast.Name) else ()
    names = [(*target.module.split("."), target.attribute, *attributes) for target in targets]
    return any(name[0] == "stook" and "task" in name[1:] for name in names)


def task_piece(node: ast.stmt, imports: Imports, package: str, *, has_texts: bool) -> Piece | None:
    """Return the code of a statement as the entry of a closure; None where that is the same as any other's.

    Left out are `requires`, the output's name and the like, and defaults of parameters: their values count.

    Args:
        node: The statement.
        imports: What the module imports.
        package: The package that relative imports start from.
        has_texts: Annotations are kept as texts.
    """
    if isinstance(node, ast.ClassDef) and node.bases:
        traits = dict(_traits_of_class(node))
        skip = {id(child) for child in traits.values()} | set(_defaults_of_class(node))
        is_function = False
    elif isinstance(node, Function) and any(is_task_decorator(d, imports) for d in node.decorator_list):
        traits = dict(_traits_of_function(node, imports))
        skip = {id(default) for default in node.args.kw_defaults if default is not None}
        skip |= {id(d) for d in node.decorator_list if is_task_decorator(d, imports)}
        is_function = True
    else:
        return None
    piece = scan([node], package, frozenset(skip), is_task=is_function, has_texts=has_texts)
    left_out = {name: scan([part], package, has_texts=has_texts) for name, part in traits.items()}
    return Piece(piece.digest, piece.references, left_out)


def _traits_of_class(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    """Yield what a class says about itself as a task; of several with a name, the last one holds."""
    for child in node.body:
        if isinstance(child, Function):
            name = child.name if child.name == "requires" and not child.decorator_list else ""
        elif isinstance(child, ast.Assign) and len(child.targets) == 1:
            name = getattr(child.targets[0], "id", "")
        elif isinstance(child, ast.AnnAssign):
            name = getattr(child.target, "id", "")
        else:
            continue
        if name in TASK_TRAITS:
            yield name, child


def _traits_of_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, imports: Imports
) -> Iterator[tuple[str, ast.AST]]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and is_task_decorator(decorator, imports):
            for keyword in decorator.keywords:
                # What is unknown here (`**options`, `checks=`) counts.
                yield keyword.arg or "**", keyword.value


def _defaults_of_class(node: ast.ClassDef) -> Iterator[int]:
    """Yield the ids of the defaults of parameters, but for those that the class asks anything but `self` for."""
    defaults = {
        child.target.id: id(child.value)
        for child in node.body
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name) and child.value is not None
    }
    if not defaults:
        return
    asked = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and getattr(part.value, "id", "") != "self"
    }
    yield from (place for name, place in defaults.items() if name not in asked)
