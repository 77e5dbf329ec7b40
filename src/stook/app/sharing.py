"""What is shared through remotes: how a context and they differ, what a push would send, a workspace of a URL."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from stook.app.init import init_workspace
from stook.app.places import check_place
from stook.app.remoting import open_there
from stook.config import WORKSPACE_FILE
from stook.errors import ConflictError, IntegrityError, NotFoundError, StookError
from stook.store import Bundle, Store, open_store
from stook.store.remotes.absent import lack_data
from stook.store.remotes.choosing import Choice
from stook.store.remotes.cloning import Cloned, clone
from stook.store.remotes.fetch import fetch, learn
from stook.store.remotes.mapping import ContextMap, pairs_of
from stook.store.remotes.outgoing import find_outgoing
from stook.store.remotes.pull import Pulled, pull
from stook.store.remotes.remote import open_remote
from stook.store.remotes.report import Observer
from stook.store.remotes.status import Compared, compare

__all__ = [
    "ClonedWorkspace",
    "PushPlan",
    "Standing",
    "clone_workspace",
    "is_here",
    "plan_push",
    "pull_one",
    "take_stock",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """A context and its remotes.

    Attributes:
        context: Name of the context.
        names: How many names of bundles it has.
        bundles: How many versions.
        remotes: How each remote differs from it.
        unasked: Why a remote that should have been asked was not, by its name.
    """

    context: str
    names: int
    bundles: int
    remotes: tuple[Compared, ...]
    unasked: Mapping[str, StookError]


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What a push would send.

    Attributes:
        remote: Name of the remote.
        bundles: The versions that it lacks, as `name@id`, oldest first.
        size: Bytes of their content, of which it may have a part.
        present: How many of those chosen it has.
        words: How many tags and commits would be sent.
        scratch: How many versions would be left because nobody has committed them; only told where nothing was named.
        removed_there: Versions that nobody named, and that would be left, because they had been removed there.
    """

    remote: str
    bundles: tuple[str, ...]
    size: int
    present: int
    words: int
    scratch: int
    removed_there: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClonedWorkspace:
    """A workspace whose context stands for one at a URL.

    Attributes:
        folder: The workspace.
        cloned: The context, and what came.
        is_whole: Whether all data of what came is here.
    """

    folder: Path
    cloned: Cloned
    is_whole: bool


def take_stock(store: Store, *, fetch_first: bool) -> Standing:
    """Hold a context against each of its remotes.

    Args:
        store: The store.
        fetch_first: Ask the remotes what is new; else, and where one cannot be asked, it is as of the last time.
    """
    unasked: dict[str, StookError] = {}
    if fetch_first:
        for remote in store.remotes():
            try:
                fetch(store, remote.name)
            except StookError as error:
                unasked[remote.name] = error
    context = store.find_context_id()
    counts = next((one for one in store.contexts() if one.id == context), None)
    compared = tuple(compare(store, remote) for remote in store.remotes())
    names, bundles = (counts.names, counts.bundles) if counts else (0, 0)
    return Standing(store.context, names, bundles, compared, unasked)


def plan_push(store: Store, choice: Choice, remote: str = "") -> PushPlan:
    """Return what a push would send; the remote is asked what it has, and nothing else.

    Raises:
        NotFoundError: This context has no such remote, or there is no such bundle.
        StorageError: The remote cannot be reached.
    """
    with closing(open_remote(store, remote)) as there:
        learn(there)
        store.refresh()
        pairs = pairs_of(store.repository, there.config)
        contexts = ContextMap(store.repository, there.repository, pairs)
        going = find_outgoing(store, choice, there.repository, contexts)
    return PushPlan(
        there.config.name,
        bundles=tuple(sent.ref for sent in going.bundles),
        size=sum(sent.record.size for sent in going.bundles),
        present=going.present,
        words=len(going.words),
        scratch=going.scratch,
        removed_there=going.removed,
    )


def pull_one(store: Store, ref: str, remote: str = "") -> Bundle:
    """Return the bundle that a reference stands for on a remote, pulled; its data comes when it is used.

    An alias that was moved on both sides stays as it is on each.

    Raises:
        NotFoundError: This context has no such remote, or there is no such bundle.
        StorageError: The remote cannot be reached.
    """
    there = open_there(store, remote)
    with closing(there.repository):
        found = there.get(ref).ref
    try:
        pull(store, [found], remote=remote)
    except ConflictError as error:
        if error.kind != "alias-diverged":
            raise
    return store.get(found)


def is_here(store: Store, pulled: Pulled) -> bool:
    """Tell whether all data of the versions that a pull brought is here."""
    refs = pulled.bundles + pulled.restored
    return not lack_data(store.repository, sorted(ref.rpartition("@")[2] for ref in refs))


def clone_workspace(  # noqa: PLR0913 - each is one thing to choose
    url: str,
    folder: Path | None,
    *,
    options: Mapping[str, str],
    context: str,
    as_name: str,
    data: bool,
    observer: Observer,
) -> ClonedWorkspace:
    """Make a context that stands for one at a URL, pull from it, and make a folder a workspace that uses it.

    Args:
        url: Where the other store is.
        folder: The workspace; a folder of the context's name where not given.
        options: Settings of its storage.
        context: The context there; the only one where not given.
        as_name: What it shall be called here.
        data: Take all data too.
        observer: Is told how far it is.

    Raises:
        ConflictError: The folder is a workspace already, or another context of that name is here. Or an alias was moved
            on both sides (`alias-diverged`); all else is done, as the fact `cloned` says.
        IntegrityError: What is there cannot be right; where that is so of some versions alone, the same holds.
        NotFoundError: There is no store, or no such context in it.
        StorageError: It cannot be reached.
    """
    wanted = folder or (Path(as_name or context) if as_name or context else None)
    if wanted is not None:
        _refuse_workspace(wanted)
    store = open_store()
    check_place(url, "stook clone")
    try:
        done = clone(
            store,
            url,
            options=options,
            context=context,
            as_name=as_name,
            join=False,
            data=data,
            observer=observer,
        )
    except NotFoundError as error:
        if error.kind == "no-store":
            error.hint = "check the URL; to make a store there, in a workspace: stook remote add URL"
        raise
    except (ConflictError, IntegrityError) as error:
        if isinstance(cloned := error.facts.get("cloned"), Cloned):
            made = _make_workspace(store, wanted, cloned)
            error.facts["cloned"] = made
            error.hint = f"in {made.folder}: {error.hint}"
        raise
    return _make_workspace(store, wanted, done)


def _make_workspace(store: Store, wanted: Path | None, cloned: Cloned) -> ClonedWorkspace:
    folder = wanted or Path(cloned.context)
    _refuse_workspace(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = init_workspace(folder, context=cloned.context).folder
    return ClonedWorkspace(made, cloned, is_here(store, cloned.pulled))


def _refuse_workspace(folder: Path) -> None:
    if (folder / WORKSPACE_FILE).exists():
        raise ConflictError(
            f"{folder} is a workspace already",
            kind="workspace-exists",
            hint="name another folder, or in it: stook remote add URL, and then stook pull",
        )
