"""One file of Python taken apart: its definitions, its imports, and what it does when it is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from stook.errors import InputError
from stook.pipeline.closure.normal import Function, digest_nodes
from stook.pipeline.closure.references import References, Target, chain, find_references, imports_of
from stook.pipeline.closure.statements import (
    COMPOUND,
    called_at_import,
    does_nothing,
    holds_mutable,
    inner_statements,
    is_outside_task,
    never_at_run,
)

__all__ = ["BODY", "WHOLE", "ClassFacts", "Module", "Piece", "read_module"]

WHOLE = "*"
BODY = "(body)"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some code of a module: the digest of its normal form (empty for no code), and what it refers to."""

    digest: str
    references: References


class ClassFacts(NamedTuple):
    """What decides whether a class has an effect on others when it is defined."""

    bases: tuple[tuple[str, tuple[str, ...]], ...]
    has_metaclass: bool
    has_subclass_hook: bool


class Module:
    """The parsed source of one module. Pieces are made when asked for, and kept.

    Args:
        name: Its dotted name.
        tree: Its syntax tree.
        is_package: Whether it is an `__init__.py`.
    """

    def __init__(self, name: str, tree: ast.Module, *, is_package: bool) -> None:
        self.name = name
        self.package = name if is_package else name.rpartition(".")[0]
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.variables: set[str] = set()
        self.imports: dict[str, list[Target]] = {}
        self.stars: list[Target] = []
        self.imported: list[Target] = []
        self._tree = tree
        self._loose: list[ast.stmt] = []
        self._pieces: dict[tuple[str, bool], Piece] = {}
        for statement in tree.body:
            self._sort(statement)

    def piece(self, name: str, *, as_task: bool = False) -> Piece:
        """Return a definition, `BODY` (statements that define nothing) or `WHOLE` (the module).

        Args:
            name: Which.
            as_task: Leave out what reaches a task's result by another way: `requires`, output name, defaults of
                parameters.
        """
        piece = self._pieces.get((name, as_task))
        if piece is None:
            nodes = self._nodes(name)
            skip = frozenset(self._outside_task(nodes)) if as_task else frozenset()
            functions = [node for node in nodes if isinstance(node, Function)]
            typed = frozenset(id(arg) for node in functions for arg in node.args.kwonlyargs if as_task)
            digest = digest_nodes(nodes, skip, typed) if nodes else ""
            piece = Piece(digest, find_references(nodes, self.package, skip, typed))
            self._pieces[name, as_task] = piece
        return piece

    def calls(self, name: str) -> frozenset[tuple[str, tuple[str, ...]]]:
        """Return what a definition calls when the module is imported, as chains of names."""
        return frozenset(
            (root.id, attributes)
            for node in self._nodes(name)
            for called in called_at_import(node)
            for root, attributes in [chain(called)]
            if isinstance(root, ast.Name)
        )

    def class_facts(self, name: str) -> ClassFacts | None:
        """Return the facts about a class, or None where the name is none."""
        nodes = [node for node in self._nodes(name) if isinstance(node, ast.ClassDef)]
        if not nodes:
            return None
        bases = [
            chain(base.value if isinstance(base, ast.Subscript) else base) for n in nodes for base in n.bases
        ]
        return ClassFacts(
            tuple((root.id, attributes) for root, attributes in bases if isinstance(root, ast.Name)),
            any(keyword.arg == "metaclass" for node in nodes for keyword in node.keywords),
            any(getattr(child, "name", "") == "__init_subclass__" for node in nodes for child in node.body),
        )

    def is_mutable(self, name: str) -> bool:
        """Tell whether a definition holds something that other code may change: a table, or a class with one."""
        return any(map(holds_mutable, self._nodes(name)))

    def is_task_function(self, name: str) -> bool:
        """Tell whether a name is a function that `stook.task` decorates."""
        decorators = [d for n in self._nodes(name) if isinstance(n, Function) for d in n.decorator_list]
        return any(map(self._is_task_decorator, decorators))

    def _nodes(self, name: str) -> list[ast.stmt]:
        if name == BODY:
            return self._loose
        return self._tree.body if name == WHOLE else self.definitions[name]

    def _sort(self, statement: ast.stmt) -> None:
        if isinstance(statement, (*Function, ast.ClassDef)):
            self.definitions.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            self._sort_import(statement)
        elif isinstance(statement, COMPOUND):
            self._sort_compound(statement)
        elif not self._define(statement, statement) and not does_nothing(statement):
            self._loose.append(statement)

    def _sort_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        if isinstance(statement, ast.Import):
            self.imported += [Target(alias.name) for alias in statement.names]
        for name, target in imports_of(statement, self.package):
            if name == "*":
                self.stars.append(target)
            else:
                self.imports.setdefault(name, []).append(target)
            if isinstance(statement, ast.ImportFrom):
                self.imported.append(target)

    def _sort_compound(self, statement: ast.stmt) -> None:
        """A name bound within `if`, `try`, `for`… means all of the statement: its condition decides too."""
        if isinstance(statement, ast.If) and never_at_run(statement.test):
            for other in statement.orelse:
                self._sort(other)
            return
        is_loose = False
        for inner in inner_statements(statement):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                self._sort_import(inner)
                for name, _ in imports_of(inner, self.package):
                    self._add(name, statement)
            elif isinstance(inner, (*Function, ast.ClassDef)):
                self._add(inner.name, statement)
            elif not self._define(inner, statement) and not does_nothing(inner):
                is_loose = True
        if is_loose or not isinstance(statement, ast.If | ast.Try):
            self._loose.append(statement)

    def _define(self, statement: ast.stmt, node: ast.stmt) -> bool:
        """Bind the names that an assignment gives to `node`; False where it does anything else."""
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
                self._add(part.id, node)
                self.variables.add(part.id)
        return all(isinstance(part, ast.Name | ast.Tuple | ast.List | ast.Starred) for part in parts)

    def _add(self, name: str, node: ast.stmt) -> None:
        nodes = self.definitions.setdefault(name, [])
        if node not in nodes:
            nodes.append(node)

    def _outside_task(self, nodes: list[ast.stmt]) -> Iterator[int]:
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                for child in node.body:
                    if is_outside_task(child):
                        yield id(child)
                    elif isinstance(child, ast.AnnAssign) and child.value is not None:
                        yield id(child.value)
            elif isinstance(node, Function):
                yield from (id(default) for default in node.args.kw_defaults if default is not None)
                for decorator in node.decorator_list:
                    if self._is_task_decorator(decorator):
                        yield id(decorator)

    def _is_task_decorator(self, decorator: ast.expr) -> bool:
        root, attributes = chain(decorator.func if isinstance(decorator, ast.Call) else decorator)
        targets = self.imports.get(root.id, ()) if isinstance(root, ast.Name) else ()
        names = [(*target.module.split("."), target.attribute, *attributes) for target in targets]
        return any(name[0] == "stook" and "task" in name[1:] for name in names)


def read_module(path: Path, name: str) -> Module:
    """Return the module in a file; parsed once for each state (size and time) of the file.

    Raises:
        InputError: It is no valid Python.
        OSError: It cannot be read.
    """
    state = path.stat()
    return _parse(path, name, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4096)
def _parse(path: Path, name: str, _size: int, _mtime_ns: int) -> Module:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"{path}, line {line}" if line else str(path)
        raise InputError(f"{place}: {error}", kind="bad-python", hint="mend the file") from error
    return Module(name, tree, is_package=path.name == "__init__.py")
