"""Open a store: the home store of this folder, or one that is named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stook.config import load_config
from stook.errors import InputError
from stook.model.refs import check_name
from stook.storage import open_storage
from stook.storage.options import SECRET_OPTIONS
from stook.store.remotes.backing import RemoteBacking
from stook.store.repository import open_on
from stook.store.store import Store

__all__ = ["open_store", "reopen"]

_SECRET = frozenset[str]().union(*SECRET_OPTIONS.values())


def open_store(
    url: str | Path | None = None,
    *,
    context: str | None = None,
    folder: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> Store:
    """Open a store; a missing or empty folder becomes a new one.

    Args:
        url: A folder, or a URL such as `s3://bucket/prefix`; the home store where not given.
        context: The line of bundles; the workspace's where not given.
        folder: Where settings are looked for; the current folder by default.
        options: Settings of the URL's storage, such as `endpoint` and `region` of S3. A pickle of the store has them,
            but for credentials, which come from the environment where it is loaded.

    Raises:
        InputError: The place holds something else, the context's name is none, or there is no such option.
        FormatError: The repository is of a format that this version does not read.
        StorageError: It cannot be reached.
    """
    if options and url is None:
        raise InputError(
            "options go with the URL of a store",
            kind="bad-option",
            hint='stook.open("s3://bucket/prefix", options={...})',
        )
    config = load_config(
        cwd=folder, flags={"store": str(url) if url is not None else None, "context": context}
    )
    return reopen(
        config.store.value, config.context.value, config.cache.value, config.owner.value, options or {}
    )


def reopen(url: str, context: str, cache: str, owner: str, options: Mapping[str, str] | None = None) -> Store:
    """Open a store from the words that say which, and the settings of its storage."""
    given = options or {}
    repository = open_on(open_storage(url, options=given), cache=Path(cache), owner=owner)
    repository.options = {name: value for name, value in given.items() if name not in _SECRET}
    repository.backing = RemoteBacking(repository)
    return Store(repository, check_name(context))
