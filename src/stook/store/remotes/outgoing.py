"""What a push sends: which bundles a remote lacks, and what is said of those that both have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from stook.catalog import Filter
from stook.errors import InputError
from stook.format import records
from stook.format.limits import FRAME_HEADER, MAX_SEGMENT
from stook.model.record import BundleRecord, CommitRecord, TagRecord
from stook.model.refs import parse_ref
from stook.store.remotes.choosing import Choice, choose
from stook.store.remotes.mapping import ContextMap
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Outgoing", "Sent", "find_outgoing", "iter_sent"]

_MORE_BYTES: Final = FRAME_HEADER + 64  # a frame, and the id of a context, which may be longer there


class Sent(msgspec.Struct, frozen=True):
    """The bytes of a bundle's record here, and whether it was removed at the remote and is to be restored there."""

    payload: bytes
    is_revived: bool

    @property
    def record(self) -> BundleRecord:
        """The record, decoded each time: it takes many times the memory of its bytes, and a push may have 100,000."""
        return records.load_bundle(self.payload)

    @property
    def ref(self) -> str:
        """`name@id`."""
        record = self.record
        return f"{record.name}@{record.id}"


class Outgoing(msgspec.Struct, frozen=True):
    """What a push sends.

    Attributes:
        names: Names of the bundles that were asked for; none where no name was given.
        bundles: The bundles, oldest first.
        recorded: Which of them the remote has records of.
        present: How many of those chosen are there.
        removed: Those that were removed there, and that nobody asked for by name, as `name@id`.
        scratch: How many are not sent because nobody has committed them; told only where nothing was named.
        words: What is said of bundles that both have in the end.
    """

    names: tuple[str, ...]
    bundles: tuple[Sent, ...]
    recorded: frozenset[str]
    present: int
    removed: tuple[str, ...]
    scratch: int
    words: tuple[bytes, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no record is to be written."""
        return not (self.bundles or self.words)

    def require_one_commit(self) -> None:
        """See that all of it fits into one commit. Raises InputError where it does not."""
        payloads = [*(sent.payload for sent in self.bundles), *self.words]
        if sum(len(payload) + _MORE_BYTES for payload in payloads) > MAX_SEGMENT // 2:
            raise InputError(
                f"the records of {len(self.bundles)} bundles are more than can appear at once",
                kind="commit-too-large",
                hint="push some names at a time: stook push NAME",
            )


def find_outgoing(store: View, choice: Choice, target: Repository, contexts: ContextMap) -> Outgoing:
    """Hold what is here against what is known of a remote.

    Args:
        store: What is here, up to date.
        choice: Which bundles.
        target: The repository of the remote; what is known of it is up to date.
        contexts: Which context there stands for which here.

    Raises:
        NotFoundError: There is no bundle of a name.
    """
    chosen = choose(store, choice)
    states = _states_there(store, target, contexts, chosen)
    named = set(choose(store, msgspec.structs.replace(choice, with_inputs=False)) if choice.names else ())
    gone = [one for one in chosen if states.get(one) is False]
    revived = {one for one in gone if one in named}
    absent = set(chosen).difference(states)
    bundles = tuple(iter_sent(store, sorted(absent | revived), revived))
    names = _names(store, choice, named)
    return Outgoing(
        names=names,
        bundles=bundles,
        recorded=frozenset(target.catalog.ids.find_recorded(revived)),
        present=len(chosen) - len(absent) - len(gone),
        removed=tuple(one.ref for one in iter_sent(store, [one for one in gone if one not in revived])),
        scratch=_count_scratch(store, choice, states, target),
        words=tuple(_iter_words(store, target, contexts, names, bundles)),
    )


def iter_sent(store: View, bundles: Collection[str], revived: Collection[str] = ()) -> Iterator[Sent]:
    """Yield the records of bundles that are here, with their bytes as they were written."""
    for row in store.repository.catalog.ids.iter_rows(bundles):
        is_revived = bool(revived) and records.read_id(row.payload) in revived
        yield Sent(row.payload, is_revived)


def _states_there(
    store: View, target: Repository, contexts: ContextMap, chosen: Collection[str]
) -> dict[str, bool]:
    """Return what the remote has or had of the context and of all that was chosen, and whether it is there."""
    here = store.find_context_id()
    known = target.catalog.ids.states(contexts.find(here)) if here else {}
    return known | target.catalog.ids.find_states([one for one in chosen if one not in known])


def _names(store: View, choice: Choice, named: Collection[str]) -> tuple[str, ...]:
    if not choice.names:
        return ()
    written = {parse_ref(name).name for name in choice.names} - {""}
    return tuple(sorted(written | {sent.record.name for sent in iter_sent(store, named)}))


def _count_scratch(store: View, choice: Choice, states: Mapping[str, bool], target: Repository) -> int:
    context = store.find_context_id()
    if not choice.is_bare or context is None:
        return 0
    uncommitted = store.repository.catalog.ids.select(Filter(context, tags=choice.tags, committed=False))
    unknown = [one for one in uncommitted if one not in states]
    return len(unknown) - len(target.catalog.ids.find_states(unknown))


def _iter_words(
    store: View,
    target: Repository,
    contexts: ContextMap,
    names: tuple[str, ...],
    bundles: Collection[Sent],
) -> Iterator[bytes]:
    """Yield the tags and commits that are here and not there, of bundles that both have in the end."""
    here, there = store.repository.catalog.ids, target.catalog.ids
    said: set[str] = set()
    for context, some in _places(store, names, bundles).items():
        said |= here.words(context, some) - there.words(contexts.find(context), some)
    said -= there.find_words(said)
    subjects = here.subjects(said)
    states = there.find_states(subjects.values()) | {records.read_id(sent.payload): True for sent in bundles}
    for payload in here.iter_words(word for word in said if states.get(subjects[word])):
        if isinstance(records.load(payload), TagRecord | CommitRecord):
            yield payload


def _places(store: View, names: tuple[str, ...], bundles: Collection[Sent]) -> dict[str, set[str]]:
    """Return the contexts of which words are sent, each with the names of bundles; all names where there are none."""
    own = store.find_context_id()
    places: dict[str, set[str]] = {}
    for record in (sent.record for sent in bundles):
        places.setdefault(record.context, set()).add(record.name)
    if own is not None:
        places[own] = places.get(own, set()) | set(names) if names else set()
    return places
