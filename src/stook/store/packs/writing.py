"""Writing chunks beside garbage collection: what is condemned counts as unknown, and is looked at before a commit."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from types import TracebackType
from typing import Final, Self

from stook.catalog import Catalog
from stook.chunks import ChunkWriter, read_pack_index
from stook.errors import ConflictError, NotFoundError
from stook.format import condemned as lists
from stook.format.packs import Location, PackEnd, PackEntry, pack_key
from stook.model.clock import elapsed_seconds
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.packs.chunk_index import KnownIndex, learn_packs, list_packs
from stook.store.packs.condemned import find_list, list_entries
from stook.store.packs.copying import Copier
from stook.store.packs.lease import Lease

__all__ = ["BundleWriter", "PackLook", "WritingIndex"]

# No list is swept that is younger than an hour; what was seen less than that ago is still there.
_LISTS: Final = lists.PREFIX.rstrip("/")
_SEEN_SECONDS: Final = 15 * 60
_LISTED_FROM: Final = 32
_FEW_CHUNKS: Final = 8
_MOST_EXPECTED: Final = 64
_ATTEMPTS: Final = 5


PackLook = tuple[int, int, int, int]
"""Device, inode, size, and time of the last change of a pack's file."""


class WritingIndex(KnownIndex):
    """The index for one writer of one bundle. Nothing is asked of the storage before the first chunk is looked for.

    Args:
        storage: Where the packs are.
        catalog: What is known of them.
        lease: Held from the first look at packs on.
    """

    def __init__(self, storage: Storage, catalog: Catalog, lease: Lease) -> None:
        super().__init__(storage, catalog)
        self._lease = lease
        self._lists: set[str] = set()
        self._condemned: set[str] = set()
        self._relied: set[str] = set()
        self._begun = 0.0
        self._confirmed = 0.0
        self._hint: Callable[[], Sequence[str]] | None = None
        self._folder = str(storage.root) if isinstance(storage, FolderStorage) else ""

    def expect(self, find_packs: Callable[[], Sequence[str]]) -> None:
        """Take a hint of which packs are likely to have some of what will be looked for, such as an older version's.

        Where it takes a request to learn what is in a pack, up to 64 of them are learned before more than a few chunks
        are looked for; fewer are sent sooner than that.

        Args:
            find_packs: Returns their names; called then, or never.
        """
        if not isinstance(self._storage, FolderStorage):
            self._hint = find_packs

    def begin(self) -> None:
        """Read what is condemned, once, as must be done before it is looked which packs there are."""
        if not self._begun:
            self._lease.hold()
            self._begun = elapsed_seconds()
            self._read_lists()

    def _learn_expected(self, packs: Sequence[str]) -> None:
        self._hint = None
        unknown = self._catalog.chunks.unknown_packs(packs)
        learn_packs(self._storage, self._catalog, unknown)
        gone = self._catalog.chunks.unknown_packs(unknown)
        self._present.update(
            dict.fromkeys(set(unknown).difference(gone), 0)
        )  # what was read just now is there

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """See `ChunkIndex.find`. What is found is relied on, and so the packs of it are looked at by `confirm`."""
        self.begin()
        if self._hint is not None and len(ids) > _FEW_CHUNKS:
            self._learn_expected(self._hint()[:_MOST_EXPECTED])
        found = self._find_kept(ids)
        self._relied.update({place.pack for place in found.values()})
        return found

    def has_packs(self, ends: Collection[PackEnd], looks: tuple[PackLook, ...] = ()) -> bool:
        """See `ChunkIndex.has_packs`. If so, they are relied on.

        Args:
            ends: The packs.
            looks: How they looked, as `look_at` told, when they were seen to be there; if they look so still, they are.
        """
        self.begin()
        packs = {pack for pack, _ in ends}
        if not self._condemned.isdisjoint(packs):
            return False
        if looks and self.look_at(ends) == looks:
            self._present.update(ends)
        elif not super().has_packs(ends):
            return False
        self._relied.update(packs)
        return True

    def look_at(self, ends: Collection[PackEnd]) -> tuple[PackLook, ...]:
        """Return by what the files of some packs are told from others; nothing where they are not all in a folder."""
        if not self._folder:
            return ()
        try:
            found = [os.lstat(f"{self._folder}/{pack_key(pack)}") for pack, _ in ends]
        except OSError:
            return ()
        return tuple((look.st_dev, look.st_ino, look.st_size, look.st_ctime_ns) for look in found)

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """See `ChunkIndex.add`."""
        self.begin()
        super().add(pack, entries)
        self._relied.add(pack)

    def has_seen(self, packs: Iterable[str]) -> bool:
        """See `KnownIndex.has_seen`. Packs that will be deleted do not count."""
        names = set(packs)
        return self._condemned.isdisjoint(names) and super().has_seen(names)

    def is_condemned(self, pack: str) -> bool:
        """Tell whether a pack will be deleted, so that nothing may be written under its name."""
        self.begin()
        return pack in self._condemned

    def rely(self, ids: Iterable[bytes]) -> None:
        """Rely on chunks that are there already, in condemned packs too: `confirm` copies those.

        Raises:
            NotFoundError: One is in no pack.
        """
        self.begin()
        wanted = list(dict.fromkeys(ids))
        learn_packs(self._storage, self._catalog, list_packs(self._storage))
        missing = set(wanted).difference(self.find(wanted))
        for id_, place in self._catalog.chunks.iter_places(sorted(missing)):
            if id_ in missing and self._is_there(place):
                self._relied.add(place.pack)
                missing.discard(id_)
        if missing:
            raise NotFoundError(
                f"the chunk {min(missing).hex()} has been collected",
                kind="collected",
                hint="add the data again",
                chunk=min(missing).hex(),
            )

    def confirm(self) -> tuple[str, ...]:
        """See, just before a commit, that all packs relied on are there and stay; return the names of packs written.

        Needed chunks of packs that were condemned meanwhile are copied to new packs.

        Raises:
            ConflictError: Some were deleted meanwhile.
        """
        written: tuple[str, ...] = ()
        if not self._relied:
            return written
        is_sure = not self._lease.hold() and elapsed_seconds() - self._begun < _SEEN_SECONDS
        for _ in range(_ATTEMPTS):
            started = elapsed_seconds()
            is_sure = self._read_lists() and is_sure
            doomed = self._relied & self._condemned
            if not is_sure:
                self._require_present(self._relied - doomed)
            if not doomed:
                self._confirmed = started
                return written
            written += self._rescue(doomed)
        raise _collected("what it relies on was condemned again and again")

    @property
    def is_late(self) -> bool:
        """Whether `confirm` was so long ago that what it saw may not hold any more."""
        return bool(self._relied) and elapsed_seconds() - self._confirmed >= _SEEN_SECONDS

    def close(self) -> None:
        """Let garbage collection go on."""
        self._lease.release()

    def _read_lists(self) -> bool:
        """Take in the condemned lists that are new; return whether each that was listed could be read."""
        if self._folder and not os.path.lexists(f"{self._folder}/{_LISTS}"):
            return True  # and that is quicker than to list it
        complete = True
        for identifier in list_entries(self._storage).keys() - self._lists:
            packs = find_list(self._storage, identifier)
            complete = complete and packs is not None
            self._condemned.update(packs or ())
            self._lists.add(identifier)
        return complete

    def _find_kept(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        found = super().find(ids)
        if self._condemned.isdisjoint({place.pack for place in found.values()}):
            return found
        kept = {id_: place for id_, place in found.items() if place.pack not in self._condemned}
        for id_, place in self._catalog.chunks.iter_places([id_ for id_ in found if id_ not in kept]):
            if id_ not in kept and place.pack not in self._condemned and self._is_there(place):
                kept[id_] = place
        return kept

    def _rescue(self, doomed: set[str]) -> tuple[str, ...]:
        """Copy what is in packs that will be deleted, and nowhere else, to new packs."""
        copier = Copier(self._storage, self.add)
        for pack in sorted(doomed):
            try:
                entries = read_pack_index(self._storage, pack)
                kept = self._find_kept([entry.id for entry in entries])
                self._relied.update({place.pack for place in kept.values()})
                damaged = copier.copy(pack, [entry for entry in entries if entry.id not in kept])
            except NotFoundError as error:
                raise self._gone(pack) from error
            if damaged:
                raise _collected(f"the pack {pack}, which it shares chunks with, is damaged")
        written = copier.flush()
        self._relied -= doomed
        return written

    def _require_present(self, packs: set[str]) -> None:
        there = list_packs(self._storage).keys() if len(packs) >= _LISTED_FROM else None
        for pack in sorted(packs):
            if (pack not in there) if there is not None else not self._can_read(pack):
                raise self._gone(pack)

    def _can_read(self, pack: str) -> bool:
        try:
            self._storage.get_range(pack_key(pack), 0, 1)
        except NotFoundError:
            return False
        return True

    def _gone(self, pack: str) -> ConflictError:
        self._present.pop(pack, None)
        self._catalog.chunks.forget_pack(pack)
        return _collected(f"the pack {pack}, which it relies on, was deleted")


class BundleWriter(ChunkWriter):
    """Writes the chunks of one bundle, between garbage collections. To be closed; may be used with `with`.

    Args:
        storage: Where packs go.
        index: Says which chunks can be relied on.

    Attributes:
        storage: Where packs go.
        index: To be asked for confirmation before what was written is committed.
    """

    def __init__(self, storage: Storage, index: WritingIndex) -> None:
        super().__init__(storage, index, "data")
        self.index = index
        self.storage = storage
        self._description: ChunkWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let garbage collection go on: what was written is committed, or never will be."""
        self.index.close()

    def for_description(self) -> ChunkWriter:
        """Return the writer of the description of the same bundle; made when it is first needed."""
        if self._description is None:
            self._description = ChunkWriter(self.storage, self.index, "meta", inline=False)
        return self._description

    def flush_description(self) -> tuple[str, ...]:
        """Do what `flush` does for the description, which may need nothing written."""
        return self._description.flush() if self._description is not None else ()


def _collected(what: str) -> ConflictError:
    return ConflictError(
        f"nothing was committed, since garbage was collected meanwhile: {what}",
        kind="collected",
        hint="run it again",
    )
