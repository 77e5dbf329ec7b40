"""One walk over a syntax tree: which names are used, and the digest of a normal form.

The normal form stays the same when only comments, docstrings, layout or plain annotations change.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, Final

from stook.pipeline.closure.taking_apart.annotations import write_annotated, write_annotation
from stook.pipeline.closure.taking_apart.expressions import (
    write_attribute,
    write_call,
    write_compare,
    write_lone,
    write_subscript,
    write_walrus,
)
from stook.pipeline.closure.taking_apart.facts import Piece
from stook.pipeline.closure.taking_apart.left_out import digest_text, left_out, literal
from stook.pipeline.closure.taking_apart.normal_form import Annotation, Bound, Enter, Leave, NormalForm
from stook.pipeline.closure.taking_apart.scopes import (
    write_class,
    write_comprehension,
    write_function,
    write_lambda,
)

__all__ = ["scan"]


def scan(
    nodes: Iterable[ast.AST],
    package: str,
    skip: frozenset[int] = frozenset(),
    *,
    is_task: bool = False,
    has_texts: bool = False,
    asked: frozenset[int] = frozenset(),
) -> Piece:
    """Return what some statements at the top level of a module are.

    Args:
        nodes: The statements, in order.
        package: The package that relative imports start from.
        skip: Ids of statements in classes, values, defaults and decorators to leave out.
        is_task: Annotations of a function's arguments count.
        asked: Ids of calls that make tasks to ask for.
        has_texts: Annotations are kept as texts, as `from __future__ import annotations` has it.
    """
    every = list(nodes)
    typed = {id(node) for node in every if is_task}
    form = NormalForm(package, skip, typed, "text " if has_texts else "", asked)
    text = _write(form, every)
    return Piece(digest_text(text), form.names.references(), left_out(form.annotations, form.docs))


def _write(form: NormalForm, nodes: list[ast.AST]) -> str:
    """Return the text of the nodes: depth first with a stack, as they may be nested deeper than Python recurses."""
    out, stack, load, bind = form.out, form.stack, form.names.load, form.names.bind
    stack.extend(reversed(nodes))
    name, constant, text, store = ast.Name, ast.Constant, str, (ast.Store, ast.Del)
    while stack:
        item = stack.pop()
        kind = item.__class__
        if kind is text:
            out.append(item)
        elif kind is name:
            out.append(f"(Name id={item.id!r})")
            if item.ctx.__class__ in store:
                bind(item.id)
            else:
                load(item.id)
        elif kind is constant:
            out.append(f"(Constant value={literal(item.value)})")
        else:
            _WRITERS.get(kind, NormalForm.open)(form, item)
    return "".join(out)


def _enter(form: NormalForm, scope: Enter) -> None:
    form.names.enter(str(scope))


def _leave(form: NormalForm, _: Leave) -> None:
    form.names.leave()


def _bind_all(form: NormalForm, bound: Bound) -> None:
    for name in bound.names:
        form.names.bind(name)


def _nothing(_: NormalForm, __: ast.Pass) -> None:
    """`pass` is not written."""


def _import(form: NormalForm, node: ast.Import | ast.ImportFrom) -> None:
    form.names.import_(node)
    form.open(node)


def _elsewhere(form: NormalForm, node: ast.Global | ast.Nonlocal) -> None:
    form.names.bind_elsewhere(node.names)
    form.open(node)


def _captures(form: NormalForm, node: ast.AST) -> None:
    """`except … as x`, and the names in patterns."""
    for field in ("name", "rest"):
        name = getattr(node, field, None)
        if isinstance(name, str):
            form.names.bind(name)
    form.open(node)


def _singleton(form: NormalForm, node: ast.MatchSingleton) -> None:
    form.out.append(f"(MatchSingleton {node.value!r})")


_WRITERS: Final[dict[type, Callable[[NormalForm, Any], None]]] = {
    Enter: _enter,
    Leave: _leave,
    Bound: _bind_all,
    Annotation: write_annotation,
    ast.Pass: _nothing,
    ast.Expr: write_lone,
    ast.Attribute: write_attribute,
    ast.Call: write_call,
    ast.Subscript: write_subscript,
    ast.Compare: write_compare,
    ast.NamedExpr: write_walrus,
    ast.FunctionDef: write_function,
    ast.AsyncFunctionDef: write_function,
    ast.Lambda: write_lambda,
    ast.ClassDef: write_class,
    ast.AnnAssign: write_annotated,
    ast.ListComp: write_comprehension,
    ast.SetComp: write_comprehension,
    ast.DictComp: write_comprehension,
    ast.GeneratorExp: write_comprehension,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Global: _elsewhere,
    ast.Nonlocal: _elsewhere,
    ast.ExceptHandler: _captures,
    ast.MatchAs: _captures,
    ast.MatchStar: _captures,
    ast.MatchMapping: _captures,
    ast.MatchSingleton: _singleton,
}
