"""A module of the project, as the closure asks about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from blake3 import blake3

from stook.pipeline.closure.taking_apart.facts import (
    BODY,
    DOCS,
    WHOLE,
    ClassFacts,
    Facts,
    Piece,
    References,
    Statement,
    Target,
    Touches,
)

__all__ = ["Module"]


class Module:
    """What is known of a module, by the names that it defines.

    Args:
        name: Its dotted name.
        path: Its file.
        facts: What is known of the file.
    """

    def __init__(self, name: str, path: Path, facts: Facts) -> None:
        self.name = name
        self.path = path
        self._facts = facts

    @property
    def definitions(self) -> Mapping[str, tuple[int, ...]]:
        """The names that it defines."""
        return self._facts.definitions

    @property
    def imports(self) -> Mapping[str, tuple[Target, ...]]:
        """What each imported name stands for."""
        return self._facts.imports

    @property
    def stars(self) -> tuple[str, ...]:
        """Modules of which all names are imported."""
        return self._facts.stars

    @property
    def extends_itself(self) -> bool:
        """Whether it is a package that says where its modules are."""
        return any(
            use.root == "__path__" for one in self._facts.statements for use in one.piece.references.uses
        )

    @property
    def imported(self) -> tuple[Target, ...]:
        """What importing the module imports."""
        return self._facts.imported

    @property
    def imported_at(self) -> tuple[int, ...]:
        """Before which statement each of these is imported."""
        return self._facts.imported_at

    def statements(self, name: str) -> tuple[Statement, ...]:
        """Return the statements of a definition, of `BODY` (those that define nothing) or `WHOLE` (all)."""
        if name == WHOLE:
            docs = self._facts.definitions.get(DOCS, ())
            return tuple(one for at, one in enumerate(self._facts.statements) if at not in docs)
        positions = self._facts.loose if name == BODY else self._facts.definitions[name]
        return tuple(self._facts.statements[position] for position in positions)

    def positions(self, name: str) -> tuple[int, ...]:
        """Return where the statements of a definition or `BODY` are among all."""
        return self._facts.loose if name == BODY else self._facts.definitions[name]

    def piece(self, name: str, *, as_task: bool = False) -> Piece:
        """Return the code of a definition, `BODY` or `WHOLE`.

        Args:
            name: Which.
            as_task: Leave out what reaches a task's result by another way.
        """
        pieces = [s.as_task if as_task and s.as_task else s.piece for s in self.statements(name)]
        return pieces[0] if len(pieces) == 1 else _join(pieces)

    def piece_as_asked(self, name: str) -> Piece:
        """Return what tells which task a call of a definition is."""
        return _join(s.as_asked for s in self.statements(name) if s.as_asked is not None)

    def touches(self, name: str) -> tuple[Touches, ...]:
        """Return what a definition may change when the module is imported."""
        return tuple(statement.touches for statement in self.statements(name))

    def class_facts(self, name: str) -> tuple[ClassFacts, ...]:
        """Return the facts about a class, of each where several have the name; none where it is no class."""
        return tuple(s.class_facts for s in self.statements(name) if s.class_facts is not None)

    def is_mutable(self, name: str) -> bool:
        """Tell whether a definition holds something that other code may change: a table, or a class with one."""
        return any(statement.is_mutable for statement in self.statements(name))

    def bound_with(self, name: str) -> Iterator[str]:
        """Yield the other names that the statements of a definition bind, and so may share what they hold."""
        positions = set(self._facts.definitions[name])
        for other, places in self._facts.definitions.items():
            if other != name and not positions.isdisjoint(places):
                yield other

    def is_decorated_function(self, name: str) -> bool:
        """Tell whether a definition is a function under a decorator."""
        return any(statement.is_decorated_function for statement in self.statements(name))

    def is_task_function(self, name: str) -> bool:
        """Tell whether a name is a function that `stook.task` decorates."""
        return any(statement.is_task_function for statement in self.statements(name))


def _join(pieces: Iterable[Piece]) -> Piece:
    pieces = [piece for piece in pieces if piece.digest or piece.traits]
    references = [piece.references for piece in pieces]
    joined = References(
        tuple(dict.fromkeys(use for each in references for use in each.uses)),
        tuple(dict.fromkeys(target for each in references for target in each.imported)),
        any(each.sees_own_module for each in references),
        any(each.imports_by_name for each in references),
        any(each.asks_packages for each in references),
        any(each.sees_subclasses for each in references),
        any(each.extends_path for each in references),
        tuple(sorted({name for each in references for name in each.mentions})),
        tuple(dict.fromkeys(use for each in references for use in each.changes)),
        tuple(dict.fromkeys(use for each in references for use in each.asked)),
    )
    text = "".join(piece.digest for piece in pieces)
    names = dict.fromkeys(name for piece in pieces for name in piece.traits)
    traits = {name: [piece.traits[name] for piece in pieces if name in piece.traits] for name in names}
    return Piece(
        blake3(text.encode()).hexdigest() if text else "",
        joined,
        {name: found[0] if len(found) == 1 else _join(found) for name, found in traits.items()},
    )
