"""A blob as a seekable file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

__all__ = ["BlobFile"]


class BlobFile(io.RawIOBase):
    """Reads by asking for ranges; who reads on where he was is read ahead for, more each time.

    Args:
        size: Bytes in all.
        read_range: Returns the bytes from a position, as many as asked for or up to the end.
        most_ahead: How many bytes to ask for at once at the most, where fewer are wanted; 0 for no more than those.
    """

    def __init__(self, size: int, read_range: Callable[[int, int], bytes], most_ahead: int = 0) -> None:
        super().__init__()
        self._size = size
        self._read_range = read_range
        self._most_ahead = most_ahead
        self._position = 0
        self._ahead = 0
        self._end = -1  # of what was read last
        self._held = memoryview(b"")  # what of it was not asked for yet, up to that end

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer from the position on; return how many bytes that took."""
        if self._position >= self._size:
            return 0
        held = self._end - self._position
        if not 0 < held <= len(self._held):
            self._fetch(len(buffer))
            held = len(self._held)
        data = self._held[len(self._held) - held :][: len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        if self._position == self._end:
            self._held = memoryview(b"")
        return len(data)

    def readall(self) -> bytes:
        """Return all from the position on, by one reading."""
        data = self._read_range(self._position, max(0, self._size - self._position))
        self._position += len(data)
        return data

    def _fetch(self, wanted: int) -> None:
        """Read from the position on: what is wanted, and more where the last reading ended just here."""
        goes_on = self._position == self._end
        self._ahead = min(2 * max(self._ahead, wanted), self._most_ahead) if goes_on else 0
        self._held = memoryview(self._read_range(self._position, max(wanted, self._ahead)))
        self._end = self._position + len(self._held)
