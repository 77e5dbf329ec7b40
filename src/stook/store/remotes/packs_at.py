"""What a remote has, learned by few requests before anything is sent to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from stook.format.packs import ENTRY_BYTES, MAGIC, TRAILER_BYTES, PackEntry
from stook.storage.folder import FolderStorage
from stook.store.packs.chunk_index import find_entries, learn_packs, list_packs
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter

__all__ = ["prepare"]

_ALL_BELOW: Final = 64
"""So many packs that nobody has hinted at are learned nevertheless: they may have what would be sent again."""


def prepare(writer: BundleWriter, remote: Repository, local: Repository, names: Collection[str]) -> None:
    """Learn which chunks a remote has, as far as that is worth its requests. To be called before a transfer to it.

    Takes one request for what is condemned there, one for each 1,000 packs, and one (two where a pack has more than
    some thousand chunks) for each pack that is new to this machine, is not in the local repository too, and is among
    `names`; and for the other new ones if they are at most 64. The writer asks for no pack any more that was listed.
    Where the remote is a folder, nothing is done: there the catalog knows all that the log names.

    Args:
        writer: Of the remote.
        remote: What is sent to.
        local: What is sent from.
        names: Packs that are likely to have what will be sent: those of older versions of the same names.

    Raises:
        StorageError: The remote cannot be reached.
    """
    if isinstance(remote.storage, FolderStorage):
        return
    # Not at the same time: a pack that is listed, and was condemned before, may be gone with the list of it after.
    writer.index.begin()
    listed = list_packs(remote.storage)
    writer.index.see(listed)
    others = []
    for pack in remote.catalog.chunks.unknown_packs(sorted(listed)):
        entries = find_entries(local.storage, pack) if isinstance(local.storage, FolderStorage) else None
        if entries is None or _file_bytes(entries) != listed[pack].size:
            others.append(pack)
        else:
            remote.catalog.chunks.add(pack, entries)
    hinted = set(names).intersection(others)
    learn_packs(remote.storage, remote.catalog, others if len(others) - len(hinted) <= _ALL_BELOW else hinted)


def _file_bytes(entries: Iterable[PackEntry]) -> int:
    return len(MAGIC) + TRAILER_BYTES + sum(entry.stored + ENTRY_BYTES for entry in entries)
