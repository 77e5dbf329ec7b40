"""The note that a checkout leaves in its folder: what it is, and how its files looked. Nothing in it is trusted."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from stook.errors import InputError
from stook.store.intake.ignore import CHECKOUT_NOTE
from stook.store.reading.rooted import Rooted

__all__ = ["CheckedOut", "Note", "dump_note", "read_note", "settled_before"]

_MAX_BYTES: Final = 1 << 30
_FINE_NANOS: Final = 100_000_000
_COARSE_NANOS: Final = 2_000_000_000


class CheckedOut(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file as it was written.

    Attributes:
        path: Where, below the folder.
        size: Bytes.
        mtime: Its time of modification in nanoseconds since the epoch.
        digest: BLAKE3 of its bytes, in hex.
        executable: Whether it may be run.
    """

    path: str
    size: int
    mtime: int
    digest: str
    executable: bool = False


class Note(msgspec.Struct, frozen=True):
    """What a checkout is.

    Attributes:
        store: Where the store is: a path or URL without credentials.
        context: The name of the line of bundles.
        name: The bundle's name.
        id: Its version.
        digest: Digest of its content.
        tables: What its tables were written as.
        written: When all its files were, in nanoseconds since the epoch.
        files: The files.
    """

    store: str
    context: str
    name: str
    id: str
    digest: str
    tables: str
    written: int
    files: tuple[CheckedOut, ...]

    @property
    def ref(self) -> str:
        """The bundle: `name@id`."""
        return f"{self.name}@{self.id}"


def dump_note(note: Note) -> bytes:
    """Return the bytes of a note."""
    return msgspec.json.encode(note) + b"\n"


def read_note(root: Rooted) -> Note | None:
    """Return the note in a folder, or None where there is none.

    Raises:
        InputError: It is not one, or cannot be read.
    """
    try:
        descriptor = root.open(CHECKOUT_NOTE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(str(error.strerror)) from error
    with open(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size > _MAX_BYTES:
            raise _refusal("it is too large")
        try:
            return msgspec.json.decode(file.read(_MAX_BYTES), type=Note)
        except (msgspec.DecodeError, OSError, RecursionError) as error:
            raise _refusal(str(error)) from error


def settled_before(mtime: int, now: int) -> bool:
    """Tell whether a file of this time that is written to from now on is sure to have another time."""
    is_fine = mtime % 1_000_000 != 0
    return mtime < now - (_FINE_NANOS if is_fine else _COARSE_NANOS)


def _refusal(problem: str) -> InputError:
    return InputError(
        f"its {CHECKOUT_NOTE} cannot be read: {problem}",
        kind="bad-checkout-note",
        hint=f"remove {CHECKOUT_NOTE} if this is no checkout, or check out into another folder",
    )
