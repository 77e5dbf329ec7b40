"""Where a file on disk is from: the bundles that have its bytes, and what made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stook.catalog import HeldRow
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.format import manifests
from stook.format.limits import INLINE_BYTES
from stook.model.lineage import Input
from stook.model.record import Manifest
from stook.model.tree import Folder
from stook.store.ancestry import Ancestry, find_ancestry
from stook.store.checkout.note import CheckedOut, Note, read_note
from stook.store.intake.hashed import Hashed, hash_file
from stook.store.reading.items import iter_leaves
from stook.store.reading.rooted import opened

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["Sighting", "Trace", "trace"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A bundle that a file is in.

    Attributes:
        bundle: The bundle, of any context.
        context: The context's name.
        items: The paths of the items that have the file's bytes; one that is empty is a sole item.
        is_removed: Whether the bundle was removed.
        by: `content`: it has these bytes. `checkout`: the file was made from it, as a CSV file from a table, says the
            note in the folder that it was checked out to.
        inputs: What the bundle was made from.
    """

    bundle: Bundle
    context: str
    items: tuple[str, ...]
    is_removed: bool
    by: Literal["content", "checkout"]
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a file.

    Attributes:
        path: The file.
        size: Its bytes.
        digest: BLAKE3 of them, in hex.
        sightings: The bundles that it is in, newest first; none where it is in no bundle of the store.
        is_all: Whether these are all.
        edited: The `name@id` that it was checked out from, where it has been changed since; else empty.
        unreadable: Bundles that it may also be in, whose damaged or collected descriptions cannot be read.
        ancestry: What the newest of the bundles was made from, to the first inputs; None where there is none.
    """

    path: Path
    size: int
    digest: str
    sightings: tuple[Sighting, ...]
    is_all: bool
    edited: str
    unreadable: int
    ancestry: Ancestry | None = None


def trace(store: Store, path: str | Path, *, limit: int | None = None) -> Trace:
    """Say in which bundles of a store a file on disk is, in every context, removed ones too.

    Args:
        store: The store.
        path: The file.
        limit: How many bundles at the most.

    Raises:
        InputError: It is no file, or cannot be read, or changes while it is read.
    """
    path = Path(path)
    hashed = hash_file(path)
    store.refresh()
    note = _find_note(path)
    search = _Search(store, hashed)
    sightings = list(islice(search.iter_sightings(), None if limit is None else limit + 1))
    edited = ""
    if note is not None:
        if note.file.digest != hashed.digest:
            edited = note.note.ref
        else:
            sightings = search.with_checkout(sightings, note)
    shown = sightings if limit is None else sightings[:limit]
    return Trace(
        path,
        hashed.size,
        hashed.digest,
        tuple(shown),
        len(shown) == len(sightings),
        edited,
        search.unreadable,
        find_ancestry(store, shown[0].bundle) if shown else None,
    )


class _Search:
    """Looks for bytes in the bundles of a store."""

    def __init__(self, store: Store, hashed: Hashed) -> None:
        self._store = store
        self._hashed = hashed
        self._contexts = store.repository.catalog.context_names()
        self.unreadable = 0

    def iter_sightings(self) -> Iterator[Sighting]:
        """Yield the bundles that have the bytes, newest first."""
        digest = self._hashed.digest
        held = self._store.repository.catalog.bundles.iter_holding(
            digest.encode(), or_pointing=self._may_be_described_elsewhere()
        )
        for found in held:
            try:
                manifest = self._read_manifest(found)
            except IntegrityError:
                self.unreadable += 1
                continue
            items = tuple(_iter_items(manifest, digest)) if manifest else ()
            if manifest and items:
                yield self._sighting(found, items, "content", manifest.lineage.inputs)

    def with_checkout(self, sightings: list[Sighting], noted: _Noted) -> list[Sighting]:
        """Return the sightings and that of the bundle that the file was checked out from, if it is in the store."""
        if any(sighting.bundle.id == noted.note.id for sighting in sightings):
            return sightings
        catalog = self._store.repository.catalog
        live = catalog.find_bundle(noted.note.id)
        row = live or catalog.find_removed(noted.note.id)
        if row is None:
            return sightings
        own = self._sighting(
            HeldRow(row, live is not None),
            (noted.file.path,),
            "checkout",
            _inputs(self._store.bundle_of(row)),
        )
        return sorted([*sightings, own], key=lambda sighting: sighting.bundle.id, reverse=True)

    def _sighting(
        self,
        found: HeldRow,
        items: tuple[str, ...],
        by: Literal["content", "checkout"],
        inputs: tuple[Input, ...],
    ) -> Sighting:
        bundle = self._store.bundle_of(found.row)
        context = self._contexts.get(bundle.record.context, bundle.record.context)
        return Sighting(bundle, context, items, not found.is_live, by, inputs)

    def _may_be_described_elsewhere(self) -> bool:
        """Tell whether a description that is not in its record may name the bytes.

        What is too long to be in a description is in a chunk, or begins with one, that the catalog knows.
        """
        if self._hashed.size <= INLINE_BYTES:
            return True
        return bool(self._store.repository.catalog.chunks.find([self._hashed.first_chunk]))

    def _read_manifest(self, found: HeldRow) -> Manifest | None:
        """Return a description, or None where the digest is surely not in it."""
        record = self._store.bundle_of(found.row).record
        if record.manifest_blob is None:
            return record.manifest
        data = self._store.repository.reader().read(record.manifest_blob)
        return manifests.load(data) if self._hashed.digest.encode() in data else None


def _inputs(bundle: Bundle) -> tuple[Input, ...]:
    try:
        return bundle.inputs
    except (IntegrityError, NotFoundError):  # collected since it was removed
        return ()


def _iter_items(manifest: Manifest, digest: str) -> Iterator[str]:
    for path, leaf in iter_leaves(manifest.tree):
        if not isinstance(leaf, Folder):
            if leaf.blob.digest == digest:
                yield path
        else:
            prefix = f"{path}/" if path else ""
            yield from (prefix + file.path for file in leaf.files if file.blob.digest == digest)


@dataclass(frozen=True, slots=True)
class _Noted:
    note: Note
    file: CheckedOut


def _find_note(path: Path) -> _Noted | None:
    """Return what the nearest note above a file says of it; a note that cannot be read says nothing."""
    real = path.resolve()
    for folder in real.parents:
        with suppress(OSError, InputError):
            with opened(folder) as root:
                note = read_note(root)
            if note is not None:
                relative = real.relative_to(folder).as_posix()
                file = next((file for file in note.files if file.path == relative), None)
                return _Noted(note, file) if file else None
    return None
