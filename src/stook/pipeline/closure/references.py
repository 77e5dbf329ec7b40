"""Which names of its module, and of others, a piece of code may use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from stook.pipeline.closure.normal import Function, is_decorated

__all__ = ["References", "Target", "Use", "chain", "find_references", "imports_of"]

_SEES_OWN_MODULE = frozenset({"eval", "exec", "globals"})
_SEES_OWN_SCOPE = frozenset({"dir", "locals", "vars"})
_IMPORTS_BY_NAME = frozenset({"__import__", "import_module", "run_module"})


class Target(NamedTuple):
    """What an import brings: a module, or a name of a module (`*` for all of them)."""

    module: str
    attribute: str = ""


class Use(NamedTuple):
    """A use of a name of the own module (`root` is a text) or of an import within a function, and what follows it."""

    root: str | Target
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class References:
    """What some code refers to.

    Attributes:
        uses: Names with the attributes taken from them.
        imported: Modules that importing statements run.
        sees_own_module: It may reach any name of its module, by `globals()` and the like.
        imports_by_name: It imports a module whose name is computed.
    """

    uses: frozenset[Use]
    imported: frozenset[Target]
    sees_own_module: bool
    imports_by_name: bool


class _Scope(NamedTuple):
    """The names that a function binds; an import's target, or None for any other value."""

    names: dict[str, Target | None]
    parent: _Scope | None


def find_references(
    nodes: Iterable[ast.AST],
    package: str,
    skip: frozenset[int] = frozenset(),
    typed: frozenset[int] = frozenset(),
) -> References:
    """Return what some top-level statements refer to.

    Args:
        nodes: The statements.
        package: The package that relative imports start from.
        skip: Ids of nodes to leave out.
        typed: Ids of arguments whose annotations count although nothing decorates their function.
    """
    finder = _Finder(package, skip, typed)
    finder.find(nodes)
    return References(
        frozenset(finder.uses), frozenset(finder.imported), finder.sees_own_module, finder.imports_by_name
    )


def imports_of(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, Target]]:
    """Yield each name that an import binds, and what it brings; the name is `*` for a star import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, Target(alias.name)
            else:
                top = alias.name.partition(".")[0]
                yield top, Target(top)
        return
    module = node.module or ""
    if node.level:
        base = package.split(".") if package else []
        base = base[: len(base) - node.level + 1]
        module = ".".join([*base, module] if module else base)
    for alias in node.names:
        yield alias.asname or alias.name, Target(module, alias.name)


def chain(node: ast.AST) -> tuple[ast.AST, tuple[str, ...]]:
    """Split `a.b.c` into the node of `a` and the attributes after it."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return node, tuple(reversed(attributes))


class _Finder:
    """Walks code with a stack of its own, knowing which names each function binds."""

    def __init__(self, package: str, skip: frozenset[int], typed: frozenset[int]) -> None:
        self._package = package
        self._skip = skip
        self._typed = typed
        self._stack: list[tuple[ast.AST, _Scope | None]] = []
        self.uses: set[Use] = set()
        self.imported: set[Target] = set()
        self.sees_own_module = False
        self.imports_by_name = False

    def find(self, nodes: Iterable[ast.AST]) -> None:
        self._push(nodes, None)
        while self._stack:
            node, scope = self._stack.pop()
            if id(node) not in self._skip:
                self._visit(node, scope)

    def _push(self, nodes: Iterable[ast.AST | None], scope: _Scope | None) -> None:
        self._stack.extend((node, scope) for node in nodes if node is not None)

    def _visit(self, node: ast.AST, scope: _Scope | None) -> None:
        if isinstance(node, ast.Name | ast.Attribute):
            self._visit_name(node, scope)
        elif isinstance(node, (*Function, ast.Lambda)):
            self._visit_function(node, scope)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            self._visit_comprehension(node, scope)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._visit_import(node, scope)
        elif isinstance(node, ast.AnnAssign) and scope is not None:
            self._push((node.target, node.value), scope)
        else:
            if isinstance(node, ast.Call):
                self._visit_call(node)
            self._push(ast.iter_child_nodes(node), scope)

    def _visit_name(self, node: ast.AST, scope: _Scope | None) -> None:
        root, attributes = chain(node)
        if not isinstance(root, ast.Name):
            self._push((root,), scope)
            return
        is_top = scope is None
        while scope is not None:
            if root.id in scope.names:
                target = scope.names[root.id]
                if target is not None:
                    self.uses.add(Use(target, attributes))
                return
            scope = scope.parent
        self.uses.add(Use(root.id, attributes))
        self.sees_own_module |= root.id in _SEES_OWN_MODULE or (is_top and root.id in _SEES_OWN_SCOPE)

    def _visit_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: _Scope | None
    ) -> None:
        args = node.args
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        names: dict[str, Target | None] = {arg.arg: None for arg in every if arg is not None}
        self._push((*args.defaults, *args.kw_defaults), scope)
        if isinstance(node, ast.Lambda):
            self._push((node.body,), _Scope(names, scope))
            return
        self._push(node.decorator_list, scope)
        is_typed = is_decorated(node, self._skip)
        typed = [arg for arg in every if arg is not None and (is_typed or id(arg) in self._typed)]
        self._push((arg.annotation for arg in typed), scope)
        self._push((node.returns,) if is_typed else (), scope)
        names |= _bindings(node.body, self._package)
        self._push(node.body, _Scope(names, scope))

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: _Scope | None
    ) -> None:
        bound = {
            name.id: None
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        }
        inner = _Scope({**bound}, scope)
        self._push((node.generators[0].iter,), scope)
        for position, generator in enumerate(node.generators):
            self._push((generator.target, *generator.ifs), inner)
            if position:
                self._push((generator.iter,), inner)
        outputs = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        self._push(outputs, inner)

    def _visit_import(self, node: ast.Import | ast.ImportFrom, scope: _Scope | None) -> None:
        if isinstance(node, ast.Import):
            self.imported.update(Target(alias.name) for alias in node.names)
            return
        for _, target in imports_of(node, self._package):
            self.imported.add(target)
            if scope is not None:
                self.uses.add(Use(target))

    def _visit_call(self, node: ast.Call) -> None:
        root, attributes = chain(node.func)
        called = attributes[-1] if attributes else getattr(root, "id", "")
        if called not in _IMPORTS_BY_NAME:
            return
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
            self.uses.add(Use(_named_module(first.value, self._package)))
        else:
            self.imports_by_name = True


def _named_module(name: str, package: str) -> Target:
    level = len(name) - len(name.lstrip("."))
    if not level:
        return Target(name)
    base = package.split(".")
    return Target(".".join([*base[: len(base) - level + 1], name[level:]]))


def _bindings(body: Iterable[ast.AST], package: str) -> dict[str, Target | None]:
    """Return the names that a function's body binds for itself."""
    names: dict[str, Target | None] = {}
    elsewhere: set[str] = set()
    stack: list[ast.AST] = [*body]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(imports_of(node, package))
        elif isinstance(node, (*Function, ast.ClassDef)):
            names.setdefault(node.name, None)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                names.setdefault(node.id, None)
        elif isinstance(node, ast.comprehension):
            stack += [node.iter, *node.ifs]  # its target is bound within the comprehension only
        elif not isinstance(node, ast.Lambda):
            captured = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(captured, str) and not isinstance(node, ast.alias):
                names.setdefault(captured, None)
            stack += ast.iter_child_nodes(node)
    return {name: target for name, target in names.items() if name not in elsewhere}
