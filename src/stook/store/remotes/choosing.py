"""Which bundles are sent."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from stook.catalog import Filter
from stook.errors import NotFoundError
from stook.model.refs import check_name, parse_ref
from stook.store.find import name_not_found

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["Choice", "choose"]


class Choice(msgspec.Struct, frozen=True):
    """Which bundles of a context are meant.

    Attributes:
        names: `NAME` for its newest version, `NAME@VERSION` or `NAME@ALIAS` for that one; every committed version of
            every name where none are given.
        every: All versions of the names, or of all names, scratch too.
        tags: Only those that bear these tags; in values `*`, `?` and `[ab]` match.
        with_inputs: Also all that they were made from, and so on, as far as it is here.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    tags: Mapping[str, str] = {}
    with_inputs: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether nothing is named: then what is meant is what was committed."""
        return not self.names and not self.every


def choose(store: View, choice: Choice) -> list[str]:
    """Return the ids of the bundles that a choice means, oldest first. The store is up to date.

    Raises:
        NotFoundError: There is no bundle of a name, or none that fits.
    """
    context = store.find_context_id()
    if choice.names:
        found = list({one for name in choice.names for one in _named(store, context, name, choice)})
    elif context is None:
        found = []
    else:
        wanted = Filter(context, tags=choice.tags, committed=None if choice.every else True)
        found = store.repository.catalog.ids.select(wanted)
    return sorted(_with_inputs(store, found) if choice.with_inputs else found)


def _named(store: View, context: str | None, name: str, choice: Choice) -> list[str]:
    wanted = parse_ref(name)
    if wanted.id or wanted.alias:
        return [store.get(name).id]
    name = check_name(wanted.name)
    catalog = store.repository.catalog
    fitting = Filter(context or "", name=name, tags=choice.tags)
    found = catalog.ids.select(fitting, limit=None if choice.every else 1) if context else []
    if found:
        return found
    if context is None or not catalog.count_versions(context, name):
        raise name_not_found(store, name)
    raise NotFoundError(
        f"no version of {name} has the tags {', '.join(f'{key}={text}' for key, text in choice.tags.items())}",
        kind="version-not-found",
        hint=f"stook log {shlex.quote(name)}",
        name=name,
    )


def _with_inputs(store: View, chosen: Collection[str]) -> set[str]:
    """Return some bundles and all that they were made from, at any depth, as far as it is here."""
    found = set(chosen)
    fresh = found
    while fresh:
        inputs = set(_iter_inputs(store, fresh))
        fresh = {
            one for one, live in store.repository.catalog.ids.find_states(inputs - found).items() if live
        }
        found |= fresh
    return found


def _iter_inputs(store: View, bundles: Collection[str]) -> Iterator[str]:
    for row in store.repository.catalog.ids.iter_rows(sorted(bundles)):
        yield from store.bundle_of(row).manifest.lineage.used_ids()
