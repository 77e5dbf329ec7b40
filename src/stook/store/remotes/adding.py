"""Add remotes to a context, and forget them."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stook.errors import ConflictError, InputError, NotFoundError, StorageError
from stook.model.refs import check_name
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.options import check_keepable
from stook.storage.probing import Finding, is_needed, probe
from stook.storage.protocol import Storage
from stook.storage.urls import redact
from stook.store.refresh import refresh
from stook.store.remotes.config import RemoteConfig, change_remotes, find_remote
from stook.store.remotes.confirmed import confirm
from stook.store.remotes.mapping import How, match_context
from stook.store.remotes.remote import get_config
from stook.store.repository import Repository, open_on

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Added", "add_remote", "open_place", "remove_remote"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Added:
    """A remote that a context has now.

    Attributes:
        config: What it was added as.
        created: Whether a store was made there.
        context_name: Name of the context there that the one here stands for.
        how: Whether that has the same `"id"` or the same `"name"`, or is `"new"`: made with the first push.
        findings: What was found when it was tried.
    """

    config: RemoteConfig
    created: bool
    context_name: str
    how: How
    findings: tuple[Finding, ...]


def add_remote(store: View, name: str, url: str, options: Mapping[str, str] | None = None) -> Added:
    """Add a remote to a store's context; the arguments, and what is raised, are those of `Store.add_remote`."""
    name, options = check_name(name), dict(options or {})
    storage = open_place(url, options)
    place = str(storage.root) if isinstance(storage, FolderStorage) else storage.url
    store.refresh()
    context = store.find_context_id()
    known = find_remote(store.repository, context, name) if context else None
    if known is not None and (known.url, known.options) != (place, options):
        raise _taken(known)
    _refuse_nested(store.repository, storage)
    there, created = _open(store.repository, storage)
    try:
        _refuse_self(store.repository, there)
        refresh(there)
        findings = _require_fit(storage)
        context = store.context_id()
        matched, how = match_context(store.repository, context, there)
        config = known or RemoteConfig(name, context, place, there.id, matched, options)
        if config.repository != there.id:
            raise _taken(known or config)
        change_remotes(store.repository, lambda others: _with(others, config))
        confirm(store.repository, config)
        mapped = there.catalog.find_context_name(config.remote_context)
        how = _how(config, mapped) if known else how
        return Added(config, created, mapped or store.context, how, findings)
    finally:
        there.close()


def remove_remote(store: View, name: str) -> RemoteConfig:
    """Forget a remote of a store's context; what is there stays. Raises NotFoundError where there is none."""
    config = get_config(store, name)
    change_remotes(
        store.repository,
        lambda known: [one for one in known if (one.context, one.name) != (config.context, config.name)],
    )
    return config


def open_place(url: str, options: Mapping[str, str]) -> Storage:
    """Open the storage of a place that is to be a remote. Raises InputError where that may not be kept."""
    scheme = url.partition(":")[0].lower() if _SCHEME.match(url) else "file"
    if redact(url) != url:
        raise InputError(
            f"the URL of a remote is kept for all to read, and this one holds more than a place: {redact(url)}",
            kind="bad-url",
            hint="leave out user, password and query; give credentials in the environment, or name a profile",
        )
    if scheme == "memory":
        raise InputError(
            "what is in memory is no remote: nobody else sees it",
            kind="bad-url",
            hint="name a folder or bucket",
        )
    check_keepable(scheme, options)
    is_path = bool(url) and not _SCHEME.match(url)
    return open_storage(os.path.abspath(os.path.expanduser(url)) if is_path else url, options=options)


def _refuse_nested(repository: Repository, storage: Storage) -> None:
    here = repository.storage
    if not isinstance(storage, FolderStorage) or not isinstance(here, FolderStorage):
        return
    there, own = storage.root.resolve(), here.root.resolve()
    if there != own and (there.is_relative_to(own) or own.is_relative_to(there)):
        raise InputError(
            f"{there} and this store's folder {own} lie in one another",
            kind="not-a-store",
            hint="name a folder beside the store",
        )


def _open(repository: Repository, storage: Storage) -> tuple[Repository, bool]:
    """Open what is at a remote's place, and tell whether it was made now."""
    cache, owner = repository.cache.parent, repository.owner
    try:
        return open_on(storage, cache=cache, owner=owner, create=False), False
    except NotFoundError as error:
        if error.kind != "no-store":
            raise
    return open_on(storage, cache=cache, owner=owner), True


def _refuse_self(repository: Repository, there: Repository) -> None:
    if there.id != repository.id:
        return
    what = "this very store" if there.url == repository.url else "a copy of this store, with the same id"
    raise ConflictError(
        f"{there.url} is {what}",
        kind="same-store",
        hint="name an empty place, or another store; stook clone makes one that can be pulled into",
    )


def _require_fit(storage: Storage) -> tuple[Finding, ...]:
    """Return what was found when a place was tried; raise where nothing could be shared through it."""
    findings = probe(storage)
    unfit = next((one for one in findings if not one.ok and is_needed(one)), None)
    if unfit is None:
        return findings
    hint = unfit.hint
    if unfit.name == "conditional write":
        hint = "choose another server; or, where one person writes at a time: the same with --no-conditional-writes"
    raise StorageError(f"{storage.url} cannot be a remote: {unfit.message}", kind="unfit-remote", hint=hint)


def _with(known: Sequence[RemoteConfig], config: RemoteConfig) -> list[RemoteConfig]:
    for one in known:
        if (one.context, one.name) == (config.context, config.name) and one != config:
            raise _taken(one)
    return [*(one for one in known if one != config), config]


def _how(config: RemoteConfig, mapped: str | None) -> How:
    if mapped is None:
        return "new"
    return "id" if config.remote_context == config.context else "name"


def _taken(known: RemoteConfig) -> ConflictError:
    return ConflictError(
        f"there is a remote {known.name!r} already, at {known.url}",
        kind="remote-exists",
        hint=f"choose another name, or forget that one: stook remote rm {shlex.quote(known.name)}",
    )
