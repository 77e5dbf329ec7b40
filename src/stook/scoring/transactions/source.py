"""The bytes of an input: a file or stdin, plain or compressed, checked to be whole and to be text."""

from __future__ import annotations

import codecs
import gzip
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from stook.errors import InputError, NotFoundError

__all__ = ["PlainFile", "open_plain"]

_BLOCK = 1 << 20
_GZIP, _ZSTD, _PARQUET, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04"
_NOT_UTF8 = {b"\xff\xfe": "UTF-16LE", b"\xfe\xff": "UTF-16BE"}


@dataclass(frozen=True)
class PlainFile:
    """An input as a plain file on disk.

    Attributes:
        path: The file; temporary where the input was compressed or came from stdin.
        is_parquet: Parquet, else UTF-8 text.
        name: What people call the input.
    """

    path: Path
    is_parquet: bool
    name: str


@contextmanager
def open_plain(source: str | Path, name: str = "") -> Iterator[PlainFile]:
    """Give an input as a plain file, for as long as the block runs. The format is told by content, not by name.

    Args:
        source: A path, or `-` for standard input.
        name: What to call it in messages; its path where empty.

    Raises:
        NotFoundError: There is no such file.
        InputError: It is empty, truncated or corrupt, or its text is not UTF-8.
    """
    name = name or ("standard input" if str(source) == "-" else str(source))
    with tempfile.TemporaryDirectory(prefix="stook-input-") as folder:
        spooled = Path(folder) / "input"
        path = _spool(sys.stdin.buffer, spooled) if str(source) == "-" else _existing(Path(source))
        with open(path, "rb") as file:
            magic = file.read(4)
        if not magic:
            raise InputError(f"{name} is empty", kind="empty-input", hint="check what wrote it")
        if magic == _ZIP:
            raise InputError(
                f"{name} is a workbook or a zip archive, not a table as text",
                kind="workbook-input",
                hint="save the sheet as CSV (UTF-8), or unpack the archive, and give that file",
            )
        if magic == _PARQUET:
            yield PlainFile(path, True, name)
        elif magic[:2] == _GZIP or magic == _ZSTD:
            yield PlainFile(_unpack(path, Path(folder) / "plain", name), False, name)
        else:
            with open(path, "rb") as file:
                for _ in _checked(iter(lambda: file.read(_BLOCK), b""), name):
                    pass
            yield PlainFile(path, False, name)


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    what = "is a folder, not a file" if path.is_dir() else "does not exist"
    raise NotFoundError(f"the input {path} {what}", kind="input-not-found", hint="check the path after -i")


def _spool(reader: BinaryIO, path: Path) -> Path:
    with open(path, "wb") as out:
        shutil.copyfileobj(reader, out, _BLOCK)
    return path


def _unpack(path: Path, plain: Path, name: str) -> Path:
    with open(plain, "wb") as out:
        for block in _checked(_decompressed(path, name), name):
            out.write(block)
    if not plain.stat().st_size:
        raise InputError(f"{name} is empty", kind="empty-input", hint="check what wrote it")
    return plain


def _decompressed(path: Path, name: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            if file.read(2) == _GZIP:
                with gzip.open(path) as unpacked:
                    yield from iter(lambda: unpacked.read(_BLOCK), b"")
            else:
                file.seek(0)
                yield from _unzstd(file)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise InputError(
            f"{name} is truncated or corrupt: {error}",
            kind="truncated-input",
            hint=f"copy it again, then test it: {'zstd' if 'std' in type(error).__name__ else 'gzip'} -t {name}",
        ) from error


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    # A stream reader takes the end of a torn file for the end of the data; a decompressor object knows better.
    frame = zstandard.ZstdDecompressor().decompressobj()
    while block := file.read(_BLOCK):
        while block:
            yield frame.decompress(block)
            block = frame.unused_data
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
                started = bool(block)
            else:
                started = True
    if started:
        raise zstandard.ZstdError("the last frame is not complete")


def _checked(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    done, line = 0, 1
    for block in blocks:
        if not done and block[:2] in _NOT_UTF8:
            raise _encoding_error(name, 1, 0, _NOT_UTF8[block[:2]])
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            at = max(error.start - pending, 0)
            raise _encoding_error(
                name, line + block.count(b"\n", 0, at), done + at, "WINDOWS-1252"
            ) from error
        if (at := block.find(b"\0")) >= 0:
            raise _encoding_error(name, line + block.count(b"\n", 0, at), done + at, "UTF-16")
        done, line = done + len(block), line + block.count(b"\n")
        yield block
    if decoder.getstate()[0]:
        raise _encoding_error(name, line, done, "WINDOWS-1252")


def _encoding_error(name: str, line: int, offset: int, likely: str) -> InputError:
    return InputError(
        f"{name} is not UTF-8 text: line {line}, byte {offset}",
        kind="wrong-encoding",
        hint=f"convert it, from {likely} if that is what it is: iconv -f {likely} -t UTF-8 IN.csv > OUT.csv",
        line=line,
        byte=offset,
    )
