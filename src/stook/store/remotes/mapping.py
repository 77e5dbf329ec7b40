"""From the contexts of one repository to those of another, and records carried from the one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from stook.format import records
from stook.format.encoding import to_json
from stook.model.record import ContextRecord
from stook.store.remotes.config import RemoteConfig, change_remotes, read_remotes
from stook.store.repository import Repository
from stook.store.stamp import stamp
from stook.store.words.contexts import find_context_id, fresh_context_id

__all__ = ["ContextMap", "How", "match_context", "name_of", "pairs_of", "rewrite_context", "settle"]


def rewrite_context(payload: bytes, context: str) -> bytes:
    """Return a record's bytes with another context's id in them, and every other field's bytes as they are.

    Args:
        payload: A record that was read and found sound.
        context: The id.
    """
    return records.replace_field(payload, "context", to_json(context))


How = Literal["id", "name", "new"]


def match_context(source: Repository, context: str, target: Repository) -> tuple[str, How]:
    """Return the context of a repository that stands for one of another, and how that is told.

    The one of the same id, else of the same name, else one that is still to be made. The id of that follows from the
    target and the name, as in `ensure_context`, so that two who come from different stores make one.

    Args:
        source: Has the context.
        context: Its id there.
        target: Another repository; its catalog is up to date.

    Returns:
        The id in the target; and `"id"`, `"name"` or `"new"`.
    """
    if target.catalog.find_context_name(context) is not None:
        return context, "id"
    name = name_of(source, context)
    known = find_context_id(target, name)
    if known is not None:
        return known, "name"
    return target.catalog.find_deleted_context(name) or fresh_context_id(target, name), "new"


def name_of(repository: Repository, context: str) -> str:
    """Return the name that a context has or had; its id where its records are lost."""
    return repository.catalog.context_names().get(context, context)


def pairs_of(repository: Repository, config: RemoteConfig) -> dict[str, str]:
    """Return the contexts here that were mapped to contexts of the same remote repository, by id."""
    found = {
        one.context: one.remote_context
        for one in read_remotes(repository)
        if (one.repository, one.url) == (config.repository, config.url)
    }
    return {**found, config.context: config.remote_context}


def settle(repository: Repository, config: RemoteConfig, there: Repository) -> RemoteConfig:
    """Return what a remote was added as, with another context there where the one that was to be made was overtaken.

    Someone may have made one of that name meanwhile, or taken away the one that there was.
    """
    if there.catalog.find_context_name(config.remote_context) is not None:
        return config
    matched, _ = match_context(repository, config.context, there)
    if matched == config.remote_context:
        return config
    settled = msgspec.structs.replace(config, remote_context=matched)
    change_remotes(repository, lambda known: [settled if one == config else one for one in known])
    return settled


class ContextMap:
    """Which context of a target stands for one of a source; contexts that it lacks are noted, to be made.

    Args:
        source: Where records come from.
        target: Where they go; its catalog is up to date.
        pairs: What is known: ids at the target, by id in the source.
    """

    def __init__(self, source: Repository, target: Repository, pairs: Mapping[str, str]) -> None:
        self._source = source
        self._target = target
        self._known: dict[str, str] = dict(pairs)
        self._made: dict[str, str] = {}
        self._seen: set[str] = set()

    def find(self, context: str) -> str:
        """Return the id at the target of a context of the source, which is to be made there if it is not there."""
        if context not in self._known:
            self._known[context] = match_context(self._source, context, self._target)[0]
        found = self._known[context]
        if found not in self._seen:
            self._seen.add(found)
            if self._target.catalog.find_context_name(found) is None:
                self._made[found] = name_of(self._source, context)
        return found

    def made(self) -> list[ContextRecord]:
        """Return the records that make those contexts, of all that were asked for, that the target lacks."""
        said = []
        for context, name in self._made.items():
            mark = stamp(self._target)
            said.append(ContextRecord(mark.id, context, name, mark.time, mark.owner))
        return said

    def carry(self, payloads: Iterable[bytes]) -> list[bytes]:
        """Return records with the ids of contexts that they have at the target."""
        return [rewrite_context(payload, self.find(records.load(payload).context)) for payload in payloads]
