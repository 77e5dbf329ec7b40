"""Open a store: the home store of this folder, or one that is named."""

from __future__ import annotations

from pathlib import Path

from stook.config import load_config
from stook.model.refs import check_name
from stook.store.repository import open_repository
from stook.store.store import Store

__all__ = ["open_store", "reopen"]


def open_store(
    url: str | Path | None = None, *, context: str | None = None, folder: Path | None = None
) -> Store:
    """Open a store; a missing or empty folder becomes a new one.

    Args:
        url: A folder, or a URL such as `s3://bucket/prefix`; the home store where not given.
        context: The line of bundles; the workspace's where not given.
        folder: Where settings are looked for; the current folder by default.

    Raises:
        InputError: The place holds something else, or the context's name is none.
        FormatError: The repository is of a format that this version does not read.
        StorageError: It cannot be reached.
    """
    config = load_config(
        cwd=folder, flags={"store": str(url) if url is not None else None, "context": context}
    )
    return reopen(config.store.value, config.context.value, config.cache.value, config.owner.value)


def reopen(url: str, context: str, cache: str, owner: str) -> Store:
    """Open a store from the four words that say which."""
    repository = open_repository(url, cache=Path(cache), owner=owner)
    return Store(repository, check_name(context))
