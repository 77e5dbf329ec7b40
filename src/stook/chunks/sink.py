"""A file to write that ends as a blob."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from stook.chunks.blob import BlobBuilder
from stook.chunks.split import BLOCK_BYTES, WHOLE_BYTES, Splitter
from stook.model.tree import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

__all__ = ["Sink"]


class Sink(io.RawIOBase):
    """Takes bytes in order; after `close()` its `blob` says where they are.

    Args:
        add_bytes: Stores what is short.
        new_builder: Makes the builder for what is long.
    """

    def __init__(self, add_bytes: Callable[[bytes], Blob], new_builder: Callable[[], BlobBuilder]) -> None:
        super().__init__()
        self._add_bytes = add_bytes
        self._new_builder = new_builder
        self._builder: BlobBuilder | None = None
        self._splitter = Splitter()
        self._pieces: list[bytes] = []
        self._buffered = 0
        self._written = 0
        self._blob: Blob | None = None

    def __del__(self) -> None:
        """Do nothing: what is left open is not kept."""

    @property
    def blob(self) -> Blob:
        """What was written. Raises ValueError before `close()`."""
        if self._blob is None:
            raise ValueError("the sink is not closed yet")
        return self._blob

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, data: Buffer) -> int:
        """Take some bytes, all of them."""
        if self.closed:
            raise ValueError("write to a closed sink")
        piece = data if type(data) is bytes else bytes(data)
        self._pieces.append(piece)
        self._buffered += len(piece)
        self._written += len(piece)
        if self._buffered >= BLOCK_BYTES:
            self._feed(final=False)
        return len(piece)

    def close(self) -> None:
        """Finish the blob."""
        if self.closed:
            return
        if self._written <= WHOLE_BYTES:
            self._blob = self._add_bytes(b"".join(self._pieces))
        else:
            self._blob = self._feed(final=True).finish()
        self._pieces = []
        super().close()

    def _feed(self, *, final: bool) -> BlobBuilder:
        block = b"".join(self._pieces)
        if self._builder is None:
            self._builder = self._new_builder()
        ends = self._splitter.cut(block, final=final)
        self._builder.feed(block, ends)
        rest = block[ends[-1] :]
        self._pieces = [rest] if rest else []
        self._buffered = len(rest)
        return self._builder
