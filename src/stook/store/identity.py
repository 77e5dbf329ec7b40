"""Which repository is at a place: what its `stook.json` says, and how one comes to be where nothing is."""

from __future__ import annotations

import os
from typing import Final

from stook.errors import ConflictError, FormatError, InputError, NotFoundError
from stook.format import repository as stook_json
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage

__all__ = ["find_identity", "get_identity", "make_identity", "place_of"]

_MOST_BYTES: Final = 1024 * 1024


def get_identity(storage: Storage) -> str:
    """Return the id of the repository of a storage.

    Raises:
        NotFoundError: There is none.
        FormatError: It is of another format.
        StorageError: It cannot be reached.
    """
    identity = find_identity(storage)
    if identity is None:
        raise NotFoundError(
            f"there is no store at {storage.url}", kind="no-store", hint="check the URL: stook remote show"
        )
    return identity


def find_identity(storage: Storage) -> str | None:
    """Return the same, or None where there is no repository. Raises as `get_identity` does."""
    try:
        stored = storage.get(stook_json.KEY, limit=_MOST_BYTES)
    except NotFoundError:
        return None
    return _read_identity(storage, stored.data)


def make_identity(storage: Storage) -> str:
    """Make a repository of an empty place, and return its id; that of another who was faster.

    Raises:
        InputError: The place holds something else.
        FormatError: The other's is of another format.
        StorageError: It cannot be reached.
    """
    _refuse_foreign(storage)
    fresh = stook_json.new(os.urandom(16).hex())
    try:
        storage.put_new(stook_json.KEY, stook_json.dump(fresh))
    except ConflictError:
        return _read_identity(storage, storage.get(stook_json.KEY, limit=_MOST_BYTES).data)
    return fresh.id


def place_of(storage: Storage) -> str:
    """Return where a storage is, in words: a folder's path, or a URL."""
    return str(storage.root) if isinstance(storage, FolderStorage) else storage.url


def _refuse_foreign(storage: Storage) -> None:
    """Refuse a place that holds something else, unless another has made a store of it by now."""
    if not isinstance(storage, FolderStorage):
        if next(iter(storage.list()), None) is not None and find_identity(storage) is None:
            raise InputError(
                f"{storage.url} is not a store, and not empty",
                kind="not-a-store",
                hint="name an empty prefix, a new one, or a store's",
            )
        return
    folder = storage.root
    if folder.is_file():
        raise InputError(f"{folder} is a file, not a store", kind="not-a-store", hint="name a folder")
    with translate_os_errors(folder):
        found = os.listdir(folder) if folder.is_dir() else []
    if any(not name.startswith(".") for name in found) and find_identity(storage) is None:
        raise InputError(
            f"{folder} is not a store, and not empty",
            kind="not-a-store",
            hint="name an empty folder, a new one, or a store's",
        )


def _read_identity(storage: Storage, data: bytes) -> str:
    try:
        return stook_json.load(data).id
    except FormatError as error:
        place = place_of(storage)
        facts = {**error.facts, "place": place}
        raise FormatError(f"{place}: {error.message}", kind=error.kind, hint=error.hint, **facts) from error
