"""Bundles that a store has in another context than the one that is pulled into: a bundle is in one context only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from stook.catalog import BundleRow
from stook.store.remotes.heads import head_of
from stook.store.repository import Repository

__all__ = ["Elsewhere", "find_elsewhere", "find_removed_elsewhere"]


class Elsewhere(msgspec.Struct, frozen=True):
    """A version that is here in another context.

    Attributes:
        ref: The version, as `name@id`.
        context: Name of that context.
        removed: Whether it was removed there.
    """

    ref: str
    context: str
    removed: bool = False


def find_elsewhere(repository: Repository, context: str, bundles: Iterable[str]) -> dict[str, Elsewhere]:
    """Return those of some bundles that are there in another context, by their ids, in the order given.

    Args:
        repository: Where.
        context: Id of the context that does not count.
        bundles: Ids of the bundles.
    """
    return _held(repository, context, repository.catalog.ids.iter_rows(bundles))


def find_removed_elsewhere(
    repository: Repository, context: str, bundles: Iterable[str]
) -> dict[str, Elsewhere]:
    """Return the same of bundles that were removed in another context; of a few."""
    rows = map(repository.catalog.find_removed, bundles)
    return _held(repository, context, (row for row in rows if row), removed=True)


def _held(
    repository: Repository, context: str, rows: Iterator[BundleRow], *, removed: bool = False
) -> dict[str, Elsewhere]:
    names = repository.catalog.context_names()
    heads = (head for head in map(head_of, rows) if head.context != context)
    return {head.id: Elsewhere(head.ref, names.get(head.context, head.context), removed) for head in heads}
