"""Which names of its module, and of others, a piece of code may use, as its scopes have them."""

from __future__ import annotations

import ast
from typing import Final

from stook.pipeline.closure.taking_apart.dynamic import (
    DYNAMIC_IMPORTS,
    IMPORTS_OF_PACKAGES,
    OF_PROJECT,
    SEES_OWN_MODULE,
    asks_packages,
)
from stook.pipeline.closure.taking_apart.facts import ANNOTATIONS, DOCS, TASK_TRAITS, References, Target, Use
from stook.pipeline.closure.taking_apart.imports import imports_of, named_module

__all__ = ["ASKED", "QUIET", "Names", "chain"]

QUIET: Final = "quiet"
ASKED: Final = "asked"
_SEES_OWN_SCOPE: Final = frozenset({"dir", "locals", "vars"})
_SHOWS: Final = {
    "__annotations__": ANNOTATIONS,
    "get_annotations": ANNOTATIONS,
    "get_type_hints": ANNOTATIONS,
    "getfullargspec": ANNOTATIONS,
    "signature": ANNOTATIONS,
    "__doc__": DOCS,
    "getdoc": DOCS,
}
_DYNAMIC_MODULES: Final = frozenset({"importlib", "runpy", "imp", "pkgutil"})
_CHANGES_PATH: Final = frozenset({"append", "extend", "insert", "addsitedir"})


def chain(node: ast.AST) -> tuple[ast.AST, tuple[str, ...]]:
    """Split `a.b.c` into the node of `a` and the attributes after it."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return node, tuple(reversed(attributes))


class _Scope:
    """A function, class or comprehension: what it binds, and what is loaded within it."""

    __slots__ = ("bound", "elsewhere", "in_function", "kind", "loads", "parent")

    def __init__(self, kind: str, parent: _Scope | None) -> None:
        self.kind = kind
        self.parent = parent
        self.in_function: bool = kind == "function" or (parent is not None and parent.in_function)
        self.bound: dict[str, list[Target]] = {}
        self.elsewhere: set[str] = set()
        self.loads: list[tuple[str, tuple[str, ...], str]] = []


class Names:
    """Collects names while code is walked. Those that a scope binds are told from others when it ends.

    Args:
        package: The package that relative imports start from.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._scope: _Scope | None = None
        self._uses: dict[Use, None] = {}
        self._asked: dict[Use, None] = {}
        self._imported: dict[Target, None] = {}
        self._mentions: set[str] = set()
        self._changes: dict[Use, None] = {}
        self._flags = {"own": False, "any": False, "packages": False, "subclasses": False, "path": False}

    def references(self) -> References:
        """Return all that was found."""
        return References(
            tuple(self._uses),
            tuple(self._imported),
            self._flags["own"],
            self._flags["any"],
            self._flags["packages"],
            self._flags["subclasses"],
            self._flags["path"],
            tuple(sorted(self._mentions)),
            tuple(self._changes),
            tuple(self._asked),
        )

    def enter(self, kind: str) -> None:
        """Begin a `function`, `class` or `comprehension`."""
        self._scope = _Scope(kind, self._scope)

    def leave(self) -> None:
        """End the scope: what it does not bind belongs to those around it."""
        scope = self._scope
        if scope is None:
            return
        self._scope = scope.parent
        for name, attributes, how in scope.loads:
            bound = scope.bound.get(name) if name not in scope.elsewhere else None
            for target in bound or ():
                self._use(target, attributes, how)
            # Methods do not see what their class binds.
            if bound is None or scope.kind == "class":
                self.load(name, attributes, how, is_new=False)

    def load(
        self, name: str, attributes: tuple[str, ...] = (), how: str = "", *, is_new: bool = True
    ) -> None:
        """Note that a name is used: `QUIET` where it is known what it does, `ASKED` where a task is made to ask for."""
        scope = self._scope
        if is_new and name in _SEES_OWN_SCOPE and not (scope and scope.in_function):
            self._flags["own"] = True
        if is_new and name == "sys" and attributes[:1] == ("path",):
            is_late = scope is not None and scope.in_function and not _CHANGES_PATH.isdisjoint(attributes)
            self._flags["any"] |= is_late
        if scope is None:
            self._use(name, attributes, how)
        else:
            scope.loads.append((name, attributes, how))

    def bind(self, name: str, target: Target | None = None, *, is_walrus: bool = False) -> None:
        """Note that a name is bound; by an import where there is a target."""
        scope = self._scope
        while is_walrus and scope is not None and scope.kind == "comprehension":
            scope = scope.parent
        if scope is None:
            return
        if name in scope.elsewhere:
            scope.loads.append((name, (), ""))
            self._changes[Use(name)] = None
        targets = scope.bound.setdefault(name, [])
        if target is not None:
            targets.append(target)
            if scope.kind == "class" or name in scope.elsewhere:
                self._use(target, ())

    def bind_elsewhere(self, names: list[str]) -> None:
        """Note names that a function shares with its module or the function around it."""
        if self._scope is not None:
            self._scope.elsewhere.update(names)
            for name in names:
                for target in self._scope.bound.get(name, ()):
                    self._use(target, ())

    def import_(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note an import."""
        for name, target in imports_of(node, self._package):
            self.bind(name, target)
            if isinstance(node, ast.ImportFrom):
                self._imported[target] = None
                if self._scope is not None:
                    self._use(target, ())
        if isinstance(node, ast.Import):
            self._imported.update((Target(alias.name), None) for alias in node.names)

    def change(self, name: str, attributes: tuple[str, ...] = ()) -> None:
        """Note that an attribute or item of something is assigned to."""
        scope = self._scope
        while scope is not None:
            if name in scope.bound and scope.kind != "class":
                for target in scope.bound[name]:
                    self._changes[Use(target, attributes)] = None
                return
            scope = scope.parent
        self._changes[Use(name, attributes)] = None

    def use_module(self, name: str, *, is_outermost: bool = False) -> None:
        """Note that a module is named by a constant text; `__import__` gives the outermost package of it."""
        target = named_module(name, self._package)
        self._use(target, ())
        self._imported[target] = None
        if is_outermost and "." in target.module:
            self._use(Target(target.module.partition(".")[0]), ())

    def mention(self, attribute: str) -> None:
        """Note an attribute that is taken from anything."""
        if attribute in TASK_TRAITS:
            self._mentions.add(attribute)
        elif attribute in _SHOWS:
            self._mentions.add(_SHOWS[attribute])
        elif attribute == "__subclasses__":
            self._flags["subclasses"] = True
        elif attribute in DYNAMIC_IMPORTS:
            self._see_any(attribute)
        elif attribute == "addsitedir":
            self._flags["path"] = True

    def see_own_module(self) -> None:
        """Note that any name of the module may be used."""
        self._flags["own"] = True

    def see_any_module(self, *, of_packages: bool = True) -> None:
        """Note that any module may be used, also one of any package that is installed."""
        self._flags["any"] = True
        self._flags["packages"] |= of_packages

    def _see_any(self, function: str) -> None:
        self.see_any_module(of_packages=function not in OF_PROJECT)

    def _use(self, root: str | Target, attributes: tuple[str, ...], how: str = "") -> None:
        if how == QUIET:
            pass
        elif isinstance(root, str):
            if root in SEES_OWN_MODULE:
                self._flags["own"] = True
            elif root in DYNAMIC_IMPORTS:
                self._see_any(root)
            elif root in _SHOWS:
                self._mentions.add(_SHOWS[root])
            elif root == "__path__":
                self._flags["path"] = True
            elif root == "sys" and attributes[:1] == ("path",):
                self._flags["path"] |= not _CHANGES_PATH.isdisjoint(attributes) or len(attributes) == 1
        else:
            self._flag_target(root, attributes)
        (self._asked if how == ASKED else self._uses)[Use(root, attributes)] = None

    def _flag_target(self, target: Target, attributes: tuple[str, ...]) -> None:
        named = (target.module, target.attribute or "".join(attributes[:1]))
        if target.attribute in DYNAMIC_IMPORTS:
            self._see_any(target.attribute)
        elif named in IMPORTS_OF_PACKAGES or (target.module in _DYNAMIC_MODULES and not named[1]):
            self.see_any_module()
        elif target.attribute in _SHOWS:
            self._mentions.add(_SHOWS[target.attribute])
        elif asks_packages(target, attributes):
            self._flags["packages"] = True
        elif target.module == "builtins" and target.attribute in SEES_OWN_MODULE:
            self._flags["own"] = True
