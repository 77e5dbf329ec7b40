"""What there is of a log: listings, which on a storage are bounded, whoever filled it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from stook.errors import IntegrityError
from stook.format import checkpoints
from stook.log.lines import find_segment
from stook.model.clock import id_millis
from stook.storage.protocol import Entry, Storage

__all__ = [
    "MAX_KEYS",
    "folder_names",
    "folder_segments",
    "has_holes",
    "list_bounded",
    "list_checkpoints",
    "list_segments",
]

MAX_KEYS: Final = 1_000_000
"""How many keys of one listing are looked at."""


_MOST_AHEAD_SECONDS: Final = 24 * 60 * 60


def list_bounded(storage: Storage, prefix: str) -> Iterator[Entry]:
    """Yield the objects below a prefix, sorted by key.

    Raises:
        IntegrityError: There are more than `MAX_KEYS` of them.
        StorageError: The storage cannot be reached.
    """
    for number, entry in enumerate(storage.list(prefix)):
        if number == MAX_KEYS:
            raise IntegrityError(
                f"{storage.url} has more than {MAX_KEYS:,} objects below {prefix}, which no store has",
                kind="too-many-objects",
                hint="look at what is there, and delete what does not belong to the store",
            )
        yield entry


def list_segments(storage: Storage, prefix: str = "log/") -> dict[str, dict[int, int]]:
    """Return the bytes of each writer's segments by number, ascending. Keys that are none of segments are passed over.

    Raises:
        IntegrityError: There are more keys than there may be.
        StorageError: The storage cannot be reached.
    """
    found: dict[str, dict[int, int]] = {}
    for entry in list_bounded(storage, prefix):
        segment = find_segment(entry.key)
        if segment:
            found.setdefault(segment[0], {})[segment[1]] = entry.size
    return found


def folder_names(folder: str) -> list[str]:
    """Return the names in a folder, sorted; none where there is no such folder. Raises OSError."""
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def folder_segments(root: str, writer: str) -> list[int]:
    """Return the numbers of a writer's segments, ascending; names that are none of segments are passed over.

    So are links and whatever else is no plain file.

    Args:
        root: The folder of the log.
        writer: The writer.

    Raises:
        OSError: The folder cannot be read.
    """
    folder = f"{root}/{writer}"
    if os.path.islink(folder):
        return []
    try:
        with os.scandir(folder) as items:
            names = [item.name for item in items if item.is_file(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = (find_segment(f"log/{writer}/{name}") for name in names)
    return sorted(segment[1] for segment in found if segment)


def list_checkpoints(storage: Storage) -> dict[str, Entry]:
    """Return what the storage says of each checkpoint, by id, newest first. Raises as `list_segments` does.

    One whose id is more than a day in the future is passed over: it would be the newest for as long.
    """
    latest = (time.time() + _MOST_AHEAD_SECONDS) * 1000
    found = [(checkpoints.find_id(entry.key), entry) for entry in list_bounded(storage, checkpoints.PREFIX)]
    return {
        identifier: entry
        for identifier, entry in reversed(found)
        if identifier and id_millis(identifier) <= latest
    }


def has_holes(present: Mapping[str, Sequence[int]], following: Mapping[str, int]) -> bool:
    """Tell whether segments that are to be read are not there, though later ones are.

    Args:
        present: By writer, the numbers of the segments that are there, ascending.
        following: By writer, the first that is to be read; 1 for one that is not named.
    """
    return any(
        sum(seq >= following.get(writer, 1) for seq in seqs) <= seqs[-1] - following.get(writer, 1)
        for writer, seqs in present.items()
        if seqs
    )
