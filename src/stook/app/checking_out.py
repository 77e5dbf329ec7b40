"""Bundles as plain files, and the state of folders that have them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stook.config import load_config
from stook.errors import InputError, StookError
from stook.model.refs import check_name
from stook.model.tree import Folder, Object
from stook.store import Bundle, Store, open_store
from stook.store.checkout import Status, status
from stook.store.checkout.checkout import note_content
from stook.store.checkout.status import find_newer
from stook.store.intake.ignore import CHECKOUT_NOTE
from stook.store.reading.linked import find_linked_table
from stook.store.words.remove import has_content

__all__ = ["FolderState", "is_as_checked_out", "is_checkout", "look_at", "note_added"]


@dataclass(frozen=True, slots=True)
class FolderState:
    """What there is to say of a checked-out folder.

    Attributes:
        status: What was changed in it.
        newer: The version in the store that has other content, as `name@id`; None where there is none.
        elsewhere: The store that it came from, where that is not the one that was asked.
        is_whole: Whether adding the checkout whole makes a version like it: of one folder, or a table with links.
        has_tables: Whether, where it does not, there are tables in the bundle.
        context: The line of bundles that was asked, where it is not the one that commands here ask anyway.
    """

    status: Status
    newer: str | None
    elsewhere: str
    is_whole: bool = True
    has_tables: bool = False
    context: str = ""


def is_checkout(folder: Path) -> bool:
    """Tell whether a folder is a checkout, of whatever store."""
    return os.path.lexists(folder / CHECKOUT_NOTE)


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
    bundle = store.find(found.note.ref)
    usual = load_config().context.value
    leaves = [leaf for _, leaf in bundle.items()] if bundle else []
    is_whole = bundle is None or isinstance(bundle.tree, Folder) or find_linked_table(bundle.tree) is not None
    return FolderState(
        found,
        find_newer(store, found.note),
        "",
        is_whole=is_whole,
        has_tables=not is_whole and any(isinstance(leaf, Object) and leaf.kind == "frame" for leaf in leaves),
        context="" if store.context == usual else store.context,
    )


def is_as_checked_out(store: Store, bundle: Bundle, folder: Path) -> bool:
    """Tell whether a folder is a checkout of a bundle in which nothing was changed: adding it would add nothing.

    Args:
        store: The store that has the bundle.
        bundle: The latest version of its name.
        folder: Any folder.
    """
    found = _find_status(folder)
    if found is None or not _is_of(found, store, bundle) or found.note.id != bundle.id:
        return False
    return found.is_clean and has_content(store, bundle)  # what the store has lost is to be added again


def note_added(store: Store, bundle: Bundle, folder: Path) -> None:
    """Note in a checkout whose changes were added as a new version that it is one of that version now.

    Args:
        store: The store that has the bundle.
        bundle: The new version.
        folder: Any folder; one that is no checkout of the bundle's name, or has other files, stays as it is.
    """
    found = _find_status(folder)
    if found is None or not _is_of(found, store, bundle) or found.is_clean:
        return
    with suppress(StookError):
        note_content(store, bundle, folder, format=found.note.tables)


def _find_status(folder: Path) -> Status | None:
    try:
        return status(folder)
    except StookError:
        return None


def _is_of(found: Status, store: Store, bundle: Bundle) -> bool:
    note = found.note
    return (note.store, note.context, note.name) == (store.repository.url, store.context, bundle.name)


def _home(found: Status, context: str | None) -> Store | None:
    try:
        store = open_store(context=context or check_name(found.note.context))
        check_name(found.note.name)
    except InputError:
        if context is not None:
            raise
        return None
    return store if store.repository.url == found.note.store else None
