"""Durable files, written whole or not at all, in pieces of any size."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stook._io import write_atomic

MIB = 1024 * 1024


def test_pieces_of_any_size_are_written_in_order(tmp_path: Path) -> None:
    """Long and short ones, empty ones, bytes and views of them."""
    view = memoryview(os.urandom(3 * MIB))
    pieces = [view, view[: 2 * MIB + 4097], b"", b"short", view[5:], os.urandom(2 * MIB), b"end"]
    write_atomic(tmp_path / "pieces", pieces)
    write_atomic(tmp_path / "whole", b"".join(pieces))
    assert (tmp_path / "pieces").read_bytes() == b"".join(pieces)
    assert (tmp_path / "whole").read_bytes() == b"".join(pieces)


def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path) -> None:
    """Where the system takes only a part of a large piece, the reason is raised and nothing is left."""
    with _longest_file(5 * MIB + 100), pytest.raises(OSError, match="File too large") as caught:
        write_atomic(tmp_path / "large", [os.urandom(8 * MIB)])
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
