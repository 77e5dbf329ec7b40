"""Durable files, written whole or not at all, in pieces of any size."""

from __future__ import annotations

import errno
import mmap
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stook._io import write_atomic

MIB = 1024 * 1024


def _pages(size: int) -> memoryview:
    """Return random bytes that begin at a page of memory."""
    view = memoryview(mmap.mmap(-1, size))
    view[:] = os.urandom(size)
    return view


def test_pieces_of_any_size_are_written_in_order(tmp_path: Path) -> None:
    """Whether they are whole pages or begin in the middle of one, in memory and in the file."""
    pages = _pages(3 * MIB)
    pieces = [pages, pages[: 2 * MIB + 4097], b"", b"short", pages[5:], os.urandom(2 * MIB), pages, b"end"]
    for cached in (True, False):
        write_atomic(tmp_path / "pieces", pieces, cached=cached)
        write_atomic(tmp_path / "whole", b"".join(pieces), cached=cached)
        assert (tmp_path / "pieces").read_bytes() == b"".join(pieces)
        assert (tmp_path / "whole").read_bytes() == b"".join(pieces)


def test_large_pieces_go_past_the_cache_where_that_can_be(tmp_path: Path) -> None:
    """Whole pages of memory reach the disk without a copy in the system's cache, if that is wanted."""
    write_atomic(tmp_path / "kept", [_pages(8 * MIB), b"end"])
    write_atomic(tmp_path / "passing", [_pages(8 * MIB), b"end"], cached=False)
    assert _is_cached(tmp_path / "passing", 0) == (not _has_direct_writes(tmp_path))
    assert _is_cached(tmp_path / "kept", 0)


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path) -> None:
    """Where the system takes only a part of a large piece, the reason is raised and nothing is left."""
    with _longest_file(5 * MIB + 100), pytest.raises(OSError, match="File too large") as caught:
        write_atomic(tmp_path / "large", [_pages(8 * MIB)], cached=False)
    assert caught.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


@contextmanager
def _longest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _has_direct_writes(folder: Path) -> bool:
    probe = folder / "probe"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_DIRECT)
    except (AttributeError, OSError):
        return False
    try:
        os.write(descriptor, _pages(MIB))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return not _is_cached(probe, 0)


def _is_cached(path: Path, position: int) -> bool:
    """Tell whether a page of a file is in memory; if the system cannot say, it is taken to be."""
    with open(path, "rb", buffering=0) as file:
        try:
            return os.preadv(file.fileno(), [bytearray(4096)], position, os.RWF_NOWAIT) > 0
        except BlockingIOError:
            return False
        except (AttributeError, OSError):
            return True
