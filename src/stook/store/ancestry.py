"""What a bundle was made from, and what was made from it, as far as the store knows: through names and contexts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from stook.catalog import HeldRow
from stook.errors import FormatError, IntegrityError, NotFoundError, StorageError
from stook.format import manifests, values
from stook.model.lineage import Lineage
from stook.model.record import BundleRecord
from stook.store.packs.chunk_index import KnownIndex
from stook.store.remotes.config import read_remotes

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["MOST", "Ancestor", "Ancestry", "Direction", "Use", "find_ancestry"]

Direction = Literal["up", "down"]
State = Literal["here", "elsewhere", "removed", "collected", "unreadable", "unknown"]
MOST = 1_000
"""How many bundles are looked at where no other number is given."""

_records = msgspec.json.Decoder(BundleRecord)  # what is in the catalog was found sound when it was taken in


@dataclass(frozen=True, slots=True)
class Use:
    """One bundle was used to make another.

    Attributes:
        made: Id of what was made.
        used: Id of what was used.
        name: Its name, as it was then.
        role: The role it played; empty where the task asked for it while it ran.
        item: The item that was used, or the partition, where it was not all.
    """

    made: str
    used: str
    name: str
    role: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A bundle in a lineage.

    Attributes:
        id: The version.
        name: The bundle's name.
        context: Name of its context; empty where it is unknown.
        state: `here`; `elsewhere`: its data is on a remote; `removed`; `collected`: removed, and its content is gone;
            `unreadable`: what made it cannot be read; `unknown`: no more is known than its name.
        task: What made it.
        owner: Who made it.
        time: When it was made, UTC; None where that is unknown.
        seconds: How long that took; None where it is unknown.
        digest: Digest of its content.
        sources: Paths and URLs that it was added from.
        values: How parameters of its task, and partitions that it used, are written for a person, by name.
    """

    id: str
    name: str
    context: str = ""
    state: State = "here"
    task: str = ""
    owner: str = ""
    time: datetime | None = None
    seconds: float | None = None
    digest: str = ""
    sources: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """`name@id`."""
        return f"{self.name}@{self.id}"


@dataclass(frozen=True, slots=True)
class Ancestry:
    """A bundle with what it was made from, or with what was made from it.

    Attributes:
        direction: `up`: what it was made from; `down`: what was made from it.
        bundles: The bundle itself, then the others, nearest first.
        uses: Which of these was used to make which.
        is_all: Whether that is all: neither the depth nor the number of bundles was too small.
    """

    direction: Direction
    bundles: tuple[Ancestor, ...]
    uses: tuple[Use, ...]
    is_all: bool

    @property
    def root(self) -> Ancestor:
        """The bundle that was asked about."""
        return self.bundles[0]

    def next_to(self) -> dict[str, list[Use]]:
        """Return the uses by the bundle from which one gets on: what was made upwards, what was used downwards."""
        found: dict[str, list[Use]] = {}
        for use in self.uses:
            found.setdefault(use.made if self.direction == "up" else use.used, []).append(use)
        return found

    def ends(self) -> tuple[Ancestor, ...]:
        """Return the bundles from which one gets no further: upwards, the first inputs."""
        goes_on = self.next_to().keys()
        return tuple(bundle for bundle in self.bundles if bundle.id not in goes_on)


def find_ancestry(
    store: Store,
    bundle: Bundle,
    *,
    direction: Direction = "up",
    depth: int | None = None,
    limit: int = MOST,
) -> Ancestry:
    """Follow the lineage of a bundle, in every context, removed bundles too.

    Args:
        store: The store.
        bundle: The bundle.
        direction: `up`: what it was made from; `down`: what was made from it.
        depth: How many steps at the most; as many as there are where None.
        limit: How many bundles at the most.
    """
    store.refresh()
    if direction == "down":
        from stook.store.words.remove import describe_all

        describe_all(store)
    search = _Search(store, limit)
    step = search.step_up if direction == "up" else search.step_down
    level, steps = [bundle.id], 0
    search.look_at(level, {bundle.id: bundle.name})
    while level and (depth is None or steps < depth):
        level, steps = step(level), steps + 1
    if level and depth is not None:
        search.is_all = search.is_all and not search.has_more(level, direction)
    return Ancestry(direction, tuple(search.found.values()), tuple(search.uses), search.is_all)


class _Search:
    """Goes through a lineage level by level, so that no lineage is too deep."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        repository = store.repository
        self._contexts = repository.catalog.context_names()
        self._has_remotes = bool(read_remotes(repository))
        self._index = KnownIndex(repository.storage, repository.catalog)
        self._lineages: dict[str, Lineage] = {}
        self.found: dict[str, Ancestor] = {}
        self.uses: list[Use] = []
        self.is_all = True

    def look_at(self, ids: Sequence[str], names: dict[str, str]) -> None:
        """Read what is known of some bundles, in the order given."""
        held = {}
        for row in self._store.repository.catalog.bundles.iter_held(ids):
            record = _records.decode(row.row.payload)
            held[record.id] = (record, row)
        for one in ids:
            self.found[one] = (
                self._describe(*held[one])
                if one in held
                else Ancestor(one, names.get(one, ""), state="unknown")
            )

    def step_up(self, level: Sequence[str]) -> list[str]:
        """Take in what some bundles were made from; return what is new."""
        names: dict[str, str] = {}
        uses = [use for one in level for use in _uses_of(one, self._lineages.get(one))]
        for use in uses:
            names.setdefault(use.used, use.name)
        new = self._choose(names)
        self.look_at(new, names)
        self.uses += [use for use in uses if use.used in self.found]
        return new

    def step_down(self, level: Sequence[str]) -> list[str]:
        """Take in what was made from some bundles; return what is new."""
        used = set(level)
        made = self._store.repository.catalog.bundles.made_from(level, limit=self._limit + 1)
        new = self._choose(made)
        self.look_at(new, {})
        for one in made:
            if one in self.found:
                self.uses += [use for use in _uses_of(one, self._lineages.get(one)) if use.used in used]
        return new

    def has_more(self, level: Sequence[str], direction: Direction) -> bool:
        """Tell whether one could get on from some bundles."""
        if direction == "up":
            return any(True for one in level for _ in _uses_of(one, self._lineages.get(one)))
        return bool(self._store.repository.catalog.bundles.made_from(level, limit=1))

    def _choose(self, ids: Iterable[str]) -> list[str]:
        """Return those that are new, as many as there is room for."""
        new = [one for one in dict.fromkeys(ids) if one not in self.found]
        room = self._limit - len(self.found)
        self.is_all = self.is_all and len(new) <= room
        return new[: max(0, room)]

    def _describe(self, record: BundleRecord, row: HeldRow) -> Ancestor:
        state: State = self._state(record, row)
        lineage = Lineage()
        try:
            lineage = self._read_lineage(record)
        except (IntegrityError, NotFoundError, StorageError):
            state = "collected" if state == "removed" else "unreadable"
        self._lineages[record.id] = lineage
        return Ancestor(
            id=record.id,
            name=record.name,
            context=self._contexts.get(record.context, record.context),
            state=state,
            task=record.task,
            owner=record.owner,
            time=datetime.fromtimestamp(record.time / 1e6, tz=UTC),
            seconds=(lineage.ended - lineage.started) / 1e6 if lineage.ended else None,
            digest=record.digest,
            sources=lineage.sources,
            values=_values_of(lineage),
        )

    def _read_lineage(self, record: BundleRecord) -> Lineage:
        if record.manifest is not None:
            return record.manifest.lineage
        if record.manifest_blob is None:
            return Lineage()
        return manifests.load_lineage(self._store.repository.reader().read(record.manifest_blob))

    def _state(self, record: BundleRecord, row: HeldRow) -> State:
        if row.is_live and not self._has_remotes:
            return "here"
        if self._has_content(record):
            return "here" if row.is_live else "removed"
        if row.is_live:
            return "elsewhere"
        return "removed" if self._has_remotes else "collected"

    def _has_content(self, record: BundleRecord) -> bool:
        """Tell whether all that a bundle needs is here, as far as the catalog knows."""
        from stook.store.packs.reach import needed_ids

        repository = self._store.repository
        with suppress(IntegrityError, NotFoundError, StorageError):
            ids = list(needed_ids(repository.reader(), record))
            return self._index.has_all(ids)
        return False


def _values_of(lineage: Lineage) -> dict[str, str]:
    found = {}
    for name, value in lineage.params.items():
        with suppress(FormatError):  # who made it may have put anything there
            found[name] = f"{name}={values.from_json(value)}"
    return found | {used.role: used.part for used in lineage.inputs if used.part}


def _uses_of(made: str, lineage: Lineage | None) -> Iterator[Use]:
    if lineage is None:
        return
    seen = set()
    for used in lineage.inputs:
        seen.add(used.id)
        yield Use(made, used.id, used.name, used.role, used.item or used.part)
    for asked in lineage.asked:
        if asked.id not in seen:
            yield Use(made, asked.id, asked.name, "", "")
