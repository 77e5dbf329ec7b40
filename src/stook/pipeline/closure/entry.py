"""Where a closure begins, and which packages are in its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.taking_apart.facts import WHOLE

if TYPE_CHECKING:
    from stook.pipeline.closure.lookup import Part

__all__ = ["PACKAGE", "Entry", "packages_in"]

PACKAGE: Final = "package:"


class Entry(NamedTuple):
    """Where a class of a task is defined: its module, and the top-level name that holds it."""

    module: str
    name: str

    def part(self, codebase: Codebase) -> Part:
        """Return the definition; the whole module where the name is made while it is imported."""
        from stook.pipeline.closure.lookup import Part

        is_code = codebase.find(self.module).kind is Kind.CODE
        is_defined = is_code and self.name in codebase.module(self.module).definitions
        return Part(self.module, self.name if is_defined else WHOLE)


def packages_in(code: Mapping[str, str]) -> dict[str, str]:
    """Return the installed packages in the `code` of a closure, and their versions."""
    return {key.removeprefix(PACKAGE): v for key, v in code.items() if key.startswith(PACKAGE)}
