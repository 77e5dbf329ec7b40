"""Text files, unpacked and checked while they are read: UTF-8, without NUL, ended by a line break."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import zstandard

from stook.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["CheckedText", "open_unpacked"]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)


@contextmanager
def open_unpacked(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file; one that gzip or zstd packed, by its first bytes, is unpacked.

    Args:
        path: The file.
        name: How errors call it.

    Raises:
        InputError: It cannot be read, its packing is broken, or it changed by the end of the block.
    """
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            start = file.read(4)
            file.seek(0)
            yield _unpacked(file, start)
            after = os.fstat(file.fileno())
    except _BROKEN as error:
        raise InputError(
            f"{name} cannot be unpacked: it is cut short or damaged", kind="bad-file", hint="fetch it again"
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot read {name}: {error.strerror or error}",
            kind="unreadable",
            hint="see that the file is there and that you may read it",
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(
            f"{name} changed while it was read",
            kind="file-changed",
            hint="add it again when nothing writes to it",
        )


def _unpacked(file: BinaryIO, start: bytes) -> BinaryIO:
    if start.startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if start.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return cast(BinaryIO, reader)
    return file


class CheckedText(io.RawIOBase):
    """Hands a text on as it is, and refuses it where it is no text.

    Args:
        file: The bytes.
        name: How errors call it.

    Attributes:
        quotes: How many double quotes there were.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._file = file
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._bytes = 0
        self._lines = 0
        self._last = b""
        self._is_over = False
        self.quotes = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes: as many as asked for, fewer only at the end.

        Raises:
            InputError: They are no UTF-8, or there is a NUL among them.
        """
        pieces = []
        left = size
        while not self._is_over and left:
            piece = self._file.read(left)
            self._check(piece)
            if not piece:
                self._is_over = True
                piece = b"" if self._last in {b"\n", b"\r", b""} else b"\n"
            pieces.append(piece)
            self._last = piece[-1:]
            left = left - len(piece) if size > 0 else left
        return b"".join(pieces)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer; see `read`."""
        view = memoryview(buffer).cast("B")
        piece = self.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _check(self, piece: bytes) -> None:
        held = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise self._refusal(piece, max(0, error.start - held), "no UTF-8", _encoding(piece)) from None
        if (nul := piece.find(b"\0")) >= 0:
            raise self._refusal(piece, nul, "a NUL, which no text has", "UTF-16")
        self._bytes += len(piece)
        self._lines += piece.count(b"\n")
        self.quotes += piece.count(b'"')

    def _refusal(self, piece: bytes, position: int, what: str, encoding: str) -> InputError:
        line = self._lines + piece.count(b"\n", 0, position) + 1
        return InputError(
            f"{self._name}: byte {self._bytes + position + 1:,}, in line {line:,}, is {what}",
            kind="bad-encoding",
            hint=f"where it is text in {encoding}: iconv -f {encoding} -t UTF-8 FILE > NEW",
            byte=self._bytes + position,
            line=line,
        )


def _encoding(piece: bytes) -> str:
    return "UTF-16" if piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "WINDOWS-1252"
