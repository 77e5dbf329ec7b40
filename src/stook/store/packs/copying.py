"""Chunks from packs that will go into packs that stay: verified, and as they are stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import msgspec
from blake3 import blake3

from stook.chunks.assembly import Assembly
from stook.chunks.blocks import BlockPool
from stook.chunks.compress import Bytes, unpack_chunk
from stook.chunks.packing import PACK_BYTES
from stook.errors import ConflictError, IntegrityError
from stook.format.packs import CODEC_RAW, PackEntry, pack_key
from stook.storage.protocol import Storage

__all__ = [
    "Copier",
    "Made",
    "finish_salted",
    "is_salt",
    "is_sound",
    "iter_neighbours",
    "iter_sound",
    "put_made",
]

_RUN_BYTES = 8 * 1024 * 1024
_SALT_BYTES = 16


class Copier:
    """Writes new packs out of old ones. For one thread.

    Each new pack has a chunk of random bytes, so that its name is new: a pack that has the name of one that was
    condemned would be deleted with it.

    Args:
        storage: Where the packs are.
        learn: Is told of each new pack once it is durable.
    """

    def __init__(self, storage: Storage, learn: Callable[[str, Sequence[PackEntry]], None]) -> None:
        self._storage = storage
        self._learn = learn
        self._pool = BlockPool()
        self._making: dict[str, Assembly] = {}
        self._names: list[str] = []
        self._taken: set[bytes] = set()
        self.copied_bytes = 0

    def copy(self, pack: str, entries: Sequence[PackEntry]) -> list[PackEntry]:
        """Take some chunks of a pack; return those that are damaged, which are left out.

        Raises:
            NotFoundError: The pack is gone.
        """
        damaged = []
        area = pack.partition("/")[0]
        wanted = [entry for entry in entries if entry.id not in self._taken]
        for entry, stored in iter_sound(self._storage, pack, wanted):
            if stored is None:
                damaged.append(entry)
                continue
            making = self._making.setdefault(area, Assembly(self._pool))
            making.add((entry.id, entry.codec, entry.size, stored))
            self._taken.add(entry.id)
            self.copied_bytes += entry.stored
            if making.size >= PACK_BYTES:
                self._close(area)
        return damaged

    def flush(self) -> tuple[str, ...]:
        """Make all that was taken durable and known; return the names of the packs since the last flush."""
        for area in list(self._making):
            self._close(area)
        names, self._names = tuple(self._names), []
        return names

    def _close(self, area: str) -> None:
        entries, pieces = finish_salted(self._making.pop(area))
        made = put_made(self._storage, area, entries, pieces)
        self._learn(made.name, made.entries)
        self._names.append(made.name)


class Made(msgspec.Struct, frozen=True):
    """A pack that was written: its name, what is in it, and how many bytes it has."""

    name: str
    entries: tuple[PackEntry, ...]
    size: int


def finish_salted(making: Assembly) -> tuple[tuple[PackEntry, ...], list[Bytes]]:
    """Return what is in a pack and its bytes in pieces; random ones among them, so that no pack had its name before."""
    salt = os.urandom(_SALT_BYTES)
    making.add((blake3(salt).digest(), CODEC_RAW, len(salt), salt))
    return making.entries, making.finish()


def put_made(storage: Storage, area: str, entries: tuple[PackEntry, ...], pieces: Sequence[Bytes]) -> Made:
    """Write a pack as `finish_salted` gives it.

    One that is there already is this very one, whose answer was lost: nobody else makes a pack of that name.

    Raises:
        StorageError: The storage refused.
    """
    digest = blake3()
    for piece in pieces:
        digest.update(piece)
    name = f"{area}/{digest.hexdigest()}"
    with suppress(ConflictError):
        storage.put_new(pack_key(name), pieces)
    return Made(name, entries, sum(map(len, pieces)))


def is_salt(entry: PackEntry) -> bool:
    """Tell whether a chunk can be the random bytes that a pack has for its name's sake: nothing else is stored so."""
    return entry.codec == CODEC_RAW and entry.size == _SALT_BYTES


def iter_sound(
    storage: Storage, pack: str, entries: Sequence[PackEntry], gap: int = 0
) -> Iterator[tuple[PackEntry, bytes | None]]:
    """Yield chunks of a pack with their stored bytes, or None where those are not what they were.

    Args:
        storage: Where the pack is.
        pack: Its name.
        entries: The chunks.
        gap: How many bytes between two of them may be read for nothing, to save a request.

    Raises:
        NotFoundError: The pack is gone.
    """
    for run in iter_neighbours(entries, gap):
        start, end = run[0].offset, run[-1].offset + run[-1].stored
        try:
            data = storage.get_range(pack_key(pack), start, end - start)
        except IntegrityError:  # the pack is shorter than it was
            data = b""
        for entry in run:
            stored = data[entry.offset - start : entry.offset - start + entry.stored]
            yield entry, stored if is_sound(entry, stored) else None


def iter_neighbours(entries: Iterable[PackEntry], gap: int = 0) -> Iterator[list[PackEntry]]:
    """Yield chunks of one pack in runs that one request reads, those between which at most `gap` bytes lie together."""
    run: list[PackEntry] = []
    for entry in sorted(entries, key=lambda entry: entry.offset):
        between = entry.offset - run[-1].offset - run[-1].stored if run else 0
        if run and not (0 <= between <= gap and entry.offset + entry.stored - run[0].offset <= _RUN_BYTES):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def is_sound(entry: PackEntry, stored: Bytes) -> bool:
    """Tell whether these are a chunk's stored bytes."""
    if len(stored) != entry.stored:
        return False
    try:
        unpack_chunk(entry.id, stored, entry.size, entry.codec)
    except IntegrityError:
        return False
    return True
