"""Take versions away, unless others were made from them, and bring them back while their content is there."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.model.record import ContextRecord, DeleteRecord
from stook.model.refs import FULL_ID, Ref, may_be_part, parse_ref
from stook.store.packs.chunk_index import KnownIndex, ReadingIndex
from stook.store.packs.reach import needed_ids
from stook.store.stamp import append, append_relying, restoration, stamp
from stook.store.words.alias import Alias, list_aliases
from stook.store.words.contexts import Context
from stook.store.words.reviving import reviving

if TYPE_CHECKING:
    from stook.model.record import Record
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = [
    "Held",
    "dependents_of",
    "describe_all",
    "find_holds",
    "get_removed",
    "get_versions",
    "has_content",
    "in_use",
    "remove",
    "remove_context",
    "restore",
]


@dataclass(frozen=True, slots=True)
class Held:
    """What stands against removing a bundle.

    Attributes:
        bundle: The bundle.
        dependents: Bundles that were made from it and would stay.
        aliases: Aliases that stand for it.
    """

    bundle: Bundle
    dependents: tuple[Bundle, ...]
    aliases: tuple[Alias, ...]


def find_holds(store: Store, bundles: Sequence[Bundle]) -> list[Held]:
    """Return what stands against removing bundles together; those that nothing holds are left out."""
    describe_all(store)
    going = {bundle.id for bundle in bundles}
    by_place: dict[tuple[str, str], list[Alias]] = {}
    held = []
    for bundle in bundles:
        place = (bundle.record.context, bundle.name)
        if place not in by_place:
            by_place[place] = list_aliases(store.repository, *place)
        dependents = tuple(found for found in dependents_of(store, bundle) if found.id not in going)
        names = tuple(alias for alias in by_place[place] if alias.id == bundle.id)
        if dependents or names:
            held.append(Held(bundle, dependents, names))
    return held


def dependents_of(store: Store, bundle: Bundle) -> list[Bundle]:
    """Return the bundles, of any context, that were made from one, newest first."""
    return [store.bundle_of(row) for row in store.repository.catalog.dependents(bundle.id)]


def in_use(held: Sequence[Held]) -> ConflictError:
    """Return the error for bundles that are not removed without force."""
    first = held[0]
    reasons = [f"{found.ref} was made from it" for found in first.dependents[:3]]
    reasons += [f"the alias {alias.ref} stands for it" for alias in first.aliases[:3]]
    more = f" (and {len(held) - 1} others are held so)" if len(held) > 1 else ""
    return ConflictError(
        f"{first.bundle.ref} is in use: {'; '.join(reasons)}{more}",
        kind="in-use",
        hint=f"{_way_out(first)}, or give --force",
    )


def remove(store: Store, bundles: Sequence[Bundle], *, force: bool) -> None:
    """Take bundles away, all or none. `restore` brings them back until garbage is collected.

    Raises:
        ConflictError: Others were made from one of them, or an alias stands for it.
    """
    store.refresh()
    if not force and (held := find_holds(store, bundles)):
        raise in_use(held)
    append(store.repository, *_deletions(store, bundles))
    store.refresh()


def remove_context(store: Store, context: Context, *, force: bool) -> list[Bundle]:
    """Take a context away with all its bundles, and return these.

    Raises:
        ConflictError: Bundles of other contexts were made from its bundles, or aliases stand for some.
    """
    bundles = store.in_context(context.name).search()
    if not force and (held := find_holds(store, bundles)):
        raise in_use(held)
    mark = stamp(store.repository)
    gone = ContextRecord(mark.id, context.id, context.name, mark.time, mark.owner, deleted=True)
    append(store.repository, *_deletions(store, bundles), gone)
    store.refresh()
    return bundles


def restore(store: Store, bundles: Sequence[Bundle]) -> list[Bundle]:
    """Bring back bundles that were removed, all or none.

    Raises:
        NotFoundError: The content of one has been collected since.
    """
    with reviving(store.repository, [bundle.record for bundle in bundles]) as index:
        said = [restoration(store.repository, one.record.context, one.id) for one in bundles]
        append_relying(store.repository, index, *said)
    return [store.get(bundle.id) for bundle in bundles]


def get_versions(store: Store, bundle: Bundle | str) -> list[Bundle]:
    """Return the version that a reference or a bundle stands for, or all versions of a mere name.

    Raises:
        NotFoundError: There is none.
    """
    if not isinstance(bundle, str):
        return [store.get(bundle.id)]
    wanted = parse_ref(bundle)
    versions = [] if wanted.id or wanted.alias else store.versions(wanted.name)
    return versions or [store.get(bundle)]


def get_removed(store: Store, bundle: Bundle | str) -> Bundle:
    """Return a version that was removed, by `name@id`, an id, or the beginning or end of one, as listings show it.

    Raises:
        NotFoundError: No such version was removed.
        InputError: It may be several.
    """
    wanted = parse_ref(bundle if isinstance(bundle, str) else bundle.id)
    if len(wanted.id) == FULL_ID:
        row = store.repository.catalog.find_removed(wanted.id)
        found = [store.bundle_of(row)] if row else []
    else:
        found = _removed_by_part(store, wanted)
    if len(found) > 1:
        raise InputError(
            f"{bundle} stands for several versions", kind="ambiguous-ref", hint="give more of the id"
        )
    if not found:
        raise _nothing_removed(store, wanted)
    return found[0]


def _removed_by_part(store: Store, wanted: Ref) -> list[Bundle]:
    at = wanted.id or wanted.alias
    name, part = (wanted.name, at) if at else ("", wanted.name)
    if not may_be_part(part):
        return []
    return [one for one in store.removed(name) if one.id.startswith(part) or one.id.endswith(part)]


def _nothing_removed(store: Store, wanted: Ref) -> NotFoundError:
    what = f"no version {wanted}" if wanted.id or wanted.alias else f"no version of {wanted}"
    near = get_close_matches(
        wanted.name, {one.name for one in store.removed()} - {wanted.name}, n=1, cutoff=0.5
    )
    return NotFoundError(
        f"{what} was removed",
        kind="bundle-not-found",
        hint=f"did you mean {near[0]}?" if near else "stook restore without a name lists what was removed",
    )


def has_content(store: Store, bundle: Bundle) -> bool:
    """Tell whether all that a bundle needs is still there, here or on a remote, whether it was removed or not."""
    from stook.chunks import ChunkReader

    repository = store.repository
    reading = ReadingIndex(repository.storage, repository.catalog)
    known = KnownIndex(repository.storage, repository.catalog)
    with suppress(IntegrityError):
        ids = list(needed_ids(ChunkReader(repository.storage, reading), bundle.record))
        if known.has_all(ids) or (reading.find(ids) and known.has_all(ids)):
            return True
    return repository.backing is not None and bool(
        repository.backing.find_holders({bundle.id: bundle.digest})
    )


def _deletions(store: Store, bundles: Iterable[Bundle]) -> list[Record]:
    said: list[Record] = []
    for bundle in bundles:
        mark = stamp(store.repository)
        said.append(DeleteRecord(mark.id, bundle.record.context, bundle.id, mark.time, mark.owner))
    return said


def describe_all(store: Store) -> None:
    """Let the catalog know the inputs of bundles whose manifests are not in their records.

    One that is damaged stands in nobody's way: `verify` tells of it, and removing it is a way to be rid of it.
    """
    for row in store.repository.catalog.undescribed():
        bundle = store.bundle_of(row)
        with suppress(IntegrityError, NotFoundError):
            store.repository.catalog.describe(bundle.id, bundle.manifest)


def _way_out(held: Held) -> str:
    if held.dependents:
        return "remove those first"
    alias = held.aliases[0]
    return f"stook alias --rm {shlex.quote(alias.alias)} {shlex.quote(alias.name)}"
