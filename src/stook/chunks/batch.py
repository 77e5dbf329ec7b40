"""Many small blobs in few requests: planned together, and read in the order in which they lie in packs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from blake3 import blake3

from stook.chunks.compress import Bytes
from stook.chunks.fetch import ChunkFetcher, iter_ahead
from stook.chunks.index import ChunkIndex
from stook.chunks.plan import VERIFY, Part, Plan, find_parts, list_ids, make_plan, on_behalf_of
from stook.errors import FormatError, IntegrityError
from stook.model.tree import Blob

__all__ = ["SMALL_BYTES", "check_whole", "is_small", "iter_small"]

SMALL_BYTES = 1024 * 1024
"""A blob up to this size is read whole, together with others."""

_GROUP_BYTES = 8 * 1024 * 1024
_PLANNED_AT_ONCE = 16_384

Pieces = tuple[Bytes, ...]


class _Wanted(msgspec.Struct, frozen=True):
    number: int
    blob: Blob
    plan: Plan


def is_small(blob: Blob) -> bool:
    """Tell whether a blob is to be read together with others."""
    return blob.size <= SMALL_BYTES and blob.listing is None and blob.data is None


def iter_small(
    numbered: Iterable[tuple[int, Blob]], index: ChunkIndex, fetcher: ChunkFetcher
) -> Iterator[list[tuple[int, Pieces]]]:
    """Yield the bytes of small blobs by number, in groups of a few MiB, in the order in which they are stored.

    Raises:
        IntegrityError: Some are not what they were, or not there.
        StorageError: The storage cannot be reached.
    """
    return iter_ahead(
        lambda group: _read_group(group, fetcher), _iter_groups(numbered, index), fetcher.workers
    )


def check_whole(blob: Blob, digest: str) -> None:
    """Raise IntegrityError where the bytes of a blob have another digest than it."""
    if digest != blob.digest:
        raise IntegrityError(
            f"the bytes of {blob.digest} have another digest, {digest}", kind="wrong-digest", hint=VERIFY
        )


def _iter_groups(numbered: Iterable[tuple[int, Blob]], index: ChunkIndex) -> Iterator[list[_Wanted]]:
    group: list[_Wanted] = []
    size = 0
    for wanted in _iter_planned(numbered, index):
        if group and size + wanted.blob.size > _GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(wanted)
        size += wanted.blob.size
    if group:
        yield group


def _iter_planned(numbered: Iterable[tuple[int, Blob]], index: ChunkIndex) -> Iterator[_Wanted]:
    waiting: list[tuple[int, Blob]] = []
    for each in numbered:
        waiting.append(each)
        if len(waiting) == _PLANNED_AT_ONCE:
            yield from _plan(waiting, index)
            waiting = []
    if waiting:
        yield from _plan(waiting, index)


def _plan(numbered: Sequence[tuple[int, Blob]], index: ChunkIndex) -> list[_Wanted]:
    ids = [list_ids(blob, _refuse_listing) for _, blob in numbered]
    parts = _find_all(numbered, ids, index)
    planned = []
    for (number, blob), some in zip(numbered, ids, strict=True):
        with on_behalf_of(blob):
            planned.append(_Wanted(number, blob, make_plan(blob, [parts[id_] for id_ in some])))
    planned.sort(key=_by_place)
    return planned


def _find_all(
    numbered: Sequence[tuple[int, Blob]], ids: Sequence[Sequence[bytes]], index: ChunkIndex
) -> dict[bytes, Part]:
    try:
        return {
            part[0]: part for part in find_parts(list({id_: None for some in ids for id_ in some}), index)
        }
    except IntegrityError:
        for (_, blob), some in zip(numbered, ids, strict=True):
            with on_behalf_of(blob):
                find_parts(some, index)
        raise


def _by_place(wanted: _Wanted) -> tuple[str, int]:
    location = wanted.plan.parts[0][1]
    return location.pack, location.offset


def _read_group(group: Sequence[_Wanted], fetcher: ChunkFetcher) -> list[tuple[int, Pieces]]:
    parts: dict[bytes, Part] = {part[0]: part for wanted in group for part in wanted.plan.parts}
    try:
        chunks = fetcher.read_sorted(list(parts.values()))
    except IntegrityError:
        for wanted in group:
            with on_behalf_of(wanted.blob):
                fetcher.read_sorted(wanted.plan.parts)
        raise
    return [(wanted.number, _pieces(wanted, chunks)) for wanted in group]


def _pieces(wanted: _Wanted, chunks: Mapping[bytes, Bytes]) -> Pieces:
    pieces = tuple([chunks[id_] for id_, _ in wanted.plan.parts])
    if len(pieces) > 1:
        whole = blake3()
        for piece in pieces:
            whole.update(piece)
        with on_behalf_of(wanted.blob):
            check_whole(wanted.blob, whole.hexdigest())
    return pieces


def _refuse_listing(blob: Blob) -> bytes:
    raise FormatError(f"the listing of {blob.digest} is not expected", kind="bad-manifest", hint=VERIFY)
