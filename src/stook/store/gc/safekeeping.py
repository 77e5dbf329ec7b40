"""What is needed of packs that will be deleted is brought to safety first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from stook.chunks import read_pack_index
from stook.errors import IntegrityError, NotFoundError
from stook.format.packs import Location, PackEntry
from stook.store.gc.marking import Marks
from stook.store.gc.report import Amount
from stook.store.packs.copying import Copier, iter_sound
from stook.store.repository import Repository

__all__ = ["Salvage"]


class Salvage:
    """Sees that each marked chunk of doomed packs is, readable, in a pack that stays, and copies it to one if not.

    What packs hold is read from the packs themselves, whatever the catalog says.

    Args:
        repository: Whose packs.
        marks: What is needed; may grow between calls.
    """

    def __init__(self, repository: Repository, marks: Marks) -> None:
        self._storage = repository.storage
        self._chunks = repository.catalog.chunks
        self._marks = marks
        self._safe: set[bytes] = set()
        self._copier = Copier(repository.storage, repository.catalog.chunks.add)
        self._copied = 0
        self.problems: dict[str, str] = {}

    @property
    def moved(self) -> Amount:
        """What was copied."""
        return Amount(self._copied, self._copier.copied_bytes)

    def secure(self, doomed: Collection[str], going: Collection[str]) -> set[str]:
        """Bring what is needed of packs to safety, durably; return those of them of which nothing is needed any more.

        The others are damaged: `problems` says how.

        Args:
            doomed: The packs; those that are gone already count as needless.
            going: All packs that are condemned, these among them: what is only there is not safe.
        """
        cleared = {pack for pack in doomed if self._secure_pack(pack, going)}
        self._copier.flush()
        return cleared

    def forget(self) -> None:
        """Look again at what was found to be safe so far: others may have collected since."""
        self._safe.clear()

    def is_needless(self, pack: str) -> bool:
        """Tell whether nothing is needed of a pack but what was brought to safety."""
        try:
            entries = read_pack_index(self._storage, pack)
        except NotFoundError:
            return True
        except IntegrityError:
            return False
        return self._marks.pick_live([entry.id for entry in entries]) <= self._safe

    def _secure_pack(self, pack: str, going: Collection[str]) -> bool:
        try:
            entries = read_pack_index(self._storage, pack)
            live = self._marks.pick_live([entry.id for entry in entries]) - self._safe
            needed = [entry for entry in entries if entry.id in live]
            elsewhere = self._find_elsewhere(needed, going)
            missing = [entry for entry in needed if entry.id not in elsewhere]
            damaged = self._copier.copy(pack, missing)
        except NotFoundError:
            return True
        except IntegrityError as error:
            self.problems[pack] = f"the pack {pack} is left alone: {error.message}"
            return False
        self._copied += len(missing) - len(damaged)
        self._safe |= live.difference(entry.id for entry in damaged)
        if damaged:
            self.problems[pack] = (
                f"the pack {pack} is left alone: {len(damaged)} chunks that bundles need are damaged in it"
            )
        return not damaged

    def _find_elsewhere(self, needed: Sequence[PackEntry], going: Collection[str]) -> set[bytes]:
        """Return the ids of chunks that can be read from packs that stay."""
        places: dict[str, list[PackEntry]] = defaultdict(list)
        for id_, place in self._chunks.iter_places([entry.id for entry in needed]):
            if place.pack not in going:
                places[place.pack].append(_entry(id_, place))
        found: set[bytes] = set()
        for pack, entries in places.items():
            wanted = [entry for entry in entries if entry.id not in found]
            try:
                found.update(
                    entry.id
                    for entry, stored in iter_sound(self._storage, pack, wanted)
                    if stored is not None
                )
            except NotFoundError:
                continue
        return found


def _entry(id_: bytes, place: Location) -> PackEntry:
    return PackEntry(id_, place.offset, place.stored, place.size, place.codec)
