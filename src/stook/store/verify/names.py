"""What is small and stands beside packs and log: the repository's identity, aliases, and condemned lists."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from stook.errors import FormatError, NotFoundError
from stook.format import aliases
from stook.format import repository as stook_json
from stook.log.listing import list_bounded
from stook.store.packs.condemned import read_lists
from stook.store.repository import Repository
from stook.store.verify.report import Problem

__all__ = ["iter_name_problems"]


def iter_name_problems(repository: Repository, context: str) -> Iterator[Problem]:
    """Yield what is wrong with `stook.json`, aliases and condemned lists.

    Args:
        repository: Whose.
        context: The name of the context that hints need not name.

    Raises:
        StorageError: They cannot be reached.
    """
    yield from _check_identity(repository)
    yield from _check_aliases(repository, context)
    for entry in read_lists(repository.storage)[1]:
        message = f"{entry.key} is no list of condemned packs, so that nothing can be collected"
        hint = f"stook gc; if it refuses, move {entry.key} away"
        yield Problem("bad-condemned-list", entry.key, message, hint)


def _check_identity(repository: Repository) -> Iterator[Problem]:
    key = stook_json.KEY
    try:
        found = stook_json.load(repository.storage.get(key).data).id
        problem = "" if found == repository.id else f"it says that this is the store {found}"
    except (NotFoundError, FormatError) as error:
        problem = error.message
    if problem:
        hint = (
            f'write {{"format": 1, "id": "{repository.id}"}} to it, or copy it from another copy of the store'
        )
        yield Problem("bad-repository", key, f"{key} is not what it was: {problem}", hint)


def _check_aliases(repository: Repository, context: str) -> Iterator[Problem]:
    for entry in list_bounded(repository.storage, "aliases/"):
        try:
            state = aliases.load(repository.storage.get(entry.key).data, entry.key)
        except NotFoundError:
            continue  # taken away meanwhile
        except FormatError as error:
            hint = f"move {entry.key} away, then make the alias again: stook alias"
            yield Problem("bad-alias", entry.key, error.message, hint)
            continue
        if state.bundle is not None and repository.catalog.find_bundle(state.bundle) is None:
            message = f"{state.name}@{state.alias} stands for {state.bundle}, which is not there"
            its_own = repository.catalog.find_context_name(entry.key.split("/")[1])
            option = () if its_own == context else ("--context", its_own or "")
            command = shlex.join(("stook", "alias", *option, state.alias, state.name))
            hint = command if its_own else f"move {entry.key} away"
            yield Problem("dangling-alias", entry.key, message, hint)
