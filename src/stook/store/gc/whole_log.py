"""The whole log, read anew: what is needed is told by nothing that may be old, damaged or being made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stook.catalog import Batch, Catalog
from stook.errors import IntegrityError
from stook.log.covered import iter_covered
from stook.store.refresh import iter_batches
from stook.store.repository import Repository

__all__ = ["WholeLog"]


class WholeLog:
    """A catalog of one's own, made of the log alone. To be closed.

    Args:
        repository: Whose log.
        folder: An empty folder for the catalog.
    """

    def __init__(self, repository: Repository, folder: Path) -> None:
        self._storage = repository.storage
        self._log = repository.open_log()
        self._catalog = Catalog(folder / "log.db")

    @property
    def is_empty(self) -> bool:
        """Whether it has no records at all."""
        return self._catalog.find_newest_id() is None

    def read_news(self) -> bool:
        """Take in what has been written since the last time; return whether there was anything.

        Raises:
            IntegrityError: A part of it cannot be read, or what was read is not there any more.
        """
        is_news = self._read_covered() if not self._catalog.positions() else False
        for batch in iter_batches(self._log.read(self._catalog.positions())):
            if batch.damage:
                raise _lost(batch.damage[0].problem)
            self._catalog.apply(batch)
            is_news = True
        return is_news

    def _read_covered(self) -> bool:
        """Take in what the newest checkpoint should have too, and what is not in it if it should not."""
        is_news = False
        for batch in iter_batches(iter_covered(self._storage)):
            self._catalog.apply(Batch(batch.records, {}))
            is_news = True
        return is_news

    def iter_live(self) -> Iterator[bytes]:
        """Yield the records of all bundles that are not removed, of every context."""
        return self._catalog.iter_live()

    def close(self) -> None:
        """Close the catalog."""
        self._catalog.close()


def _lost(problem: str) -> IntegrityError:
    return IntegrityError(
        f"a part of the log cannot be read, so it is not known what is needed, and nothing was collected: {problem}",
        kind="damaged-log",
        hint="stook verify",
    )
