"""Learn what a remote has, without taking any of it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from stook.storage.disk_errors import translate_os_errors
from stook.store.refresh import refresh
from stook.store.remotes.config import RemoteConfig
from stook.store.remotes.remote import Remote, ask_remote, cache_of
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Fetched", "fetch", "fetched_at", "learn"]

_NOTE = "fetched"


class Fetched(msgspec.Struct, frozen=True):
    """What was learned.

    Attributes:
        remote: Name of the remote; the only one, or `origin` of several, where not given.
        url: Where it is.
        new: How many bundles of the mapped context were not known of.
        bundles: How many it has in all.
    """

    remote: str
    url: str
    new: int
    bundles: int


def fetch(store: View, remote: str = "") -> Fetched:
    """Learn what a remote of a store's context has. Raises as `open_remote` does."""
    with closing(ask_remote(store, remote)) as opened:
        before = _live(opened)
        learn(opened)
        after = _live(opened)
        return Fetched(opened.config.name, opened.config.url, len(after - before), len(after))


def learn(remote: Remote) -> None:
    """Bring what is known of an open remote up to date, and note when that was. Raises as `fetch` does."""
    remote.require_identity()
    refresh(remote.repository)
    path = remote.repository.cache / _NOTE
    with translate_os_errors(path):
        path.write_bytes(str(int(remote.repository.clock.now() * 1e6)).encode())  # lost without harm


def fetched_at(repository: Repository, config: RemoteConfig) -> datetime | None:
    """Return when a remote of a repository was asked last; None where it never was, on this machine."""
    try:
        micros = int((cache_of(repository, config) / _NOTE).read_bytes())
        return datetime.fromtimestamp(micros / 1e6, tz=UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _live(remote: Remote) -> set[str]:
    states = remote.repository.catalog.ids.states(remote.config.remote_context)
    return {bundle for bundle, is_live in states.items() if is_live}
