"""Aliases as people ask for them."""

from __future__ import annotations

import shlex

from stook.errors import NotFoundError
from stook.store import Store
from stook.store.words.alias import Alias, alias_not_found, find_alias

__all__ = ["get_alias", "set_alias"]


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


def set_alias(store: Store, alias: str, ref: str, *, why: str = "", expect: str | None = None) -> Alias:
    """Let an alias stand for a bundle; see `Store.alias`.

    Raises:
        NotFoundError: There is no such bundle; the hint says so where the two were given the other way round.
        ConflictError: The alias stands for another version than expected.
        InputError: This is no name for an alias.
    """
    try:
        return store.alias(alias, ref, why=why, expect=expect)
    except NotFoundError as error:
        if error.kind != "bundle-not-found" or alias not in {bundle.name for bundle in store.ls()}:
            raise
        hint = f"stook alias {shlex.quote(ref)} {shlex.quote(alias)}, first the alias and then the bundle"
        raise NotFoundError(error.message, kind=error.kind, hint=hint, name=ref) from error
