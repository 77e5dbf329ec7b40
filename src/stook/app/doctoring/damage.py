"""What went wrong before and was left for someone to look at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from stook._io import TEMP_PREFIX
from stook.app.doctoring.finding import Finding, Patient
from stook.store.verify.quarantine import PREFIX

__all__ = [
    "check_condemned",
    "check_known_damage",
    "check_quarantine",
    "check_temporary_files",
    "check_torn_pieces",
]

_DAY_SECONDS = 24 * 60 * 60


def check_known_damage(patient: Patient, /) -> Iterator[Finding]:
    """Say what of the log could not be read."""
    if patient.store is None:
        return
    damage = patient.store.repository.catalog.damage()
    for row in damage:
        message = f"records of {row.writer} before {row.seq}:{row.offset} are lost: {row.problem}"
        yield Finding.fail("log", message, "stook verify", damage=True)
    if not damage:
        yield Finding.ok("log", "every record can be read")


def check_torn_pieces(patient: Patient, /) -> Iterator[Finding]:
    """Say which ends of segments were cut off because a crash had torn them, or something had changed them."""
    found = sorted(patient.folder.glob("log/*/.cut-*")) if patient.folder else []
    if found:
        message = f"{len(found)} torn ends of segments were kept, {found[-1]} among them"
        hint = "where a commit that was acknowledged is missing, report it with these files; else remove them"
        yield Finding.warn("torn commits", message, hint)


def check_quarantine(patient: Patient, /) -> Iterator[Finding]:
    """Say which damaged packs were moved away."""
    if patient.store is None:
        return
    found = list(patient.store.repository.storage.list(PREFIX))
    if found:
        size = sum(entry.size for entry in found) / 1024**2
        message = f"{len(found)} damaged packs, {size:.1f} MiB, are in {PREFIX}"
        yield Finding.warn("quarantine", message, f"when stook verify --deep is clean, remove {PREFIX}")


def check_condemned(patient: Patient, /) -> Iterator[Finding]:
    """Say what waits for the end of its grace to be collected."""
    if patient.store is None:
        return
    found = list(patient.store.repository.storage.list("condemned/"))
    if found:
        yield Finding.ok("condemned", f"{len(found)} lists of packs wait for their grace to end: stook gc")


def check_temporary_files(patient: Patient, /) -> Iterator[Finding]:
    """Say what files a crash left half-written a day ago or longer."""
    if patient.folder is None:
        return
    before = time.time() - _DAY_SECONDS
    found = [path for path in _iter_temporary(patient.folder) if _modified(path) < before]
    if found:
        message = f"{len(found)} files that a crash left half-written, {found[0]} among them"
        yield Finding.warn("temporary files", message, "stook gc")


def _iter_temporary(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names if name.startswith(TEMP_PREFIX))


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return time.time()  # finished meanwhile
