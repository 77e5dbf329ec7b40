"""From the class of a task to every definition, loose statement and package that its result may depend on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeGuard

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.effects import SUBCLASSES, Effects, package_part
from stook.pipeline.closure.entry import PACKAGE, Entry
from stook.pipeline.closure.lookup import Installed, Lookup, Part
from stook.pipeline.closure.module import Module
from stook.pipeline.closure.order import digest_order
from stook.pipeline.closure.rules import Rules
from stook.pipeline.closure.scope import Scope
from stook.pipeline.closure.stook_code import room_that_counts
from stook.pipeline.closure.taking_apart.facts import (
    ANNOTATIONS,
    BODY,
    DOCS,
    TASK_TRAITS,
    WHOLE,
    Facts,
    Piece,
    References,
    Target,
    Use,
)

__all__ = ["Walk"]

_VERSION: Final = "version:task"
_ORDER: Final = "order:import"
_FILE: Final = "__file__"
_PARAMETERS: Final = "(parameters)"
_LEFT_OUT: Final = TASK_TRAITS | {ANNOTATIONS, DOCS}
# A module that is reached through another one that counts whole: it counts whole too, but not what it imports.
_WHOLE_AT_SECOND_HAND: Final = "**"
_NO_FILE: Final = Module("", Path(), Facts((), {}, (), {}, (), (), ()))


class Walk:
    """One walk through a codebase.

    Args:
        entries: Where it starts.
        codebase: Where code is looked up.
        rules: What counts besides, and what does not.
        references: What code that is in no file refers to.

    Attributes:
        code: What was found.

    Raises:
        InputError: A rule names what is not there.
    """

    def __init__(
        self,
        entries: tuple[Entry, ...],
        codebase: Codebase,
        rules: Rules,
        references: References | None = None,
    ) -> None:
        self._codebase = codebase
        self._references = references
        self._entries = entries
        self._rules = rules
        self._scope = Scope(rules, codebase)
        self._lookup = Lookup(codebase)
        self._effects = Effects(codebase, self._lookup)
        self._todo: list[Part] = [entry.part(codebase) for entry in entries]
        self._seen: set[Part] = set()
        self._waiting: dict[str, dict[Part, list[Part]]] = {}
        self._registered: set[Part] = set()
        self._opened: tuple[str, ...] = ()
        self._run: dict[str, None] = {}
        self._mentions: set[str] = set()
        self._left_out: list[tuple[Module, str, str, Piece]] = []
        self._extends_path = False
        self._is_lost = False
        self.code: dict[str, str] = {}

    def run(self) -> None:
        """Find all that counts."""
        self.code[f"{PACKAGE}python"] = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if self._rules.version:
            self.code[_VERSION] = self._rules.version
        for entry in self._entries:
            if self._codebase.find(entry.module).kind in {Kind.PACKAGE, Kind.STOOK}:
                self._add_installed(Installed(*entry))
        if self._references is not None:
            self._follow(_NO_FILE, self._references)
        self._add(self._scope.parts)
        for path in self._scope.files:
            self._take_file(path)
        while self._todo:
            part = self._todo.pop()
            if part not in self._seen and not self._scope.leaves_out(part):
                self._seen.add(part)
                self._release(part)
                self._take(part)
            if not self._todo:
                self._take_mentioned()
        if self._extends_path and self._is_lost:
            self._take_all_files()
        order = digest_order(
            [entry.module for entry in self._entries], [*self._run], self._registered, self._codebase
        )
        if order:
            self.code[_ORDER] = order

    def _take(self, part: Part) -> None:
        found = self._codebase.find(part.module) if part.module else None
        if found is None:
            return
        is_whole = part.name in {WHOLE, _WHOLE_AT_SECOND_HAND}
        if found.kind is Kind.BINARY and found.path:
            self.code[f"{part.module}:{WHOLE}"] = self._codebase.digest(found.path)
        if found.kind in {Kind.FOLDER, Kind.CODE} and is_whole:
            self._open(part.module)
        if found.kind is not Kind.CODE:
            return
        module = self._codebase.module(part.module)
        name = WHOLE if is_whole else part.name
        piece = module.piece(name, as_task=Entry(*part) in self._entries)
        if piece.digest or part.name == WHOLE:
            self.code[f"{part.module}:{name}"] = piece.digest or "empty"
        for trait, left in piece.traits.items():
            self._left_out.append((module, name, trait, left))
            for target in left.references.imported:
                self._run_target(target)
        if part.name == BODY:
            self._follow_body(module)
        self._run_module(part.module)
        self._follow(module, piece.references)
        if is_whole:
            self._follow_imports(module, at_second_hand=part.name != WHOLE)

    def _release(self, part: Part) -> None:
        """Take up those definitions that may change what is now used."""
        waiting = self._waiting.get(part.module, {})
        changed = [*waiting] if part.name in {WHOLE, _WHOLE_AT_SECOND_HAND} else [part]
        for key in changed:
            for definition in waiting.pop(key, ()):
                self._register(definition)

    def _register(self, definition: Part) -> None:
        self._registered.add(definition)
        self._todo.append(definition)

    def _take_mentioned(self) -> None:
        """What was left out counts where code asks for it by its name."""
        waiting = []
        for module, name, trait, piece in self._left_out:
            is_asked = trait in self._mentions or trait not in _LEFT_OUT
            if is_asked or (trait == "version" and not self._rules.version):
                self.code[f"{module.name}:{name}.{trait}"] = piece.digest
                self._follow(module, piece.references)
            else:
                waiting.append((module, name, trait, piece))
        self._left_out = waiting

    def _follow(self, module: Module, references: References) -> None:
        for use in references.uses:
            self._add(self._lookup.follow(module, use))
            if use.root == _FILE and module.path.name == "__init__.py":
                self.code[f"{module.name}:{_FILE}"] = "package"
        for use in references.asked:
            self._ask(self._lookup.follow(module, use))
        for target in references.imported:
            self._run_target(target)
        self._mentions.update(references.mentions)
        self._extends_path |= references.extends_path
        if references.sees_own_module:
            self._todo.append(Part(module.name, WHOLE))
        if references.sees_subclasses:
            self._todo.append(SUBCLASSES)
        if references.imports_by_name:
            self._take_all_files()
        if references.asks_packages:
            self.code[f"{PACKAGE}(any)"] = self._codebase.digest_packages()

    def _ask(self, places: Iterable[Part | Installed]) -> None:
        """Of a task that is only asked for, its parameters tell which one it is; its result is looked at by itself."""
        for place in places:
            if not self._is_task(place):
                self._add([place])
                continue
            module = self._codebase.module(place.module)
            piece = module.piece_as_asked(place.name)
            key = f"{place.module}:{place.name}.{_PARAMETERS}"
            if key in self.code:
                continue
            self.code[key] = piece.digest or "none"
            self._run_module(place.module)
            self._follow(module, piece.references)
            for facts in module.class_facts(place.name):
                for base in facts.bases:
                    self._ask(self._lookup.follow(module, base))

    def _is_task(self, place: Part | Installed) -> TypeGuard[Part]:
        if not isinstance(place, Part) or self._codebase.find(place.module).kind is not Kind.CODE:
            return False
        is_defined = place.name in self._codebase.module(place.module).definitions
        return is_defined and self._effects.is_task(place)

    def _follow_body(self, module: Module) -> None:
        """Importing a module runs its imports, its loose statements, and definitions that may change used ones."""
        self._run[module.name] = None
        if self._opened and f"{module.name}.".startswith(self._opened):
            self._todo.append(Part(module.name, WHOLE))
        for target in module.imported:
            self._run_target(target)
        for name, changed in self._effects.of(module):
            definition = Part(module.name, name)
            if changed.name == BODY or not self._seen.isdisjoint((changed, Part(changed.module, WHOLE))):
                self._register(definition)
            else:
                self._waiting.setdefault(changed.module, {}).setdefault(changed, []).append(definition)

    def _follow_imports(self, module: Module, *, at_second_hand: bool) -> None:
        """What a module imports can be reached through the module."""
        for name, targets in module.imports.items():
            for place in self._lookup.follow(module, Use(name)):
                if isinstance(place, Installed):
                    self._add_installed(place)
                elif place.name != WHOLE:
                    self._todo.append(place)
                elif not at_second_hand:
                    self._todo.append(Part(place.module, _WHOLE_AT_SECOND_HAND))
            if not at_second_hand and not all(target.attribute for target in targets):
                dotted = [t for t in module.imported if not t.attribute and t.module.startswith(f"{name}.")]
                self._todo += [Part(target.module, _WHOLE_AT_SECOND_HAND) for target in dotted]
        self._todo += [Part(star, WHOLE) for star in module.stars]

    def _open(self, package: str) -> None:
        """Modules of a package that are imported can be reached through the package."""
        if not self._codebase.folders_of(package):
            return
        self._opened += (f"{package}.",)
        self._todo += [Part(name, WHOLE) for name in self._run if name.startswith(f"{package}.")]

    def _take_all_files(self) -> None:
        for path in self._codebase.files():
            self._take_file(path)

    def _take_file(self, path: Path) -> None:
        key = f"{path.relative_to(self._codebase.roots[0]).as_posix()}:{WHOLE}"
        self.code[key] = self._codebase.digest(path)

    def _run_target(self, target: Target) -> None:
        self._run_module(target.module)
        if target.attribute == "*":
            for name in self._lookup.in_all(target.module):
                self._run_module(name)
        if target.attribute and self._lookup.is_imported_module(target):
            self._run_module(f"{target.module}.{target.attribute}")

    def _run_module(self, name: str) -> None:
        for module in _with_parents(name):
            kind = self._codebase.find(module).kind
            if kind in {Kind.CODE, Kind.BINARY}:
                self._todo.append(Part(module, BODY))
            elif kind is Kind.NOTHING and module.partition(".")[0] not in sys.stdlib_module_names:
                self._is_lost = True

    def _add(self, places: Iterable[Part | Installed]) -> None:
        for place in places:
            if isinstance(place, Part):
                self._todo.append(place)
            else:
                self._add_installed(place)

    def _add_installed(self, place: Installed) -> None:
        if self._scope.leaves_out(place):
            return
        self._todo.append(package_part(place.module))
        if self._codebase.find(place.module).kind is Kind.STOOK:
            room = room_that_counts(place.module, place.attribute)
            if room:
                self.code[f"{PACKAGE}stook.{room}"] = self._codebase.stook_version(room)
            return
        name, version = self._codebase.distribution(place.module)
        self.code[f"{PACKAGE}{name}"] = version


def _with_parents(name: str) -> Iterator[str]:
    """Yield the packages that a module is in, from the outermost, and itself."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
