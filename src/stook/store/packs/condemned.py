"""The condemned lists of a repository: reading, putting, claiming, and telling their age by the storage's clock."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

import msgspec

from stook.errors import ConflictError, IntegrityError, NotFoundError, StorageError
from stook.format import condemned as lists
from stook.log.listing import list_bounded
from stook.model.clock import Clock
from stook.storage.protocol import Entry, Storage

__all__ = [
    "CondemnedList",
    "claim",
    "find_list",
    "list_entries",
    "packs_on",
    "put_list",
    "read_lists",
    "storage_time",
]

_PROBE_SECONDS = 60 * 60


class CondemnedList(msgspec.Struct, frozen=True):
    """A list that is there.

    Attributes:
        id: Its id.
        modified: When it was put or claimed, by the storage's clock.
        packs: The packs on it.
    """

    id: str
    modified: float
    packs: frozenset[str]

    @property
    def key(self) -> str:
        """Its key in the storage."""
        return lists.condemned_key(self.id)


def packs_on(lists: Iterable[CondemnedList]) -> set[str]:
    """Return the names of all packs on some lists."""
    return {pack for known in lists for pack in known.packs}


def list_entries(storage: Storage) -> dict[str, Entry]:
    """Return what the storage says of each list, by id."""
    found = ((lists.find_id(entry.key), entry) for entry in list_bounded(storage, lists.PREFIX))
    return {identifier: entry for identifier, entry in found if identifier is not None}


def find_list(storage: Storage, identifier: str) -> frozenset[str] | None:
    """Return the packs of a list; None where there is no such list any more.

    Raises:
        IntegrityError: It is damaged.
    """
    key = lists.condemned_key(identifier)
    try:
        return frozenset(lists.load(storage.get(key).data).packs)
    except NotFoundError:
        return None
    except IntegrityError as error:
        raise IntegrityError(
            f"the list {key} of {storage.url} is damaged, so it is not known what will be deleted: {error.message}",
            kind="damaged-condemned",
            hint="stook gc",
            key=key,
        ) from error


def read_lists(storage: Storage) -> tuple[list[CondemnedList], list[Entry]]:
    """Return all lists, and what the storage says of those that are damaged."""
    sound, damaged = [], []
    for identifier, entry in list_entries(storage).items():
        try:
            packs = find_list(storage, identifier)
        except IntegrityError:
            damaged.append(entry)
            continue
        if packs is not None:
            sound.append(CondemnedList(identifier, entry.modified, packs))
    return sound, damaged


def put_list(storage: Storage, clock: Clock, owner: str, packs: Collection[str]) -> CondemnedList:
    """Condemn packs."""
    identifier = clock.new_id()
    written = lists.Condemned(tuple(sorted(packs)), int(clock.now() * 1e6), owner)
    data = lists.dump(written)
    key = lists.condemned_key(identifier)
    try:
        storage.put_new(key, data)
    except ConflictError:  # an answer that was lost: nobody else makes this id
        if storage.get(key).data != data:
            raise
    return CondemnedList(identifier, clock.now(), frozenset(packs))


def claim(storage: Storage, wanted: CondemnedList) -> bool:
    """Become the one who sweeps a list; return whether that is so. The list is as new then as one just put."""
    sweeper = os.urandom(16).hex()
    try:
        stored = storage.get(wanted.key)
        if list_entries(storage)[wanted.id].modified > wanted.modified:
            return False
        ours = lists.dump(msgspec.structs.replace(lists.load(stored.data), sweeper=sweeper))
        try:
            storage.put_if_match(wanted.key, ours, stored.version)
        except (ConflictError, StorageError):
            return storage.get(wanted.key).data == ours
    except (NotFoundError, KeyError):
        return False
    return True


def storage_time(storage: Storage, clock: Clock) -> float:
    """Return the time by the storage's clock, in seconds since the epoch."""
    key = lists.probe_key(clock.new_id())
    storage.put_new(key, key.encode())
    try:
        probes = {
            entry.key: entry.modified for entry in storage.list(lists.PREFIX) if lists.is_probe(entry.key)
        }
    finally:
        storage.delete(key)
    if key not in probes:
        raise StorageError(
            f"{storage.url} does not list what was just written",
            kind="stale-listing",
            hint="choose a storage whose listings are up to date",
        )
    for other, modified in probes.items():
        if modified < probes[key] - _PROBE_SECONDS:
            storage.delete(other)  # of one who died
    return probes[key]
