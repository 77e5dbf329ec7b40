"""Aliases as people ask for them."""

from __future__ import annotations

from stook.store import Store
from stook.store.alias import Alias, alias_not_found, find_alias

__all__ = ["get_alias"]


def get_alias(store: Store, alias: str, name: str) -> Alias:
    """Return an alias with its history, also one that was taken away.

    Raises:
        NotFoundError: There never was such an alias.
    """
    store.refresh()
    context = store.find_context_id()
    found = find_alias(store.repository, context, name, alias) if context else None
    if found is None:
        raise alias_not_found(store, name, alias)
    return found
