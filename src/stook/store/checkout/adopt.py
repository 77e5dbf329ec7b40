"""A folder that has the wanted content already needs no new files, only a note that says so."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stook.store.checkout.layout import Layout
from stook.store.checkout.local import look_around
from stook.store.checkout.note import CheckedOut, Note, dump_note
from stook.store.checkout.site import Site
from stook.store.checkout.writing import convert
from stook.store.intake.ignore import read_ignored
from stook.store.reading.rooted import Rooted, opened

if TYPE_CHECKING:
    from stook.store.repository import Repository

__all__ = ["adopt"]


def adopt(
    site: Site, layout: Layout, wanted: Note, known: Mapping[str, str], repository: Repository
) -> Note | None:
    """Note that a folder has the wanted content, as after its changes were added; None where it has another.

    A file that is made of an item counts as that only where it is what was written of that item before, or, byte for
    byte, what would be written.

    Args:
        site: The folder, which is a checkout.
        layout: The files that it should have.
        wanted: The note to write, but for its files.
        known: The digests of files that were written of the wanted items before, by path.
        repository: Where the items are.

    Raises:
        OSError: Something in it cannot be read.
        IntegrityError: An item is not what it was.
    """
    with opened(site.name, site.parent.descriptor) as root:
        files = _find_files(root, layout)
        made = _find_made(root, layout, known, repository) if files is not None else None
        if files is None or made is None:
            return None
        files = sorted([*files, *made], key=lambda file: file.path)
        unsure = tuple(msgspec.structs.replace(file, mtime=-1) for file in files)
        ignored = read_ignored(str(site.path))
        # Times from before the files were read: what is written to meanwhile will show.
        note = msgspec.structs.replace(wanted, files=tuple(files), written=time.time_ns())
        probe = msgspec.structs.replace(note, files=unsure)
        if not look_around(root, probe, ignored, into_ignored=False).is_clean:
            return None
        with site.workshop() as workshop:
            site.write_note(workshop, root, dump_note(note))
    return note


def _find_files(root: Rooted, layout: Layout) -> list[CheckedOut] | None:
    """Return the wanted files with the times that they have; None where one is not there."""
    found = []
    try:
        for file in layout.files:
            about = root.stat(file.path)
            if about.st_size != file.blob.size:
                return None
            found.append(
                CheckedOut(file.path, about.st_size, about.st_mtime_ns, file.blob.digest, file.executable)
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found


def _find_made(
    root: Rooted, layout: Layout, known: Mapping[str, str], repository: Repository
) -> list[CheckedOut] | None:
    """Return the files that are made of items, with the bytes that they should have; None where one is not there."""
    found = []
    for file in layout.converted:
        try:
            before = root.stat(file.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        digest = known.get(file.path)
        if digest is None:
            with open(os.devnull, "wb") as nowhere:
                digest = convert(file, repository, nowhere)
        found.append(CheckedOut(file.path, before.st_size, before.st_mtime_ns, digest))
    return found
