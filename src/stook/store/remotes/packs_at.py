"""What a remote has, learned by few requests before anything is sent to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from stook.format.packs import ENTRY_BYTES, MAGIC, TRAILER_BYTES, PackEntry
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry
from stook.store.packs.chunk_index import find_entries, learn_packs, list_packs
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter

__all__ = ["look", "prepare"]

_ALL_BELOW: Final = 64
"""So many packs that nobody has hinted at are learned nevertheless: they may have what would be sent again."""


def look(writer: BundleWriter) -> Mapping[str, Entry]:
    """Return which packs a remote has, after the writer has read what is condemned there.

    Takes one request for what is condemned, and one for each 1,000 packs. May be done before it is known who the remote
    is: nothing of it is kept but by the writer. No other thread may use the writer before this returns.

    Raises:
        StorageError: The remote cannot be reached.
    """
    # Not at the same time: a pack that is listed, and was condemned before, may be gone with the list of it after.
    writer.index.begin()
    return list_packs(writer.storage)


def prepare(
    writer: BundleWriter,
    remote: Repository,
    local: Repository,
    names: Collection[str],
    listed: Mapping[str, Entry] | None = None,
) -> None:
    """Learn which chunks a remote has, as far as that is worth its requests. To be called before a transfer to it.

    Takes one request (two where a pack has more than some thousand chunks) for each pack that is new to this machine,
    is not in the local repository too, and is among `names`; and for the other new ones if they are at most 64. The
    writer asks for no pack any more that was listed. Where the remote is a folder, nothing is done: there the catalog
    knows all that the log names.

    Args:
        writer: Of the remote.
        remote: What is sent to.
        local: What is sent from.
        names: Packs that are likely to have what will be sent: those of older versions of the same names.
        listed: The packs that are there, as `look` gave them; it is done now where it was not.

    Raises:
        StorageError: The remote cannot be reached.
    """
    if isinstance(remote.storage, FolderStorage):
        return
    listed = look(writer) if listed is None else listed
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
