"""The log in a folder: framed records appended to the writer's open segment, under a lock, with one fsync a commit."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stook._io import make_folder, read_if_present, write_atomic
from stook.errors import StorageError
from stook.format import repository, salvage, segments
from stook.format.limits import MAX_SEGMENT
from stook.log.checkpoints import take_checkpoints
from stook.log.lines import WHOLE, Damage, Line, Reached, missing, segment_path, went_back
from stook.log.listing import folder_names, folder_segments, has_holes
from stook.log.news import Seen
from stook.log.segment_file import Content, Look, iter_lines, look_at, read_after
from stook.model.position import Position
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.storage.locks import locked

__all__ = ["FolderLog"]

_SEAL_BYTES = 4 * 1024 * 1024
_LOCK = ".lock"
_BEGIN = Position(1, len(segments.MAGIC))


class _Ticket(msgspec.Struct):
    """One thread's records on their way into a shared commit."""

    data: bytes
    is_one: bool = True
    done: bool = False
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
        self._place = root
        self._root = str(root / "log")
        self._writer = writer
        self._folder = f"{self._root}/{writer}"
        self._seal_bytes = seal_bytes
        self._waiting: list[_Ticket] = []
        self._waiting_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._sound: tuple[int, int] | None = None  # segment, bytes of it known to be whole records
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
            if not ticket.done:
                with self._waiting_lock:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if ticket.error is not None:
            raise ticket.error
        return {}

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage | Reached]:
        """Yield the records after the known positions, and what cannot be read, in order for each writer.

        A folder that is a copy of a bucket may have checkpoints in the place of segments.

        Raises:
            IntegrityError: What was known is not there (`log-went-back`).
            StorageError: The disk refused.
        """
        is_going_on = bool(known)
        with translate_os_errors(self._root):
            found = {writer: folder_segments(self._root, writer) for writer in folder_names(self._root)}
        for writer, position in known.items():
            if max(found.get(writer, []), default=0) < position.seq:
                raise went_back(f"{self._root}/{writer}")
        known = yield from self._take_checkpoints(known, found)
        lasts: dict[str, tuple[int, Look | None]] = {}
        for writer, present in found.items():
            look = yield from self._read_writer(writer, known.get(writer, _BEGIN), present)
            lasts[writer] = (max(present, default=0), look)
        if is_going_on or not any(found.values()):
            self._seen = Seen(self._root, lasts)

    def has_news(self) -> bool:
        """Tell whether others have written since the log was read to its end, be it under this very writer id.

        That takes a listing and two looks at each writer's files. What this object wrote is no news.

        Raises:
            StorageError: The disk refused.
        """
        with translate_os_errors(self._root):
            return self._seen is None or not self._seen.is_all()

    def _take_checkpoints(
        self, known: Mapping[str, Position], found: Mapping[str, Sequence[int]]
    ) -> Generator[Line | Damage | Reached, None, Mapping[str, Position]]:
        """Yield the records of checkpoints, where there are any and they are needed; return what is known then."""
        following = {writer: _after(at).seq for writer, at in known.items()}
        is_cold = any(found.values()) and not any(position.seq for position in known.values())
        if not is_cold and not has_holes(found, following):
            return known
        now = yield from take_checkpoints(FolderStorage(self._place), found, following, is_cold=is_cold)
        more = {writer: Position(seq, _BEGIN.offset) for writer, seq in now.items()}
        return {
            **more,
            **{writer: at for writer, at in known.items() if more[writer].seq == following[writer]},
        }

    def _read_writer(
        self, writer: str, known: Position, present: Sequence[int]
    ) -> Generator[Line | Damage, None, Look | None]:
        look = None
        position = _after(known)
        for seq in [seq for seq in present if seq >= position.seq]:
            if seq > position.seq:
                gone, position = position.seq, Position(seq, _BEGIN.offset)
                yield missing(writer, position, segment_path(self._root, writer, gone), seq - gone)
            look = yield from self._read_segment(writer, position, is_last=seq == present[-1])
            position = Position(seq + 1, _BEGIN.offset)
        if look is None and present:  # a checkpoint has the last one, so that nothing of it was read
            with translate_os_errors(self._root), _gone_is_back(self._root):
                look = look_at(segment_path(self._root, writer, present[-1]))
        return look

    def _read_segment(
        self, writer: str, known: Position, *, is_last: bool
    ) -> Generator[Line | Damage, None, Look]:
        path = segment_path(self._root, writer, known.seq)
        with translate_os_errors(path), _gone_is_back(path):
            content = read_after(path, known)
            may_be_torn = is_last and content.is_open
            if may_be_torn and any(_is_damage(piece) for piece in content.pieces()):
                del content  # both may be as large as a segment can be
                content = self._read_settled(writer, path, known)
                may_be_torn = content.is_open
            pieces = content.pieces()
            if may_be_torn:
                pieces = (
                    piece for piece in pieces if not isinstance(piece, salvage.Gap) or not piece.is_torn
                )
            yield from iter_lines(path, writer, known.seq, content, pieces)
        return content.look

    def _read_settled(self, writer: str, path: str, known: Position) -> Content:
        """Read what seems damaged again while nobody writes: it may have been cut and written to just then."""
        try:
            descriptor = os.open(f"{self._root}/{writer}/{_LOCK}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # nobody writes here, or nobody may know
            return read_after(path, known)
        with locked(descriptor, fcntl.LOCK_SH):
            return read_after(path, known)

    def _commit(self, group: list[_Ticket]) -> None:
        error: StorageError | None = StorageError(
            f"another commit to {self._folder} failed, and this one with it",
            kind="commit-failed",
            hint="try again",
        )
        try:
            with translate_os_errors(self._folder), locked(self._open_lock()):
                whole = not all(ticket.is_one for ticket in group)
                self._write(b"".join(ticket.data for ticket in group), whole=whole)
            error = None
        except StorageError as failure:
            error = failure
        finally:  # whatever went wrong, no other thread may take its records for written
            for ticket in group:
                ticket.error = error
                ticket.done = True

    def _open_lock(self) -> int:
        lock, flags = f"{self._folder}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
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

    def _write(self, data: bytes, *, whole: bool) -> None:
        """Write at the end of the last segment; a crash leaves none of it, or all where that is asked for."""
        before = self._look()
        seq, size = self._open_segment(*before)
        path = segment_path(self._root, self._writer, seq)
        if whole:
            write_atomic(Path(path), [Path(path).read_bytes()[:size], data])
        else:
            _append(path, data, size)
        self._sound = (seq, size + len(data))
        if self._seen is not None:
            self._seen = self._seen.with_own(self._writer, before, (seq, look_at(path)))

    def _look(self) -> tuple[int, Look | None]:
        seq = max(folder_segments(self._root, self._writer), default=0)
        return seq, look_at(segment_path(self._root, self._writer, seq)) if seq else None

    def _open_segment(self, seq: int, look: Look | None) -> tuple[int, int]:
        """Return the segment to append to and its length, without the torn tail that a crash may have left."""
        if self._sound is not None and seq < self._sound[0]:
            raise self._replaced()
        if look is None:
            return self._begin(1)
        path, size = segment_path(self._root, self._writer, seq), look[1]
        if size > MAX_SEGMENT:
            return self._begin(seq + 1)
        if self._sound != (seq, size):
            raw = Path(path).read_bytes()
            if segments.is_sealed(raw):
                return self._begin(seq + 1)
            if self._sound is not None and (seq, size) < self._sound:
                raise self._replaced()
            end = salvage.find_end(raw)
            if end is None:
                return self._begin(
                    seq + 1
                )  # what can be read of the damaged one stays, and readers tell of the rest
            size = self._cut_torn_tail(path, raw, end)
        if size >= self._seal_bytes:
            write_atomic(Path(path), segments.seal(Path(path).read_bytes()))
            return self._begin(seq + 1)
        return seq, size

    def _cut_torn_tail(self, path: str, raw: bytes, end: int) -> int:
        """Return the length of what is whole. What is cut off is kept aside, as nobody can be sure that it was torn."""
        if end < len(raw):
            write_atomic(Path(f"{self._folder}/.cut-{Path(path).name}-{end}"), raw[end:])
            os.truncate(path, end)
        return end

    def _begin(self, seq: int) -> tuple[int, int]:
        write_atomic(Path(segment_path(self._root, self._writer, seq)), segments.MAGIC)
        return seq, len(segments.MAGIC)


def _after(known: Position) -> Position:
    """Return the position of what is to be read next."""
    return Position(known.seq + 1, _BEGIN.offset) if known.mark == WHOLE or not known.seq else known


@contextmanager
def _gone_is_back(path: str) -> Iterator[None]:
    """Take a segment that went while the log was read for one of a log that went back."""
    try:
        yield
    except FileNotFoundError:
        raise went_back(path) from None


def _is_damage(piece: tuple[bytes, int] | salvage.Gap) -> bool:
    return isinstance(piece, salvage.Gap) and not piece.is_torn


def _append(path: str, data: bytes, size: int) -> None:
    """Write at the end and make it durable, or leave the file as it was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], size + written)
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)
