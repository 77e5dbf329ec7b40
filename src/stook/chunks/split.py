"""Where to cut: FastCDC (Xia et al., "The Design of Fast Content-Defined Chunking", 2020), under fixed rules.

Content of at most `WHOLE_BYTES` is one chunk. What is longer is cut finely, so that small changes cost little; but
where its first `PROBE_BYTES` do not compress, coarsely from `FINE_UNTIL` on: fine cuts would find little to share and
cost time. Only the first bytes and the position decide, so appending changes no cut but the last.
"""

from __future__ import annotations

from typing import Final

import msgspec
import zstandard
from pyfastcdc import FastCDC

__all__ = [
    "COARSE",
    "FINE",
    "FINE_UNTIL",
    "WHOLE_BYTES",
    "Profile",
    "Splitter",
    "is_compressible",
]

WHOLE_BYTES: Final = 128 * 1024
PROBE_BYTES: Final = 128 * 1024
FINE_UNTIL: Final = 64 * 1024 * 1024
_COMPRESSIBLE = 0.9
_NEVER = 2**63


class Profile(msgspec.Struct, frozen=True):
    """Sizes of chunks in bytes: the least, how many more are aimed at, and the most."""

    least: int
    average: int
    most: int


FINE: Final = Profile(16 * 1024, 64 * 1024, 256 * 1024)
COARSE: Final = Profile(1024 * 1024, 1024 * 1024, 4 * 1024 * 1024)


def is_compressible(head: bytes | memoryview) -> bool:
    """Tell whether content that begins so is worth fine cuts throughout; only the first `PROBE_BYTES` count."""
    probe = head[:PROBE_BYTES]
    return len(zstandard.ZstdCompressor(level=1).compress(probe)) < _COMPRESSIBLE * len(probe)


class Splitter:
    """Finds the cuts of one stream of bytes. Not to be shared between threads."""

    def __init__(self) -> None:
        self._position = 0
        self._coarse_from: int | None = None
        self._fine = _chunker(FINE)
        self._coarse = _chunker(COARSE)

    def cut(self, block: bytes | memoryview, *, final: bool) -> list[int]:
        """Return the ends of the chunks in `block`, which begins where the last call's last chunk ended.

        Args:
            block: At least twice as much as the largest chunk, unless final.
            final: The stream ends with `block`. If not, what follows the last end belongs to the next call.
        """
        if self._coarse_from is None:
            self._coarse_from = _NEVER if is_compressible(block) else FINE_UNTIL
        fine_bytes = self._coarse_from - self._position
        ends: list[int] = []
        if fine_bytes > 0:
            ends = [
                chunk.offset + chunk.length
                for chunk in self._fine.cut_buf(block)
                if chunk.offset < fine_bytes
            ]
        done = ends[-1] if ends else 0
        if done < len(block):
            rest = memoryview(block)[done:]
            ends += [done + chunk.offset + chunk.length for chunk in self._coarse.cut_buf(rest)]
        if not final:
            ends.pop()  # it may end there only because the block does
        self._position += ends[-1]
        return ends


def _chunker(profile: Profile) -> FastCDC:
    return FastCDC(profile.average, min_size=profile.least, max_size=profile.most)
