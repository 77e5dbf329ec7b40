"""One remote as the place where missing chunks are: what is asked for, and what is better taken with it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from stook.format import repository as stook_json
from stook.format.packs import Location
from stook.store.remotes.config import RemoteConfig
from stook.store.remotes.remote import Remote, open_config
from stook.store.remotes.report import ignore
from stook.store.remotes.turns import taking_turns
from stook.store.repository import Repository

__all__ = ["Source", "still_missing"]

_REQUEST_BYTES: Final = 2 * 1024 * 1024
"""So many bytes come in about the time that a request takes on a line as most are."""

Packs = Iterable[tuple[str, ...]]


class Source:
    """A remote, opened when it is first asked for something. Safe to share between threads.

    Args:
        repository: Lacks chunks.
        config: The remote.

    Attributes:
        config: The remote.
        has_failed: Whether it could not be asked the last time.
    """

    def __init__(self, repository: Repository, config: RemoteConfig) -> None:
        self.config = config
        self.has_failed = False
        self._repository = repository
        self._remote: Remote | None = None
        self._costs: defaultdict[str, int] = defaultdict(int)
        self._sizes: dict[str, int] = {}
        self._lock = threading.Lock()

    def bring(self, ids: Collection[bytes], hints: Packs) -> None:
        """Fetch those of some chunks that it has.

        Args:
            ids: The chunks.
            hints: Packs that may have them, those that are likely at the end.

        Raises:
            StorageError: One of the two cannot be reached.
            IntegrityError: It has one, and it is damaged there.
        """
        from stook.store.remotes.carrying import Carrier  # which those who miss nothing need not
        from stook.store.remotes.transfer import NONE_WHOLE

        there = self._open()
        found = self._find(ids, hints)
        if len(found) < len(ids):
            # Of a folder that is away nothing is there, and no error tells of it.
            there.storage.get(stook_json.KEY)
        packs = {place.pack for place in found.values()}
        with self._repository.writer() as writer:
            writer.index.begin()  # first, so that nobody who has a turn waits for a collector
            with taking_turns(self._repository.cache / "turns", packs):
                missing = {id_: found[id_] for id_ in still_missing(self._repository, found)}
                wanted = [*missing, *self._find_rest(there, missing)]
                Carrier(there, writer, ignore, least_share=NONE_WHOLE).carry(wanted)

    def find_sizes(self, ids: Collection[bytes], hints: Packs) -> dict[bytes, int]:
        """Return the sizes of those of some chunks that it has. For the rest see `bring`."""
        return {id_: place.size for id_, place in self._find(ids, hints).items()}

    def _find(self, ids: Collection[bytes], hints: Packs) -> Mapping[bytes, Location]:
        index = self._open().reader().index
        for packs in hints:
            index.expect(packs)
        return index.find(list(ids))

    def _open(self) -> Repository:
        with self._lock:
            if self._remote is None:
                self._remote = open_config(self._repository, self.config)
            return self._remote.repository

    def _find_rest(self, there: Repository, missing: Mapping[bytes, Location]) -> list[bytes]:
        """Return the other chunks of those packs of which so much came in parts that they had better come whole.

        Whole is better once the parts, and the time that asking for them took, come to as much as the whole. So
        however a pack is read, it costs at most twice what it had to.
        """
        costs: dict[str, int] = dict.fromkeys({place.pack for place in missing.values()}, _REQUEST_BYTES)
        for place in missing.values():
            costs[place.pack] += place.stored
        rest: list[bytes] = []
        with self._lock:
            for pack, cost in costs.items():
                self._costs[pack] += cost
                if self._costs[pack] < 3 * _REQUEST_BYTES:
                    continue
                if self._costs[pack] > _REQUEST_BYTES + self._size_of(there, pack):
                    rest += [entry.id for entry in there.catalog.chunks.entries(pack)]
        return rest

    def _size_of(self, there: Repository, pack: str) -> int:
        if pack not in self._sizes:
            self._sizes[pack] = sum(entry.stored for entry in there.catalog.chunks.entries(pack))
        return self._sizes[pack]


def still_missing(repository: Repository, ids: Iterable[bytes]) -> list[bytes]:
    """Return those of some chunks that are in no pack here, none twice."""
    from stook.store.packs.chunk_index import KnownIndex  # which most commands need not

    wanted = list(dict.fromkeys(ids))
    known = KnownIndex(repository.storage, repository.catalog).find(wanted)
    return [id_ for id_ in wanted if id_ not in known]
