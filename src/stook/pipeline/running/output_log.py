"""The log of a task: what it prints, as it comes, its beginning and its end where that is much."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from stook.errors import StookError

__all__ = ["OutputLog"]

FIRST: Final = 1_000_000
LAST: Final = 9_000_000
_KEPT_LINES = 50
_KEPT_BYTES = 64 * 1024
_LONGEST_LINE = 2_000


class OutputLog:
    """Takes what a task prints. Of more than 10 MB the middle is left out; the file is never longer than 20 MB.

    A disk that refuses stops no task: then only the last lines are kept, in memory.

    Args:
        path: The file, made when something is printed; None to keep the last lines only.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._is_writing = True
        self._length = 0
        self._cut = 0
        self._tail = b""

    def write(self, data: bytes) -> None:
        """Take what was printed."""
        if not data:
            return
        self._tail = (self._tail + data[-_KEPT_BYTES:])[-_KEPT_BYTES:]
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
        text = self._tail.decode(errors="replace")
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
        return path.open("w+b", buffering=0)

    def _write(self, path: Path, data: bytes) -> None:
        self._file = self._file or self._open(path)
        for start in range(0, len(data), LAST):
            piece = data[start : start + LAST]
            self._file.write(piece)
            self._length += len(piece)
            if self._length > FIRST + 2 * LAST:
                self._leave_out(self._file)

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


def _mark(cut: int) -> bytes:
    return f"\n… {cut:>15,} bytes are left out here …\n".encode() if cut else b""
