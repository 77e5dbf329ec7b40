"""The rules of a task, held against the code that there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from stook.errors import InputError
from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.lookup import Installed, Part
from stook.pipeline.closure.rules import Rules
from stook.pipeline.closure.taking_apart.facts import WHOLE

__all__ = ["Scope"]

_DEEPEST = 100


class Scope:
    """Rules, checked against a codebase.

    Args:
        rules: The rules.
        codebase: Where names are looked up.

    Raises:
        InputError: A name leads nowhere.
    """

    def __init__(self, rules: Rules, codebase: Codebase) -> None:
        self._codebase = codebase
        self._ignored: set[str] = set()
        self._ignored_below: tuple[str, ...] = ()
        for name in rules.ignore:
            self._ignore(name)
        self.parts: list[Part | Installed] = []
        self.files: list[Path] = []
        for name in rules.includes:
            self._include(name)

    def leaves_out(self, part: Part | Installed) -> bool:
        """Tell whether something does not count."""
        if not self._ignored and not self._ignored_below:
            return False
        if isinstance(part, Part) and f"{part.module}:{part.name}" in self._ignored:
            return True
        return part.module in self._ignored or f"{part.module}.".startswith(self._ignored_below or ("\0",))

    def _ignore(self, name: str) -> None:
        module, colon, definition = name.partition(":")
        if colon:
            self._check_definition(name, "ignore", module, definition)
            self._ignored.add(name)
        elif module.endswith(".*"):
            self._check_module(name, "ignore", module[:-2])
            self._ignored_below += (module[:-1],)
        else:
            kind = self._check_module(name, "ignore", module)
            self._ignored.add(module)
            if kind in {Kind.PACKAGE, Kind.STOOK}:
                self._ignored_below += (f"{module}.",)

    def _include(self, name: str) -> None:
        module, colon, definition = name.partition(":")
        if "/" in name or os.path.isfile(self._codebase.roots[0] / name):
            self._include_files(name)
        elif colon:
            self._check_definition(name, "includes", module, definition)
            self.parts.append(Part(module, definition))
        elif module.endswith(".*"):
            self._check_module(name, "includes", module[:-2])
            self.parts += [Part(found, WHOLE) for found in self._modules_below(module[:-2])]
        elif any(sign in name for sign in "*?["):
            self._include_files(name)
        else:
            kind = self._check_module(name, "includes", module)
            is_code = kind not in {Kind.PACKAGE, Kind.STOOK}
            self.parts.append(Part(module, WHOLE) if is_code else Installed(module))

    def _include_files(self, pattern: str) -> None:
        root = self._codebase.roots[0]
        every = self._codebase.files(root, "")
        found = [file for file in every if _matches(file.relative_to(root), pattern.removeprefix("./"))]
        if not found:
            raise _nowhere(pattern, "includes", "no file below the workspace matches it")
        self.files += found

    def _modules_below(self, package: str) -> Iterator[str]:
        for folder in self._codebase.folders_of(package):
            for file in self._codebase.files(folder):
                parts = file.relative_to(folder).with_suffix("").parts
                yield ".".join((package, *(part for part in parts if part != "__init__")))

    def _check_module(self, name: str, where: str, module: str) -> Kind:
        is_name = module and module.count(".") < _DEEPEST
        kind = self._codebase.find(module).kind if is_name else Kind.NOTHING
        if kind is Kind.NOTHING:
            root = self._codebase.roots[0]
            files = (file.relative_to(root).with_suffix("").parts for file in self._codebase.files())
            known = [".".join(part for part in parts if part != "__init__") for parts in files]
            raise _nowhere(name, where, f"there is no module {module}", _closest(module, known))
        return kind

    def _check_definition(self, name: str, where: str, module: str, definition: str) -> None:
        if self._check_module(name, where, module) is not Kind.CODE:
            raise _nowhere(name, where, f"{module} is no code of the project")
        known = [*self._codebase.module(module).definitions]
        if definition not in known:
            close = [f"{module}:{match}" for match in _closest(definition, known)]
            raise _nowhere(name, where, f"{module} defines no {definition}", close)


def _matches(path: Path, pattern: str) -> bool:
    """Tell whether a path matches a pattern, part by part; `**` stands for any number of folders."""
    patterns = pattern.split("/")
    # Several in a row are as one, and would take ages.
    once = (
        part
        for part, before in zip(patterns, ["", *patterns], strict=False)
        if (part, before) != ("**", "**")
    )
    return _match(path.parts, tuple(once))


def _match(parts: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_match(parts[count:], patterns[1:]) for count in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and _match(parts[1:], patterns[1:])


def _closest(name: str, known: list[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, known, 1)


def _nowhere(name: str, where: str, problem: str, close: list[str] | None = None) -> InputError:
    guess = f"; did you mean {close[0]}?" if close else ""
    return InputError(
        f"{where} names {name!r:.200}, which leads nowhere: {problem:.300}{guess}",
        kind="unknown-code",
        hint=f"mend {where} of the task: module, package.*, module:name"
        + (", or a pattern of files" if where == "includes" else ""),
    )
