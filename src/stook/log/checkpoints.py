"""Checkpoints as a log's readers take them: in the place of segments that are gone, or of many small ones."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from stook.errors import FormatError, IntegrityError, NotFoundError
from stook.format import checkpoints, salvage, segments
from stook.log.lines import WHOLE, Line, Reached
from stook.log.listing import has_holes, list_checkpoints
from stook.model.position import Position
from stook.storage.protocol import Storage

__all__ = ["Content", "read_checkpoint", "take_checkpoints"]

Present = Mapping[str, Sequence[int]]

_MOST_USELESS: Final = 16
"""After so many checkpoints in a row that bring nothing no more are read: somebody may have put a million there."""


class Content(msgspec.Struct, frozen=True):
    """What can be read of a checkpoint.

    Attributes:
        supersedes: By writer, the last segment that it covers; empty where it is not whole: then nobody relies on it.
        data: The checkpoint, unsealed.
        most: How many frames can be in it.
    """

    supersedes: Mapping[str, int] = {}
    data: bytes = b""
    most: int = 0

    def iter_records(self) -> Iterator[tuple[bytes, int]]:
        """Yield its records, each with the position after it."""
        for piece in salvage.iter_pieces(self.data, len(segments.MAGIC), self.most):
            if not isinstance(piece, salvage.Gap) and not checkpoints.is_header(piece[0]):
                yield piece

    def is_ahead_of(self, present: Mapping[str, Collection[int]]) -> bool:
        """Tell whether it covers what is after the end of a log, and so is of another state of it.

        Args:
            present: By writer, the segments that are there; the last one always stays.
        """
        return any(seq > max(present.get(writer, [0])) for writer, seq in self.supersedes.items())

    def reaches(self, supersedes: Mapping[str, int]) -> bool:
        """Tell whether it covers all that another covers."""
        return all(seq <= self.supersedes.get(writer, 0) for writer, seq in supersedes.items())


def take_checkpoints(
    storage: Storage, present: Present, following: Mapping[str, int], *, is_cold: bool
) -> Generator[Line | Reached, None, dict[str, int]]:
    """Yield the records of the newest checkpoint, and of older ones while segments are missing without them.

    What a writer has in a checkpoint is known when `Reached` says so, after all records of it: whoever stops before
    that begins again. Of a damaged checkpoint only records are yielded.

    Args:
        storage: Where the log is.
        present: By writer, the segments that are there, ascending.
        following: By writer, the first segment that is to be read; 1 for one that is not named.
        is_cold: Take one even where all segments are there.

    Returns:
        By writer, the first segment that is to be read now.
    """
    wanted = dict(following)
    useless = 0
    for identifier, entry in list_checkpoints(storage).items():
        if useless == _MOST_USELESS or not (is_cold or has_holes(present, wanted)):
            break
        useless += 1
        if entry.size > checkpoints.MAX_BYTES:
            continue
        content = read_checkpoint(storage, identifier)
        supersedes = content.supersedes
        if content.is_ahead_of(present):
            continue
        for payload, end in content.iter_records():
            yield Line(entry.key, Position(0, end), payload)
        for writer, seq in supersedes.items():
            if seq >= wanted.get(writer, 1):
                wanted[writer] = seq + 1
                useless = 0
                yield Reached(writer, Position(seq, 0, WHOLE))
        is_cold = is_cold and not supersedes
    return wanted


def read_checkpoint(storage: Storage, identifier: str) -> Content:
    """Read a checkpoint, a second time where it seems damaged: it may have come to harm on its way.

    Raises:
        StorageError: The storage cannot be reached.
    """
    content = _read(storage, identifier)
    return content if content.supersedes else _read(storage, identifier)


def _read(storage: Storage, identifier: str) -> Content:
    try:
        raw = storage.get(checkpoints.checkpoint_key(identifier)).data
    except (NotFoundError, IntegrityError):
        return Content()
    data, problem = salvage.unseal_some(raw)
    most = salvage.find_most(raw, data)
    covered: dict[str, int] = {}
    has_records, is_whole = False, segments.is_sealed(raw) and not problem
    for piece in salvage.iter_pieces(data, len(segments.MAGIC), most):
        if isinstance(piece, salvage.Gap):
            is_whole = False
        elif not checkpoints.is_header(piece[0]):
            has_records = True
        elif not has_records:
            try:
                covered |= checkpoints.load_header(piece[0], identifier).supersedes
            except FormatError:
                is_whole = False
    return Content(covered if is_whole else {}, data, most)
