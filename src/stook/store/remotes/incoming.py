"""Which versions, and what is said of them, a pull takes; and what of a remote cannot be right, and is refused."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from stook.catalog import BundleRow
from stook.errors import IntegrityError
from stook.format import records
from stook.model.clock import id_millis
from stook.model.record import BundleRecord, CommitRecord, Record, TagRecord
from stook.store.remotes.remote import Remote
from stook.store.remotes.resolving import get_there, load_row
from stook.store.repository import Repository

__all__ = [
    "Head",
    "Incoming",
    "find_incoming",
    "head_of",
    "read_incoming",
    "refs_of",
    "require_same",
    "subject",
]

_AHEAD_MILLIS: Final = 24 * 60 * 60 * 1000


class Head(msgspec.Struct, frozen=True):
    """What is at the head of a bundle's record, quicker to read than all of it."""

    id: str
    name: str
    size: int

    @property
    def ref(self) -> str:
        """The bundle as `name@id`."""
        return f"{self.name}@{self.id}"


_decoder = msgspec.json.Decoder(Head)


def head_of(row: BundleRow) -> Head:
    """Return the head of a bundle's record."""
    return _decoder.decode(row.payload)


class Incoming(msgspec.Struct, frozen=True):
    """What a pull takes; ids, oldest first.

    Attributes:
        names: Names of the bundles that were asked for; none where all were.
        fresh: Bundles that are not here.
        revived: Bundles that were removed here, and that were asked for.
        present: Bundles that are here, of those that were asked for; in no order.
        removed: Bundles that were removed here, and that nobody asked for.
        words: Tags and commits of any of these that are not here.
    """

    names: tuple[str, ...]
    fresh: tuple[str, ...]
    revived: tuple[str, ...]
    present: frozenset[str]
    removed: tuple[str, ...]
    words: tuple[bytes, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no record is to be written."""
        return not (self.fresh or self.revived or self.words)


def find_incoming(remote: Remote, repository: Repository, names: Sequence[str], version: str) -> Incoming:
    """Hold what is known of a remote against what is here.

    Args:
        remote: The remote; what is known of it is up to date.
        repository: What is here, up to date.
        names: What to take, as in `pull`; all where none are given.
        version: The version of the only name.

    Raises:
        NotFoundError: The remote has no such bundle.
        InputError: A reference makes no sense.
    """
    there, context = remote.repository.catalog.ids, remote.config.remote_context
    wanted = get_there(remote, names, version)
    chosen = {record.id: True for record in wanted} if names else there.states(context)
    live = {identifier for identifier, is_live in chosen.items() if is_live}
    here = repository.catalog.ids.states(remote.config.context)
    here |= repository.catalog.ids.find_states(live.difference(here))
    gone = sorted(one for one in live if here.get(one) is False)
    unknown = set(gone) - repository.catalog.ids.find_recorded(gone) if names else set()
    fresh = tuple(sorted(live.difference(here) | unknown))
    present = frozenset(live.difference(fresh, gone))
    called = tuple(sorted({record.name for record in wanted}))
    return Incoming(
        names=called,
        fresh=fresh,
        revived=tuple(gone) if names else (),
        present=present,
        removed=() if names else tuple(gone),
        words=tuple(_iter_words(remote, repository, called, {*fresh, *present, *(gone if names else ())})),
    )


def read_incoming(remote: Remote, bundles: Sequence[str], now: float) -> Iterator[tuple[BundleRecord, bytes]]:
    """Yield the records of bundles of a remote, with their bytes, checked as far as they go by themselves.

    Args:
        remote: The remote.
        bundles: Their ids.
        now: The time here, in seconds since the epoch.

    Raises:
        IntegrityError: One of them cannot be right.
    """
    for row in remote.repository.catalog.ids.iter_rows(bundles):
        record = load_row(row)
        _check_id(remote, record, now, f"{record.name}@{record.id}")
        yield record, row.payload


def require_same(remote: Remote, repository: Repository, incoming: Incoming, *, every: bool) -> None:
    """See that bundles which are on both sides are the same, before anything that one side has is taken for the other.

    Args:
        remote: The remote.
        repository: What is here.
        incoming: What is to be taken.
        every: Also where nothing is said of them that is new here.

    Raises:
        IntegrityError: Two bundles have one id.
    """
    said_of = {subject(word) for word in incoming.words}
    both = [one for one in incoming.present if every or one in said_of]
    ours = {record.id: record for record in map(load_row, repository.catalog.ids.iter_rows(both))}
    for one in incoming.revived:
        if row := repository.catalog.find_removed(one):
            ours[one] = load_row(row)
    for theirs in map(load_row, remote.repository.catalog.ids.iter_rows(sorted(ours))):
        mine = ours[theirs.id]
        if (mine.digest, mine.name, mine.size) != (theirs.digest, theirs.name, theirs.size):
            name = remote.config.name
            raise IntegrityError(
                f"{theirs.name}@{theirs.id} on {name} is not the bundle of that id that is here; nothing was pulled",
                kind="same-id",
                hint=f"one of them was forged: ask who wrote it; stook verify --remote {shlex.quote(name)}",
                bundle=theirs.id,
            )


def _iter_words(
    remote: Remote, repository: Repository, names: Collection[str], bundles: Collection[str]
) -> Iterator[bytes]:
    """Yield the tags and commits of bundles that are there and not here."""
    there = remote.repository.catalog.ids
    said = there.words(remote.config.remote_context, names)
    said -= repository.catalog.ids.words(remote.config.context, names)
    said -= repository.catalog.ids.find_words(said)
    now = repository.clock.now()
    for payload in there.iter_words(said):
        record = records.load(payload)
        if isinstance(record, TagRecord | CommitRecord) and record.bundle in bundles:
            _check_id(remote, record, now, f"what is said of {record.bundle}")
            yield payload


def subject(payload: bytes) -> str:
    """Return the bundle that a tag or commit is about."""
    record = records.load(payload)
    return record.bundle if isinstance(record, TagRecord | CommitRecord) else ""


def _check_id(remote: Remote, record: Record, now: float, what: str) -> None:
    """Refuse what is from the future: whatever is written here later would have to be later still."""
    ahead = id_millis(record.id) - now * 1000
    if ahead > _AHEAD_MILLIS:
        name = remote.config.name
        raise IntegrityError(
            f"{what} on {name} is {ahead / _AHEAD_MILLIS:.1f} days ahead of this machine's clock",
            kind="id-ahead",
            hint=f"check this machine's clock; if it is right, take it away: stook rm --remote {shlex.quote(name)}",
            record=record.id,
        )


def refs_of(rows: Iterable[BundleRow]) -> tuple[str, ...]:
    """Return bundles as `name@id`."""
    return tuple(head_of(row).ref for row in rows)
