"""Lines of bundles in one repository: which there are, making them, giving them other names."""

from __future__ import annotations

import shlex

import msgspec

from stook.catalog import ContextRow
from stook.errors import ConflictError, NotFoundError
from stook.format import canonical
from stook.model.record import ContextRecord
from stook.model.refs import check_name
from stook.store.refresh import refresh
from stook.store.repository import Repository
from stook.store.stamp import append, stamp

__all__ = [
    "Context",
    "context_id_of",
    "ensure_context",
    "find_context_id",
    "fresh_context_id",
    "get_context",
    "list_contexts",
    "make_context",
    "name_context",
]


class Context(msgspec.Struct, frozen=True):
    """A line of bundles.

    Attributes:
        id: What stays when the name changes.
        name: Its name.
        names: How many names of bundles it has.
        bundles: How many bundles, all versions counted.
        size: Bytes of content of all of them, before compression and without regard to what is shared.
    """

    id: str
    name: str
    names: int
    bundles: int
    size: int


def list_contexts(repository: Repository) -> list[Context]:
    """Return all contexts, by name."""
    refresh(repository)
    return [_context(row) for row in repository.catalog.contexts()]


def get_context(repository: Repository, name: str) -> Context:
    """Return the context that bears a name.

    Raises:
        NotFoundError: There is none.
    """
    found = list_contexts(repository)
    identifier = repository.catalog.find_context(check_name(name))
    for context in found:
        if context.id == identifier:
            return context
    import difflib

    near = difflib.get_close_matches(name, [context.name for context in found], n=1, cutoff=0.5)
    raise NotFoundError(
        f"there is no context {name!r}",
        kind="context-not-found",
        hint=f"did you mean {near[0]}?" if near else "stook context lists them",
    )


def make_context(repository: Repository, name: str) -> Context:
    """Make a context.

    Raises:
        ConflictError: There is one of that name.
    """
    name = check_name(name)
    refresh(repository)
    if repository.catalog.find_context(name) is not None:
        raise _taken(name)
    ensure_context(repository, name)
    return get_context(repository, name)


def name_context(repository: Repository, context: Context, name: str) -> Context:
    """Give a context another name.

    Raises:
        ConflictError: Another context has it.
    """
    name = check_name(name)
    refresh(repository)
    if repository.catalog.find_context(name) not in {None, context.id}:
        raise _taken(name)
    _say(repository, context.id, name)
    return get_context(repository, name)


def ensure_context(repository: Repository, name: str) -> str:
    """Return the id of the context that bears a name, making one where there is none.

    The id follows from the repository and the first name, so that two who make the same one at once make one. One that
    was deleted is there again, empty, so that its bundles can be restored.
    """
    name = check_name(name)
    refresh(repository)
    known = find_context_id(repository, name)
    if known is not None:
        return known
    context = repository.catalog.find_deleted_context(name) or fresh_context_id(repository, name)
    _say(repository, context, name)
    return repository.catalog.find_context(name) or context


def find_context_id(repository: Repository, name: str) -> str | None:
    """Return the id of the context that bears a name, or None where there is none, as far as the catalog knows.

    A context whose own records are lost to damage is known by the id that follows from its name.
    """
    known = repository.catalog.find_context(name)
    if known is None and repository.catalog.damage():
        usual = context_id_of(repository.id, name)
        known = usual if repository.catalog.names(usual) else None
    return known


def _say(repository: Repository, context: str, name: str) -> None:
    mark = stamp(repository)
    append(repository, ContextRecord(mark.id, context, name, mark.time, mark.owner))
    refresh(repository)


def fresh_context_id(repository: Repository, name: str) -> str:
    """Return the id of the next context that is made under a name. It follows from the repository and the name."""
    number = 0
    while repository.catalog.has_context(context_id_of(repository.id, name, number)):
        number += 1  # it was made under this name, and renamed since
    return context_id_of(repository.id, name, number)


def context_id_of(repository: str, name: str, number: int = 0) -> str:
    """Return the id of the context that was made under a name, the first or a later one, in the repository of an id."""
    parts = (repository, name, str(number))
    return canonical.digest("stook v1 context", *(part.encode() for part in parts))[:32]


def _context(row: ContextRow) -> Context:
    return Context(row.id, row.name, row.names, row.bundles, row.size)


def _taken(name: str) -> ConflictError:
    return ConflictError(
        f"there is a context {name!r} already",
        kind="context-exists",
        hint=f"stook switch {shlex.quote(name)}",
    )
