"""The numbers that bound what a repository of format v1 may hold; a reader refuses what is beyond them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "FRAME_HEADER",
    "INLINE_BYTES",
    "MAX_CHUNK",
    "MAX_CODE",
    "MAX_DEPTH",
    "MAX_LISTED",
    "MAX_MESSAGE",
    "MAX_PAYLOAD",
    "MAX_SEGMENT",
    "MAX_WORDS",
]

MAX_CHUNK: Final = 16 * 1024 * 1024
"""Bytes in a chunk before compression."""

MAX_PAYLOAD: Final = 64 * 1024
"""Bytes in one record of the log."""

MAX_SEGMENT: Final = 256 * 1024 * 1024
"""Bytes in a segment, unsealed."""

FRAME_HEADER: Final = 20
"""Bytes before each payload in a segment."""

INLINE_BYTES: Final = 4096
"""A blob up to this many bytes may live within its record."""

MAX_LISTED: Final = 64
"""A blob of more chunks than this names them in a listing."""

MAX_DEPTH: Final = 100
"""Containers within containers, in a value and in a data tree."""

MAX_WORDS: Final = 16 * 1024 * 1024
"""Bytes of JSON in the params of a bundle, and in its lineage."""

MAX_CODE: Final = 16 * 1024 * 1024
"""Bytes of JSON in the source text that made a bundle."""

MAX_MESSAGE: Final = 10_000
"""Characters in the message of a commit."""
