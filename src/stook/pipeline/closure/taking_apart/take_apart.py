"""One file of Python taken apart: its definitions, its imports, and what it does when it is imported."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from blake3 import blake3

from stook.errors import InputError
from stook.pipeline.closure.taking_apart.as_task import (
    asked_piece,
    class_facts,
    is_task_decorator,
    task_piece,
)
from stook.pipeline.closure.taking_apart.at_import import AtImport, look_at
from stook.pipeline.closure.taking_apart.facts import Facts, Piece, Statement
from stook.pipeline.closure.taking_apart.renamed import Renamed
from stook.pipeline.closure.taking_apart.scan import scan
from stook.pipeline.closure.taking_apart.sorting import Sorter
from stook.pipeline.closure.taking_apart.statements import Function, holds_mutable
from stook.pipeline.parsing import PARSING

__all__ = ["take_apart"]

# What these give does not depend on when they are asked.
_STEADY: Final = frozenset(
    {"__future__", "abc", "collections", "dataclasses", "enum", "functools", "re", "typing"}
)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Syntax trees have no cycles; to look for some while they grow takes a third of the time."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


@_uncollected()
def take_apart(source: bytes, path: Path, package: str) -> Facts:
    """Return what is known of the source of a module.

    Args:
        source: The file's bytes.
        path: The file, for the message.
        package: The package that relative imports start from.

    Raises:
        InputError: It is no valid Python.
    """
    try:
        with PARSING:
            tree = ast.parse(source, str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        place = f"{path}, line {line}" if line else str(path)
        raise InputError(f"{place}: {error}", kind="bad-python", hint="mend the file") from error
    sorter = Sorter(package)
    docs = ast.get_docstring(tree, clean=False)
    if docs is not None:
        sorter.define_docs(docs)
    for statement in tree.body:
        sorter.sort(statement)
    return _Maker(sorter, package).make()


class _Maker:
    """Makes values of what was sorted."""

    def __init__(self, sorted_: Sorter, package: str) -> None:
        self._sorted = sorted_
        self._package = package
        self._renamed = Renamed(sorted_.imports)

    def make(self) -> Facts:
        """Return the facts."""
        found = self._sorted
        seen = [look_at(statement, found.definitions, found.imports) for statement in found.statements]
        for position, looked in enumerate(seen):
            found.define_walrus(looked.walrus, position)
        statements = tuple(
            self._statement(position, statement, looked)
            for position, (statement, looked) in enumerate(zip(found.statements, seen, strict=True))
        )
        return Facts(
            statements,
            {name: tuple(positions) for name, positions in found.definitions.items()},
            tuple(found.loose),
            found.imports,
            tuple(found.stars),
            tuple(found.imported),
            tuple(found.imported_at),
        )

    def _statement(self, position: int, node: ast.stmt, looked: AtImport) -> Statement:
        decorators = getattr(node, "decorator_list", [])
        is_task_function = isinstance(node, Function) and any(
            is_task_decorator(decorator, self._sorted.imports) for decorator in decorators
        )
        order = self._order(position, looked)
        piece = self._finish(scan([node], self._package, has_texts=self._sorted.has_texts), order)
        left_out = task_piece(node, self._sorted.imports, self._package, has_texts=self._sorted.has_texts)
        return Statement(
            piece,
            min([node.lineno, *(decorator.lineno for decorator in decorators)]),
            node.end_lineno or node.lineno,
            looked.touches,
            is_mutable=holds_mutable(node, self._sorted.imports),
            is_decorated_function=isinstance(node, Function) and bool(decorators),
            class_facts=class_facts(node),
            is_task_function=is_task_function,
            as_task=None if left_out is None else self._finish(left_out, order),
            as_asked=asked_piece(node, self._package, is_task_function=is_task_function),
        )

    def _order(self, position: int, looked: AtImport) -> str:
        """Return what the place of a statement means: how often names it evaluates were bound, and what ran, before."""
        found = self._sorted
        roots = sorted(root for root in looked.evaluated if self._may_vary(root))
        before = [(root, sum(p < position for p in found.bindings[root])) for root in roots]
        rebound = [(root, count) for root, count in before if len(found.bindings[root]) > 1]
        ran = sum(loose < position for loose in found.loose) if roots and position not in found.loose else 0
        return f" after {rebound} {ran}" if rebound or ran else ""

    def _may_vary(self, root: str) -> bool:
        if root in self._sorted.definitions:
            return True
        targets = self._sorted.imports.get(root, ())
        return any(target.module.partition(".")[0] not in _STEADY for target in targets)

    def _finish(self, piece: Piece, order: str) -> Piece:
        references = self._renamed.complete(piece.references)
        if not order and references is piece.references:
            return piece
        digest = blake3(f"{piece.digest}{order}".encode()).hexdigest() if order else piece.digest
        return Piece(digest, references, piece.traits)
