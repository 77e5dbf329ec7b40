"""What happened to a name: versions, tags, commits, removals, and moves of its aliases, in the order of time."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

from stook.format import records
from stook.model.record import (
    BundleRecord,
    CommitRecord,
    ContextRecord,
    DeleteRecord,
    Record,
    RestoreRecord,
    TagRecord,
)
from stook.model.refs import check_name
from stook.store.words.alias import list_aliases

if TYPE_CHECKING:
    from stook.store.store import Store

__all__ = ["Happening", "What", "history"]

What = Literal["added", "tagged", "untagged", "committed", "removed", "restored", "alias"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a bundle.

    Attributes:
        time: When, by the clock of whoever did it; UTC.
        what: What was done.
        id: The version; empty where an alias was taken away.
        owner: Who did it.
        about: What made the version, the tags, the message, the alias and why.
        is_gone: Whether the version is not there any more.
    """

    time: datetime
    what: What
    id: str
    owner: str
    about: str
    is_gone: bool = False


def history(store: Store, name: str) -> list[Happening]:
    """Return what happened to a name, newest first; nothing where there is no such name.

    Raises:
        InputError: This is no name.
    """
    store.refresh()
    context, name = store.find_context_id(), check_name(name)
    if context is None:
        return []
    said = [records.load(payload) for payload in store.repository.catalog.events(context, name)]
    gone = _removed(said)
    found: list[tuple[float, Happening]] = []
    latest = 0
    for record in said:
        # Ids tell what came after what, even where clocks do not: only among aliases, which have none, do times count.
        latest = max(latest, record.time)
        found.extend((latest / 1e6, one) for one in _happenings(record, gone))
    found.extend((move.time.timestamp(), move) for move in _moves(store, context, name, gone))
    return [happening for _, happening in sorted(found, key=itemgetter(0))][::-1]


def _removed(said: Sequence[Record]) -> set[str]:
    """Return the versions that are not there any more."""
    gone: set[str] = set()
    for record in said:
        if isinstance(record, DeleteRecord):
            gone.add(record.bundle)
        elif isinstance(record, RestoreRecord):
            gone.discard(record.bundle)
    return gone


def _happenings(record: Record, gone: Container[str]) -> Iterator[Happening]:
    """Yield what a record says: one thing, or two where tags are given and others taken away."""
    assert not isinstance(record, ContextRecord)  # noqa: S101 - the catalog keeps none among what was said of bundles
    bundle = record.id if isinstance(record, BundleRecord) else record.bundle
    time = datetime.fromtimestamp(record.time / 1e6, tz=UTC)
    for what, about in _words(record):
        yield Happening(time, what, bundle, record.owner, about, bundle in gone)


def _words(record: Record) -> Iterator[tuple[What, str]]:
    match record:
        case BundleRecord():
            yield "added", record.task
        case TagRecord():
            yield from _tag_words(record.tags)
        case CommitRecord():
            yield "committed", record.message
        case DeleteRecord():
            yield "removed", ""
        case RestoreRecord():
            yield "restored", ""


def _tag_words(tags: Mapping[str, str | None]) -> Iterator[tuple[What, str]]:
    given = [f"{key}:{value}" for key, value in tags.items() if value is not None]
    taken = [key for key, value in tags.items() if value is None]
    if given:
        yield "tagged", " ".join(given)
    if taken:
        yield "untagged", " ".join(taken)


def _moves(store: Store, context: str, name: str, gone: Container[str]) -> Iterator[Happening]:
    for alias in list_aliases(store.repository, context, name, dropped=True):
        for move in alias.moves:
            about = f"{alias.alias}: {move.why}" if move.why else alias.alias
            yield Happening(move.when, "alias", move.id or "", move.who, about, move.id in gone)
