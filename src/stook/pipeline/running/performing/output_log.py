"""The log of a task: what it prints, as it comes, its beginning and its end where that is much."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.pipeline.running.work import Work

__all__ = ["OutputLog"]

FIRST: Final = 1_000_000
LAST: Final = 9_000_000
_KEPT_LINES = 50
_KEPT_BYTES = 64 * 1024
_LONGEST_LINE = 2_000
_MARK: Final = "\n… +([0-9,]+) bytes are left out here …\n".encode()


class OutputLog:
    """Takes what a task prints. Of more than 10 MB the middle is left out; the file is never longer than 20 MB.

    A disk that refuses stops no task: then only the last lines are kept, in memory.

    Args:
        path: The file, made when something is printed; None to keep the last lines only.
        heading: The line above what is printed, below what earlier attempts have; nothing of those stays where empty.
    """

    def __init__(self, path: Path | None, heading: str = "") -> None:
        self.path = path
        self._heading = heading
        self._file: BinaryIO | None = None
        self._is_writing = True
        self._length = 0
        self._cut = 0
        self._tail = bytearray()

    @classmethod
    def of(cls, work: Work) -> OutputLog:
        """Return the log of an attempt at a task."""
        if work.attempt > 1:
            return cls(work.log, f"attempt {work.attempt} of {work.node.traits.retries + 1}")
        return cls(work.log, "begun again" if work.deaths else "")

    def write(self, data: bytes) -> None:
        """Take what was printed."""
        if not data:
            return
        self._tail += data[-_KEPT_BYTES:]
        if len(self._tail) > 2 * _KEPT_BYTES:
            del self._tail[:-_KEPT_BYTES]
        if self.path is not None and self._is_writing:
            try:
                self._write(self.path, data)
            except OSError:
                self._is_writing = False

    def close(self) -> None:
        """Leave out what is too much, and close the file."""
        if self._file is None:
            return
        try:
            if self._is_writing and self._length > FIRST + LAST:
                self._leave_out(self._file)
            self._file.close()
        except OSError:
            self._is_writing = False
        self._file = None

    def last_lines(self) -> str:
        """Return the last lines."""
        text = self._tail[-_KEPT_BYTES:].decode(errors="replace")
        lines = text.replace("\r\n", "\n").splitlines()[-_KEPT_LINES:]
        return "\n".join(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines)

    def add_facts(self, error: StookError) -> None:
        """Let an error tell what was printed last, and where all of it is."""
        if self._tail:
            error.facts["output"] = self.last_lines()
            if self.path is not None and self._is_writing:
                error.facts["log"] = str(self.path)

    def _open(self, path: Path) -> BinaryIO:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (0 if self._heading else os.O_TRUNC)
        file = os.fdopen(os.open(path, flags, 0o666), "r+b")
        if self._heading:
            self._cut = _read_cut(file)
            self._length = file.seek(0, os.SEEK_END)
            above = "\n" if self._length and not _ends_a_line(file) else ""
            self._length += file.write(f"{above}{self._heading}\n".encode())
        return file

    def _write(self, path: Path, data: bytes) -> None:
        self._file = self._file or self._open(path)
        for start in range(0, len(data), LAST):
            piece = data[start : start + LAST]
            self._length += self._file.write(piece)
            if self._length > FIRST + 2 * LAST:
                self._leave_out(self._file)
        if data.endswith(b"\n"):  # whoever follows the log sees whole lines
            self._file.flush()

    def _leave_out(self, file: BinaryIO) -> None:
        """Leave the middle out, and say how much that is."""
        file.seek(self._length - LAST)
        last = file.read(LAST)
        head = FIRST + len(_mark(self._cut)) if self._cut else FIRST
        self._cut += self._length - head - len(last)
        file.seek(FIRST)
        file.truncate()
        file.write(_mark(self._cut) + last)
        self._length = file.tell()


def _read_cut(file: BinaryIO) -> int:
    """Return how many bytes have been left out of a log already."""
    file.seek(FIRST)
    found = re.fullmatch(_MARK, file.read(len(_mark(1))))
    return int(found[1].replace(b",", b"")) if found else 0


def _ends_a_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _mark(cut: int) -> bytes:
    return f"\n… {cut:>15,} bytes are left out here …\n".encode() if cut else b""
