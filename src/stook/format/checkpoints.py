"""Checkpoints: sealed segments that hold what still matters of many others, which may then be deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from stook.errors import FormatError
from stook.format import salvage, segments
from stook.format.encoding import to_json
from stook.format.limits import FRAME_HEADER

__all__ = [
    "MAX_BYTES",
    "PREFIX",
    "START_BYTES",
    "Header",
    "checkpoint_key",
    "dump",
    "find_id",
    "framed_size",
    "is_header",
    "load_header",
    "read_start",
]

PREFIX: Final = "checkpoints/"
MAX_BYTES: Final = 200 * 1024 * 1024
"""The largest checkpoint that is written, in bytes before it is sealed; a segment may be larger."""

START_BYTES: Final = 256 * 1024
"""With so many bytes of a checkpoint its headers can be read, unless it covers thousands of writers."""

_KEY = re.compile(r"checkpoints/([0-7][0-9A-HJKMNP-TV-Z]{25})", re.ASCII)
_WRITER = re.compile(r"[0-9a-f]{32}", re.ASCII)
_OPENING: Final = b'{"type":"checkpoint"'
_MAX_SEQ: Final = 10**16 - 1
_WRITERS_EACH: Final = 1000
_MAX_START: Final = 4 * 1024 * 1024


class Header(msgspec.Struct, frozen=True, tag="checkpoint", tag_field="type"):
    """The first record of a checkpoint. Where one cannot name all writers, others follow it.

    Attributes:
        id: That of the checkpoint.
        supersedes: By writer, the number of the last segment that it covers.
    """

    id: str
    supersedes: dict[str, int]


_decoder = msgspec.json.Decoder(Header)


def checkpoint_key(identifier: str) -> str:
    """Return the key of a checkpoint."""
    return f"{PREFIX}{identifier}"


def find_id(key: str) -> str | None:
    """Return the id of the checkpoint of a key, or None where it is the key of something else."""
    match = _KEY.fullmatch(key)
    return match[1] if match else None


def framed_size(count: int, size: int) -> int:
    """Return the bytes that records take in a checkpoint, given how many they are, and their bytes."""
    return count * FRAME_HEADER + size


def dump(identifier: str, supersedes: Mapping[str, int], payloads: Iterable[bytes], size: int) -> bytes:
    """Return a checkpoint, sealed; neither it nor its records need be in memory before that.

    Args:
        identifier: Its id.
        supersedes: By writer, the last segment that it covers.
        payloads: The records.
        size: The bytes that they take, see `framed_size`.
    """
    head = segments.MAGIC + b"".join(map(segments.frame, _headers(identifier, supersedes)))
    return segments.seal_pieces(_pieces(head, payloads), len(head) + size)


def is_header(payload: bytes) -> bool:
    """Tell whether a record is one that begins a checkpoint."""
    return payload.startswith(_OPENING)


def load_header(payload: bytes, identifier: str) -> Header:
    """Read a header and check what is in it.

    Raises:
        FormatError: It is not one, or that of another checkpoint.
    """
    try:
        header = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _error(str(error)) from error
    if header.id != identifier:
        raise _error(f"it says that it is {header.id!r:.80}")
    if not all(_WRITER.fullmatch(writer) for writer in header.supersedes):
        raise _error("it covers a writer that cannot be")
    if not all(0 < seq <= _MAX_SEQ for seq in header.supersedes.values()):
        raise _error("it covers a segment that cannot be")
    return header


def read_start(start: bytes, identifier: str) -> dict[str, int]:
    """Return what a checkpoint covers, as far as that can be told from its first bytes.

    Raises:
        FormatError: That is nothing at all.
    """
    covered: dict[str, int] = {}
    for payload, _ in segments.iter_frames(salvage.unseal_start(start, _MAX_START), len(segments.MAGIC)):
        if not is_header(payload):
            break
        covered |= load_header(payload, identifier).supersedes
    if not covered:
        raise _error("it does not say what it covers")
    return covered


def _headers(identifier: str, supersedes: Mapping[str, int]) -> Iterator[bytes]:
    writers = sorted(supersedes.items())
    for start in range(0, len(writers), _WRITERS_EACH):
        yield to_json(Header(identifier, dict(writers[start : start + _WRITERS_EACH])))


def _pieces(head: bytes, payloads: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from map(segments.frame, payloads)


def _error(problem: str) -> FormatError:
    return FormatError(f"this is not a checkpoint: {problem}", kind="bad-segment", hint="stook verify")
