"""Which names of its module, and of others, a piece of code may use, as its scopes have them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from stook.pipeline.closure.facts import TASK_TRAITS, References, Target, Use

__all__ = [
    "DYNAMIC_IMPORTS",
    "IMPORTS_BY_NAME",
    "IMPORTS_OF_PACKAGES",
    "Names",
    "chain",
    "imports_of",
    "named_module",
]

_SEES_OWN_MODULE: Final = frozenset({"eval", "exec", "globals"})
_SEES_OWN_SCOPE: Final = frozenset({"dir", "locals", "vars"})
DYNAMIC_IMPORTS: Final = frozenset(
    {
        "SourceFileLoader",
        "__import__",
        "entry_points",
        "exec_module",
        "import_module",
        "import_string",
        "iter_entry_points",
        "load_module",
        "load_source",
        "resolve_name",
        "run_module",
        "run_path",
        "spec_from_file_location",
        "walk_packages",
    }
)
# Those whose first argument names a module; with a constant text there is nothing to guess.
IMPORTS_BY_NAME: Final = frozenset({"__import__", "import_module", "run_module"})
# What has a name that says little, by the module that it is taken from.
IMPORTS_OF_PACKAGES: Final = frozenset(
    {
        ("hydra.utils", "call"),
        ("hydra.utils", "get_class"),
        ("hydra.utils", "get_method"),
        ("hydra.utils", "get_object"),
        ("hydra.utils", "instantiate"),
        ("pydoc", "locate"),
    }
)
_DYNAMIC_MODULES: Final = frozenset({"importlib", "runpy", "imp", "pkgutil"})
_CHANGES_PATH: Final = frozenset({"append", "extend", "insert", "addsitedir"})


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


def named_module(name: str, package: str) -> Target:
    """Return the module that a text names, from a package where it starts with dots."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return Target(name)
    base = package.split(".")
    return Target(".".join([*base[: len(base) - level + 1], name[level:]]))


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
        self.loads: list[tuple[str, tuple[str, ...], bool]] = []


class Names:
    """Collects names while code is walked. Those that a scope binds are told from others when it ends.

    Args:
        package: The package that relative imports start from.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._scope: _Scope | None = None
        self._uses: dict[Use, None] = {}
        self._imported: dict[Target, None] = {}
        self._mentions: set[str] = set()
        self._changes: dict[Use, None] = {}
        self._flags = {"own": False, "any": False, "subclasses": False, "path": False}

    def references(self) -> References:
        """Return all that was found."""
        return References(
            tuple(self._uses),
            tuple(self._imported),
            self._flags["own"],
            self._flags["any"],
            self._flags["subclasses"],
            self._flags["path"],
            tuple(sorted(self._mentions)),
            tuple(self._changes),
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
        for name, attributes, is_quiet in scope.loads:
            bound = scope.bound.get(name) if name not in scope.elsewhere else None
            for target in bound or ():
                self._use(target, attributes, is_quiet=is_quiet)
            # Methods do not see what their class binds.
            if bound is None or scope.kind == "class":
                self.load(name, attributes, is_new=False, is_quiet=is_quiet)

    def load(
        self, name: str, attributes: tuple[str, ...] = (), *, is_new: bool = True, is_quiet: bool = False
    ) -> None:
        """Note that a name is used; quietly where it is known what it does."""
        scope = self._scope
        if is_new and name in _SEES_OWN_SCOPE and not (scope and scope.in_function):
            self._flags["own"] = True
        if is_new and name == "sys" and attributes[:1] == ("path",):
            is_late = scope is not None and scope.in_function and not _CHANGES_PATH.isdisjoint(attributes)
            self._flags["any"] |= is_late
        if scope is None:
            self._use(name, attributes, is_quiet=is_quiet)
        else:
            scope.loads.append((name, attributes, is_quiet))

    def bind(self, name: str, target: Target | None = None, *, is_walrus: bool = False) -> None:
        """Note that a name is bound; by an import where there is a target."""
        scope = self._scope
        while is_walrus and scope is not None and scope.kind == "comprehension":
            scope = scope.parent
        if scope is None:
            return
        if name in scope.elsewhere:
            scope.loads.append((name, (), False))
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
        elif attribute == "__subclasses__":
            self._flags["subclasses"] = True
        elif attribute in DYNAMIC_IMPORTS:
            self._flags["any"] = True
        elif attribute == "addsitedir":
            self._flags["path"] = True

    def see_own_module(self) -> None:
        """Note that any name of the module may be used."""
        self._flags["own"] = True

    def see_any_module(self) -> None:
        """Note that any module may be used."""
        self._flags["any"] = True

    def _use(self, root: str | Target, attributes: tuple[str, ...], *, is_quiet: bool = False) -> None:
        if is_quiet:
            pass
        elif isinstance(root, str):
            if root in _SEES_OWN_MODULE:
                self._flags["own"] = True
            elif root in DYNAMIC_IMPORTS:
                self._flags["any"] = True
            elif root == "__path__":
                self._flags["path"] = True
            elif root == "sys" and attributes[:1] == ("path",):
                self._flags["path"] |= not _CHANGES_PATH.isdisjoint(attributes) or len(attributes) == 1
        else:
            self._flag_target(root, attributes)
        self._uses[Use(root, attributes)] = None

    def _flag_target(self, target: Target, attributes: tuple[str, ...]) -> None:
        named = (target.module, target.attribute or "".join(attributes[:1]))
        if (
            target.attribute in DYNAMIC_IMPORTS
            or named in IMPORTS_OF_PACKAGES
            or (target.module in _DYNAMIC_MODULES and not named[1])
        ):
            self._flags["any"] = True
        elif target.module == "builtins" and target.attribute in _SEES_OWN_MODULE:
            self._flags["own"] = True
