"""Chunks from a remote to here, within one writer's work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from stook.chunks import ChunkReader
from stook.errors import IntegrityError
from stook.store.packs.chunk_index import ReadingIndex, learn_packs
from stook.store.remotes.report import Observer, Progress, Transferred
from stook.store.remotes.transfer import transfer
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter

__all__ = ["Carrier", "local_reader"]

_WHOLE_SHARE: Final = 0.5
"""Where this much of a pack is wanted, it is taken whole."""


class Carrier:
    """Brings chunks from one repository to another. For one thread.

    Args:
        source: Where they are.
        writer: Of the repository that they go to.
        observer: Is told how far it is.
        least_share: How much of a pack must be wanted for it to be taken whole.
    """

    def __init__(
        self,
        source: Repository,
        writer: BundleWriter,
        observer: Observer,
        *,
        least_share: float = _WHOLE_SHARE,
    ) -> None:
        self._source = source
        self._writer = writer
        self._observer = observer
        self._least_share = least_share
        self._before = self._done = 0
        self.transferred = Transferred()

    def expect(self, packs: Iterable[str]) -> None:
        """Say in which packs of the source the chunks may be that are asked for next; those first that are likely."""
        self._source.reader().index.expect(tuple(dict.fromkeys(packs)))

    def learn(self, packs: Iterable[str]) -> None:
        """Learn what is in packs of the source, where that is not known, since something of each will be asked for."""
        learn_packs(self._source.storage, self._source.catalog, set(packs))

    def carry(self, ids: Iterable[bytes]) -> None:
        """Bring those of some chunks that are not here.

        Args:
            ids: The chunks.

        Raises:
            IntegrityError: The source has one of them no more, or damaged.
            StorageError: One of the two cannot be reached.
        """
        try:
            self.transferred += transfer(
                self._source,
                self._writer,
                ids,
                least_share=self._least_share,
                observer=self._tell,
            )
        except IntegrityError as error:
            if isinstance(went := error.facts.get("transferred"), Transferred):
                self.transferred += went
            raise
        finally:
            self._before = self._done

    def _tell(self, progress: Progress) -> None:
        """Tell how far this is, what was carried before included."""
        self._done = self._before + progress.done
        total = self._before + progress.total if progress.total else 0
        self._observer(Progress(progress.step, self._done, total, progress.moving))


def local_reader(repository: Repository) -> ChunkReader:
    """Return a reader of what is here, which asks no remote."""
    return ChunkReader(repository.storage, ReadingIndex(repository.storage, repository.catalog))
