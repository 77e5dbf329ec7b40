"""What was changed in a checked-out folder, and whether the store has a newer version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import NotFoundError
from stook.storage.disk_errors import translate_os_errors
from stook.store.checkout.local import look_around
from stook.store.checkout.note import Note, read_note
from stook.store.intake.ignore import read_ignored
from stook.store.reading.rooted import opened

if TYPE_CHECKING:
    from stook.store.store import Store

__all__ = ["Status", "find_newer", "status"]


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a checked-out folder.

    Attributes:
        folder: The folder.
        note: What was checked out there; what it says is not to be trusted.
        edited: Files that have other content by now.
        added: Files that the checkout did not have, and that are not ignored.
        deleted: Files that are gone.
    """

    folder: Path
    note: Note
    edited: tuple[str, ...]
    added: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the folder is as it was checked out."""
        return not (self.edited or self.added or self.deleted)


def status(folder: str | Path = ".") -> Status:
    """Compare a folder with what was checked out into it. Files are read only where their size and time do not tell.

    Raises:
        NotFoundError: The folder is no checkout, or is not there.
        InputError: The note in it cannot be read.
        StorageError: Something in it cannot be read.
    """
    path = Path(os.path.realpath(folder))
    with translate_os_errors(path):
        try:
            with opened(path) as root:
                note = read_note(root)
                if note is None:
                    raise _no_checkout(path, "is no checkout")
                local = look_around(root, note, read_ignored(str(path)), into_ignored=False)
        except FileNotFoundError as error:
            raise _no_checkout(path, "is not there") from error
        except NotADirectoryError as error:
            raise _no_checkout(path, "is a file, not a checkout") from error
    return Status(path, note, tuple(local.edited), tuple(local.added), tuple(local.deleted))


def find_newer(store: Store, note: Note) -> str | None:
    """Return the newest version, as `name@id`, of what was checked out; None where it is that, or is not in this store.

    Raises:
        InputError: The note names no bundle.
    """
    if note.store != store.repository.url:
        return None
    newest = store.find(note.name)
    return (
        newest.ref if newest is not None and newest.id != note.id and newest.digest != note.digest else None
    )


def _no_checkout(path: Path, what: str) -> NotFoundError:
    return NotFoundError(
        f"{path} {what}", kind="not-a-checkout", hint="stook checkout NAME FOLDER makes one", path=str(path)
    )
