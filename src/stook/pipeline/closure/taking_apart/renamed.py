"""`import_module`, `eval` and the like, known by any name that a module imports them under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from stook.pipeline.closure.taking_apart.dynamic import (
    DYNAMIC_IMPORTS,
    IMPORTS_OF_PACKAGES,
    SEES_OWN_MODULE,
    asks_packages,
)
from stook.pipeline.closure.taking_apart.facts import References, Target, Use
from stook.pipeline.closure.taking_apart.statements import Imports

__all__ = ["Renamed"]

# Nearly all code imports none of these, and need not be looked through.
_LEADING: Final = frozenset({"hydra", "importlib", "importlib_metadata", "pkg_resources", "pydoc"})


class Renamed:
    """Tells what code of a module refers to by such names.

    Args:
        imports: What each name stands for that the module imports.
    """

    def __init__(self, imports: Imports) -> None:
        self._leading = {
            name: targets
            for name, targets in imports.items()
            if not _LEADING.isdisjoint(target.module.partition(".")[0] for target in targets)
        }
        # `import_module("name")` under its own name has been seen to: its argument is constant, or it is known.
        self._imports = {
            name for name, targets in imports.items() if any(map(_is_dynamic, targets))
        } - DYNAMIC_IMPORTS
        self._scopes = {name for name, targets in imports.items() if any(map(_is_scope, targets))}

    def complete(self, references: References) -> References:
        """Return references with what such names among them do."""
        roots = {use.root for use in references.uses}
        is_dynamic = not roots.isdisjoint(self._imports) or any(map(_locates, self._expand(references.uses)))
        asks = is_dynamic or any(asks_packages(*found) for found in self._expand(references.uses))
        sees = not roots.isdisjoint(self._scopes)
        if not (is_dynamic or asks or sees):
            return references
        return replace(
            references,
            sees_own_module=references.sees_own_module or sees,
            imports_by_name=references.imports_by_name or is_dynamic,
            asks_packages=references.asks_packages or asks,
        )

    def _expand(self, uses: Iterable[Use]) -> Iterator[tuple[Target, tuple[str, ...]]]:
        """Yield what names stand for, with the attributes taken from it."""
        if self._leading:
            for use in uses:
                for target in self._leading.get(use.root, ()) if isinstance(use.root, str) else ():
                    yield target, use.attributes


def _is_dynamic(target: Target) -> bool:
    return (
        target.attribute in DYNAMIC_IMPORTS or target == ("sys", "modules") or target in IMPORTS_OF_PACKAGES
    )


def _is_scope(target: Target) -> bool:
    return target.module == "builtins" and target.attribute in SEES_OWN_MODULE


def _locates(found: tuple[Target, tuple[str, ...]]) -> bool:
    """Tell whether it is `pydoc.locate` or the like that is used."""
    target, attributes = found
    if not attributes:
        return False
    return (f"{target.module}.{'.'.join(attributes[:-1])}".strip("."), attributes[-1]) in IMPORTS_OF_PACKAGES
