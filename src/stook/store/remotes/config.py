"""Which remotes a store has: an object beside its data, changed by compare-and-swap alone.

It holds no secrets: credentials come from the environment, as the clouds' own tools take them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from stook.errors import ConflictError, FormatError, InputError, NotFoundError
from stook.model.refs import check_name
from stook.model.visible import visible
from stook.storage.options import KEEPABLE_OPTIONS
from stook.storage.protocol import Stored
from stook.storage.urls import redact
from stook.store.repository import Repository

__all__ = ["KEY", "RemoteConfig", "change_remotes", "find_remote", "read_remotes"]

KEY = "remotes.json"
_ATTEMPTS = 20
_MOST_BYTES = 1024 * 1024
_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_OPTIONS = frozenset[str]().union(*KEEPABLE_OPTIONS.values())


class RemoteConfig(msgspec.Struct, frozen=True):
    """One remote of one context.

    Attributes:
        name: What it is called, as `origin`.
        context: Id of the context here.
        url: Where it is, without credentials.
        repository: Id of the repository there.
        remote_context: Id of the context there that this one stands for.
        options: Settings of its storage, none of them secret.
    """

    name: str
    context: str
    url: str
    repository: str
    remote_context: str
    options: dict[str, str] = {}


class _Remotes(msgspec.Struct, frozen=True):
    remotes: tuple[RemoteConfig, ...] = ()


def read_remotes(repository: Repository, context: str | None = None) -> tuple[RemoteConfig, ...]:
    """Return the remotes of a context, of all where none is given, by name.

    Raises:
        FormatError: The object that lists them cannot be read.
    """
    stored = _find(repository)
    found = _load(repository, stored) if stored else ()
    return tuple(remote for remote in found if context in {None, remote.context})


def find_remote(repository: Repository, context: str, name: str) -> RemoteConfig | None:
    """Return the remote of a name, or None where the context has none of it."""
    return next((one for one in read_remotes(repository, context) if one.name == name), None)


def change_remotes(
    repository: Repository, change: Callable[[tuple[RemoteConfig, ...]], Sequence[RemoteConfig]]
) -> None:
    """Replace the remotes of all contexts by what `change` makes of them; it is called again where others were first.

    Raises:
        ConflictError: Others were first again and again.
        FormatError: The object that lists them cannot be read.
    """
    for _ in range(_ATTEMPTS):
        stored = _find(repository)
        wanted = sorted(
            change(_load(repository, stored) if stored else ()), key=lambda one: (one.name, one.context)
        )
        data = msgspec.json.format(msgspec.json.encode(_Remotes(tuple(wanted))), indent=2) + b"\n"
        if stored is not None and stored.data == data:
            return
        try:
            if stored is None:
                repository.storage.put_new(KEY, data)
            else:
                repository.storage.put_if_match(KEY, data, stored.version)
        except (ConflictError, NotFoundError):
            continue
        return
    raise ConflictError(
        f"{KEY} of {repository.url} is being changed by others", kind="changed", hint="try again"
    )


def _find(repository: Repository) -> Stored | None:
    try:
        return repository.storage.get(KEY, limit=_MOST_BYTES)
    except NotFoundError:
        return None


def _load(repository: Repository, stored: Stored) -> tuple[RemoteConfig, ...]:
    try:
        found = msgspec.json.decode(stored.data, type=_Remotes).remotes
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(repository, visible(str(error))[:300]) from error
    problem = next(filter(None, map(_find_problem, found)), "")
    if problem:
        raise _unreadable(repository, problem)
    return found


def _find_problem(config: RemoteConfig) -> str:
    """Return what Stook would not have written: the file may come from somebody else, with the whole store."""
    try:
        if check_name(config.name) != config.name:
            return "the name of a remote is none"
    except InputError:
        return "the name of a remote is none"
    if not all(map(_ID.fullmatch, (config.repository, config.context, config.remote_context))):
        return f"an id of the remote {config.name} is none"
    if not config.url.isprintable() or redact(config.url) != config.url:
        return f"the URL of the remote {config.name} is not that of a place alone"
    if not config.options.keys() <= _OPTIONS:
        return f"the remote {config.name} has options that are never kept"
    return ""


def _unreadable(repository: Repository, problem: str) -> FormatError:
    return FormatError(
        f"{KEY} of {repository.url} cannot be read: {problem}",
        kind="bad-remotes",
        hint="with that file moved away the remotes can be added anew: stook remote add",
    )
