"""Descriptions, listings and content of many bundles, each of these at once; bundles that lack some are left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final

import msgspec

from stook.chunks import ChunkReader
from stook.chunks.index import ChunkIndex
from stook.chunks.plan import list_ids
from stook.errors import IntegrityError
from stook.model.record import BundleRecord
from stook.model.tree import Blob
from stook.store.packs.reach import iter_blobs, read_manifest
from stook.store.remotes.carrying import Carrier
from stook.store.remotes.refused import Fault

__all__ = ["Bringing", "Faults"]

_MAX_BYTES: Final = 256 * 1024 * 1024
_AT_ONCE: Final = 16_384
_MOST_EXPECTED: Final = 64

_decoder = msgspec.json.Decoder(BundleRecord)

Faults = dict[str, Fault]
"""What is wrong with bundles, by their ids."""

_Blobs = dict[str, tuple[Blob, ...]]


class Bringing:
    """Brings what some bundles are made of. For one thread.

    All of it comes together. Only where some of it cannot be had is it looked whose that is: these bundles are left
    out, and the others asked for again. So it takes as many rounds as there are causes, not bundles.

    Args:
        payloads: The records of the bundles, by their ids, sound. They are decoded whenever they are looked at: that
            takes many times the memory.
        reader: Reads what is here.
        carrier: Brings chunks.
        here: Says which chunks are here.
        there: Says which are there.
    """

    def __init__(
        self,
        payloads: Mapping[str, bytes],
        reader: ChunkReader,
        carrier: Carrier,
        *,
        here: ChunkIndex,
        there: ChunkIndex,
    ) -> None:
        self._payloads = dict(payloads)
        self._reader = reader
        self._carrier = carrier
        self._here = here
        self._there = there
        self._known: dict[Blob, Blob] = {}

    def bring_descriptions(self, new: Collection[str]) -> Faults:
        """Bring what tells which chunks the bundles have: their descriptions, then the listings that these name.

        Args:
            new: Those that are not here: their listings are read, so that none comes that is not what it should be.

        Returns:
            Why, for each bundle that is left out from now on: its description or a listing is not the one that it
            should be, or is nowhere, or damaged wherever it is.

        Raises:
            IntegrityError: Something cannot be right that is not of some of the bundles alone.
            StorageError: One side cannot be reached.
        """
        described: _Blobs = {}
        packs: set[str] = set()
        for one in self._payloads:
            record = self._record(one)
            if record.manifest_blob is not None:
                described[one] = (record.manifest_blob,)
                packs.update(pack for pack in record.packs if pack.startswith("meta/"))
        self._carrier.learn(packs)
        faults = self._bring_blobs(described)
        listings: _Blobs = {}
        faults |= self._look(lambda one: self._note_listings(one, listings))
        likely = (pack for one in listings for pack in reversed(self._record(one).packs))
        self._carrier.expect(likely)  # a listing comes after what it lists
        faults |= self._bring_blobs(listings)
        sound: set[Blob] = set()
        return faults | self._look(
            lambda one: self._read(listings.get(one, ()), sound) if one in new else None
        )

    def bring_data(self) -> Faults:
        """Bring the content of the bundles, whose descriptions are here. Returns and raises what the former does."""
        packs = {pack for one in self._payloads for pack in self._record(one).packs}
        if len(packs) <= _MOST_EXPECTED:  # of more it is quicker to learn all
            self._carrier.expect(packs)
        return self._bring("data", self._data_ids)

    def _note_listings(self, bundle: str, listings: _Blobs) -> None:
        manifest = read_manifest(self._record(bundle), self._reader)
        found = [blob.listing for _, blob in iter_blobs(manifest) if blob.listing is not None]
        if manifest.lineage.code_digests is not None:  # a part of the description
            found.append(manifest.lineage.code_digests)
        if found:
            # Versions have most of them in common.
            listings[bundle] = tuple(self._known.setdefault(one, one) for one in found)

    def _read(self, blobs: Iterable[Blob], sound: set[Blob]) -> None:
        """Read blobs, but for those known to be sound. Raises IntegrityError where one is not what it should be."""
        for blob in blobs:
            if blob not in sound:
                for _ in self._reader.iter(blob):
                    pass
                sound.add(blob)

    def _bring_blobs(self, blobs: _Blobs) -> Faults:
        """Bring whole blobs of bundles: first the listings that they have, those of all together, and so on."""
        levels = [blobs]
        while deeper := _listings_of(levels[-1]):
            levels.append(deeper)
        faults: Faults = {}
        while levels:
            faults |= self._bring("description", partial(self._whole_ids, levels.pop()))
        return faults

    def _bring(self, what: str, ids_of: Callable[[str], Iterable[bytes]]) -> Faults:
        """Bring the chunks of all bundles that are left; leave out those of which some cannot be had."""
        faults: Faults = {}
        while True:
            bad: Faults = {}
            lost: dict[bytes, Fault] = {}
            cause: IntegrityError | None = None
            try:
                self._carrier.carry(self._iter_ids(ids_of, bad))
            except IntegrityError as error:
                cause, lost = error, self._find_lost(error, what, self._iter_ids(ids_of, bad))
            found = self._look_for(lost, ids_of, bad) if cause is not None or bad else {}
            faults |= found
            if cause is None:
                return faults
            if not found:
                raise cause

    def _look_for(
        self, lost: Mapping[bytes, Fault], ids_of: Callable[[str], Iterable[bytes]], bad: Faults
    ) -> Faults:
        return self._look(
            lambda one: bad.get(one) or next((lost[id_] for id_ in ids_of(one) if id_ in lost), None)
        )

    def _iter_ids(self, ids_of: Callable[[str], Iterable[bytes]], bad: Faults) -> Iterator[bytes]:
        """Yield the chunks of all bundles that are left; note which of these cannot be read."""
        for one in self._payloads:
            try:
                yield from ids_of(one)
            except IntegrityError as error:
                bad[one] = _fault(error)

    def _look(self, look: Callable[[str], Fault | None]) -> Faults:
        """Leave out the bundles in which a look finds a fault, or that it cannot read; return why."""
        faults: Faults = {}
        for one in self._payloads:
            try:
                fault = look(one)
            except IntegrityError as error:
                fault = _fault(error)
            if fault is not None:
                faults[one] = fault
        for one in faults:
            del self._payloads[one]
        return faults

    def _find_lost(self, error: IntegrityError, what: str, ids: Iterable[bytes]) -> dict[bytes, Fault]:
        """Return the chunks that cannot be had, where it was them that an error was about; of some all, or a few."""
        if isinstance(told := error.facts.get("chunks"), tuple):
            state = "damaged" if error.kind == "damaged-chunk" else "missing"
            return dict.fromkeys(map(bytes.fromhex, told), Fault(error.kind, f"its {what} is {state} there"))
        if error.kind != "missing-chunk":
            return {}
        fault = Fault(error.kind, f"its {what} is missing there")
        lost: dict[bytes, Fault] = {}
        rest = iter(ids)
        while some := list(islice(rest, _AT_ONCE)):
            here = self._here.find(some)
            lacking = [id_ for id_ in some if id_ not in here]
            there = self._there.find(lacking)
            lost.update((id_, fault) for id_ in lacking if id_ not in there)
        return lost

    def _whole_ids(self, blobs: _Blobs, bundle: str) -> Iterator[bytes]:
        """Yield the chunks of blobs of a bundle, whose listings are here."""
        for blob in blobs.get(bundle, ()):
            if blob.size > _MAX_BYTES:
                raise IntegrityError(
                    f"its description, or a listing, has more than {_MAX_BYTES} bytes",
                    kind="bad-manifest",
                    hint="stook verify",
                )
            if blob.data is None:
                yield from list_ids(blob, self._reader.read)

    def _data_ids(self, bundle: str) -> Iterator[bytes]:
        for blob in self._blobs(bundle):
            if blob.data is None:
                yield from list_ids(blob, self._reader.read)

    def _record(self, bundle: str) -> BundleRecord:
        return _decoder.decode(self._payloads[bundle])

    def _blobs(self, bundle: str) -> Iterator[Blob]:
        for _, blob in iter_blobs(read_manifest(self._record(bundle), self._reader)):
            yield blob


def _listings_of(blobs: _Blobs) -> _Blobs:
    found = {
        bundle: tuple(blob.listing for blob in some if blob.listing is not None)
        for bundle, some in blobs.items()
    }
    return {bundle: some for bundle, some in found.items() if some}


def _fault(error: IntegrityError) -> Fault:
    return Fault(error.kind, error.message)
