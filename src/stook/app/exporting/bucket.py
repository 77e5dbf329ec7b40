"""An export into a bucket: its manifest is there only while all of it is.

While it goes on, `_stook.unfinished.json` says which objects are its, so that the next can mend it after a crash. Then
an earlier manifest is taken away, then the objects that it named; then all is written, listed and compared, and the
manifest comes last. Of two who export into one place at once only one can have written that file last: the other gives
up, and nothing that is a mixture gets a manifest.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from stook.app.exporting.deciding import Found, is_there_already
from stook.app.exporting.manifest import (
    MANIFEST,
    MAX_BYTES,
    UNFINISHED,
    Manifest,
    Unfinished,
    dump,
    load_manifest,
    load_unfinished,
)
from stook.app.exporting.plan import Plan
from stook.app.exporting.uploading import upload
from stook.errors import ConflictError, InputError, NotFoundError, StorageError
from stook.storage import Storage, Stored
from stook.storage.checks import check_key

__all__ = ["into_bucket"]

_MAX_OBJECTS: Final = 1_000_000
_AT_ONCE: Final = 16
_RUN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is there, and the two objects of an export as they are stored."""

    found: Found
    manifest: Stored | None
    unfinished: Stored | None


def into_bucket(plan: Plan, storage: Storage, *, force: bool) -> tuple[Manifest, bool]:
    """Write an export below the prefix of a bucket; return its manifest, and whether anything was to be written.

    Raises:
        ConflictError: There is another export, or this one with objects changed, and `force` was not given; or someone
            exports to the same place now.
        InputError: There is something that is of no export, or a file's name is none for an object.
        IntegrityError: The content is not what it was.
        StorageError: The bucket refused. What is there has no manifest; the same call mends it.
    """
    for path in plan.layout.paths():
        check_key(path)
    looked = _look(storage)
    if is_there_already(looked.found, plan.manifest(), force=force) and looked.found.manifest:
        if looked.unfinished:
            storage.delete(UNFINISHED)
        return looked.found.manifest, False
    mark = _begin(storage, looked, plan)
    _clear(storage, _look_again(storage, looked))
    manifest = plan.manifest(upload(plan, storage, partial(_check_mine, storage, mark)))
    _finish(storage, manifest, mark)
    return manifest, True


def _look(storage: Storage) -> _Looked:
    entries = list(islice(storage.list(), _MAX_OBJECTS + 1))
    if len(entries) > _MAX_OBJECTS:
        raise InputError(
            f"{storage.url} has more than {_MAX_OBJECTS:,} objects",
            kind="too-large",
            hint="name a new prefix",
        )
    sizes = {entry.key: entry.size for entry in entries}
    manifest, unfinished = (_find(storage, key) if key in sizes else None for key in (MANIFEST, UNFINISHED))
    found = Found(
        storage.url,
        sizes,
        load_manifest(manifest.data) if manifest else None,
        load_unfinished(unfinished.data) if unfinished else None,
    )
    return _Looked(found, manifest, unfinished)


def _find(storage: Storage, key: str) -> Stored | None:
    try:
        return storage.get(key, limit=MAX_BYTES)
    except NotFoundError:
        return None


def _begin(storage: Storage, looked: _Looked, plan: Plan) -> bytes:
    """Say which objects are the export's from now on; return the bytes that say it."""
    paths = {*plan.layout.paths(), *looked.found.own}
    run = os.urandom(_RUN_BYTES).hex()
    mark = dump(Unfinished(run, plan.bundle.id, plan.format, tuple(sorted(paths))))
    try:
        if looked.unfinished:
            storage.put_if_match(UNFINISHED, mark, looked.unfinished.version)
        else:
            storage.put_new(UNFINISHED, mark)
    except (ConflictError, NotFoundError) as error:
        if not _is_mine(storage, mark):  # else the answer to our own write was lost
            raise _two_at_once(storage) from error
    return mark


def _look_again(storage: Storage, before: _Looked) -> Found:
    """Return what is there, now that others can see that we are at it; it must be what was decided upon."""
    found = _look(storage).found
    if (found.files, found.manifest) != (before.found.files, before.found.manifest):
        storage.delete(UNFINISHED)
        raise _two_at_once(storage)
    return found


def _clear(storage: Storage, found: Found) -> None:
    """Take away an earlier export, its manifest first."""
    storage.delete(MANIFEST)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(storage.delete, found.files))


def _finish(storage: Storage, manifest: Manifest, mark: bytes) -> None:
    """Write the manifest, if there is nothing but what it names, and nobody else at work."""
    there = {entry.key: entry.size for entry in islice(storage.list(), _MAX_OBJECTS + len(manifest.files))}
    there.pop(UNFINISHED, None)
    _check_mine(storage, mark)
    if there != manifest.sizes:
        raise StorageError(
            f"{storage.url} has not what was just written to it",
            kind="storage-failed",
            hint="see who else writes there, and try again",
        )
    data = dump(manifest)
    try:
        storage.put_new(MANIFEST, data)
    except ConflictError as error:
        stored = _find(storage, MANIFEST)
        if stored is None or stored.data != data:
            raise _two_at_once(storage) from error
    with suppress(StorageError):
        storage.delete(UNFINISHED)  # the next call does, where this cannot


def _is_mine(storage: Storage, mark: bytes) -> bool:
    stored = _find(storage, UNFINISHED)
    return stored is not None and stored.data == mark


def _check_mine(storage: Storage, mark: bytes) -> None:
    if not _is_mine(storage, mark):
        raise _two_at_once(storage)


def _two_at_once(storage: Storage) -> ConflictError:
    return ConflictError(
        f"someone else exports to {storage.url} at this time",
        kind="export-at-work",
        hint="wait until that is done, or name another place",
    )
