"""What a statement does while its module is imported: bodies of functions do not run then."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from stook.pipeline.closure.taking_apart.facts import Touches, Use
from stook.pipeline.closure.taking_apart.names import chain
from stook.pipeline.closure.taking_apart.statements import Function, Imports, is_of_python

__all__ = ["AtImport", "look_at"]

# Functions of Python's own that change what they are given.
_CHANGING: Final = frozenset({"delattr", "exec", "eval", "next", "setattr"})
_CHANGING_MODULES: Final = frozenset(
    {"atexit", "bisect", "copyreg", "heapq", "operator", "random", "signal", "types", "unittest"}
)


class AtImport:
    """Looks at one statement.

    Args:
        own: Names that the module defines.
        imports: Names that it imports.

    Attributes:
        called: What is called, and what is handed to code that may do anything with it.
        lent: What is handed to Python's own functions.
        operated: What operators are applied to, or stands alone as the value of a class's attribute.
        evaluated: Names that values are computed from.
        walrus: Names that `:=` binds.
    """

    def __init__(self, own: Iterable[str], imports: Imports) -> None:
        self._own = own
        self._imports = imports
        self.called: dict[Use, None] = {}
        self.lent: dict[Use, None] = {}
        self.operated: dict[Use, None] = {}
        self.evaluated: set[str] = set()
        self.walrus: set[str] = set()

    @property
    def touches(self) -> Touches:
        """What the statement may change."""
        return Touches(tuple(self.called), tuple(self.lent), tuple(self.operated))

    def look(self, statement: ast.stmt) -> None:
        """Look at a statement and all within it that runs at once."""
        stack: list[ast.AST] = [statement]
        while stack:
            node = stack.pop()
            if isinstance(node, (*Function, ast.ClassDef)):
                self._decorators(node.decorator_list)
                stack += node.decorator_list
                if isinstance(node, ast.ClassDef):
                    self._look_at(node)
                    stack += [*node.bases, *node.keywords, *node.body]
                else:
                    defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
                    self._evaluate(defaults)
                    stack += defaults
            elif not isinstance(node, ast.Lambda):
                self._look_at(node)
                stack += ast.iter_child_nodes(node)

    def _look_at(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.NamedExpr):
            self.walrus.add(node.target.id)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            self._evaluate([node.value])
        if isinstance(node, ast.BinOp):
            self._operate(node.left, node.right)
        elif isinstance(node, ast.Compare):
            self._operate(node.left, *node.comparators)
        elif isinstance(node, ast.UnaryOp):
            self._operate(node.operand)
        elif isinstance(node, ast.Subscript):
            self._operate(node.value)
        elif isinstance(node, ast.AugAssign):
            self._operate(node.target, node.value)
        elif isinstance(node, ast.ClassDef):
            self._operate(*(child.value for child in node.body if isinstance(child, ast.Assign)))

    def _operate(self, *operands: ast.expr) -> None:
        self.operated.update((use, None) for use in _uses(operands))

    def _decorators(self, decorators: list[ast.expr]) -> None:
        for decorator in decorators:
            if isinstance(decorator, ast.Call):
                self.called.update((use, None) for use in _uses(_arguments(decorator)))
            else:
                self.called.update((use, None) for use in _uses([decorator]))

    def _call(self, node: ast.Call) -> None:
        self.called.update((use, None) for use in _uses([node.func]))
        if self._only_wraps(node.func):
            return
        given = self.lent if self._only_reads(node.func) else self.called
        given.update((use, None) for use in _uses(_arguments(node)))

    def _only_reads(self, called: ast.expr) -> bool:
        """Tell whether a function is one of Python's own that leaves its arguments as they are."""
        root, attributes = chain(called)
        if not isinstance(root, ast.Name) or root.id in self._own or not is_of_python(root.id, self._imports):
            return False
        targets = self._imports.get(root.id, ())
        if not targets:
            return not attributes and root.id not in _CHANGING
        return _CHANGING_MODULES.isdisjoint(target.module.partition(".")[0] for target in targets)

    def _only_wraps(self, called: ast.expr) -> bool:
        """Tell whether a function is one of `functools`, which call what they are given later or never."""
        root, attributes = chain(called)
        targets = self._imports.get(root.id, ()) if isinstance(root, ast.Name) else ()
        names = [(target.module, *filter(None, (target.attribute, *attributes))) for target in targets]
        return bool(names) and all(name[0] == "functools" and name[-1] != "reduce" for name in names)

    def _evaluate(self, values: list[ast.expr]) -> None:
        self.evaluated.update(use.root for use in _uses(values, into_calls=True) if isinstance(use.root, str))


def look_at(statement: ast.stmt, own: Iterable[str], imports: Imports) -> AtImport:
    """Return what a statement does while its module is imported."""
    seen = AtImport(own, imports)
    if not _is_plain(statement):
        seen.look(statement)
    return seen


def _is_plain(statement: ast.stmt) -> bool:
    if isinstance(statement, Function):
        return not (statement.decorator_list or statement.args.defaults or statement.args.kw_defaults)
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _uses(nodes: Iterable[ast.AST], *, into_calls: bool = False) -> Iterator[Use]:
    """Yield the names in expressions, with lambdas; calls within are looked at by themselves."""
    stack: list[ast.AST] = [*nodes]
    while stack:
        node = stack.pop()
        root, attributes = chain(node)
        if isinstance(root, ast.Name):
            yield Use(root.id, attributes)
        elif root is not node:
            stack.append(root)
        elif into_calls or not isinstance(node, ast.Call):
            stack += ast.iter_child_nodes(node)
