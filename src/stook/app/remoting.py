"""Remotes as people speak of them: which there are, what each stands for, and the store on the other side."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from stook.app.credentials import credential_source
from stook.app.elsewhere import list_others
from stook.app.places import ADD, check_place
from stook.errors import NotFoundError
from stook.storage.ahead import Ahead
from stook.storage.probing import Finding, probe
from stook.store import Store, open_store
from stook.store.remotes.adding import Added
from stook.store.remotes.config import RemoteConfig, read_remotes
from stook.store.remotes.confirmed import open_confirmed
from stook.store.remotes.fetch import fetch, fetched_at, learn
from stook.store.remotes.remote import USUAL, get_config, known_catalog, open_remote

__all__ = [
    "AddedRemote",
    "Described",
    "add_remote",
    "check_remote",
    "describe_remotes",
    "list_names",
    "open_there",
]

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Described:
    """A remote, as far as is known without asking it.

    Attributes:
        config: What it was added as.
        context: Name of the context here.
        remote_context: Name of the context there; empty where nothing was pushed to it as far as is known.
        bundles: How many versions that has.
        fetched: When it was asked last; None where it never was, on this machine.
        credentials: Where they are taken from, in words.
    """

    config: RemoteConfig
    context: str
    remote_context: str
    bundles: int
    fetched: datetime | None
    credentials: str


@dataclass(frozen=True, slots=True)
class AddedRemote:
    """A remote that was added.

    Attributes:
        added: What it is and stands for.
        context: Name of the context here.
        credentials: Where they are taken from, in words.
        bundles: How many versions the context there has.
        others: Other contexts there that have some, where that one has none.
        is_usual: Whether it is the one that is meant where no remote is named.
    """

    added: Added
    context: str
    credentials: str
    bundles: int
    others: tuple[str, ...]
    is_usual: bool

    @property
    def is_read_only(self) -> bool:
        """Whether it cannot be written to, with these credentials."""
        return any(one.name == "write" and not one.ok for one in self.added.findings)


def list_names() -> frozenset[str]:
    """Return what remotes of the home store are called, in all its contexts."""
    return frozenset(remote.name for remote in read_remotes(open_store().repository))


def add_remote(store: Store, name: str, url: str, options: Mapping[str, str]) -> AddedRemote:
    """Let a place be a remote of a store's context, and ask it what it has. Raises as `Store.add_remote` does."""
    check_place(url, ADD if name == USUAL else f"{ADD} {shlex.quote(name)}")
    added = store.add_remote(name, url, options)
    bundles = fetch(store, name).bundles
    credentials = credential_source(added.config.url, options)
    return AddedRemote(
        added,
        store.context,
        credentials,
        bundles,
        others=list_others(store, name),
        is_usual=added.config.name == USUAL or len(store.remotes()) == 1,
    )


def check_remote(store: Store, name: str, *, seconds: float = _PATIENCE) -> tuple[Finding, ...]:
    """Try what sharing through a remote needs.

    Args:
        store: The store here.
        name: The remote.
        seconds: How long it may take. A server that is silent is asked again and again, for minutes.

    Raises:
        NotFoundError: This context has no remote of that name.
        StorageError: It would get tokens, and was not added on this machine (`remote-not-confirmed`).
    """
    storage = open_confirmed(store.repository, get_config(store, name))
    try:
        return Ahead(lambda: probe(storage)).result(seconds)
    except TimeoutError:
        return (
            Finding(
                "reach",
                ok=False,
                message=f"{storage.url} gave no answer within {seconds:g} s",
                hint="check the endpoint, the region and the network: a firewall or proxy may swallow requests",
                kind="unreachable",
            ),
        )


def open_there(store: Store, name: str = "", *, whole: bool = False) -> Store:
    """Return the store on the other side of a remote, in the context that this store's stands for, having asked it.

    Args:
        store: The store here.
        name: The remote; the usual one where not given.
        whole: For who looks after all of it: also where it has nothing of that context.

    Raises:
        NotFoundError: This context has no such remote, or nothing was pushed to it.
        StorageError: It cannot be reached.
    """
    remote = open_remote(store, name)
    learn(remote)
    context = remote.repository.catalog.find_context_name(remote.config.remote_context)
    if context is None and not whole:
        remote.close()
        raise NotFoundError(
            f"{remote.config.name} has nothing of the context {store.context!r} yet",
            kind="context-not-found",
            hint=f"stook push --remote {remote.config.name}",
        )
    return Store(remote.repository, context or store.context)


def describe_remotes(store: Store, name: str = "") -> list[Described]:
    """Return the remotes of a context, or the one of a name, as far as they are known.

    Raises:
        NotFoundError: This context has no remote of that name.
    """
    wanted = [get_config(store, name)] if name else store.remotes()
    return [_describe(store, remote) for remote in wanted]


def _describe(store: Store, remote: RemoteConfig) -> Described:
    with closing(known_catalog(store.repository, remote)) as catalog:
        rows = catalog.contexts()
    there = next((row for row in rows if row.id == remote.remote_context), None)
    return Described(
        remote,
        store.context,
        there.name if there else "",
        there.bundles if there else 0,
        fetched_at(store.repository, remote),
        credential_source(remote.url, remote.options),
    )
