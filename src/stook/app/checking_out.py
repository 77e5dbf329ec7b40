"""Bundles as plain files, and the state of folders that have them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stook.errors import InputError
from stook.model.refs import check_name
from stook.store import Store, open_store
from stook.store.checkout import Status, status
from stook.store.checkout.status import find_newer

__all__ = ["FolderState", "look_at"]


@dataclass(frozen=True, slots=True)
class FolderState:
    """What there is to say of a checked-out folder.

    Attributes:
        status: What was changed in it.
        newer: The version in the store that has other content, as `name@id`; None where there is none.
        elsewhere: The store that it came from, where that is not the one that was asked.
    """

    status: Status
    newer: str | None
    elsewhere: str


def look_at(folder: Path, *, context: str | None = None) -> FolderState:
    """Compare a folder with what was checked out into it, and with the home store.

    The store that the folder's note names is never opened because the note says so: only the home store is asked.

    Args:
        folder: The folder.
        context: The line of bundles; the one that the folder came from where not given.

    Raises:
        NotFoundError: The folder is no checkout.
        InputError: Its note cannot be read.
    """
    found = status(folder)
    store = _home(found, context)
    if store is None:
        return FolderState(found, None, found.note.store)
    return FolderState(found, find_newer(store, found.note), "")


def _home(found: Status, context: str | None) -> Store | None:
    try:
        store = open_store(context=context or check_name(found.note.context))
        check_name(found.note.name)
    except InputError:
        if context is not None:
            raise
        return None
    return store if store.repository.url == found.note.store else None
