"""What bundles there are."""

from __future__ import annotations

from stook.errors import NotFoundError
from stook.store import Bundle, Store

__all__ = ["list_bundles", "other_contexts"]


def list_bundles(store: Store, name: str | None = None) -> list[Bundle]:
    """Return the latest bundle of each name, or every version of one name, newest first.

    Raises:
        NotFoundError: There is no bundle of that name.
    """
    if name is None:
        return store.ls()
    versions = store.versions(name)
    if not versions:
        store.get(name)
        raise NotFoundError(f"no bundle {name!r}", kind="bundle-not-found", hint="stook ls")
    return versions


def other_contexts(store: Store) -> list[str]:
    """Return the names of the store's other contexts that have bundles: where to look when there are none here."""
    catalog = store.repository.catalog
    named = catalog.contexts().items()
    return sorted(name for key, name in named if name != store.context and catalog.names(key))
