"""A syntax tree as bytes that stay the same when only comments, docstrings, layout or plain annotations change."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from blake3 import blake3

__all__ = ["Function", "digest_nodes", "is_decorated"]

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_NO_MEANING = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def digest_nodes(
    nodes: Iterable[ast.AST], skip: frozenset[int] = frozenset(), typed: frozenset[int] = frozenset()
) -> str:
    """Return the hex BLAKE3 of some nodes in order.

    Args:
        nodes: Statements.
        skip: Ids of inner nodes to leave out.
        typed: Ids of arguments whose annotations count although nothing decorates their function.
    """
    return blake3(_Writer(skip, typed).write(nodes).encode("utf-8", "surrogatepass")).hexdigest()


def is_decorated(node: ast.AST, skip: frozenset[int]) -> bool:
    """Tell whether a function or class has a decorator that counts, which might read its annotations."""
    return any(id(decorator) not in skip for decorator in getattr(node, "decorator_list", ()))


class _Writer:
    """Writes nodes depth first with a stack of its own: expressions may be nested deeper than Python recurses."""

    def __init__(self, skip: frozenset[int], typed: frozenset[int]) -> None:
        self._skip = skip
        self._typed = set(typed)

    def write(self, nodes: Iterable[ast.AST]) -> str:
        """Return the text of the nodes."""
        out: list[str] = []
        # Text on the stack is written as it is; everything else is opened first.
        stack: list[object] = [*reversed(list(nodes))]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                out.append(item)
            elif isinstance(item, ast.AST):
                if not self._is_noise(item):
                    self._open(item, stack)
            elif isinstance(item, list):
                stack.append("]")
                stack.extend(reversed(item))
                stack.append("[")
        return "".join(out)

    def _is_noise(self, node: ast.AST) -> bool:
        if id(node) in self._skip or isinstance(node, ast.Pass):
            return True
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

    def _open(self, node: ast.AST, stack: list[object]) -> None:
        self._mark_typed(node)
        stack.append(")")
        for field in reversed(node._fields):
            value = getattr(node, field, None)
            # Fields that are empty are left out, so that a newer Python with more fields writes the same.
            if value is None and not isinstance(node, ast.Constant | ast.MatchSingleton | ast.Dict):
                continue
            if field in _NO_MEANING or value == [] or self._is_plain_annotation(node, field):
                continue
            stack.append(self._leaf(value))
            stack.append(f" {field}=")
        stack.append(f"({type(node).__name__}")

    def _leaf(self, value: object) -> object:
        if isinstance(value, ast.AST):
            return value
        if isinstance(value, list):
            return [item if isinstance(item, ast.AST) else repr(item) for item in value]
        # A hexadecimal literal may have more digits than Python agrees to print in decimal.
        return hex(value) if type(value) is int else repr(value)

    def _mark_typed(self, node: ast.AST) -> None:
        """Note those inner nodes whose annotations count: fields of classes, and all that a decorator may read."""
        if isinstance(node, ast.ClassDef):
            decorated = is_decorated(node, self._skip)
            for child in node.body:
                if isinstance(child, ast.AnnAssign) or (decorated and isinstance(child, Function)):
                    self._typed.add(id(child))
        elif isinstance(node, Function) and (id(node) in self._typed or is_decorated(node, self._skip)):
            self._typed.add(id(node))
            args = node.args
            every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            self._typed.update(id(arg) for arg in every if arg is not None)

    def _is_plain_annotation(self, node: ast.AST, field: str) -> bool:
        return field in {"annotation", "returns"} and id(node) not in self._typed
