"""What a walk over a syntax tree has written so far, and what it has yet to open."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from stook.pipeline.closure.taking_apart.names import Names

__all__ = ["LEAVE", "Annotation", "Bound", "Enter", "Leave", "NormalForm"]

_NO_MEANING: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


class Enter(str):
    """A scope begins here."""

    __slots__ = ()


class Leave:
    """A scope ends here."""


class Bound:
    """Names that a scope binds from its beginning."""

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names


class Annotation:
    """An expression that may be written as a text."""

    __slots__ = ("node",)

    def __init__(self, node: ast.expr) -> None:
        self.node = node


LEAVE: Final = Leave()


class NormalForm:
    """The text that is written, and a stack of what is to come, the next one last.

    Text on the stack is written as it is; everything else is opened first.

    Args:
        package: The package that relative imports start from.
        skip: Ids of statements in classes, values, defaults and decorators to leave out.
        typed: Ids of definitions whose annotations count.
        mark: What is written before each annotation.
        asked: Ids of calls that make tasks to ask for.

    Attributes:
        names: Names that are used.
        annotations: Those that do not count, each after the name that it is of.
        docs: Docstrings.
        out: What is written.
        stack: What is to come.
    """

    def __init__(
        self, package: str, skip: frozenset[int], typed: Iterable[int], mark: str, asked: frozenset[int]
    ) -> None:
        self.names = Names(package)
        self.annotations: list[ast.AST] = []
        self.docs: list[str] = []
        self.out: list[str] = []
        self.stack: list[Any] = []
        self.skip = skip
        self.typed = set(typed)
        self.mark = mark
        self.asked = asked

    def open(self, node: ast.AST | None) -> None:
        """Put the fields of a node on the stack."""
        if node is None:
            self.out.append("None")
            return
        title, fields = _fields_of(node.__class__)  # type: ignore[arg-type]
        if not fields:
            self.out.append(f"{title})")
            return
        stack = self.stack
        stack.append(")")
        for field, label in fields:
            value = getattr(node, field, None)
            # Fields that are empty are left out, so that a newer Python with more fields writes the same.
            if isinstance(value, ast.AST):
                stack.append(value)
                stack.append(label)
            elif isinstance(value, list) and value and not isinstance(value[0], str):
                stack.append("]")
                stack.extend(value[::-1])
                stack.append(f"{label}[")
            elif value is not None and value != []:
                stack.append(f"{label}{value!r}")
        stack.append(title)


@lru_cache(maxsize=256)
def _fields_of(kind: type[ast.AST]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return how a node's text begins, and its fields that mean something, the last one first."""
    fields = [field for field in reversed(kind._fields) if field not in _NO_MEANING]
    return f"({kind.__name__}", tuple((field, f" {field}=") for field in fields)
