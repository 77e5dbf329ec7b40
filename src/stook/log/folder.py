"""The log in a folder: framed records appended to the writer's open segment, under a lock, with one fsync a commit."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from stook._io import make_folder, read_if_present
from stook.errors import StorageError
from stook.format import repository, segments
from stook.log.folder_reading import LOCK, read_folder
from stook.log.last_segment import LastSegment
from stook.log.lines import Damage, Line, Reached
from stook.log.news import Seen
from stook.model.position import Position
from stook.storage.disk_errors import translate_os_errors
from stook.storage.locks import locked

__all__ = ["FolderLog"]

_SEAL_BYTES = 4 * 1024 * 1024


class _Ticket(msgspec.Struct):
    """One thread's records on their way into a shared commit."""

    data: bytes
    is_one: bool = True
    is_over: bool = False
    is_written: bool = False
    error: StorageError | None = None


class FolderLog:
    """A log below `root/log`. Safe to share between threads; commits of many threads are grouped.

    Args:
        root: The repository's folder.
        writer: This machine's writer id; its processes share it.
        identity: The repository's id, by which one that took its place is told from it; not looked at where empty.
        seal_bytes: A segment this long is sealed, and the next begun.
    """

    def __init__(self, root: Path, writer: str, *, identity: str = "", seal_bytes: int = _SEAL_BYTES) -> None:
        self._identity_file = root / repository.KEY
        self._identity = identity
        self._root = str(root / "log")
        self._writer = writer
        self._folder = f"{self._root}/{writer}"
        self._waiting: list[_Ticket] = []
        self._waiting_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._end = LastSegment(self._root, writer, seal_bytes, self._replaced)
        self._seen: Seen | None = None

    def append(self, payloads: Sequence[bytes]) -> dict[str, Position]:
        """Write records, all or none; durable when it returns. Tells no position. See `Log.append`.

        Raises:
            InputError: They are too long, or too many for one commit.
            StorageError: The disk refused; nothing was written.
        """
        ticket = _Ticket(segments.frames(payloads), is_one=len(payloads) == 1)
        with self._waiting_lock:
            self._waiting.append(ticket)
        with self._commit_lock:
            if not ticket.is_over:
                with self._waiting_lock:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if not ticket.is_written:
            raise ticket.error or StorageError(
                f"another commit to {self._folder} failed, and this one with it",
                kind="commit-failed",
                hint="try again",
            )
        return {}

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage | Reached]:
        """Yield the records after the known positions, and what cannot be read, in order for each writer.

        A folder that is a copy of a bucket may have checkpoints in the place of segments.

        Raises:
            IntegrityError: What was known is not there (`log-went-back`).
            StorageError: The disk refused.
        """
        self._seen = (yield from read_folder(self._root, known)) or self._seen

    def has_news(self) -> bool:
        """Tell whether others have written since the log was read to its end, be it under this very writer id.

        That takes a listing and two looks at each writer's files. What this object wrote is no news.

        Raises:
            StorageError: The disk refused.
        """
        with translate_os_errors(self._root):
            return self._seen is None or not self._seen.is_all()

    def _commit(self, group: list[_Ticket]) -> None:
        error, is_written = None, False
        try:
            with translate_os_errors(self._folder), locked(self._open_lock()):
                whole = not all(ticket.is_one for ticket in group)
                before, after = self._end.append(b"".join(ticket.data for ticket in group), whole=whole)
            if self._seen is not None:
                self._seen = self._seen.with_own(self._writer, before, after)
            is_written = True
        except StorageError as failure:
            error = failure
        finally:  # whatever went wrong, no other thread may take its records for written
            for ticket in group:
                ticket.error, ticket.is_written, ticket.is_over = error, is_written, True

    def _open_lock(self) -> int:
        lock, flags = f"{self._folder}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(lock, flags, 0o644)
        except FileNotFoundError:
            self._refuse_another()
            make_folder(Path(self._folder))
            return os.open(lock, flags, 0o644)

    def _refuse_another(self) -> None:
        """See that the repository is the one that was opened, where its writer's folder is not there."""
        found = read_if_present(self._identity_file)
        if self._identity and (found is None or repository.load(found).id != self._identity):
            raise self._replaced()

    def _replaced(self) -> StorageError:
        return StorageError(
            f"the store {self._identity_file.parent} was removed or replaced while it was open",
            kind="store-replaced",
            hint="open it again, then add this once more",
        )
