"""The order in which modules are imported, as far as it can matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from blake3 import blake3

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.lookup import Part
from stook.pipeline.closure.taking_apart.facts import BODY

__all__ = ["digest_order"]


def digest_order(starts: Sequence[str], run: Iterable[str], registered: set[Part], codebase: Codebase) -> str:
    """Return a digest of the order of statements and definitions that change something while modules are imported.

    Args:
        starts: The modules of the entries.
        run: All modules that are imported.
        registered: Definitions that change something.
        codebase: Where modules are looked up.

    Returns:
        Hex BLAKE3; empty where there is but one such place, so that no order can differ.
    """
    order = _Order(set(run), registered, codebase)
    units = [unit for start in (*starts, *sorted(order.run)) for unit in order.import_(start)]
    if len(units) < 2:
        return ""
    return blake3("\n".join(units).encode("utf-8", "surrogatepass")).hexdigest()


class _Order:
    """Imports modules in thought."""

    def __init__(self, run: set[str], registered: set[Part], codebase: Codebase) -> None:
        self.run = run
        self._registered: dict[str, list[str]] = {}
        for part in registered:
            self._registered.setdefault(part.module, []).append(part.name)
        self._codebase = codebase
        self._begun: set[str] = set()

    def import_(self, name: str) -> list[str]:
        """Return what importing a module does, in order; nothing the second time."""
        units: list[str] = []
        stack: list[Iterator[str]] = [iter([f"import {name}"])]
        # Depth first without recursion: modules may import each other in long chains.
        while stack:
            event = next(stack[-1], None)
            if event is None:
                stack.pop()
            elif event.startswith("import "):
                parts = event.removeprefix("import ").split(".")
                for count in range(len(parts), 0, -1):
                    module = ".".join(parts[:count])
                    if module in self.run and module not in self._begun:
                        stack.append(self._events(module))
            elif not units or units[-1] != event:
                units.append(event)
        return units

    def _events(self, name: str) -> Iterator[str]:
        if name in self._begun:
            return
        self._begun.add(name)
        if self._codebase.find(name).kind is not Kind.CODE:
            return
        module = self._codebase.module(name)
        found = [
            (at, 0, f"import {target.module}{'.' if target.attribute else ''}{target.attribute}")
            for target, at in zip(module.imported, module.imported_at, strict=True)
        ]
        found += [(at, 1, f"{name}:{BODY}") for at in module.positions(BODY)]
        names = self._registered.get(name, ())
        found += [
            (at, 1, f"{name}:{part}")
            for part in names
            if part in module.definitions
            for at in module.positions(part)
        ]
        for _, _, event in sorted(found):
            yield event
