"""Chunks from one repository to another: whole packs where that sends no more than it may, else packed anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from stook.chunks.assembly import Assembly
from stook.chunks.blocks import BlockPool
from stook.chunks.packing import PACK_BYTES
from stook.chunks.plan import FAR_GAP_BYTES, VERIFY
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import PackEntry
from stook.storage.folder import FolderStorage
from stook.store.packs.copying import Made, finish_salted, is_salt, iter_neighbours, iter_sound, put_made
from stook.store.remotes.lanes import Lanes
from stook.store.remotes.report import Observer, Progress, Transferred, ignore
from stook.store.remotes.tiny import FEW, is_tiny, iter_groups
from stook.store.remotes.wanted import Wanted, iter_wanted
from stook.store.remotes.whole import find_limit, ship_pack
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter

__all__ = ["NONE_WHOLE", "transfer"]

NONE_WHOLE: Final = 2.0
"""A share of a pack that is never wanted."""

_HELD_BYTES: Final = 96 * 1024 * 1024

_Read = list[tuple[PackEntry, bytes | None]]
_Part = tuple[str, Sequence[PackEntry]]


def transfer(
    source: Repository,
    writer: BundleWriter,
    ids: Iterable[bytes],
    *,
    least_share: float,
    observer: Observer = ignore,
) -> Transferred:
    """Bring those of some chunks to a repository that it lacks; each is verified, and known there once it is durable.

    What goes over is there to stay when this returns, but belongs to nothing before the writer's index has confirmed
    it and a record was written. When this fails or is interrupted, its threads have ended, and what had arrived by then
    is known at the target: the same call again goes on from there.

    Packs of less than a MiB that are files here go over together, packed anew, where they are more than a few: each
    would cost a request.

    Memory is bounded: some 250 MB for bytes on their way, 64 MB for a million chunks that are lacking. When there are
    more, those million go over before the next are looked for.

    Args:
        source: Where the chunks are, or where they can be had from.
        writer: Of the target. It relies on what was found there.
        ids: The chunks; some may come twice.
        least_share: How much of a pack must be wanted for it to go whole, by bytes; the random ones that a pack may
            have for its name's sake do not count. With 1, as for a push, nothing goes over that is not among `ids`.
            With `NONE_WHOLE` all are packed anew, and no more is asked for than that.
        observer: Is told how far this is, in this thread. The step is `"send"` where `least_share` is 1, else
            `"receive"`.

    Raises:
        IntegrityError: A chunk is nowhere in the source, or damaged wherever it is; the pack and the chunk are named.
            Where several were found to be lost in that way, the fact `chunks` has the ids of these, as hex digits. The
            fact `transferred` says what went over before.
        StorageError: One of the two cannot be reached.
    """
    crossing = _Crossing(source, writer, least_share, observer)
    observer(Progress("compare", 0, 0))
    try:
        for wanted in iter_wanted(ids, writer.index, source.reader().index):
            crossing.run(wanted)
    except IntegrityError as error:
        error.facts["transferred"] = crossing.transferred
        raise
    return crossing.transferred


class _Crossing:
    """The state of one transfer. Used by one thread; the jobs in its lanes touch none of it."""

    def __init__(
        self, source: Repository, writer: BundleWriter, least_share: float, observer: Observer
    ) -> None:
        self._source = source.storage
        self._places = source.reader().index
        self._index = writer.index
        self._target = writer.storage
        self._least_share = least_share
        self._observer = observer
        self._step = "send" if least_share == 1 else "receive"
        self._is_local = isinstance(source.storage, FolderStorage)
        self._gap = 0 if self._is_local else FAR_GAP_BYTES
        self._pool = BlockPool()
        self._making: dict[str, Assembly] = {}
        self._refused: list[str] = []
        self._failed: dict[bytes, str] = {}
        self._gone: set[str] = set()
        self._tried: defaultdict[bytes, set[str]] = defaultdict(set)
        self._done = self._total = 0
        self.transferred = Transferred()

    def run(self, wanted: Wanted) -> None:
        """Bring some chunks over: data first, since what describes data is of no use before it."""
        self._total += wanted.stored
        self._tell()
        with Lanes(_HELD_BYTES) as self._lanes:
            for area in ("data/", "meta/"):
                self._send([pack for pack in wanted.packs if pack.startswith(area)], wanted)
                while self._failed:
                    again = self._find_elsewhere()
                    self._send(again.packs, again)
        self._pool.clear()

    def _send(self, packs: Sequence[str], wanted: Wanted) -> None:
        tiny = []
        for pack in packs:
            entries = wanted.entries(pack)
            limit = self._find_limit(pack, entries)
            if not limit:
                self._gather(pack, entries)
            elif self._is_local and is_tiny(entries):
                tiny.append(pack)
            else:
                self._ship(pack, entries, limit)
        self._send_tiny(tiny, wanted)
        self._lanes.drain()
        refused, self._refused = self._refused, []
        for pack in refused:
            self._gather(pack, wanted.entries(pack))
        self._lanes.drain()
        for area in list(self._making):
            self._close(area)
        self._lanes.drain()

    def _send_tiny(self, packs: Sequence[str], wanted: Wanted) -> None:
        if len(packs) > FEW:
            for parts in iter_groups((pack, wanted.entries(pack)) for pack in packs):
                self._read_parts(parts)
            return
        for pack in packs:
            entries = wanted.entries(pack)
            self._ship(pack, entries, self._find_limit(pack, entries))

    def _ship(self, pack: str, entries: Sequence[PackEntry], limit: int) -> None:
        """Have a pack sent as it is."""
        is_own = self._is_local and self._step == "send"
        look = partial(ship_pack, self._source, self._target, pack, entries, self._least_share, is_own=is_own)
        held = max(entries[-1].offset + entries[-1].stored, min(limit, PACK_BYTES))
        self._lanes.make_room(held)
        self._lanes.start(held, look, partial(self._end_whole, pack, entries))

    def _find_limit(self, pack: str, entries: Sequence[PackEntry]) -> int:
        if self._index.is_condemned(pack) or any(entry.id in self._tried for entry in entries):
            return 0
        return find_limit(entries, self._least_share)

    def _end_whole(self, pack: str, wanted: Sequence[PackEntry], made: Made | None) -> None:
        if made is None:
            self._refused.append(pack)
        else:
            self._learn(made, wanted)

    def _gather(self, pack: str, wanted: Sequence[PackEntry]) -> None:
        """Have some chunks of a pack read, to go into new packs."""
        for run in iter_neighbours(wanted, self._gap):
            self._read_parts([(pack, run)])

    def _read_parts(self, parts: Sequence[_Part]) -> None:
        # What was read, the chunks of it, and twice the part of a pack that these become.
        held = 4 * sum(run[-1].offset + run[-1].stored - run[0].offset for _, run in parts)
        self._lanes.make_room(held)
        self._lanes.start(
            held, lambda: [self._read(*part) for part in parts], partial(self._take_parts, parts)
        )

    def _read(self, pack: str, run: Sequence[PackEntry]) -> _Read | None:
        try:
            return list(iter_sound(self._source, pack, run, self._gap))
        except NotFoundError:
            return None

    def _take_parts(self, parts: Sequence[_Part], read: Sequence[_Read | None]) -> None:
        for (pack, run), some in zip(parts, read, strict=True):
            self._take_in(pack, run, some)

    def _take_in(self, pack: str, run: Sequence[PackEntry], read: _Read | None) -> None:
        if self._lanes.is_ending:
            return
        if read is None:
            self._gone.add(pack)
        area = pack.partition("/")[0]
        for entry, stored in read or [(entry, None) for entry in run]:
            if stored is None:
                self._tried[entry.id].add(pack)
                self._failed[entry.id] = pack
                continue
            making = self._making.setdefault(area, Assembly(self._pool))
            making.add((entry.id, entry.codec, entry.size, stored))
            if making.size >= PACK_BYTES:
                self._close(area)

    def _close(self, area: str) -> None:
        making = self._making.pop(area)
        entries, pieces = finish_salted(making)
        if not isinstance(self._target, FolderStorage):  # which would join them in each of its threads
            pieces = [b"".join(pieces)]
        self._lanes.start(making.size, partial(put_made, self._target, area, entries, pieces), self._end_made)

    def _end_made(self, made: Made) -> None:
        self._learn(made, [entry for entry in made.entries if not is_salt(entry)])

    def _learn(self, made: Made, wanted: Sequence[PackEntry]) -> None:
        self._index.add(made.name, made.entries)
        self.transferred += Transferred(len(wanted), 1, made.size)
        self._done += sum(entry.stored for entry in wanted)
        self._tell()

    def _tell(self) -> None:
        total = max(self._done, self._total)
        self._observer(Progress(self._step, self._done, total, min(total - self._done, _HELD_BYTES)))

    def _find_elsewhere(self) -> Wanted:
        """Return other places of the chunks that could not be read.

        Raises:
            IntegrityError: One has none.
        """
        for pack in self._gone:
            self._places.forget(pack)
        again = Wanted()
        places = self._places.find_places(list(self._failed))
        lost: dict[bytes, str] = {}
        for id_, pack in self._failed.items():
            untried = [place for place in places.get(id_, []) if place.pack not in self._tried[id_]]
            if untried:
                again.add(id_, untried[0])
            else:
                lost[id_] = pack
        if lost:
            raise self._lost(lost)
        self._failed.clear()
        self._gone.clear()
        return again

    def _lost(self, lost: Mapping[bytes, str]) -> IntegrityError:
        """Return the error for some chunks; the first is told, and all are in its fact `chunks`."""
        id_, pack = next(iter(lost.items()))
        is_gone = pack in self._gone
        return IntegrityError(
            f"the chunk {id_.hex()} is nowhere: its pack {pack} is not in {self._source.url}"
            if is_gone
            else f"the chunk {id_.hex()} in the pack {pack} of {self._source.url} is damaged",
            kind="missing-pack" if is_gone else "damaged-chunk",
            hint=VERIFY,
            pack=pack,
            chunk=id_.hex(),
            chunks=tuple(one.hex() for one in lost),
        )
