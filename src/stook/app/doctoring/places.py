"""The folders and the storage: room, rights, locks, format, clock, cache."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from stook.app.doctoring.finding import Finding, Patient
from stook.catalog.schema import VERSION
from stook.errors import StookError
from stook.format import repository as stook_json
from stook.model.clock import id_millis
from stook.store.packs.mounts import find_file_system

__all__ = [
    "check_cache",
    "check_catalog",
    "check_clock",
    "check_file_system",
    "check_format",
    "check_locks",
    "check_space",
    "check_writing",
]

_LITTLE_ROOM = 1024**3
_NO_ROOM = 50 * 1024**2
_SKEW_SECONDS = 5 * 60
_LARGE_CACHE = 20 * 1024**3
_FUSED = frozenset(("fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"))
_OVER_A_NETWORK = _FUSED | {"9p", "afs", "ceph", "cifs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}


def check_space(patient: Patient, /) -> Iterator[Finding]:
    """See how much room there is where the store, the cache and temporary files are."""
    temp = Path(tempfile.gettempdir())
    for what, place in (
        ("store", patient.folder),
        ("cache", Path(patient.config.cache.value)),
        ("temp", temp),
    ):
        folder = _existing(place) if place is not None else None
        if folder is None:
            continue
        free = shutil.disk_usage(folder).free
        label, message = f"room for {what}", f"{free / 1024**3:.1f} GiB free at {place}"
        if free < _NO_ROOM:
            yield Finding.fail(label, message, f"free some space on the disk of {place}")
        elif free < _LITTLE_ROOM:
            yield Finding.warn(label, message, f"free some space on the disk of {place}; stook gc may help")
        else:
            yield Finding.ok(label, message)


def check_file_system(patient: Patient, /) -> Iterator[Finding]:
    """Notice a store or a cache on a network file system, whose locks may not hold between machines."""
    for what, place in (("store", patient.folder), ("cache", Path(patient.config.cache.value))):
        kind = find_file_system(place) if place is not None else None
        if kind in _OVER_A_NETWORK:
            where = "the catalog needs a local disk: set STOOK_CACHE to a folder on one"
            hint = (
                where
                if what == "cache"
                else "use a bucket for many machines, or write from one machine at a time"
            )
            yield Finding.warn(f"disk of {what}", f"{place} is on {kind}, over a network", hint)
        elif kind is not None:
            yield Finding.ok(f"disk of {what}", f"{place} is on {kind}")


def check_writing(patient: Patient, /) -> Iterator[Finding]:
    """See whether the store and the cache may be written to."""
    for what, place in (("store", patient.folder), ("cache", _existing(Path(patient.config.cache.value)))):
        if place is None:
            continue
        try:
            with tempfile.TemporaryFile(dir=place, prefix=".tmp-"):
                pass
        except OSError as error:
            message = f"{place} cannot be written to: {error.strerror}"
            hint = "reading goes on; to write, change its owner or mode, or free some space"
            yield Finding.fail(f"writing to {what}", message, hint)
        else:
            yield Finding.ok(f"writing to {what}", f"{place} can be written to")


def check_locks(patient: Patient, /) -> Iterator[Finding]:
    """See whether one lock keeps another out in the store's folder."""
    if patient.folder is None or not os.access(patient.folder, os.W_OK):
        return
    try:
        with (
            tempfile.NamedTemporaryFile(dir=patient.folder, prefix=".tmp-") as file,
            open(file.name, "rb") as other,
        ):
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield Finding.ok("locks", "flock works")
                return
        message = "flock does not keep anyone out"
    except OSError as error:
        message = f"flock does not work: {error.strerror}"
    yield Finding.fail(
        "locks", f"{message} in {patient.folder}", "put the store on a local disk or in a bucket"
    )


def check_format(patient: Patient, /) -> Iterator[Finding]:
    """Say of which format the store is."""
    if patient.store is None:
        return
    repository = patient.store.repository
    try:
        identity = stook_json.load(repository.storage.get(stook_json.KEY).data)
    except StookError as error:
        yield Finding.fail("format", error.message, error.hint, damage=True)
        return
    features = ", ".join(identity.required_features) or "no special features"
    yield Finding.ok("format", f"version {identity.format}, {features}; the store's id is {identity.id}")


def check_catalog(patient: Patient, /) -> Iterator[Finding]:
    """See that the catalog can be read."""
    if patient.store is None:
        return
    repository = patient.store.repository
    try:
        contexts = repository.catalog.contexts()
    except StookError as error:
        yield Finding.fail("catalog", error.message, f"rm -r {repository.cache}; it is made again")
        return
    bundles = sum(context.bundles for context in contexts)
    message = f"version {VERSION}, bundles: {bundles}, contexts: {len(contexts)}, in {repository.cache}"
    yield Finding.ok("catalog", message)


def check_clock(patient: Patient, /) -> Iterator[Finding]:
    """Hold this machine's clock against the newest id in the store."""
    newest = patient.store.repository.catalog.find_newest_id() if patient.store else None
    if patient.store is None or newest is None:
        return
    ahead = id_millis(newest) / 1000 - patient.store.repository.clock.now()
    if ahead > _SKEW_SECONDS:
        message = f"the newest record is {ahead / 60:.0f} minutes ahead of this machine"
        yield Finding.warn("clock", message, "set the clocks of all machines that write: timedatectl")
    else:
        yield Finding.ok("clock", "no record is ahead of this machine's clock")


def check_cache(patient: Patient, /) -> Iterator[Finding]:
    """Say how large the cache is."""
    folder = Path(patient.config.cache.value)
    size = sum(_size(Path(root, name)) for root, _, names in os.walk(folder) for name in names)
    message = f"{size / 1024**2:.1f} MiB in {folder}"
    if size > _LARGE_CACHE:
        yield Finding.warn("cache", message, f"rm -r {folder}; it is made again as it is needed")
    else:
        yield Finding.ok("cache", message)


def _existing(place: Path) -> Path | None:
    """Return the folder, or the nearest one above it that is there."""
    return next((folder for folder in (place, *place.parents) if folder.is_dir()), None)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # removed meanwhile
