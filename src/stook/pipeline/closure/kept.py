"""A folder of small files that answer faster than working something out again; it never changes an answer.

Each file has a line that tells what it is, a digest of the rest, and the rest. One that is damaged, half written, or of
another version of anything is passed over, and replaced.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from blake3 import blake3

from stook._io import temp_name
from stook.pipeline.closure.taking_apart.facts import FACTS_VERSION

__all__ = ["Kept"]

_MAGIC: Final = f"stook code {FACTS_VERSION}\n".encode()
_DIGEST_SIZE: Final = 32


class Kept:
    """Bytes by key.

    Args:
        folder: Where they are; None to keep nothing.
        tag: What else an answer depends on, such as Python's version.
    """

    def __init__(self, folder: Path | None, tag: str) -> None:
        self._folder = folder / "code" if folder else None
        self._tag = tag

    def find(self, sort: str, key: str) -> bytes | None:
        """Return what was put under a key, or None."""
        if self._folder is None:
            return None
        try:
            with open(self._path(sort, key), "rb") as file:
                data = file.read()
        except OSError:
            return None
        start = len(_MAGIC) + _DIGEST_SIZE
        body = memoryview(data)[start:]
        if not data.startswith(_MAGIC) or data[len(_MAGIC) : start] != self._seal(sort, key, body):
            return None
        return bytes(body)

    def put(self, sort: str, key: str, data: bytes) -> None:
        """Keep bytes under a key. Where the disk refuses, nothing is kept."""
        if self._folder is None:
            return
        path = self._path(sort, key)
        temp = temp_name(path)
        # Whole or not at all, as others see it. After a power cut the seal may not fit, which does no harm.
        with contextlib.suppress(OSError):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                temp.write_bytes(b"".join((_MAGIC, self._seal(sort, key, data), data)))
                os.replace(temp, path)
            finally:
                temp.unlink(missing_ok=True)

    def _path(self, sort: str, key: str) -> Path:
        name = blake3(f"{self._tag}\0{key}".encode("utf-8", "surrogateescape")).hexdigest()[:40]
        return Path(self._folder or "", sort, name[:2], name[2:])

    def _seal(self, sort: str, key: str, data: bytes | memoryview) -> bytes:
        head = f"{self._tag}\0{sort}\0{key}\0".encode("utf-8", "surrogateescape")
        return blake3(head).update(data).digest()
