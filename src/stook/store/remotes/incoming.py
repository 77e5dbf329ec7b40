"""Which versions, and what is said of them, a pull takes; and what of them is from the future, and is left."""

from __future__ import annotations

import shlex
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from stook.errors import IntegrityError
from stook.format import records
from stook.format.limits import MAX_PAYLOAD
from stook.model.clock import id_millis
from stook.model.record import CommitRecord, TagRecord
from stook.store.remotes.elsewhere import Elsewhere, find_elsewhere, find_removed_elsewhere
from stook.store.remotes.heads import head_of
from stook.store.remotes.mapping import rewrite_context
from stook.store.remotes.refused import Fault, Refused
from stook.store.remotes.remote import Remote
from stook.store.remotes.report import Transferred
from stook.store.remotes.resolving import get_there
from stook.store.repository import Repository

__all__ = [
    "Incoming",
    "Taken",
    "find_incoming",
    "find_too_long",
    "read_incoming",
    "refs_there",
    "require_same",
    "split_ahead",
    "subject",
]

_DAY_MILLIS: Final = 24 * 60 * 60 * 1000
_TOO_LONG: Final = Fault(
    "record-too-large", "its record, or that of a tag or commit, is too long to be taken"
)


class Incoming(msgspec.Struct, frozen=True):
    """What a pull takes; ids, oldest first.

    Attributes:
        names: Names of the bundles that were asked for; none where all were.
        fresh: Bundles that are not here.
        revived: Bundles that were removed here, and that were asked for.
        present: Bundles that are here, of those that were asked for, in whatever context; in no order.
        removed: Bundles that were removed here, and that nobody asked for.
        words: Tags and commits of any of these that are not here.
        refused: What was asked for and is none of these, since it cannot be right, as far as that is seen from records.
        elsewhere: What was asked for and is here in another context, by id.
    """

    names: tuple[str, ...]
    fresh: tuple[str, ...]
    revived: tuple[str, ...]
    present: frozenset[str]
    removed: tuple[str, ...]
    words: tuple[bytes, ...]
    refused: tuple[Refused, ...] = ()
    elsewhere: Mapping[str, Elsewhere] = {}

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
    here, elsewhere = _find_here(repository, remote.config.context, live, is_named=bool(names))
    gone = sorted(one for one in live if here.get(one) is False)
    unknown = set(gone) - repository.catalog.ids.find_recorded(gone) if names else set()
    now = repository.clock.now()
    fresh, ahead = split_ahead(live.difference(here) | unknown, now)
    gone = [one for one in gone if one not in ahead]
    held = (one for one, place in elsewhere.items() if place.removed)
    present = frozenset(live.difference(fresh, ahead, gone, held))
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
        elsewhere=elsewhere,
    )


def _find_here(
    repository: Repository, context: str, live: Collection[str], *, is_named: bool
) -> tuple[dict[str, bool], dict[str, Elsewhere]]:
    """Return what is here, in a context or another; false where it was removed. And what of that is in another.

    What is in another context is brought back only there, so that who named it is told.
    """
    ids = repository.catalog.ids
    here = ids.states(context)
    others = ids.find_states(one for one in sorted(live) if one not in here)
    elsewhere = find_elsewhere(repository, context, (one for one, is_live in others.items() if is_live))
    removed = {one: False for one, is_live in others.items() if not is_live}
    if is_named:
        elsewhere |= find_removed_elsewhere(repository, context, removed)
    return here | removed | dict.fromkeys(elsewhere, True), elsewhere


def split_ahead(bundles: Iterable[str], now: float) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return some ids, oldest first; and those that are from the future.

    Whatever is written here after one of these were read would have to be later still.
    """
    known = sorted(bundles)
    end = bisect_right(known, now * 1000 + _DAY_MILLIS, key=id_millis)
    return tuple(known[:end]), frozenset(known[end:])


def _from_ahead(identifier: str, now: float, what: str = "") -> Fault:
    days = (id_millis(identifier) - now * 1000) / _DAY_MILLIS
    return Fault("id-ahead", f"{what}{days:.1f} days ahead of this machine's clock")


def read_incoming(remote: Remote, bundles: Sequence[str]) -> dict[str, bytes]:
    """Return the records of bundles of a remote, by their ids, as bytes: decoded they take many times the memory."""
    rows = remote.repository.catalog.ids.iter_rows(bundles)
    return {records.read_id(row.payload): row.payload for row in rows}


def find_too_long(read: Mapping[str, bytes], context: str) -> dict[str, Fault]:
    """Return which of some bundles have records that are too long for the log once they are of a context here."""
    return {bundle: _TOO_LONG for bundle, payload in read.items() if _is_too_long(payload, context)}


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
    both = [one for one in incoming.present if every or one in said_of or one in incoming.elsewhere]
    ours = {head.id: head for head in map(head_of, repository.catalog.ids.iter_rows(both))}
    for one in incoming.revived:
        if row := repository.catalog.find_removed(one):
            ours[one] = head_of(row)
    for theirs in map(head_of, remote.repository.catalog.ids.iter_rows(sorted(ours))):
        if not theirs.is_like(ours[theirs.id]):
            name = remote.config.name
            raise IntegrityError(
                f"{theirs.ref} on {name} is not the bundle of that id that is here; nothing was pulled",
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
    sound, ahead = split_ahead(said, now)
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
