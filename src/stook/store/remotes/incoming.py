"""Which versions, and what is said of them, a pull takes; and what of them is from the future, and is left."""

from __future__ import annotations

import shlex
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from stook.catalog import BundleRow
from stook.errors import IntegrityError
from stook.format import records
from stook.format.limits import MAX_PAYLOAD
from stook.model.clock import id_millis
from stook.model.record import BundleRecord, CommitRecord, TagRecord
from stook.store.remotes.mapping import rewrite_context
from stook.store.remotes.refused import Fault, Refused
from stook.store.remotes.remote import Remote
from stook.store.remotes.report import Transferred
from stook.store.remotes.resolving import get_there, load_row
from stook.store.repository import Repository

__all__ = [
    "Head",
    "Incoming",
    "Taken",
    "find_incoming",
    "find_too_long",
    "head_of",
    "read_incoming",
    "refs_there",
    "require_same",
    "subject",
]

_DAY_MILLIS: Final = 24 * 60 * 60 * 1000
_TOO_LONG: Final = Fault(
    "record-too-large", "its record, or that of a tag or commit, is too long to be taken"
)


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
        refused: What was asked for and is none of these, since it cannot be right, as far as that is seen from records.
    """

    names: tuple[str, ...]
    fresh: tuple[str, ...]
    revived: tuple[str, ...]
    present: frozenset[str]
    removed: tuple[str, ...]
    words: tuple[bytes, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no record is to be written."""
        return not (self.fresh or self.revived or self.words)


class Taken(msgspec.Struct, frozen=True):
    """What was taken of what was to be.

    Attributes:
        transferred: What went over.
        data: How many chunks of content are among that.
        refused: What was left.
        left: The ids of the bundles among that, of which nothing was taken.
    """

    transferred: Transferred = Transferred()
    data: int = 0
    refused: tuple[Refused, ...] = ()
    left: frozenset[str] = frozenset()


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
    now = repository.clock.now()
    fresh, ahead = _split_ahead(live.difference(here) | unknown, now)
    gone = [one for one in gone if one not in ahead]
    present = frozenset(live.difference(fresh, ahead, gone))
    called = tuple(sorted({record.name for record in wanted}))
    words, faults = _find_words(remote, repository, called, {*fresh, *present, *(gone if names else ())})
    refs = refs_there(remote, {*ahead, *faults})
    return Incoming(
        names=called,
        fresh=fresh,
        revived=tuple(gone) if names else (),
        present=present,
        removed=() if names else tuple(gone),
        words=words,
        refused=(
            *(_from_ahead(one, now).of(refs[one], "bundle") for one in sorted(ahead)),
            *(faults[one].of(refs[one], "words") for one in sorted(faults)),
        ),
    )


def _split_ahead(bundles: Iterable[str], now: float) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return some ids, oldest first; and those that are from the future.

    Whatever is written here after one of these were read would have to be later still.
    """
    known = sorted(bundles)
    end = bisect_right(known, now * 1000 + _DAY_MILLIS, key=id_millis)
    return tuple(known[:end]), frozenset(known[end:])


def _from_ahead(identifier: str, now: float, what: str = "") -> Fault:
    days = (id_millis(identifier) - now * 1000) / _DAY_MILLIS
    return Fault("id-ahead", f"{what}{days:.1f} days ahead of this machine's clock")


def read_incoming(remote: Remote, bundles: Sequence[str]) -> Iterator[tuple[BundleRecord, bytes]]:
    """Yield the records of bundles of a remote, given their ids, with their bytes."""
    for row in remote.repository.catalog.ids.iter_rows(bundles):
        yield load_row(row), row.payload


def find_too_long(read: Iterable[tuple[BundleRecord, bytes]], context: str) -> dict[str, Fault]:
    """Return which of some bundles have records that are too long for the log once they are of a context here."""
    return {record.id: _TOO_LONG for record, payload in read if _is_too_long(payload, context)}


def _is_too_long(payload: bytes, context: str) -> bool:
    if len(payload) + len(context) <= MAX_PAYLOAD:
        return False
    return len(rewrite_context(payload, context)) > MAX_PAYLOAD


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


def _find_words(
    remote: Remote, repository: Repository, names: Collection[str], bundles: Collection[str]
) -> tuple[tuple[bytes, ...], dict[str, Fault]]:
    """Return the tags and commits of bundles that are there and not here; and of which bundles some cannot be taken."""
    there, context = remote.repository.catalog.ids, remote.config.context
    said = there.words(remote.config.remote_context, names)
    said -= repository.catalog.ids.words(context, names)
    said -= repository.catalog.ids.find_words(said)
    now = repository.clock.now()
    sound, ahead = _split_ahead(said, now)
    words: list[bytes] = []
    faults: dict[str, Fault] = {}
    for payload in there.iter_words(sound):
        if (bundle := subject(payload)) in bundles:
            if _is_too_long(payload, context):
                faults[bundle] = _TOO_LONG
            else:
                words.append(payload)
    for payload in there.iter_words(ahead):
        if (bundle := subject(payload)) in bundles:
            faults[bundle] = _from_ahead(records.read_id(payload), now, "a tag or commit of it is ")
    return tuple(words), faults


def subject(payload: bytes) -> str:
    """Return the bundle that a tag or commit is about."""
    record = records.load(payload)
    return record.bundle if isinstance(record, TagRecord | CommitRecord) else ""


def refs_there(remote: Remote, bundles: Iterable[str]) -> dict[str, str]:
    """Return bundles of a remote as `name@id`, by id."""
    heads = map(head_of, remote.repository.catalog.ids.iter_rows(sorted(bundles)))
    return {head.id: head.ref for head in heads}
