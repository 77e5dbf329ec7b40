"""What a notebook has from files and packages: found there, by the names that it has there."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stook.errors import InputError
from stook.pipeline.closure import Codebase, Kind
from stook.pipeline.closure.taking_apart.facts import Target, Use
from stook.pipeline.finding.locate import module_name
from stook.pipeline.live.marks import mark

__all__ = ["Elsewhere"]


class Elsewhere:
    """Tells what of a notebook is not its own, and notes it.

    Args:
        namespace: The names of the notebook.
        codebase: Where code in files is looked up.

    Attributes:
        uses: What of files and packages is used.
        held: Functions and classes from these that the notebook has.
    """

    def __init__(self, namespace: Mapping[str, Any], codebase: Codebase) -> None:
        self._namespace = namespace
        self._codebase = codebase
        self.uses: dict[Use, None] = {}
        self.held: dict[int, object] = {}

    def has_code(self, name: str) -> bool:
        """Tell whether a module is of the project."""
        return self._codebase.find(name).kind in {Kind.CODE, Kind.BINARY}

    def use_module(self, module: types.ModuleType, attributes: tuple[str, ...]) -> None:
        """Note a use of a module; as many attributes as lead through modules are taken as such.

        Raises:
            InputError: Its name leads to another file, or to none.
        """
        while attributes and isinstance(inner := vars(module).get(attributes[0]), types.ModuleType):
            module, attributes = inner, attributes[1:]
        self._check_module(module.__name__, getattr(module, "__file__", None))
        self.uses[Use(Target(module.__name__), attributes)] = None
        if attributes and isinstance(held := vars(module).get(attributes[0]), type | types.FunctionType):
            self.held[id(held)] = held

    def home_of(self, value: Any) -> tuple[str, str, str | None] | None:
        """Return module, name and file of a function or class; None where it is the notebook's own."""
        if isinstance(value, type):
            module = sys.modules.get(value.__module__)
            if value.__module__ == "__main__":
                return None
            return value.__module__, value.__qualname__, getattr(module, "__file__", None)
        names, qualname = value.__globals__, value.__code__.co_qualname
        if names is self._namespace:
            return None
        name, file = names.get("__name__"), names.get("__file__")
        if name in {None, "__main__"} and file:  # `%run` has run it
            return module_name(Path(file).resolve(), self._codebase.roots[0]), qualname, file
        return (str(name), qualname, file) if name in sys.modules else None

    def in_file(self, value: object, module: str, qualname: str, file: str | None) -> str:
        """Return the digest of a name of a file; what it stands for is found there.

        Raises:
            InputError: The module's name leads to another file, or to none.
        """
        top = qualname.partition(".")[0]
        if module.partition(".")[0] not in sys.stdlib_module_names:
            self._check_module(module, file)
            self.uses[Use(Target(module), () if top.startswith("<") else (top,))] = None
            self.held[id(value)] = value
        return mark("elsewhere", module, qualname)

    def find(self, value: Any, where: str) -> str | None:
        """Return the digest of what an imported module has under the very name; None where none has.

        Args:
            value: What it is.
            where: Its name.
        """
        last = where.rpartition(".")[2]
        name = getattr(value, "__name__", last)
        own = getattr(value, "__module__", None) or type(value).__module__
        modules = [sys.modules.get(own) if isinstance(own, str) else None, *sys.modules.values()]
        for module in modules:
            if (
                not isinstance(module, types.ModuleType)
                or module.__name__ == "__main__"
                or vars(module).get(name) is not value
            ):
                continue
            kind = self._codebase.find(module.__name__).kind
            if kind in {Kind.CODE, Kind.PACKAGE, Kind.STOOK}:
                return self.in_file(value, module.__name__, str(name), getattr(module, "__file__", None))
            if module.__name__.partition(".")[0] in sys.stdlib_module_names:
                return mark("elsewhere", module.__name__, str(name))
        return None

    def _check_module(self, name: str, file: str | None) -> None:
        """Make sure that a name leads to the file whose code is here."""
        found = self._codebase.find(name)
        if found.kind is Kind.NOTHING and name.partition(".")[0] not in sys.stdlib_module_names:
            raise InputError(
                f"the notebook uses the module {name}, whose code is not where Python would look for it",
                kind="module-taken",
                hint="start Python in the workspace, or put the file there",
            )
        if found.kind is Kind.CODE and file and found.path and found.path.resolve() != Path(file).resolve():
            raise InputError(
                f"{file} was imported as {name}, which now leads to {found.path}",
                kind="module-taken",
                hint="give one of the files another name, or start Python in the workspace",
            )
