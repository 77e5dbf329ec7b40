"""Bundles that a run takes from outside of itself: files on disk, and bundles that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from stook.pipeline.authoring.sources import keep, resolve_path
from stook.pipeline.authoring.wanted import External, Source, needs_of
from stook.pipeline.graph import Node

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["OutsideBundles"]

_OUTSIDE: Final = (External, Source)


class OutsideBundles:
    """Looks each file and external bundle up once: what they are stays the same for all of a run.

    Args:
        store: Where bundles are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bundles: dict[External | Source, Bundle] = {}

    def look_for(self, nodes: Sequence[Node]) -> None:
        """Find what tasks require from outside; all is looked for before the first file is kept.

        Raises:
            NotFoundError: A file or a bundle is not there.
        """
        needs = {
            needed: node
            for node in nodes
            for required in node.requirements.roles.values()
            if isinstance(needed := needs_of(required), _OUTSIDE) and needed not in self._bundles
        }
        found: dict[External | Source, Bundle] = {
            need: self._store.get(need.ref) for need in needs if isinstance(need, External)
        }
        paths = {
            need: resolve_path(need.path, node.place.roots[0], need.name)
            for need, node in needs.items()
            if isinstance(need, Source)
        }
        found.update({need: keep(self._store, path, need.name) for need, path in paths.items()})
        self._bundles |= found

    def get(self, required: External | Source) -> Bundle:
        """Return the bundle of something that has been looked for."""
        return self._bundles[required]
