"""What each statement at the top level of a module defines, imports or does, and which names are bound where."""

from __future__ import annotations

import ast

from stook.pipeline.closure.taking_apart.facts import DOCS, Target
from stook.pipeline.closure.taking_apart.imports import imports_of
from stook.pipeline.closure.taking_apart.statements import (
    COMPOUND,
    Function,
    does_nothing,
    inner_statements,
    is_main_block,
    is_typing_block,
)

__all__ = ["Sorter"]


class Sorter:
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

    def define_docs(self, text: str) -> None:
        """Take up the docstring of the module, which has a name of its own."""
        statement = ast.parse(f"{DOCS} = {text!r}").body[0]
        self.statements.append(statement)
        self._define(DOCS, 0)

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
