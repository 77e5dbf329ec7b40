"""How functions, classes and comprehensions are written into a normal form: what has names of its own."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

from stook.pipeline.closure.taking_apart.normal_form import LEAVE, Annotation, Bound, Enter, NormalForm
from stook.pipeline.closure.taking_apart.statements import Function

__all__ = ["write_class", "write_comprehension", "write_function", "write_lambda"]

_AnyFunction: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_AnyComprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def write_function(form: NormalForm, node: _AnyFunction) -> None:
    """A function: decorators and defaults belong to the scope around it, the body to its own."""
    form.names.bind(node.name)
    decorators = [d for d in node.decorator_list if id(d) not in form.skip]
    is_typed = bool(decorators) or id(node) in form.typed or node.name == "run"
    stack = form.stack
    stack += [")", LEAVE, "]", *node.body[::-1], " body=["]
    _push_arguments(form, node.args, inner=[*_type_parameters(node)], is_typed=is_typed)
    if node.returns is not None:
        if is_typed:
            stack += [Annotation(node.returns), " returns="]
        else:
            form.annotations.append(node.returns)
    stack += ["]", *decorators[::-1], f"({type(node).__name__} {node.name} ["]


def write_lambda(form: NormalForm, node: ast.Lambda) -> None:
    """A `lambda`."""
    form.stack += [")", LEAVE, node.body, " body="]
    _push_arguments(form, node.args, inner=[], is_typed=False)
    form.out.append("(Lambda")


def _push_arguments(form: NormalForm, args: ast.arguments, *, inner: list[ast.AST], is_typed: bool) -> None:
    """Push, last first: names of arguments within the new scope, its beginning, and what is outside of it."""
    stack = form.stack
    groups: list[Sequence[ast.arg | None]] = [
        args.posonlyargs,
        args.args,
        [args.vararg],
        args.kwonlyargs,
        [args.kwarg],
    ]
    flat = [arg for group in groups for arg in group if arg is not None]
    stack += inner
    stack += [Bound(tuple(arg.arg for arg in flat)), Enter("function")]
    defaults = [d for d in (*args.defaults, *args.kw_defaults) if d is None or id(d) not in form.skip]
    stack += ["]", *defaults[::-1], " defaults=["]
    for group in reversed(groups):
        stack.append("]")
        for arg in reversed(group):
            if arg is not None:
                if arg.annotation is not None:
                    if is_typed:
                        stack.append(Annotation(arg.annotation))
                    else:
                        form.annotations += [ast.Constant(arg.arg), arg.annotation]
                stack.append(f" {arg.arg}")
        stack.append(" [")


def write_class(form: NormalForm, node: ast.ClassDef) -> None:
    """A class: decorators, bases and keywords belong to the scope around it, the body to its own."""
    form.names.bind(node.name)
    decorators = [d for d in node.decorator_list if id(d) not in form.skip]
    body = [child for child in node.body if id(child) not in form.skip]
    for child in body:
        if isinstance(child, ast.AnnAssign) or (decorators and isinstance(child, Function)):
            form.typed.add(id(child))
    stack = form.stack
    stack += [")", LEAVE, "]", *body[::-1], " body=[", Enter("class")]
    stack += ["]", *_type_parameters(node)[::-1], " params=["]
    stack += ["]", *node.keywords[::-1], *node.bases[::-1], " bases=["]
    stack += ["]", *decorators[::-1], f"(ClassDef {node.name} ["]


def write_comprehension(form: NormalForm, node: _AnyComprehension) -> None:
    """A comprehension: what it goes through first belongs to the scope around it."""
    stack = form.stack
    outputs = (node.value, node.key) if isinstance(node, ast.DictComp) else (node.elt,)
    stack += [")", LEAVE, *outputs]
    for position, generator in reversed(list(enumerate(node.generators))):
        stack += ["]", *generator.ifs[::-1], " ifs=["]
        if position:
            stack += [generator.iter, " in="]
        stack += [generator.target, " async for=" if generator.is_async else " for="]
    stack += [Enter("comprehension"), node.generators[0].iter, f"({type(node).__name__} in="]


def _type_parameters(node: ast.AST) -> list[ast.AST]:
    """Return what stands in brackets after a name, from Python 3.12 on."""
    return list(getattr(node, "type_params", ()))
