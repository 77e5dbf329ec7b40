"""Chunks from packs that will go into packs that stay: verified, and as they are stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from blake3 import blake3

from stook.chunks.assembly import Assembly
from stook.chunks.blocks import BlockPool
from stook.chunks.compress import decompress_chunk
from stook.chunks.packing import PACK_BYTES
from stook.errors import ConflictError, IntegrityError
from stook.format.packs import CODEC_RAW, PackEntry, pack_key
from stook.storage.protocol import Storage

__all__ = ["Copier", "iter_sound"]

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
        making = self._making.pop(area)
        salt = os.urandom(_SALT_BYTES)
        making.add((blake3(salt).digest(), CODEC_RAW, len(salt), salt))
        entries, pieces = making.entries, making.finish()
        digest = blake3()
        for piece in pieces:
            digest.update(piece)
        name = f"{area}/{digest.hexdigest()}"
        with suppress(ConflictError):  # this very write, whose first answer was lost
            self._storage.put_new(pack_key(name), pieces)
        self._learn(name, entries)
        self._names.append(name)


def iter_sound(
    storage: Storage, pack: str, entries: Sequence[PackEntry]
) -> Iterator[tuple[PackEntry, bytes | None]]:
    """Yield chunks of a pack with their stored bytes, or None where those are not what they were.

    Raises:
        NotFoundError: The pack is gone.
    """
    for run in _runs(sorted(entries, key=lambda entry: entry.offset)):
        start, end = run[0].offset, run[-1].offset + run[-1].stored
        try:
            data = storage.get_range(pack_key(pack), start, end - start)
        except IntegrityError:  # the pack is shorter than it was
            data = b""
        for entry in run:
            stored = data[entry.offset - start : entry.offset - start + entry.stored]
            yield entry, stored if _is_sound(entry, stored) else None


def _runs(entries: Sequence[PackEntry]) -> Iterator[list[PackEntry]]:
    run: list[PackEntry] = []
    for entry in entries:
        follows = run and entry.offset == run[-1].offset + run[-1].stored
        if run and not (follows and entry.offset + entry.stored - run[0].offset <= _RUN_BYTES):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _is_sound(entry: PackEntry, stored: bytes) -> bool:
    if len(stored) != entry.stored:
        return False
    try:
        return blake3(decompress_chunk(stored, entry.size, entry.codec)).digest() == entry.id
    except IntegrityError:
        return False
