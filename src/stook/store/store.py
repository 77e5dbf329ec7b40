"""The store: a repository seen through one context."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from stook.catalog import BundleRow
from stook.format import records
from stook.model.lineage import Lineage
from stook.model.record import BundleRecord
from stook.store.add import add
from stook.store.bundle import Bundle
from stook.store.contexts import ensure_context
from stook.store.draft import Draft
from stook.store.find import find_row, get_row
from stook.store.publish import Description
from stook.store.refresh import refresh
from stook.store.repository import Repository

__all__ = ["Store"]


class Store:
    """Bundles of one context. Safe to share between threads. Made by `stook.open`.

    Args:
        repository: Where they are.
        context: Name of the context; made when the first bundle is added.
    """

    def __init__(self, repository: Repository, context: str) -> None:
        self.repository = repository
        self.context = context
        self._context_id: str | None = None
        newest = repository.catalog.find_newest_id()
        if newest is not None:
            repository.clock.observe(newest)
        self.refresh()

    def __repr__(self) -> str:
        return f"<Store {self.repository.url} context {self.context!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        from stook.store.open import reopen

        return reopen, (
            self.repository.url,
            self.context,
            str(self.repository.cache.parent),
            self.repository.owner,
        )

    def add(  # noqa: PLR0913 - each is one thing to say of a bundle, and by name
        self,
        name: str,
        data: object,
        *,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle] = (),
        lineage: Lineage | None = None,
        if_changed: bool = False,
    ) -> Bundle:
        """Keep data as the newest version of a name.

        Args:
            name: The bundle's name.
            data: A path of a file or folder (`str` or `Path`); or plain values, a frame, an array, a model; or dicts
                and lists of those, in which files are `Path`s and a `str` is a value.
            params: What it was made with; plain values.
            tags: Words about it.
            inputs: The bundles it was made from.
            lineage: How it was made, where more is known than its inputs.
            if_changed: Where the latest version has equal content, return that one and make none.

        Raises:
            InputError: Something cannot be kept; the message says what.
            StorageError: The storage refused. Either way nothing is visible.
        """
        description = Description.of(name, params=params, tags=tags, inputs=inputs, lineage=lineage)
        return add(self, description, data, if_changed=if_changed)

    def draft(
        self,
        name: str,
        *,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle] = (),
        lineage: Lineage | None = None,
    ) -> Draft:
        """Begin a bundle that is published when its `with` block ends well. The arguments are those of `add`."""
        return Draft(self, Description.of(name, params=params, tags=tags, inputs=inputs, lineage=lineage))

    def get(self, ref: str) -> Bundle:
        """Return a bundle by `name` (the latest), `name@id`, `name@part-of-id` or id.

        Raises:
            NotFoundError: There is none.
        """
        self.refresh()
        return self._bundle(get_row(self, ref))

    def find(self, ref: str) -> Bundle | None:
        """Return a bundle as `get` does, or None where there is none."""
        self.refresh()
        row = find_row(self, ref)
        return self._bundle(row) if row else None

    def find_output(self, name: str, fingerprint: str) -> Bundle | None:
        """Return the newest bundle of a name with this fingerprint, or None; as of the last `refresh` or read."""
        context, name = self.find_context_id(), unicodedata.normalize("NFC", name)
        row = self.repository.catalog.find_output(context, name, fingerprint) if context else None
        return self._bundle(row) if row else None

    def ls(self) -> list[Bundle]:
        """Return the latest bundle of each name, by name."""
        self.refresh()
        context = self.find_context_id()
        return [self._bundle(row) for row in self.repository.catalog.latest(context)] if context else []

    def versions(self, name: str) -> list[Bundle]:
        """Return all bundles of a name, newest first; none where there is no such name."""
        self.refresh()
        context, name = self.find_context_id(), unicodedata.normalize("NFC", name)
        rows = self.repository.catalog.versions(context, name) if context else []
        return [self._bundle(row) for row in rows]

    def refresh(self) -> None:
        """Learn what others have written."""
        refresh(self.repository)

    def bundle(self, record: BundleRecord) -> Bundle:
        """Return a bundle of this store from its record."""
        return Bundle(record, dict(record.tags), self)

    def context_id(self) -> str:
        """Return the id of this store's context, making the context where there is none."""
        if self._context_id is None:
            self._context_id = ensure_context(self.repository, self.context)
        return self._context_id

    def find_context_id(self) -> str | None:
        """Return the id of this store's context, or None where nothing has been added to it."""
        return self._context_id or self.repository.catalog.find_context(self.context)

    def close(self) -> None:
        """Close what is open; the store must not be used again."""
        self.repository.close()

    def _bundle(self, row: BundleRow) -> Bundle:
        record = records.load(row.payload)
        assert isinstance(record, BundleRecord)  # noqa: S101 - the catalog keeps no other in that table
        return Bundle(record, row.tags, self)
