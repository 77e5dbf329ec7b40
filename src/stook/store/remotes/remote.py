"""A remote, open: a repository of its own, and the context in it that one here stands for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.catalog import Catalog
from stook.errors import ConflictError, NotFoundError
from stook.log import ObjectLog
from stook.storage import open_storage
from stook.storage.ahead import Ahead
from stook.storage.protocol import Storage
from stook.storage.urls import redact
from stook.store.identity import get_identity
from stook.store.remotes.config import RemoteConfig, read_remotes
from stook.store.remotes.confirmed import open_confirmed
from stook.store.repository import Repository, cache_folder, open_known

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = [
    "USUAL",
    "Remote",
    "ask_remote",
    "cache_of",
    "get_config",
    "known_catalog",
    "open_config",
    "open_remote",
]

USUAL = "origin"
"""The remote that is meant where none is named, and there are several."""


class Remote(msgspec.Struct, frozen=True):
    """A remote of a context.

    Attributes:
        config: What it was added as.
        repository: The repository there.
        asked: What it was asked and has perhaps not answered yet: who it is first of all.
    """

    config: RemoteConfig
    repository: Repository
    asked: tuple[Ahead[object], ...] = ()

    def require_identity(self) -> None:
        """Wait until it is known that this is the repository that was added. Raises as `open_remote` does."""
        if self.asked:
            self.asked[0].result()

    def close(self) -> None:
        """Close its catalog, once it has answered."""
        for asked in self.asked:
            asked.close()
        self.repository.close()


def get_config(store: View, name: str = "") -> RemoteConfig:
    """Return the remote of a name; where none is given, the only one, or `origin` of several.

    Raises:
        NotFoundError: This context has none of it; or several, and none is `origin`.
    """
    context = store.find_context_id()
    known = {one.name: one for one in read_remotes(store.repository, context)} if context else {}
    wanted = name or (next(iter(known)) if len(known) == 1 else USUAL)
    if wanted not in known:
        raise _not_found(store.context, name, list(known))
    return known[wanted]


def _not_found(context: str, name: str, known: Sequence[str]) -> NotFoundError:
    import difflib  # which those who type the right name need not

    near = difflib.get_close_matches(name, known, n=1)
    if "://" in name:
        hint = f"stook remote add {shlex.quote(redact(name))}, and then the same without the URL"
    elif known and not name:
        hint = f"name one of them, such as {shlex.quote(known[0])}"
    elif near:
        hint = f"did you mean {near[0]}?"
    elif name:
        hint = f"stook remote add {shlex.quote(name)} URL"
    else:
        hint = "stook remote add URL, where others share or you want to; a new workspace of theirs: stook clone URL"
    has = f"no remote {redact(name or USUAL)!r}" if known or name else "no remotes"
    has += f"; it has {', '.join(known)}" if known else ""
    return NotFoundError(f"the context {context} has {has}", kind="remote-not-found", hint=hint)


def open_remote(store: View, name: str = "") -> Remote:
    """Open the remote of a name, or the usual one. That asks it who it is, and nothing else.

    Raises:
        NotFoundError: As `get_config` raises, or there is no repository any more.
        ConflictError: There is another repository now.
        StorageError: It cannot be reached.
    """
    return open_config(store.repository, get_config(store, name))


def ask_remote(store: View, name: str = "") -> Remote:
    """Open the remote of a name, and ask it at once who it is and what is in its log, without waiting for the answers.

    What is known of it may be looked at in the meantime. `learn` waits for both answers, and takes nothing in of the
    log before it is known that this is the repository that was added: else that would be lost for the right one.

    Raises:
        NotFoundError: As `get_config` raises.
    """
    config = get_config(store, name)
    storage = open_confirmed(store.repository, config)
    opened = _open(store.repository, config, storage)
    identity = Ahead(lambda: _check_identity(config, storage))
    log = opened.log
    return Remote(config, opened, (identity, log.ask()) if isinstance(log, ObjectLog) else (identity,))


def open_config(repository: Repository, config: RemoteConfig) -> Remote:
    """Open a remote of a repository, given what it was added as. Raises as `open_remote` does."""
    storage = open_confirmed(repository, config)
    _check_identity(config, storage)
    return Remote(config, _open(repository, config, storage))


def _check_identity(config: RemoteConfig, storage: Storage) -> None:
    if get_identity(storage) != config.repository:
        raise ConflictError(
            f"the remote {config.name} at {config.url} is not the repository that was added: it was replaced",
            kind="remote-replaced",
            hint=f"see what is there now; stook remote rm {shlex.quote(config.name)}, and add it again if it is right",
        )


def _open(repository: Repository, config: RemoteConfig, storage: Storage) -> Repository:
    found = open_known(storage, config.repository, cache=repository.cache.parent, owner=repository.owner)
    found.options = config.options
    return found


def known_catalog(repository: Repository, config: RemoteConfig) -> Catalog:
    """Open what is known of a remote, as of the last time that it was asked, without asking. To be closed."""
    return Catalog(cache_of(repository, config) / "catalog.db")


def cache_of(repository: Repository, config: RemoteConfig) -> Path:
    """Return the folder of what this machine knows of a remote."""
    return cache_folder(repository.cache.parent, config.repository, open_storage(config.url).url)
