"""Aliases as people ask for them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from stook.errors import NotFoundError
from stook.model.refs import check_name
from stook.store import Store
from stook.store.words.alias import Alias, alias_not_found, find_alias

__all__ = ["Moved", "get_alias", "list_aliases", "set_alias"]


@dataclass(frozen=True, slots=True)
class Moved:
    """An alias that was to be moved, and whether it stood there already."""

    alias: Alias
    is_same: bool


def list_aliases(store: Store, name: str = "") -> list[Alias]:
    """Return the aliases of a name, or of all names.

    Raises:
        NotFoundError: There is no bundle of that name.
    """
    found = store.aliases(name)
    if name and not found:
        store.get(name)  # which says what is near
    return found


def get_alias(store: Store, alias: str, name: str) -> Alias:
    """Return an alias with its history, also one that was taken away.

    Raises:
        NotFoundError: There never was such an alias, or there is no such name.
    """
    name, alias = check_name(name), check_name(alias)
    store.refresh()
    context = store.find_context_id()
    found = find_alias(store.repository, context, name, alias) if context else None
    if found is None:
        store.get(name)  # which says what is near
        raise alias_not_found(store, name, alias)
    return found


def set_alias(store: Store, alias: str, ref: str, *, why: str = "", expect: str | None = None) -> Moved:
    """Let an alias stand for a bundle, and tell whether that was a move; see `Store.alias`.

    Raises:
        NotFoundError: There is no such bundle; the hint says so where the two were given the other way round.
        ConflictError: The alias stands for another version than expected.
        InputError: This is no name for an alias.
    """
    try:
        bundle = store.get(ref)
        context = bundle.record.context
        before = find_alias(store.repository, context, bundle.name, check_name(alias))
        now = store.alias(alias, bundle, why=why, expect=expect)
        return Moved(now, is_same=before is not None and before.number == now.number)
    except NotFoundError as error:
        if error.kind != "bundle-not-found" or store.find(alias) is None:
            raise
        hint = f"stook alias {shlex.quote(ref)} {shlex.quote(alias)}, first the alias and then the bundle"
        raise NotFoundError(error.message, kind=error.kind, hint=hint, name=ref) from error
