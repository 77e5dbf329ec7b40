"""A folder that has the wanted content already needs no new files, only a note that says so."""

from __future__ import annotations

import time

import msgspec

from stook.store.checkout.layout import Layout
from stook.store.checkout.local import look_around
from stook.store.checkout.note import CheckedOut, Note, dump_note
from stook.store.checkout.site import Site
from stook.store.intake.ignore import read_ignored
from stook.store.reading.rooted import Rooted, opened

__all__ = ["adopt"]


def adopt(site: Site, layout: Layout, wanted: Note) -> Note | None:
    """Note that a folder has the wanted content, as after its changes were added; None where it has another.

    Args:
        site: The folder, which is a checkout.
        layout: The files that it should have.
        wanted: The note to write, but for its files.

    Raises:
        OSError: Something in it cannot be read.
    """
    if layout.converted:
        return None
    with opened(site.name, site.parent.descriptor) as root:
        files = _find_files(root, layout)
        if files is None:
            return None
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
    return sorted(found, key=lambda file: file.path)
