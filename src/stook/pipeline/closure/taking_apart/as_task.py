"""What of a class or function counts where it is a task: not what reaches its result by another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from stook.pipeline.closure.taking_apart.facts import TASK_TRAITS, ClassFacts, Piece, Use
from stook.pipeline.closure.taking_apart.names import chain
from stook.pipeline.closure.taking_apart.scan import scan
from stook.pipeline.closure.taking_apart.statements import Function, Imports

__all__ = ["asked_piece", "class_facts", "is_task_decorator", "task_piece"]

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
    piece = scan(
        [node],
        package,
        frozenset(skip),
        is_task=is_function,
        has_texts=has_texts,
        asked=frozenset(map(id, _asked_in(node))),
    )
    left_out = {name: scan([part], package, has_texts=has_texts) for name, part in traits.items()}
    return Piece(piece.digest, piece.references, {**piece.traits, **left_out})


def asked_piece(node: ast.stmt, package: str, *, is_task_function: bool) -> Piece | None:
    """Return what tells which task a call of a definition is: its parameters; None where it can be none, or has none.

    Args:
        node: The definition.
        package: The package that relative imports start from.
        is_task_function: Whether `stook.task` decorates it.
    """
    if is_task_function and isinstance(node, Function):
        return scan([type(node)(node.name, node.args, [], [], None)], package, is_task=True)
    if not isinstance(node, ast.ClassDef) or not node.bases:
        return None
    fields: list[ast.stmt] = [child for child in node.body if isinstance(child, ast.AnnAssign)]
    return scan([ast.ClassDef(node.name, [], [], fields, [])], package) if fields else None


def _asked_in(node: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls in a task's `run` that make what it yields; those of functions within it are not its own."""
    own = node.body if isinstance(node, ast.ClassDef) else [node]
    stack: list[ast.AST] = [
        inner
        for function in own
        if isinstance(function, ast.FunctionDef) and (function is node or function.name == "run")
        for inner in function.body
    ]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Yield) and part.value is not None:
            yield from _calls_in(part.value)
        if not isinstance(part, (*Function, ast.Lambda, ast.ClassDef)):
            stack += ast.iter_child_nodes(part)


def _calls_in(value: ast.expr) -> Iterator[ast.Call]:
    """Yield the calls that make an expression, or parts of a list or dict, or arguments of such calls."""
    stack: list[ast.AST | None] = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Call):
            yield part
            stack += [*part.args, *(keyword.value for keyword in part.keywords)]
        elif isinstance(part, ast.List | ast.Tuple):
            stack += part.elts
        elif isinstance(part, ast.Dict):
            stack += part.values
        elif isinstance(part, ast.ListComp):
            stack.append(part.elt)
        elif isinstance(part, ast.DictComp):
            stack.append(part.value)


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
