"""Contexts: how they are shown, renamed with their workspace, and what would go with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stook.app.elsewhere import open_elsewhere
from stook.app.switching import edited_file, find_workspace_context, write_file
from stook.config import WORKSPACE_FILE, load_config
from stook.model.refs import check_name
from stook.store import Bundle, Store
from stook.store.search import Query, iter_lines
from stook.store.words.contexts import Context, get_context
from stook.store.words.remove import Held, find_holds

__all__ = ["Deletion", "Renamed", "plan_deletion", "rename_context"]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A context with its new name, and the stook.toml that names it now; None where the workspace's is another."""

    context: Context
    path: Path | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What would go with a context.

    Attributes:
        context: The context.
        only_here: How many of its bundles have no equal in another context, and were pushed nowhere.
        only_here_size: Their bytes of content.
        held: Those that others were made from, or an alias stands for, and what that is.
        is_current: Whether it is the one that this workspace uses.
    """

    context: Context
    only_here: int
    only_here_size: int
    held: Sequence[Held]
    is_current: bool


def rename_context(store: Store, name: str, new_name: str, *, folder: Path | None = None) -> Renamed:
    """Give a context another name, also in the stook.toml of the workspace that uses it.

    Raises:
        NotFoundError: There is no such context.
        ConflictError: Another has the new name.
        InputError: This is no name for a context.
    """
    known = get_context(store.repository, name)
    workspace = load_config(cwd=folder).workspace
    if workspace is None or find_workspace_context(folder) != known.name:
        return Renamed(store.rename_context(known.name, new_name), None)
    path = workspace / WORKSPACE_FILE
    changed = edited_file(path, check_name(new_name))
    context = store.rename_context(known.name, new_name)
    write_file(path, changed)
    return Renamed(context, path)


def plan_deletion(store: Store, name: str) -> Deletion:
    """Return what would go with a context, without touching it.

    Raises:
        NotFoundError: There is no such context.
    """
    context = get_context(store.repository, name)
    there = store.in_context(context.name)
    bundles = there.search()
    count, size = _count_only_here(there, context, bundles)
    return Deletion(context, count, size, find_holds(store, bundles), context.name == store.context)


def _count_only_here(store: Store, context: Context, bundles: Sequence[Bundle]) -> tuple[int, int]:
    """Return how many bundles of a context neither another context nor a remote has, and their bytes of content."""
    with open_elsewhere(store) as elsewhere:
        pushed = elsewhere([bundle.id for bundle in bundles])
    if not pushed:
        return store.repository.catalog.bundles.count_only_here(context.id)
    others = (store.in_context(other.name) for other in store.contexts() if other.id != context.id)
    known = {line.digest for other in others for line in iter_lines(other, Query())}
    left = [bundle for bundle in bundles if bundle.id not in pushed and bundle.digest not in known]
    return len(left), sum(bundle.size for bundle in left)
