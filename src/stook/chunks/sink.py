"""A file to write that ends as a blob."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from stook.chunks.blob import BlobBuilder
from stook.chunks.blocks import BlockPool
from stook.chunks.split import WHOLE_BYTES, Splitter
from stook.model.tree import Blob

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

__all__ = ["Sink"]

_JOINED_BYTES = 1024 * 1024


class Sink(io.RawIOBase):
    """Takes bytes in order; after `close()` its `blob` says where they are.

    Args:
        add_bytes: Stores what is short.
        new_builder: Makes the builder for what is long.
        pool: Lends memory for it.
    """

    def __init__(
        self, add_bytes: Callable[[bytes], Blob], new_builder: Callable[[], BlobBuilder], pool: BlockPool
    ) -> None:
        super().__init__()
        self._add_bytes = add_bytes
        self._new_builder = new_builder
        self._builder: BlobBuilder | None = None
        self._splitter = Splitter()
        self._pieces: list[bytes] = []
        self._pool = pool
        self._block = memoryview(b"")
        self._filled = 0
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
        view = memoryview(data).cast("B")
        self._written += len(view)
        if self._written <= _JOINED_BYTES:
            self._pieces.append(data if type(data) is bytes else bytes(view))
            return len(view)
        pieces, self._pieces = self._pieces, []
        for piece in pieces:
            self._fill(memoryview(piece))
        self._fill(view)
        return len(view)

    def close(self) -> None:
        """Finish the blob."""
        if self.closed:
            return
        if self._written <= WHOLE_BYTES:
            self._blob = self._add_bytes(b"".join(self._pieces))
        else:
            last = memoryview(b"".join(self._pieces)) if self._pieces else self._block[: self._filled]
            self._blob = self._feed(last, final=True)[0].finish()
        self._pieces = []
        self._block = memoryview(b"")
        super().close()

    def _fill(self, view: memoryview) -> None:
        """Copy bytes to the block; a full one is cut when more comes, and what follows its last cut moves on."""
        while view:
            if self._filled == len(self._block):
                rest = self._block[self._feed(self._block, final=False)[1] :] if self._block else self._block
                self._block, self._filled = self._pool.take(), len(rest)
                self._block[: self._filled] = rest
            end = min(self._filled + len(view), len(self._block))
            taken = end - self._filled
            self._block[self._filled : end] = view[:taken]
            self._filled, view = end, view[taken:]

    def _feed(self, block: memoryview, *, final: bool) -> tuple[BlobBuilder, int]:
        """Return what builds the blob, and where the last chunk of the block ends."""
        if self._builder is None:
            self._builder = self._new_builder()
        ends = self._splitter.cut(block, final=final)
        self._builder.feed(block, ends)
        return self._builder, ends[-1]
