"""What a repository lacks comes from its remotes when it is used."""

from __future__ import annotations

import os
import shlex
import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from stook.errors import IntegrityError, StookError, StorageError
from stook.format import records
from stook.model.record import BundleRecord
from stook.storage.folder import FolderStorage
from stook.store.reading.whose import MISSING, REMOTE_UNREACHABLE
from stook.store.remotes.config import RemoteConfig, read_remotes
from stook.store.remotes.remote import USUAL, known_catalog
from stook.store.remotes.source import Source, still_missing
from stook.store.repository import Repository

__all__ = ["RemoteBacking"]

_HINTS: Final = 4
_OF_CATALOGS: Final = frozenset({"catalog-damaged", "catalog-failed", "catalog-unusable"})


class _Process(msgspec.Struct):
    lock: threading.Lock = msgspec.field(default_factory=threading.Lock)
    sources: dict[tuple[str, str], Source] = {}


class RemoteBacking:
    """The remotes of a repository, as the place where its missing chunks are. Costs nothing until it is asked.

    Safe to share between threads; a forked process opens its own. What is brought is in packs of the repository
    afterwards, for good as long as a bundle needs it.

    Args:
        repository: Lacks them.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._processes: dict[int, _Process] = {}
        self._hints: deque[str] = deque(maxlen=_HINTS)

    def expect(self, bundle: str) -> None:
        """Take note that the bundle of an id is being read: what is missed next may be in the packs that it names."""
        if not self._hints or self._hints[-1] != bundle:
            self._hints.append(bundle)

    def bring(self, ids: Collection[bytes]) -> bool:
        """Fetch chunks that are nowhere here, and return whether any came.

        Args:
            ids: The chunks.

        Raises:
            StorageError: Some are nowhere that could be reached, and a remote could not be (`remote-unreachable`). Or
                this side cannot take them: its disk is full, its folder is closed.
            IntegrityError: A remote has one, and it is damaged there.
        """
        sources = self._sources()
        if not sources:
            return False
        missing = still_missing(self._repository, ids)
        lacking = len(missing)
        failed: list[tuple[RemoteConfig, StookError]] = []
        for source in sources:
            if missing:
                with self._noting(source, failed):
                    source.bring(missing, self._hinted_packs())
                missing = still_missing(self._repository, missing)
        if missing and failed:
            raise _told(*failed[0])
        return len(missing) < lacking or not lacking

    def measure(self, ids: Collection[bytes]) -> dict[bytes, int]:
        """Return the sizes of chunks as far as remotes say them, without fetching any.

        What was said before is not asked for again. Where a remote cannot be asked, what it would say is left out.

        Raises:
            StorageError: This side failed.
        """
        sizes: dict[bytes, int] = {}
        for config in self._configs().values():
            with closing(known_catalog(self._repository, config)) as catalog:
                found = catalog.chunks.find([id_ for id_ in ids if id_ not in sizes])
            sizes.update((id_, place.size) for id_, place in found.items())
        for source in self._sources() if len(sizes) < len(ids) else ():
            with self._noting(source, []):
                wanted = [id_ for id_ in ids if id_ not in sizes]
                sizes.update(source.find_sizes(wanted, self._hinted_packs()) if wanted else {})
        return sizes

    def find_holders(self, bundles: Mapping[str, str]) -> dict[str, str]:
        """Return which remote has a bundle, by its id, as of the last time that it was asked; the others are left out.

        Args:
            bundles: Digests by id.
        """
        found: dict[str, str] = {}
        for config in self._configs().values():
            with closing(known_catalog(self._repository, config)) as catalog:
                for row in catalog.ids.iter_rows([one for one in bundles if one not in found]):
                    record = records.load(row.payload)
                    if isinstance(record, BundleRecord) and record.digest == bundles[record.id]:
                        found[record.id] = config.name
        return found

    def places(self) -> tuple[str, ...]:
        """Return the remotes that are asked, as `name (url)`."""
        return tuple(f"{config.name} ({config.url})" for config in self._configs().values())

    def _configs(self) -> dict[tuple[str, str], RemoteConfig]:
        """Return the remotes of all contexts, each place once, those first that have the usual name."""
        known = sorted(read_remotes(self._repository), key=lambda one: one.name != USUAL)
        return {(one.repository, one.url): one for one in known}

    def _sources(self) -> list[Source]:
        """Return the remotes that are asked, those last that could not be asked before."""
        configs = self._configs()
        if not configs:
            return []
        process = self._processes.setdefault(os.getpid(), _Process())
        with process.lock:
            sources = [
                process.sources.setdefault(key, Source(self._repository, config))
                for key, config in configs.items()
            ]
        return sorted(sources, key=lambda source: source.has_failed)

    def _hinted_packs(self) -> Iterator[tuple[str, ...]]:
        """Yield the packs that the bundles name that were read last, those of the last one at the end."""
        for bundle in tuple(self._hints):
            row = self._repository.catalog.find_bundle(bundle)
            record = records.load(row.payload) if row else None
            if isinstance(record, BundleRecord) and record.packs:
                yield record.packs

    @contextmanager
    def _noting(self, source: Source, failed: list[tuple[RemoteConfig, StookError]]) -> Iterator[None]:
        """Note that a remote failed, and go on: another may have the same. What fails here fails for all."""
        source.has_failed = False
        try:
            yield
        except StookError as error:
            if self._is_ours(error):
                raise
            if error.kind not in MISSING:
                source.has_failed = True
                failed.append((source.config, error))

    def _is_ours(self, error: StookError) -> bool:
        """Tell whether it is this side that failed: the folder of this store, or that of caches and catalogs."""
        storage, place = self._repository.storage, error.facts.get("place")
        roots = [
            self._repository.cache.parent,
            *([storage.root] if isinstance(storage, FolderStorage) else []),
        ]
        is_below = isinstance(place, str) and any(Path(place).is_relative_to(root) for root in roots)
        return is_below or error.kind in _OF_CATALOGS


def _told(config: RemoteConfig, error: StookError) -> StookError:
    """Return the error for data that cannot be had from a remote that may have it."""
    if isinstance(error, IntegrityError):
        message = f"on {config.name} ({config.url}): {error.message}"
        hint = f"stook verify --deep --remote {shlex.quote(config.name)}"
        return type(error)(message, kind=error.kind, hint=hint, **error.facts)
    found = StorageError(
        f"data that is not here may be on {config.name} ({config.url}), which cannot be asked: {error.message}",
        kind=REMOTE_UNREACHABLE,
        hint=f"stook remote check {shlex.quote(config.name)}",
        remote=config.name,
        url=config.url,
    )
    found.__cause__ = error
    return found
