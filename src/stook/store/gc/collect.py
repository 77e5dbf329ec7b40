"""The steps of garbage collection; the format's section 11 and docs/explanation/garbage-collection.md say why."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from stook.chunks import ChunkReader
from stook.errors import InputError, IntegrityError, StorageError
from stook.format.packs import pack_key
from stook.model.clock import elapsed_seconds
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.store.gc.covered import Covered, amount_of, find_covered, remove_covered
from stook.store.gc.leftovers import find_cuts, remove_from_cache, remove_temporary
from stook.store.gc.marking import Marks
from stook.store.gc.report import Amount, Collected
from stook.store.gc.safekeeping import Salvage
from stook.store.gc.survey import PackUse, Survey, amount, look_at_packs
from stook.store.gc.whole_log import WholeLog
from stook.store.packs.chunk_index import ReadingIndex, list_packs
from stook.store.packs.condemned import CondemnedList, claim, packs_on, put_list, read_lists, storage_time
from stook.store.refresh import find_lost
from stook.store.repository import Repository

__all__ = ["GRACE", "collect"]

GRACE = timedelta(hours=24)
_LEAST_GRACE = timedelta(hours=1)
_SWEEP_SECONDS = 30 * 60
_WAIT_SECONDS = 2.0
_OWN_FOLDER = "gc-"
_OWN_SECONDS = 2 * 24 * 60 * 60


def collect(
    repository: Repository, *, dry_run: bool = False, grace: timedelta = GRACE, wait: float = _WAIT_SECONDS
) -> Collected:
    """Delete packs of which nothing is needed, and those of which little is, once that has been copied.

    Where nobody writes meanwhile and the storage can tell, they go at once; else they are condemned, and go when it is
    run again after the grace.

    Args:
        repository: Whose packs.
        dry_run: Change nothing; say what would be done.
        grace: How long packs stay condemned, and how old unused ones must be, where others may write; an hour or more.
        wait: Seconds to wait for writers to end.

    Raises:
        InputError: The grace is too short.
        StorageError: The storage has no conditional writes: two who collect at once could not tell.
        ConflictError: Another process collects.
        IntegrityError: The log, or a bundle's description, is damaged, so that what is needed is not known.
    """
    if grace < _LEAST_GRACE:
        raise InputError(
            f"a grace of {grace} is too short for others to finish what they write",
            kind="bad-grace",
            hint="give 1h or more; where nobody writes to a folder on a local disk, none is needed",
        )
    if not repository.storage.has_conditional_writes:
        raise StorageError(
            f"nothing can be freed at {repository.url}, which is used without conditional writes",
            kind="no-conditional-writes",
            hint="to free space, push what is needed to a server that has them, and delete this place as a whole",
        )
    with _own_folder(repository.cache) as folder, closing(WholeLog(repository, folder)) as log:
        collection = _Collection(repository, log, grace.total_seconds(), wait)
        if dry_run:
            return collection.preview()
        with repository.gate.collecting():
            return collection.run()


@contextmanager
def _own_folder(cache: Path) -> Iterator[Path]:
    """Make a folder in the cache for as long as the block lasts; remove those of collections that were killed."""
    for old in cache.glob(f"{_OWN_FOLDER}*"):
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _OWN_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    with translate_os_errors(cache):
        folder = tempfile.TemporaryDirectory(prefix=_OWN_FOLDER, dir=cache)
    with folder as path:
        yield Path(path)


class _Collection:
    """One run. What is read of the storage is read anew wherever the argument for safety needs it."""

    def __init__(self, repository: Repository, log: WholeLog, grace: float, wait: float) -> None:
        self._repository = repository
        self._log = log
        self._storage = repository.storage
        self._grace = grace
        self._wait = wait
        index = ReadingIndex(repository.storage, repository.catalog)
        self._reader = ChunkReader(repository.storage, index)
        self._marks = Marks()
        self._salvage = Salvage(repository, self._marks)
        self._swept = Amount()
        self._young: list[PackUse] = []
        self._covered = Covered({}, {})
        self._problems: list[str] = []

    def preview(self) -> Collected:
        """Say what would be done, and change nothing."""
        found, survey, lists = self._look()
        condemned = packs_on(lists) & survey.packs.keys()
        is_quiet = self._repository.gate.is_trusted()
        if not is_quiet:
            found = self._leave_young(found, self._repository.clock.now())
        waiting = [survey.packs[name] for name in sorted(condemned)]
        self._covered = find_covered(self._storage, self._grace, self._repository.clock.now)
        needed = [pack for pack in found if pack.live]
        return Collected(
            dry_run=True,
            busy=not is_quiet,
            swept=amount([*found, *waiting]) if is_quiet else Amount(),
            condemned=Amount() if is_quiet else amount([*found, *waiting]),
            waiting_until=self._waiting_until(lists) if not is_quiet else None,
            moved=Amount(len(needed), sum(pack.live for pack in needed)),
            young=amount(self._young),
            segments=amount_of(self._covered.segments),
            checkpoints=amount_of(self._covered.checkpoints),
            leftovers=self._remove_leftovers(dry_run=True),
            cuts=find_cuts(self._storage),
            problems=(*self._problems, *self._covered.problems),
        )

    def run(self) -> Collected:
        """Collect."""
        with self._repository.gate.closed(self._wait) as is_quiet:
            pass  # what was written before is committed by now, or never will be
        found, _, lists = self._look()
        if not is_quiet:
            found = self._leave_young(found, self._now)
        condemned = packs_on(lists)
        going = condemned | {pack.name for pack in found}
        if is_quiet:
            self._salvage.secure(sorted(condemned), going)  # before anyone has to wait for it
        cleared = self._salvage.secure([pack.name for pack in found], going)
        found = [pack for pack in found if pack.name in cleared]
        is_alone = self._sweep_at_once(lists, found)
        if not is_alone:
            self._condemn(found)
            self._sweep_old(lists)
        self._covered = find_covered(self._storage, self._grace, lambda: self._now)
        remove_covered(self._storage, self._covered)
        return self._report(is_alone=is_alone)

    def _look(self) -> tuple[list[PackUse], Survey, list[CondemnedList]]:
        """Return the packs worth collecting that are on no list, all packs, and the lists."""
        self._read_log(self._repository.reader())
        self._mark_lost()
        survey = look_at_packs(self._repository, self._marks)
        self._problems += [
            f"the pack {name} is left alone: its index cannot be read" for name in survey.unreadable
        ]
        lists, damaged = read_lists(self._storage)
        self._problems += [f"{entry.key} is damaged" for entry in damaged]
        if self._log.is_empty and survey.packs:
            self._problems.append(
                "the log has no records at all, so no pack is touched: is it where it should be?"
            )
            return [], survey, []
        condemned = packs_on(lists)
        found = [p for p in survey.packs.values() if p.name not in condemned and p.is_worth_collecting]
        return found, survey, lists

    def _read_log(self, reader: ChunkReader | None = None) -> None:
        """Mark what is needed by all that is committed now.

        Args:
            reader: Reads descriptions. Where none is given, one that asks no remote: what it fetched it would write,
                and wait for itself where nobody may write.

        Raises:
            IntegrityError: Not all of the log, or of what it leads to, can be read.
        """
        if self._log.read_news():
            self._marks.mark(reader or self._reader, self._log.iter_live())

    def _mark_lost(self) -> None:
        """Mark what is needed by records that the log has lost: they may be put back."""
        for path, payloads in find_lost(self._repository.cache):
            for payload in payloads:
                with suppress(IntegrityError):  # its description went before the log did
                    self._marks.mark(self._repository.reader(), [payload])
            self._problems.append(
                f"the log has lost {len(payloads)} records, and what they need is kept until {path} is removed"
            )

    def _sweep_at_once(self, lists: list[CondemnedList], found: list[PackUse]) -> bool:
        """Delete what is condemned and what is found where nobody writes; return whether that was so."""
        with self._repository.gate.closed(self._wait) as is_alone:
            if not is_alone:
                return False
            self._read_log()
            if needless := self._still_needless(found):
                lists = [*lists, self._put_list(needless)]
            # In this order: who begins to write over a network after this look sees the list, or that packs are gone.
            if not self._repository.gate.is_trusted():
                return False
            self._read_log()
            self._sweep(lists, elapsed_seconds())
            for entry in read_lists(self._storage)[1]:
                self._storage.delete(entry.key)
            return True

    def _condemn(self, found: list[PackUse]) -> None:
        """Put a list of what is found but for what somebody may be writing, unless it is on one by now."""
        listed = packs_on(read_lists(self._storage)[0])
        found = self._leave_young([pack for pack in found if pack.name not in listed], self._now)
        self._read_log()
        if needless := self._still_needless(found):
            self._put_list(needless)

    def _sweep_old(self, lists: list[CondemnedList]) -> None:
        """Sweep the lists that are older than the grace, each alone."""
        for known in lists:
            started = elapsed_seconds()
            if self._now - known.modified >= self._grace and claim(self._storage, known):
                self._read_log()
                self._salvage.forget()
                self._sweep([known], started)
        for entry in read_lists(self._storage)[1]:
            if self._now - entry.modified >= self._grace:
                self._storage.delete(entry.key)

    def _sweep(self, lists: list[CondemnedList], started: float) -> None:
        """Delete the packs of lists, descriptions before data, and then the lists of which no pack is left.

        Once more what is needed of them is brought to safety first. After too long a time it stops: another may have
        taken the lists over.
        """
        going = packs_on(read_lists(self._storage)[0])
        there = list_packs(self._storage)
        doomed = packs_on(lists) & there.keys()
        cleared = self._salvage.secure(sorted(doomed), going | doomed)
        for pack in sorted(cleared, reverse=True):  # meta/… before data/…
            if elapsed_seconds() - started > _SWEEP_SECONDS:
                return
            self._storage.delete(pack_key(pack))
            self._repository.catalog.chunks.forget_pack(pack)
            self._swept += Amount(1, there[pack].size)
        for known in lists:
            if (known.packs & there.keys()) <= cleared:
                self._storage.delete(known.key)
        self._repository.catalog.chunks.tidy()

    def _still_needless(self, found: list[PackUse]) -> list[str]:
        """Return the names of those packs that nothing new has come to need."""
        return [pack.name for pack in found if self._salvage.is_needless(pack.name)]

    def _put_list(self, packs: list[str]) -> CondemnedList:
        repository = self._repository
        return put_list(self._storage, repository.clock, repository.owner, packs)

    def _leave_young(self, found: list[PackUse], now: float) -> list[PackUse]:
        self._young += [pack for pack in found if pack.modified > now - self._grace]
        return [pack for pack in found if pack.modified <= now - self._grace]

    @cached_property
    def _now(self) -> float:
        """The time by the storage's clock, when this was first asked for."""
        return storage_time(self._storage, self._repository.clock)

    def _waiting_until(self, lists: list[CondemnedList]) -> float | None:
        return min((known.modified + self._grace for known in lists), default=None)

    def _report(self, *, is_alone: bool) -> Collected:
        lists = read_lists(self._storage)[0]
        there = list_packs(self._storage) if lists else {}
        waiting = packs_on(lists) & there.keys()
        return Collected(
            busy=not is_alone,
            swept=self._swept,
            condemned=Amount(len(waiting), sum(there[pack].size for pack in waiting)),
            waiting_until=self._waiting_until(lists),
            moved=self._salvage.moved,
            young=amount(self._young),
            segments=amount_of(self._covered.segments),
            checkpoints=amount_of(self._covered.checkpoints),
            leftovers=self._remove_leftovers(dry_run=False),
            cuts=find_cuts(self._storage),
            problems=(*self._problems, *self._covered.problems, *self._salvage.problems.values()),
        )

    def _remove_leftovers(self, *, dry_run: bool) -> Amount:
        here = self._repository.clock.now()
        removed = remove_from_cache(self._repository.cache, here, dry_run=dry_run)
        if isinstance(self._storage, FolderStorage):
            removed += remove_temporary(self._storage.root, here if dry_run else self._now, dry_run=dry_run)
        return removed
