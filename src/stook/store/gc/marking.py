"""Which chunks bundles refer to, by the million, in little memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from stook.errors import FormatError, IntegrityError
from stook.format import records
from stook.model.record import BundleRecord
from stook.model.tree import Blob
from stook.store.packs.reach import needed_blobs

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from stook.chunks import ChunkReader

__all__ = ["KEY_BYTES", "Marks", "iter_records", "keys_of_bundle"]

KEY_BYTES = 8
_ID_BYTES = 32
_MAX_LISTINGS = 4
_SETTLE_BYTES = 16 * 1024 * 1024


class Marks:
    """The chunks that bundles refer to. The first 64 bits of an id stand for all of it.

    So a chunk that is not needed may be taken for one that is, and be kept; never the other way round.
    """

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        self._keys: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._new = bytearray()
        self._bundles: set[str] = set()
        self._listings: set[str] = set()

    @classmethod
    def of(cls, keys: npt.NDArray[np.uint64]) -> Marks:
        """Return marks of some keys, which are sorted."""
        marks = cls()
        marks._keys = keys
        return marks

    def mark(self, reader: ChunkReader, payloads: Iterable[bytes]) -> None:
        """Mark what bundles need, but for those that were marked before.

        Args:
            reader: Reads descriptions and listings.
            payloads: The records of all bundles that are not removed.

        Raises:
            IntegrityError: The description of one, or a listing of chunks, cannot be read.
        """
        for record in iter_records(payloads, self._bundles):
            for keys in keys_of_bundle(reader, record, self._listings):
                self._new += keys
            if len(self._new) > _SETTLE_BYTES:
                self._settle()
            self._bundles.add(record.id)

    def are_live(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Tell which of some keys are marked."""
        self._settle()
        if not len(self._keys):
            return self._np.zeros(len(keys), bool)
        at = self._np.minimum(self._np.searchsorted(self._keys, keys), len(self._keys) - 1)
        live: npt.NDArray[np.bool_] = self._keys[at] == keys
        return live

    def pick_live(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return those of some ids that are marked."""
        joined = b"".join([id_[:KEY_BYTES] for id_ in ids])
        live = self.are_live(self._np.frombuffer(joined, self._np.uint64))
        return {id_ for id_, is_live in zip(ids, live.tolist(), strict=True) if is_live}

    def _settle(self) -> None:
        if self._new:
            fresh = self._np.frombuffer(bytes(self._new), self._np.uint64)
            self._keys = self._np.unique(self._np.concatenate([self._keys, fresh]))
            self._new.clear()


def iter_records(payloads: Iterable[bytes], known: Collection[str] = ()) -> Iterator[BundleRecord]:
    """Yield the records of bundles, but for those known already."""
    for payload in payloads:
        if known and records.read_id(payload) in known:
            continue
        record = records.load(payload)
        if isinstance(record, BundleRecord):
            yield record


def keys_of_bundle(reader: ChunkReader, record: BundleRecord, seen: set[str]) -> Iterator[bytes]:
    """Yield the first 8 bytes of the ids of all chunks that a bundle needs, those of its description too.

    Args:
        reader: Reads descriptions and listings.
        record: The bundle.
        seen: Digests of listings that need not be read again; those that are read are added.

    Raises:
        IntegrityError: A description or a listing cannot be read; it says of which bundle.
    """
    try:
        for blob in needed_blobs(reader, record):
            yield from _iter_keys(reader, blob, seen)
    except IntegrityError as error:
        raise IntegrityError(
            f"what {record.name}@{record.id} needs cannot be told, so nothing was collected: {error.message}",
            kind="cannot-mark",
            hint="stook verify",
            bundle=record.id,
        ) from error


def _iter_keys(reader: ChunkReader, blob: Blob, seen: set[str], depth: int = 0) -> Iterator[bytes]:
    """Yield the first 8 bytes of the ids of a blob's chunks, those of its listing too.

    Raises:
        IntegrityError: A listing cannot be read.
    """
    if blob.data is not None:
        return
    if blob.chunks is not None:
        yield b"".join([bytes.fromhex(chunk[: 2 * KEY_BYTES]) for chunk in blob.chunks])
    elif blob.listing is None:
        yield bytes.fromhex(blob.digest[: 2 * KEY_BYTES])
    else:
        if depth >= _MAX_LISTINGS or blob.listing.size % _ID_BYTES:
            raise FormatError(
                f"the listing of {blob.digest} is not one", kind="bad-manifest", hint="stook verify"
            )
        yield from _iter_keys(reader, blob.listing, seen, depth + 1)
        if blob.listing.digest not in seen:
            yield from _keys_in(reader.iter(blob.listing))
            seen.add(blob.listing.digest)


def _keys_in(pieces: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    """Yield the first 8 of every 32 bytes."""
    import numpy as np

    rest = b""
    for piece in pieces:
        data = rest + bytes(piece)
        whole = len(data) - len(data) % _ID_BYTES
        yield np.frombuffer(data[:whole], np.uint64)[:: _ID_BYTES // KEY_BYTES].tobytes()
        rest = data[whole:]
