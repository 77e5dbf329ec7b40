"""A remote, open: a repository of its own, and the context in it that one here stands for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.catalog import Catalog
from stook.errors import ConflictError, NotFoundError
from stook.storage import open_storage
from stook.store.remotes.config import RemoteConfig, read_remotes
from stook.store.repository import Repository, cache_folder, open_on

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["USUAL", "Remote", "cache_of", "get_config", "known_catalog", "open_config", "open_remote"]

USUAL = "origin"
"""The remote that is meant where none is named, and there are several."""


class Remote(msgspec.Struct, frozen=True):
    """A remote of a context.

    Attributes:
        config: What it was added as.
        repository: The repository there.
    """

    config: RemoteConfig
    repository: Repository

    def close(self) -> None:
        """Close its catalog."""
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
    has = f"it has {', '.join(known)}" if known else "it has none"
    if known and not name:
        hint = f"name one of them, such as {shlex.quote(known[0])}"
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"stook remote add {shlex.quote(name or USUAL)} URL"
    return NotFoundError(
        f"the context {context} has no remote {name or USUAL!r}; {has}", kind="remote-not-found", hint=hint
    )


def open_remote(store: View, name: str = "") -> Remote:
    """Open the remote of a name, or the usual one. That asks it who it is, and nothing else.

    Raises:
        NotFoundError: As `get_config` raises, or there is no repository any more.
        ConflictError: There is another repository now.
        StorageError: It cannot be reached.
    """
    return open_config(store.repository, get_config(store, name))


def open_config(repository: Repository, config: RemoteConfig) -> Remote:
    """Open a remote of a repository, given what it was added as. Raises as `open_remote` does."""
    storage = open_storage(config.url, options=config.options)
    found = open_on(storage, cache=repository.cache.parent, owner=repository.owner, create=False)
    if found.id != config.repository:
        found.close()
        raise ConflictError(
            f"the remote {config.name} at {config.url} is not the repository that was added: it was replaced",
            kind="remote-replaced",
            hint=f"see what is there now; stook remote rm {shlex.quote(config.name)}, and add it again if it is right",
        )
    found.options = config.options
    return Remote(config, found)


def known_catalog(repository: Repository, config: RemoteConfig) -> Catalog:
    """Open what is known of a remote, as of the last time that it was asked, without asking. To be closed."""
    return Catalog(cache_of(repository, config) / "catalog.db")


def cache_of(repository: Repository, config: RemoteConfig) -> Path:
    """Return the folder of what this machine knows of a remote."""
    return cache_folder(repository.cache.parent, config.repository, open_storage(config.url).url)
