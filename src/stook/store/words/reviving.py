"""Keeping what removed bundles need from being collected while they are brought back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.model.record import BundleRecord
from stook.store.packs.chunk_index import KnownIndex
from stook.store.packs.reach import needed_ids
from stook.store.packs.writing import WritingIndex
from stook.store.reading.whose import collected
from stook.store.repository import Repository

__all__ = ["reviving"]


@contextmanager
def reviving(repository: Repository, records: Iterable[BundleRecord]) -> Iterator[WritingIndex]:
    """Hold all that some bundles need; within the block, `append_relying` is to write what brings them back.

    What is in packs that will be deleted is copied to new ones first. What is not here need not come, where a remote
    is known to have the bundle; from one that may have it, it is fetched.

    Raises:
        NotFoundError: Something that they need has been collected.
        StorageError: It may be on a remote that cannot be reached.
    """
    wanted = list(records)
    with repository.writer() as writer:
        for record in wanted:
            try:
                _rely(repository, writer.index, record)
            except (IntegrityError, NotFoundError) as error:
                raise collected(f"{record.name}@{record.id}") from error
        try:
            writer.index.confirm()
            yield writer.index
        except ConflictError as error:
            raise collected(f"{wanted[0].name}@{wanted[0].id}") from error


def _rely(repository: Repository, index: WritingIndex, record: BundleRecord) -> None:
    needed = list(needed_ids(repository.reader(), record))
    try:
        index.rely(needed)
    except NotFoundError:
        if repository.backing is None:
            raise
        known = KnownIndex(repository.storage, repository.catalog).find(needed)
        missing = [id_ for id_ in needed if id_ not in known]
        if repository.backing.find_holders({record.id: record.digest}):
            index.rely(known)
        elif repository.backing.bring(missing):
            index.rely(needed)
        else:
            raise
