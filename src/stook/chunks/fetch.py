"""Runs of chunks out of packs, each chunk verified; one that is gone or damaged is looked for in other packs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from stook.chunks.compress import Bytes, unpack_chunk
from stook.chunks.index import PlacesIndex
from stook.chunks.plan import FAR_GAP_BYTES, GAP_BYTES, VERIFY, Part, iter_runs
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, pack_key
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.storage.range_cache import CachedRanges

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["ChunkFetcher", "iter_ahead"]

_WORKERS = 2
_FAR_WORKERS = 6
_FAR_AHEAD_BYTES = 8 * 1024 * 1024
_In = TypeVar("_In")
_Out = TypeVar("_Out")


def iter_ahead(work: Callable[[_In], _Out], items: Iterable[_In], workers: int = _WORKERS) -> Iterator[_Out]:
    """Yield what some work gives for each item, in order, a few done ahead in so many threads."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers, thread_name_prefix="stook-read") as pool:
        ahead: deque[Future[_Out]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(work, item))
                if len(ahead) > workers + 1:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


class ChunkFetcher:
    """Reads chunks. Safe to share between threads.

    Args:
        storage: Where the packs are.
        index: Says which packs have which chunk.
    """

    def __init__(self, storage: Storage, index: PlacesIndex) -> None:
        self._storage = storage
        self._index = index
        self._is_local = isinstance(storage, FolderStorage)

    @property
    def workers(self) -> int:
        """How many runs are worth reading at once: over a network more, since each waits for its answer."""
        return _WORKERS if self._is_local else _FAR_WORKERS

    @property
    def most_ahead(self) -> int:
        """How many bytes are worth reading before they are asked for, by who reads one after another."""
        return 0 if self._is_local else _FAR_AHEAD_BYTES

    def iter_runs(self, parts: Iterable[Part]) -> Iterator[list[Part]]:
        """Yield chunks in runs that `read_run` is to be given; see `plan.iter_runs`."""
        return iter_runs(parts, GAP_BYTES if self._is_local else FAR_GAP_BYTES)

    def read_run(self, run: Sequence[Part]) -> list[Bytes]:
        """Return chunks of one pack that lie behind one another, by one request.

        Raises:
            IntegrityError: No pack has one of them as it was.
            StorageError: The storage cannot be reached.
        """
        return self._read_run(run, frozenset())

    def read_sorted(self, parts: Sequence[Part]) -> dict[bytes, Bytes]:
        """Return chunks by id, with as few requests as their places allow. Raises as `read_run` does."""
        return self._read_sorted(parts, frozenset())

    def _read_sorted(self, parts: Sequence[Part], tried: frozenset[str]) -> dict[bytes, Bytes]:
        found: dict[bytes, Bytes] = {}
        for run in self.iter_runs(sorted(parts, key=_by_place)):
            pieces = self._read_run(run, tried)
            found.update(zip((id_ for id_, _ in run), pieces, strict=True))
        return found

    def _read_run(self, run: Sequence[Part], tried: frozenset[str]) -> list[Bytes]:
        first, last = run[0][1], run[-1][1]
        tried |= {first.pack}
        try:
            data = memoryview(self._get(first, last.offset + last.stored - first.offset))
        except NotFoundError as error:
            return self._read_moved(run, tried, error)
        except IntegrityError as error:
            if len(run) == 1:
                return [self._read_elsewhere(run[0], tried, error.message)]
            return [piece for part in run for piece in self._read_run([part], tried)]
        pieces = []
        for part in run:
            start = part[1].offset - first.offset
            pieces.append(self._decode(part, data[start : start + part[1].stored], tried))
        return pieces

    def _get(self, first: Location, length: int) -> bytes:
        return self._storage.get_range(pack_key(first.pack), first.offset, length)

    def _decode(self, part: Part, stored: memoryview, tried: frozenset[str]) -> Bytes:
        try:
            return _checked(part, stored)
        except IntegrityError as error:
            again = self._read_anew(part)
            return self._read_elsewhere(part, tried, error.message) if again is None else again

    def _read_anew(self, part: Part) -> Bytes | None:
        """Read a chunk past what is kept on this machine, which may have come damaged; None if that is no help."""
        if not isinstance(self._storage, CachedRanges):
            return None
        location = part[1]
        with suppress(IntegrityError, NotFoundError):
            key = pack_key(location.pack)
            stored = self._storage.get_range_anew(key, location.offset, location.stored)
            return _checked(part, memoryview(stored))
        return None

    def _read_moved(self, run: Sequence[Part], tried: frozenset[str], error: NotFoundError) -> list[Bytes]:
        """Read chunks whose pack has gone: its live chunks may have been packed anew, or it was fetched again."""
        gone = run[0][1].pack
        self._index.forget(gone)
        if (back := f"{gone}, fetched again") not in tried:
            tried = tried - {gone} | {back}
        found = self._index.find([id_ for id_, _ in run])
        moved: list[Part] = []
        for id_, location in run:
            place = self._find_untried(id_, found.get(id_), tried)
            if place is None:
                raise IntegrityError(
                    f"the chunk {id_.hex()} is nowhere: its pack {location.pack} is not in {self._storage.url}",
                    kind="missing-pack",
                    hint=VERIFY,
                    pack=location.pack,
                    chunk=id_.hex(),
                ) from error
            moved.append((id_, place))
        pieces = self._read_sorted(moved, tried)
        return [pieces[id_] for id_, _ in run]

    def _read_elsewhere(self, part: Part, tried: frozenset[str], problem: str) -> Bytes:
        """Read a chunk that is damaged from another pack that has it too."""
        id_, location = part
        place = self._find_untried(id_, location, tried)
        if place is not None:
            return self._read_run([(id_, place)], tried)[0]
        raise IntegrityError(
            f"the chunk {id_.hex()} in the pack {location.pack} is damaged: {problem}",
            kind="damaged-chunk",
            hint=VERIFY,
            pack=location.pack,
            chunk=id_.hex(),
        )

    def _find_untried(self, id_: bytes, known: Location | None, tried: frozenset[str]) -> Location | None:
        if known is None or known.pack not in tried:
            return known
        places = self._index.find_places([id_]).get(id_, [])
        return next((place for place in places if place.pack not in tried), None)


def _checked(part: Part, stored: memoryview) -> Bytes:
    id_, location = part
    return unpack_chunk(id_, stored, location.size, location.codec)


def _by_place(part: Part) -> tuple[str, int]:
    return part[1].pack, part[1].offset
