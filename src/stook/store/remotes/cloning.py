"""Begin with what a remote has: its context here, the remote as `origin`, and what is said of its bundles."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stook.catalog import ContextRow
from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.model.amounts import counted
from stook.model.record import ContextRecord
from stook.model.refs import check_name
from stook.store.refresh import refresh
from stook.store.remotes.adding import add_remote, open_place
from stook.store.remotes.config import read_remotes
from stook.store.remotes.pull import Pulled, pull
from stook.store.remotes.remote import USUAL
from stook.store.remotes.report import Observer, ignore
from stook.store.repository import Repository, open_on
from stook.store.stamp import append, stamp

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Cloned", "clone"]

_MAIN = "main"


@dataclass(frozen=True, slots=True)
class Cloned:
    """A context that stands for one of a remote.

    Attributes:
        context: Its name here.
        remote_context: Its name there.
        pulled: What came.
    """

    context: str
    remote_context: str
    pulled: Pulled


def clone(  # noqa: PLR0913 - each is one thing to choose, and by name
    store: View,
    url: str,
    *,
    options: Mapping[str, str] | None = None,
    context: str = "",
    as_name: str = "",
    join: bool = True,
    data: bool = False,
    observer: Observer = ignore,
) -> Cloned:
    """Make a context here that stands for one at a URL, with that as its remote `origin`, and pull from it.

    Where there is a context of the same id here, or else of the same name, that one stands for it. When this was
    interrupted, the same call again goes on.

    Args:
        store: Where; its own context does not count.
        url: Where the other store is.
        options: Settings of its storage, such as `endpoint`; none of them secret.
        context: Name of the context there; where not given, the only one, or `main`.
        as_name: What a new context shall be called here; as there where not given.
        join: Whether another context of the same name here may stand for it, though it has bundles of its own. What
            comes cannot be told from them afterwards.
        data: Take all data too.
        observer: Is told how far it is.

    Raises:
        NotFoundError: There is no store, or no such context in it.
        InputError: It has several contexts, and which is wanted was not said; or an option makes no sense or is secret.
        ConflictError: The context here has another remote `origin` already, or is there under another name; or there
            is one of the same name, which shall not be joined. Or an alias was moved on both sides
            (`alias-diverged`); all else is done, as its fact `cloned` says.
        IntegrityError: What is there cannot be right. Where that is so of some versions alone, these were left and all
            else is done, as its fact `cloned` says.
        StorageError: It cannot be reached.
    """
    repository = store.repository
    storage = open_place(url, options or {})
    cache, owner = repository.cache.parent, repository.owner
    with closing(open_on(storage, cache=cache, owner=owner, create=False)) as there:
        refresh(there)
        chosen = _choose(there, context)
    name = _ensure(store, chosen, check_name(as_name) if as_name else "")
    here = store.in_context(name)
    if not join:
        _refuse_join(here, chosen, url)
    add_remote(here, USUAL, url, options)
    try:
        return Cloned(name, chosen.name, pull(here, remote=USUAL, data=data, observer=observer))
    except (ConflictError, IntegrityError) as error:
        if isinstance(done := error.facts.get("pulled"), Pulled):
            error.facts["cloned"] = Cloned(name, chosen.name, done)
        raise


def _choose(there: Repository, name: str) -> ContextRow:
    rows = {row.name: row for row in there.catalog.contexts()}
    listed = ", ".join(rows) or "none yet"
    if name:
        if check_name(name) in rows:
            return rows[check_name(name)]
        raise NotFoundError(
            f"{there.url} has no context {name!r}; it has {listed}",
            kind="context-not-found",
            hint="give one of these by --context",
        )
    if len(rows) == 1 or _MAIN in rows:
        return rows.get(_MAIN) or next(iter(rows.values()))
    raise InputError(
        f"which context of {there.url} is meant must be said; it has {listed}",
        kind="ambiguous-context",
        hint="stook clone URL --context NAME" if rows else "push something to it first: stook push",
    )


def _refuse_join(here: View, chosen: ContextRow, url: str) -> None:
    """Refuse a context that is another one and has bundles, unless it stands for the one there already."""
    context = here.find_context_id()
    if context == chosen.id or any(
        one.remote_context == chosen.id for one in read_remotes(here.repository, context or "")
    ):
        return
    own = next((row.bundles for row in here.repository.catalog.contexts() if row.id == context), 0)
    if own:
        name, place = shlex.quote(here.context), shlex.quote(url)
        raise ConflictError(
            f"the context {here.context!r} is here already, with {counted(own, 'version')},"
            " and is another one than that there",
            kind="context-exists",
            hint=f"--as NAME keeps them apart; stook remote add --context {name} {place}, and then stook pull --context"
            f" {name}, makes them one for good",
        )


def _ensure(store: View, chosen: ContextRow, as_name: str) -> str:
    """Return the name of the context here that stands for one there, having made it where there is none."""
    store.refresh()
    repository = store.repository
    known = repository.catalog.find_context_name(chosen.id)
    if known is not None:
        if as_name not in {"", known}:
            raise ConflictError(
                f"the context {chosen.name} is here already, as {known}",
                kind="context-exists",
                hint=f"stook pull --context {shlex.quote(known)}",
            )
        return known
    name = as_name or chosen.name
    if repository.catalog.find_context(name) is not None:
        if as_name:
            raise ConflictError(
                f"there is a context {name!r} here already", kind="context-exists", hint="choose another name"
            )
        return name
    mark = stamp(repository)
    append(repository, ContextRecord(mark.id, chosen.id, name, mark.time, mark.owner))
    refresh(repository)
    return name
