"""Where to cut: FastCDC (Xia et al., "The Design of Fast Content-Defined Chunking", 2020), under fixed rules.

A file of at most `WHOLE_BYTES` is one chunk. A longer one is cut finely where its first `PROBE_BYTES` compress, so that small
changes in text and tables cost little, and coarsely where they do not, where fine cuts would find little to share and cost time.
The first bytes alone decide, so appending changes no cut but the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import zstandard
from pyfastcdc import FastCDC

__all__ = [
    "BLOCK_BYTES",
    "COARSE",
    "FINE",
    "PROBE_BYTES",
    "WHOLE_BYTES",
    "Profile",
    "Splitter",
    "choose_profile",
]

WHOLE_BYTES: Final = 128 * 1024
PROBE_BYTES: Final = 128 * 1024
BLOCK_BYTES: Final = 8 * 1024 * 1024
_COMPRESSIBLE = 0.9


@dataclass(frozen=True, slots=True)
class Profile:
    """Sizes of chunks in bytes; the least, the one aimed at beyond the least, and the most."""

    least: int
    average: int
    most: int


FINE: Final = Profile(16 * 1024, 64 * 1024, 256 * 1024)
COARSE: Final = Profile(1024 * 1024, 1024 * 1024, 4 * 1024 * 1024)


def choose_profile(head: bytes | memoryview) -> Profile:
    """Return how to cut content that begins with these bytes; only the first `PROBE_BYTES` count."""
    probe = bytes(head[:PROBE_BYTES])
    compressed = zstandard.ZstdCompressor(level=1).compress(probe)
    return FINE if len(compressed) < _COMPRESSIBLE * len(probe) else COARSE


class Splitter:
    """Finds the cuts of one stream of bytes. Not to be shared between threads."""

    def __init__(self, profile: Profile) -> None:
        self._cdc = FastCDC(profile.average, min_size=profile.least, max_size=profile.most)

    def cut(self, data: bytes, *, final: bool) -> list[int]:
        """Return the ends of the chunks in `data`, which begins where a chunk does.

        Args:
            data: At least as much as the largest chunk, unless final.
            final: The stream ends with `data`. If not, what follows the last end belongs to the next call.
        """
        ends = [chunk.offset + chunk.length for chunk in self._cdc.cut_buf(data)]
        return ends if final else ends[:-1]
