"""Which pack has which chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stook.catalog.database import Database
from stook.format.packs import Location, PackEntry

__all__ = ["ChunkTable"]

_FIND_AT_ONCE = 512
_COLUMN_ROWS = 50_000
_LAST_CHUNKS = """
SELECT name, max(offset), stored, size, codec FROM chunks JOIN packs ON number = pack WHERE chunks.id IN
"""
_COUNT_CHUNKS = "SELECT count(DISTINCT chunks.id) FROM chunks JOIN packs ON number = pack WHERE chunks.id IN"
_FIND_CHUNKS = """
SELECT chunks.id, name, offset, stored, size, codec FROM chunks JOIN packs ON number = pack WHERE chunks.id IN
"""


class ChunkTable:
    """The chunks of every pack that was seen; a chunk may be in several. A `ChunkIndex`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pack: str, entries: Sequence[PackEntry]) -> None:
        """Learn where the chunks of a pack are."""
        with self._database.transaction() as connection:
            cursor = connection.execute("INSERT OR IGNORE INTO packs (name) VALUES (?)", (pack,))
            if cursor.rowcount:
                number = cursor.lastrowid
                connection.executemany(
                    "INSERT OR IGNORE INTO chunks VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (e.id, number, e.offset, e.stored, e.size, e.codec)
                        for e in sorted(entries, key=_by_id)
                    ],
                )

    def find(self, ids: Sequence[bytes]) -> dict[bytes, Location]:
        """Return one place of each chunk; those unknown are left out."""
        return dict(self.iter_places(ids))

    def iter_places(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, Location]]:
        """Yield every place of each chunk."""
        for start in range(0, len(ids), _FIND_AT_ONCE):
            some = ids[start : start + _FIND_AT_ONCE]
            marks = ",".join("?" * len(some))
            for row in self._database.rows(f"{_FIND_CHUNKS} ({marks})", some):
                yield row[0], Location(*row[1:])

    def count_known(self, ids: Sequence[bytes]) -> tuple[int, list[Location]]:
        """Return how many of some chunks are known, and of each pack that has any the place of the last of them.

        Args:
            ids: Some hundreds at the most, none of them twice.
        """
        marks = ",".join("?" * len(ids))
        places = [
            Location(*row) for row in self._database.rows(f"{_LAST_CHUNKS} ({marks}) GROUP BY pack", ids)
        ]
        count = self._database.rows(f"{_COUNT_CHUNKS} ({marks})", ids)[0][0]
        return int(count), places

    def entries(self, pack: str) -> tuple[PackEntry, ...]:
        """Return what is known to be in a pack; nothing where it is unknown. Looks through all chunks."""
        sql = (
            "SELECT id, offset, stored, size, codec FROM chunks"
            " WHERE pack = (SELECT number FROM packs WHERE name = ?) ORDER BY offset"
        )
        return tuple([PackEntry(*row) for row in self._database.rows(sql, (pack,))])

    def packs(self) -> set[str]:
        """Return the names of all packs whose chunks are known."""
        return {row[0] for row in self._database.rows("SELECT name FROM packs")}

    def unknown_packs(self, names: Iterable[str]) -> list[str]:
        """Return those of some packs whose chunks are not known yet."""
        sql = "SELECT 1 FROM packs WHERE name = ?"
        return [name for name in names if self._database.find_row(sql, (name,)) is None]

    def forget_pack(self, name: str) -> None:
        """Forget a pack, because it is not there any more."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM packs WHERE name = ?", (name,))

    def tidy(self) -> None:
        """Remove what is left of forgotten packs; looks through all chunks."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM chunks WHERE pack NOT IN (SELECT number FROM packs)")

    def numbers(self) -> dict[int, str]:
        """Return the names of packs by the numbers that `iter_columns` calls them."""
        return dict(self._database.rows("SELECT number, name FROM packs"))

    def iter_columns(self) -> Iterator[tuple[bytes, tuple[int, ...], tuple[int, ...]]]:
        """Yield all chunks, many at a time: the first 8 bytes of each id, numbers of packs, and stored bytes."""
        sql = "SELECT id, pack, stored FROM chunks WHERE (id, pack) > (?, ?) ORDER BY id, pack LIMIT ?"
        last: tuple[bytes, int] = (b"", -1)
        while rows := self._database.rows(sql, (*last, _COLUMN_ROWS)):
            ids, packs, stored = zip(*rows, strict=True)
            yield b"".join([id_[:8] for id_ in ids]), packs, stored
            last = (ids[-1], packs[-1])


def _by_id(entry: PackEntry) -> bytes:
    return entry.id
