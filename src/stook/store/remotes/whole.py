"""A pack that goes over as it is, under its own name, once it has been looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from blake3 import blake3

from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.format.packs import ENTRY_BYTES, MAGIC, TRAILER_BYTES, PackEntry, pack_key, parse_pack
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.packs.chunk_index import find_entries
from stook.store.packs.copying import Made, is_salt, is_sound

__all__ = ["find_limit", "ship_pack"]

_MOST_BYTES: Final = 64 * 1024 * 1024
"""A pack of more bytes is never taken whole."""

_SALT_BYTES = 16 + ENTRY_BYTES


def find_limit(wanted: Sequence[PackEntry], least_share: float) -> int:
    """Return of how many bytes a pack is at the most that is to be taken whole; 0 where it cannot be.

    Args:
        wanted: The chunks that are asked for, in their order in the pack.
        least_share: How much of it they are at the least; more than 1 where it is not to be taken whole.
    """
    asked = sum(entry.stored for entry in wanted)
    end = wanted[-1].offset + wanted[-1].stored - len(MAGIC)
    if least_share > 1 or asked < least_share * (end - _SALT_BYTES):
        return 0
    size = (asked + len(wanted) * ENTRY_BYTES) / least_share + _SALT_BYTES + len(MAGIC) + TRAILER_BYTES
    return min(int(size), _MOST_BYTES)


def ship_pack(
    source: Storage,
    target: Storage,
    pack: str,
    wanted: Sequence[PackEntry],
    least_share: float,
    *,
    is_own: bool = False,
) -> Made | None:
    """Write a pack of one storage to another under its name; None where that must not be.

    It must not where the pack is gone or damaged, or says of a chunk what is not so; where less of it is wanted than
    was thought; or where the other side has something else of that name.

    A pack whose digest is its name has the bytes that its writer named. Whether its index is true, each chunk the one
    that its id says, is another matter: a forger names the pack after forged bytes. So each chunk of what comes from
    others is unpacked and held against its id before anything here can rely on it. In a folder of one's own all packs
    were made by this program, or came through that very look; what their digest proves undamaged needs none. Were one
    forged nevertheless, by somebody who can write to the folder and so can do anything else there, whoever reads the
    chunk at the other side finds it out, since no chunk is used before it was held against its id.

    Args:
        source: Has the pack.
        target: Is to have it.
        pack: Its name.
        wanted: The chunks that are asked for, in their order.
        least_share: How much of it they are at the least.
        is_own: The source is a folder of this machine's own, not somewhere that others write to.

    Raises:
        StorageError: One of the two cannot be reached.
    """
    limit = find_limit(wanted, least_share)
    try:
        data = _read_whole(source, pack_key(pack), limit)
        entries = parse_pack(data)
    except (NotFoundError, IntegrityError):
        return None
    if blake3(data).hexdigest() != pack.partition("/")[2] or not _is_asked(entries, wanted, least_share):
        return None
    if not (is_own or _are_sound(entries, memoryview(data))):
        return None
    try:
        target.put_new(pack_key(pack), data)
    except ConflictError:  # someone was first, or this very call was
        return Made(pack, entries, len(data)) if find_entries(target, pack) == entries else None
    return Made(pack, entries, len(data))


def _are_sound(entries: Iterable[PackEntry], data: memoryview) -> bool:
    return all(is_sound(entry, data[entry.offset : entry.offset + entry.stored]) for entry in entries)


def _read_whole(storage: Storage, key: str, limit: int) -> bytes:
    if not isinstance(storage, FolderStorage):
        return storage.get(key, limit=limit).data
    _, size = storage.get_tail(key, 0)
    return storage.get_range(key, 0, size) if size <= limit else b""


def _is_asked(entries: Iterable[PackEntry], wanted: Sequence[PackEntry], least_share: float) -> bool:
    """Tell whether enough of a pack is wanted; the random bytes that its name may be due to do not count."""
    missing = {entry.id for entry in wanted}
    asked = unasked = 0
    for entry in entries:
        if entry.id in missing:
            asked += entry.stored
        elif not is_salt(entry):
            unasked += entry.stored
    ids = {entry.id for entry in entries}
    return missing <= ids and asked >= least_share * (asked + unasked)
