"""What a context and its remote have, held against each other, without asking the remote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stook.catalog import BundleRow, Catalog
from stook.errors import IntegrityError, NotFoundError
from stook.format.aliases import AliasState, alias_folder, load
from stook.log.listing import list_bounded
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.alias_notes import known_aliases
from stook.store.remotes.absent import count_absent
from stook.store.remotes.config import RemoteConfig
from stook.store.remotes.fetch import fetched_at
from stook.store.remotes.heads import head_of
from stook.store.remotes.incoming import split_ahead
from stook.store.remotes.remote import cache_of, known_catalog
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Compared", "Version", "compare"]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a bundle.

    Attributes:
        ref: As `name@id`.
        size: Bytes of content.
        committed: Whether it is to be kept.
    """

    ref: str
    size: int
    committed: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What is on one side and not on the other, as of the last time that the remote was asked.

    Attributes:
        remote: Name of the remote.
        url: Where it is.
        fetched: When it was asked last; None where it never was, on this machine.
        ahead: Versions that are here and not there, newest first; those that were removed there are not among them.
        behind: Versions that are there and not here, newest first; those that were removed here are not among them.
        refused: Versions that are there and not here, and that a pull leaves since they claim to be more than a day in
            the future, newest first; they are not among those behind.
        elsewhere: How many versions are there, and here in another context: a pull leaves these too.
        removed_there: Versions that are here and were removed there.
        removed_here: Versions that are there and were removed here.
        not_local: How many bundles are here as records only, or not with all their data.
        not_local_size: Bytes of content of those.
        aliases: Aliases that are known to differ, as `name@alias`.
    """

    remote: str
    url: str
    fetched: datetime | None
    ahead: tuple[Version, ...]
    behind: tuple[Version, ...]
    refused: tuple[Version, ...]
    elsewhere: int
    removed_there: tuple[Version, ...]
    removed_here: tuple[Version, ...]
    not_local: int
    not_local_size: int
    aliases: tuple[str, ...]


def compare(store: View, config: RemoteConfig) -> Compared:
    """Hold a context against a remote of it, by the catalogs alone.

    Args:
        store: The store, up to date.
        config: The remote.

    Raises:
        StorageError: The cache folder refuses.
    """
    repository = store.repository
    here = repository.catalog
    with closing(known_catalog(repository, config)) as there:
        ours, theirs = here.ids.states(config.context), there.ids.states(config.remote_context)
        mine = [one for one, is_live in ours.items() if is_live]
        theirs |= there.ids.find_states(one for one in mine if one not in theirs)
        live = [one for one, is_live in theirs.items() if is_live]
        others = _held_elsewhere(here, [one for one in live if one not in ours])
        known = ours | others
        behind, refused = split_ahead((one for one in live if one not in known), repository.clock.now())
        absent, absent_bytes = count_absent(repository, config.context)
        return Compared(
            remote=config.name,
            url=config.url,
            fetched=fetched_at(repository, config),
            ahead=_versions(here, (one for one in mine if one not in theirs)),
            behind=_versions(there, behind),
            refused=_versions(there, refused),
            elsewhere=sum(others.values()),
            removed_there=_versions(here, (one for one in mine if theirs.get(one) is False)),
            removed_here=_versions(there, (one for one in live if known.get(one) is False)),
            not_local=absent,
            not_local_size=absent_bytes,
            aliases=_different_aliases(repository, config),
        )


def _held_elsewhere(here: Catalog, bundles: Sequence[str]) -> dict[str, bool]:
    """Return those of some bundles that another context has or had; false where one was removed."""
    states = here.ids.find_states(bundles)
    recorded = here.ids.find_recorded(one for one, is_live in states.items() if is_live)
    return {one: is_live for one, is_live in states.items() if not is_live or one in recorded}


def _versions(catalog: Catalog, bundles: Iterable[str]) -> tuple[Version, ...]:
    return tuple(map(_version, catalog.ids.iter_rows(sorted(bundles, reverse=True))))


def _version(row: BundleRow) -> Version:
    head = head_of(row)
    return Version(head.ref, head.size, row.commit is not None)


def _different_aliases(repository: Repository, config: RemoteConfig) -> tuple[str, ...]:
    """Return the aliases that are not the same on both sides, as far as is known of those there."""
    there = open_storage(config.url, options=config.options)
    if isinstance(there, FolderStorage):  # of which nothing is noted, since it is as quick to read
        known = list(_iter_aliases(there, config.remote_context))
    else:
        known = known_aliases(cache_of(repository, config), config.remote_context)
    theirs = {f"{state.name}@{state.alias}": state.write_id for state in known}
    ours = {
        f"{state.name}@{state.alias}": state.write_id
        for state in _iter_aliases(repository.storage, config.context)
    }
    return tuple(sorted(ref for ref in ours.keys() | theirs.keys() if ours.get(ref) != theirs.get(ref)))


def _iter_aliases(storage: Storage, context: str) -> Iterator[AliasState]:
    for entry in list_bounded(storage, alias_folder(context)):
        with suppress(IntegrityError, NotFoundError):
            yield load(storage.get(entry.key).data, entry.key)
