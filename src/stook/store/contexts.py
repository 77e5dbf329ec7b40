"""Contexts: named lines of bundles."""

from __future__ import annotations

from stook.format import canonical, records
from stook.model.record import ContextRecord
from stook.model.refs import check_name
from stook.store.refresh import refresh
from stook.store.repository import Repository

__all__ = ["ensure_context"]


def ensure_context(repository: Repository, name: str) -> str:
    """Return the id of the context that bears a name, making one where there is none.

    The id follows from the repository and the first name, so that two who make the same one at once make one.
    """
    name = check_name(name)
    refresh(repository)
    known = repository.catalog.find_context(name)
    if known is not None:
        return known
    number = 0
    while repository.catalog.has_context(_context_id(repository.id, name, number)):
        number += 1  # it was made under this name, and renamed since
    context = _context_id(repository.id, name, number)
    now = int(repository.clock.now() * 1e6)
    record = ContextRecord(id=repository.clock.new_id(), context=context, name=name, time=now)
    repository.log.append([records.dump(record)])
    refresh(repository)
    return repository.catalog.find_context(name) or context


def _context_id(repository: str, name: str, number: int) -> str:
    parts = (repository, name, str(number))
    return canonical.digest("stook v1 context", *(part.encode() for part in parts))[:32]
