"""A checkout of a table with links, added again: the version that it makes has links too."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from stook import registry
from stook.app.sources import TableReading, find_sources, gather
from stook.errors import InputError, IntegrityError, MissingExtraError, NotFoundError
from stook.model.tree import Object
from stook.store import Store
from stook.store.checkout import Status, status
from stook.store.checkout.layout import Converted, lay_out
from stook.store.checkout.note import Note, read_note
from stook.store.checkout.writing import source_of
from stook.store.intake.content import Files
from stook.store.reading.linked import find_linked_table, link_columns
from stook.store.reading.rooted import opened
from stook.store.repository import Repository

__all__ = ["LinkedCheckout", "find_linked_checkout"]


@dataclass(frozen=True, slots=True)
class LinkedCheckout:
    """A folder that is a checkout of a table with links.

    Attributes:
        folder: The folder, as it was given.
        status: What was changed in it.
        key: The key of its table.
        table: What the file of its table was made of.
        is_edited: Whether the table is to be read from that file; otherwise it is the one in the store.
        repository: The store.
    """

    folder: Path
    status: Status
    key: str
    table: Converted
    is_edited: bool
    repository: Repository

    def gather(self, scratch: Path, reading: TableReading | None = None) -> dict[str, object]:
        """Return the data for `Store.add`: the table, and the files that its rows name.

        Args:
            scratch: An empty folder.
            reading: What is said of the table's file, and of its columns with links where they are others by now.

        Raises:
            InputError: The table is not there, or cannot be read, or files are missing.
        """
        table, files = self._linked(scratch, reading).values()
        return {self.key: table, files.name: files}

    def _linked(self, scratch: Path, reading: TableReading | None) -> dict[str, Any]:
        columns = (reading.link_columns if reading else ()) or link_columns(self.table.leaf)
        if not self.is_edited:
            # As text, or without its library, types and index would be lost with it, though only a file was edited.
            with suppress(MissingExtraError, IntegrityError, NotFoundError):
                return self._stored(columns)
        return self._read(scratch, reading, columns)

    def left_out(self, data: object) -> tuple[str, ...]:
        """Return the paths of files in the folder that are neither its table nor, in the data, named by a row."""
        parts = data.values() if isinstance(data, dict) else ()
        linked = [file for part in parts if isinstance(part, Files) for file in part.files.values()]
        named = {path.parent.resolve() / path.name for path in linked if isinstance(path, Path)}
        there = {*self.status.added, *(file.path for file in self.status.note.files)} - {*self.status.deleted}
        folder = self.status.folder
        return tuple(sorted(path for path in there - {self.table.path} if folder / path not in named))

    def _stored(self, columns: tuple[str, ...]) -> dict[str, Any]:
        from stook.frames.links import linked

        leaf = cast(Object, self.table.leaf)
        frame = registry.codec(leaf.kind).load(source_of(self.table, self.repository), leaf.meta)
        return linked(frame, columns, base=self.folder)

    def _read(self, scratch: Path, reading: TableReading | None, columns: tuple[str, ...]) -> dict[str, Any]:
        from stook.frames.files import TableOptions

        path = self.folder / self.table.path
        if self.table.path in self.status.deleted:
            raise InputError(
                f"{path} is not there, the table of this checkout",
                kind="no-such-file",
                hint="stook add --links NAME TABLE keeps another table with its files",
            )
        reading = replace(reading or TableReading(TableOptions()), link_columns=columns)
        try:
            return cast(dict[str, Any], gather(find_sources([str(path)]), scratch, reading))
        except InputError as error:
            if error.kind == "no-such-column":
                error.hint = (
                    "--link COLUMN says which names the files now; the table alone with --frame keeps none"
                )
            raise


def find_linked_checkout(store: Store, name: str, folder: Path) -> LinkedCheckout | None:
    """Return what a folder is, where it is a checkout of a bundle of this name that is a table with links.

    Args:
        store: The store that is to have the new version; what another store's checkout is does not count.
        name: The bundle's name.
        folder: Any path.

    Raises:
        StorageError: The store cannot be reached.
    """
    note = _find_note(folder)
    here = (store.repository.url, store.context, name)
    if note is None or (note.store, note.context, note.name) != here:
        return None
    own = _find_table(store, note.ref, note)
    # Its version may be removed by now: then the newest tells whether there are links, but has another table.
    table = own or _find_table(store, name, note)
    if table is None:
        return None
    found = status(folder)
    key, file = table
    is_edited = own is None or file.path in {*found.edited, *found.deleted}
    return LinkedCheckout(folder, found, key, file, is_edited, store.repository)


def _find_note(folder: Path) -> Note | None:
    """Return the note in a folder, for which nothing else in it is looked at."""
    with suppress(OSError, InputError), opened(os.path.realpath(folder)) as root:
        return read_note(root)
    return None


def _find_table(store: Store, ref: str, note: Note) -> tuple[str, Converted] | None:
    """Return the key of the table with links that a version is, and its file in a checkout; None where it is none."""
    try:
        bundle = store.find(ref)
        tree = bundle.tree if bundle else None
        table = find_linked_table(tree) if tree else None
        files = lay_out(tree, note.tables).converted if tree and table else ()
    except (
        InputError,
        NotFoundError,
        IntegrityError,
    ):  # the note is anyone's, and what is lost is added again
        return None
    known = {file.path for file in note.files if "/" not in file.path}
    found = next((file for file in files if table and file.leaf is table[1] and file.path in known), None)
    return (table[0], found) if table and found else None
