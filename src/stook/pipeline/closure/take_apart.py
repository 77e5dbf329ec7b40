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
from stook.pipeline.closure.as_task import class_facts, is_task_decorator, task_piece
from stook.pipeline.closure.at_import import AtImport, look_at
from stook.pipeline.closure.facts import Facts, Piece, References, Statement, Target, Use
from stook.pipeline.closure.names import DYNAMIC_IMPORTS, IMPORTS_OF_PACKAGES, imports_of
from stook.pipeline.closure.scan import Function, scan
from stook.pipeline.closure.statements import (
    COMPOUND,
    does_nothing,
    holds_mutable,
    inner_statements,
    is_main_block,
    is_typing_block,
)
from stook.pipeline.parsing import PARSING

__all__ = ["take_apart"]

_OWN_SCOPE: Final = frozenset({"eval", "exec", "globals"})
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
    sorter = _Sorter(package)
    for statement in tree.body:
        sorter.sort(statement)
    return _Maker(sorter, package).make()


class _Sorter:
    """Tells what each top-level statement defines, and which names are bound where."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.statements: list[ast.stmt] = []
        self.definitions: dict[str, list[int]] = {}
        self.loose: list[int] = []
        self.imports: dict[str, tuple[Target, ...]] = {}
        self.stars: list[str] = []
        self.imported: list[Target] = []
        self.imported_at: list[int] = []
        self.bindings: dict[str, list[int]] = {}
        self.has_texts = False

    def sort(self, statement: ast.stmt) -> None:
        """Take up the next statement of the module."""
        if isinstance(statement, ast.If) and (
            is_typing_block(statement.test) or is_main_block(statement.test)
        ):
            if is_main_block(statement.test):
                for inner in inner_statements(ast.Module(statement.body, [])):  # type: ignore[arg-type]
                    self._sort_main(inner)
            for other in statement.orelse:
                self.sort(other)
            return
        position = len(self.statements)
        self.statements.append(statement)
        if isinstance(statement, (*Function, ast.ClassDef)):
            self._define(statement.name, position)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement, position)
        elif isinstance(statement, COMPOUND):
            self._sort_compound(statement, position)
        elif not self._assign(statement, position) and not does_nothing(statement):
            self.loose.append(position)

    def define_walrus(self, names: set[str], position: int) -> None:
        """Bind what `:=` binds while a statement is evaluated."""
        for name in names:
            self._define(name, position)

    def _sort_main(self, statement: ast.stmt) -> None:
        """The main block runs in one case of many: what it defines counts where it is used, and nothing else does."""
        position = len(self.statements)
        self.statements.append(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(statement, position, is_run=False)
        elif isinstance(statement, (*Function, ast.ClassDef)):
            self._define(statement.name, position)
        else:
            self._assign(statement, position)

    def _import(self, statement: ast.Import | ast.ImportFrom, position: int, *, is_run: bool = True) -> None:
        if is_run and isinstance(statement, ast.Import):
            for alias in statement.names:
                self._run(Target(alias.name), position)
        for name, target in imports_of(statement, self._package):
            if name == "*":
                self.stars.append(target.module)
            else:
                self.imports[name] = (*self.imports.get(name, ()), target)
                self.bindings.setdefault(name, []).append(position)
            if is_run and isinstance(statement, ast.ImportFrom):
                self._run(target, position)
                self.has_texts |= target == ("__future__", "annotations")

    def _run(self, target: Target, position: int) -> None:
        self.imported.append(target)
        self.imported_at.append(position)

    def _sort_compound(self, statement: ast.stmt, position: int) -> None:
        """A name bound within `if`, `try`, `for`… means all of the statement: its condition decides too."""
        is_loose = False
        for inner in inner_statements(statement):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                self._import(inner, position)
                for name, _ in imports_of(inner, self._package):
                    self._define(name, position)
            elif isinstance(inner, (*Function, ast.ClassDef)):
                self._define(inner.name, position)
            elif not self._assign(inner, position) and not does_nothing(inner):
                is_loose = True
        if is_loose or not isinstance(statement, ast.If | ast.Try):
            self.loose.append(position)

    def _assign(self, statement: ast.stmt, position: int) -> bool:
        """Bind the names that an assignment gives a value; False where it does anything else."""
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            targets = [statement.target]
        elif type(statement).__name__ == "TypeAlias":
            targets = [statement.name]  # type: ignore[attr-defined]
        else:
            return False
        parts = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.expr)]
        for part in parts:
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self._define(part.id, position)
        return all(isinstance(part, ast.Name | ast.Tuple | ast.List | ast.Starred) for part in parts)

    def _define(self, name: str, position: int) -> None:
        positions = self.definitions.setdefault(name, [])
        if position not in positions:
            positions.append(position)
            self.bindings.setdefault(name, []).append(position)


class _Maker:
    """Makes values of what was sorted."""

    def __init__(self, sorted_: _Sorter, package: str) -> None:
        self._sorted = sorted_
        self._package = package
        self._dynamic = {
            name
            for name, targets in sorted_.imports.items()
            if not DYNAMIC_IMPORTS.isdisjoint(target.attribute for target in targets)
            or any(target == ("sys", "modules") or target in IMPORTS_OF_PACKAGES for target in targets)
        }
        self._scopes = {
            name
            for name, targets in sorted_.imports.items()
            if any(target.module == "builtins" and target.attribute in _OWN_SCOPE for target in targets)
        }

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
        references = self._name_dynamic(piece.references)
        if not order and references is piece.references:
            return piece
        digest = blake3(f"{piece.digest}{order}".encode()).hexdigest() if order else piece.digest
        return Piece(digest, references, piece.traits)

    def _name_dynamic(self, references: References) -> References:
        """Know `import_module` and `eval` by any name that they are imported under."""
        if not self._dynamic and not self._scopes and not self._asks_packages(references.uses):
            return references
        roots = {use.root for use in references.uses if isinstance(use.root, str)}
        return References(
            references.uses,
            references.imported,
            references.sees_own_module or not roots.isdisjoint(self._scopes),
            references.imports_by_name or self._is_dynamic(references.uses, roots),
            references.sees_subclasses,
            references.extends_path,
            references.mentions,
            references.changes,
        )

    def _is_dynamic(self, uses: tuple[Use, ...], roots: set[str]) -> bool:
        # `import_module("name")` under its own name has been seen to: its argument is constant, or it is known.
        renamed = self._dynamic - DYNAMIC_IMPORTS
        return not roots.isdisjoint(renamed) or self._asks_packages(uses)

    def _asks_packages(self, uses: tuple[Use, ...]) -> bool:
        """Tell whether it is `pydoc.locate` or the like that is used."""
        return any(
            (f"{target.module}.{'.'.join(use.attributes[:-1])}".strip("."), use.attributes[-1])
            in IMPORTS_OF_PACKAGES
            for use in uses
            if use.attributes and isinstance(use.root, str)
            for target in self._sorted.imports.get(use.root, ())
        )
