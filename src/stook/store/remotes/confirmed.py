"""Remotes whose server gets the credentials of whoever asks it: only where they were added on this machine.

A store that somebody else made, or changed, names remotes too. What goes to a cloud's own servers is of no use to
others, nor is what is signed for one server, as with S3. Google's and Microsoft's tokens are: whoever gets one may use
it elsewhere.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import msgspec

from stook.errors import StorageError
from stook.format import canonical
from stook.storage import open_storage
from stook.storage.disk_errors import translate_os_errors
from stook.storage.options import is_true
from stook.storage.protocol import Storage
from stook.store.remotes.config import RemoteConfig
from stook.store.repository import Repository

__all__ = ["confirm", "open_confirmed"]

_TOKENS_BY: Final = ("gs:", "az:")


def confirm(repository: Repository, config: RemoteConfig) -> None:
    """Note that a remote was added on this machine. Raises StorageError where the cache folder refuses."""
    if _gets_tokens(config):
        path = _note(repository, config)
        with translate_os_errors(path):
            path.touch()


def open_confirmed(repository: Repository, config: RemoteConfig) -> Storage:
    """Open the storage of a remote; nobody is asked anything yet.

    Raises:
        InputError: The URL or an option makes no sense.
        StorageError: It would get tokens, and was not added on this machine (`remote-not-confirmed`).
    """
    if _gets_tokens(config) and not _note(repository, config).exists():
        raise StorageError(
            f"the remote {config.name} would send your credentials to {config.options['endpoint']!r:.200}, and was"
            " not added on this machine",
            kind="remote-not-confirmed",
            hint=f"if you know that server: {_command(config)}",
        )
    return open_storage(config.url, options=config.options)


def _gets_tokens(config: RemoteConfig) -> bool:
    is_elsewhere = config.url.lower().startswith(_TOKENS_BY) and bool(config.options.get("endpoint"))
    return is_elsewhere and not is_true(config.options, "anonymous")


def _note(repository: Repository, config: RemoteConfig) -> Path:
    what = msgspec.json.encode([config.url, sorted(config.options.items())])
    return repository.cache / f"confirmed-{canonical.digest('stook place', what)[:32]}"


def _command(config: RemoteConfig) -> str:
    words = ["stook", "remote", "add", config.name, config.url]
    for name in ("endpoint", "account"):
        if name in config.options:
            words += [f"--{name}", config.options[name]]
    if not is_true(config.options, "conditional_writes", default=True):
        words.append("--no-conditional-writes")
    return shlex.join(words)
