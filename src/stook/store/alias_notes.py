"""What the aliases of a bucket were when they were last seen, so that those that stay as they are cost no request."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stook._io import read_if_present, write_atomic
from stook.format.aliases import AliasState, alias_folder
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Entry
from stook.store.repository import Repository

__all__ = ["AliasNotes", "forget_aliases", "known_aliases"]

_FILE = "aliases.json"


class _Note(msgspec.Struct, frozen=True):
    state: AliasState
    size: int = -1
    modified: float = 0.0


_decoder = msgspec.json.Decoder(dict[str, _Note])


class AliasNotes:
    """Notes on the aliases of one repository; none where that is a folder, which is quick to read.

    A note is never wrong, only old: histories of aliases go on, and none is taken back but where a store is put back to
    an older copy: then they are to be forgotten. They are lost without harm.

    Args:
        repository: Has the aliases; the notes are in its cache.
    """

    def __init__(self, repository: Repository) -> None:
        self._path = repository.cache / _FILE
        self._is_kept = not isinstance(repository.storage, FolderStorage)
        self._notes = self._read() if self._is_kept else {}
        self._is_new = False

    def find(self, key: str) -> AliasState | None:
        """Return what the alias of a key was when it was last seen; None where it was not."""
        note = self._notes.get(key)
        return note.state if note else None

    def find_as_listed(self, entry: Entry) -> AliasState | None:
        """Return the same only where a listing shows that it was not written since."""
        note = self._notes.get(entry.key)
        return note.state if note and (note.size, note.modified) == (entry.size, entry.modified) else None

    def add(self, key: str, state: AliasState, entry: Entry | None = None) -> None:
        """Note what an alias is, and how it was listed just before it was read."""
        note = _Note(state, entry.size, entry.modified) if entry else _Note(state)
        if self._is_kept and self._notes.get(key) != note:
            self._notes[key] = note
            self._is_new = True

    def write(self) -> None:
        """Keep the notes, where there are new ones. Raises StorageError where the cache refuses."""
        if self._is_new:
            with translate_os_errors(self._path):
                write_atomic(self._path, msgspec.json.encode(self._notes))

    def _read(self) -> dict[str, _Note]:
        return _read_notes(self._path)


def known_aliases(cache: Path, context: str) -> list[AliasState]:
    """Return what the aliases of a context were when they were last seen, given the cache of its repository."""
    folder = f"{alias_folder(context)}/"
    return [note.state for key, note in _read_notes(cache / _FILE).items() if key.startswith(folder)]


def forget_aliases(cache: Path) -> None:
    """Forget what was noted, given the cache of a repository that was put back to an older copy."""
    with translate_os_errors(cache):
        (cache / _FILE).unlink(missing_ok=True)


def _read_notes(path: Path) -> dict[str, _Note]:
    with translate_os_errors(path):
        data = read_if_present(path)
    try:
        return _decoder.decode(data) if data else {}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
