"""A repository seen through one context: what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from stook.catalog import BundleRow
from stook.format import records
from stook.model.record import BundleRecord
from stook.model.refs import check_name
from stook.store.bundle import Bundle
from stook.store.find import find_row, get_row
from stook.store.refresh import refresh, warn_of_damage
from stook.store.repository import Repository
from stook.store.words.contexts import Context, ensure_context, find_context_id, list_contexts

__all__ = ["View"]

_AT_ONCE = 400


class View:
    """Bundles of one context, to read.

    Args:
        repository: Where they are.
        context: Name of the context.
    """

    def __init__(self, repository: Repository, context: str) -> None:
        self.repository = repository
        self.context = context
        self._context_id: str | None = None
        newest = repository.catalog.find_newest_id()
        if newest is not None:
            repository.clock.observe(newest)
        warn_of_damage(repository)
        self.refresh()

    def __repr__(self) -> str:
        return f"<Store {self.repository.url} context {self.context!r}>"

    def _repr_html_(self) -> str:
        from stook.store.reading.rendering import store_html

        return store_html(self)

    def get(self, ref: str) -> Bundle:
        """Return a bundle by `name` (the latest), `name@alias`, `name@id`, or an id; the end of an id will do.

        Raises:
            NotFoundError: There is none.
        """
        self.refresh()
        return self.bundle_of(get_row(self, ref))

    def find(self, ref: str) -> Bundle | None:
        """Return a bundle as `get` does, or None where there is none."""
        self.refresh()
        row = find_row(self, ref)
        return self.bundle_of(row) if row else None

    def outputs(self, name: str, fingerprint: str) -> list[Bundle]:
        """Return the bundles of a name with this fingerprint, newest first; as of the last `refresh` or read."""
        context, name = self.find_context_id(), check_name(name)
        rows = self.repository.catalog.outputs(context, name, fingerprint) if context else []
        return [self.bundle_of(row) for row in rows]

    def outputs_of(self, name: str, fingerprints: Sequence[str]) -> dict[str, list[Bundle]]:
        """Return, by fingerprint, what `outputs` returns of each; some hundreds at once take no longer than a few."""
        found: dict[str, list[Bundle]] = {fingerprint: [] for fingerprint in fingerprints}
        context, name = self.find_context_id(), check_name(name)
        for start in range(0, len(fingerprints) if context else 0, _AT_ONCE):
            some = fingerprints[start : start + _AT_ONCE]
            for row in self.repository.catalog.outputs_of(context or "", name, some):
                bundle = self.bundle_of(row)
                found[bundle.fingerprint].append(bundle)
        return found

    def ls(self) -> list[Bundle]:
        """Return the latest bundle of each name, by name."""
        self.refresh()
        context = self.find_context_id()
        return [self.bundle_of(row) for row in self.repository.catalog.latest(context)] if context else []

    def versions(self, name: str) -> list[Bundle]:
        """Return all bundles of a name, newest first; none where there is no such name.

        Raises:
            InputError: This is no name.
        """
        self.refresh()
        context, name = self.find_context_id(), check_name(name)
        rows = self.repository.catalog.versions(context, name) if context else []
        return [self.bundle_of(row) for row in rows]

    def contexts(self) -> list[Context]:
        """Return all contexts of the repository, with their sizes, by name."""
        return list_contexts(self.repository)

    def in_context(self, name: str) -> Self:
        """Return the same store seen through another context, which is made when the first bundle is added."""
        return type(self)(self.repository, check_name(name))

    @property
    def refreshed(self) -> int:
        """How often it has learned what is new."""
        return self.repository.tail.begun

    def heed(self) -> None:
        """Take note of what others have written, so that new ids are greater, and `has_heard_of` tells of it.

        That is quicker than `refresh`: where there are new bundles only, what else the store tells is as it was.
        """
        repository = self.repository
        if repository.log.has_news() and not repository.tail.look():
            self.refresh()

    def has_heard_of(self, fingerprint: str) -> bool:
        """Tell whether a bundle of a fingerprint was written of which only `heed` has taken note."""
        return self.repository.tail.has(fingerprint)

    def refresh(self) -> None:
        """Learn what others have written, also that they gave this context another name: it stays the same context."""
        refresh(self.repository)
        name = self.repository.catalog.find_context_name(self._context_id) if self._context_id else None
        if name is None:
            self._context_id = find_context_id(self.repository, self.context)
        else:
            self.context = name

    def bundle(self, record: BundleRecord) -> Bundle:
        """Return a bundle of this store from its record."""
        return Bundle(record, dict(record.tags), self)

    def context_id(self) -> str:
        """Return the id of this store's context, making the context where there is none."""
        known = self._context_id  # read once: another thread may refresh meanwhile
        if known is None:
            known = self._context_id = ensure_context(self.repository, self.context)
        return known

    def find_context_id(self) -> str | None:
        """Return the id of this store's context, or None where nothing has been added to it."""
        return self._context_id or find_context_id(self.repository, self.context)

    def close(self) -> None:
        """Close what is open; the store must not be used again."""
        self.repository.close()

    def bundle_of(self, row: BundleRow) -> Bundle:
        """Return a bundle of this store from what the catalog has of it."""
        return Bundle(records.load_bundle(row.payload), row.tags, self, row.commit)
