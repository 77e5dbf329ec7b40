"""What removing would take away, and taking it away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from stook.errors import InputError
from stook.model.clock import is_id
from stook.store import Bundle, Store
from stook.store.words.alias import list_aliases
from stook.store.words.remove import Held, find_holds, get_removed, get_versions, has_content

__all__ = ["Removal", "Restored", "bring_back", "list_removed", "plan_old", "plan_removal", "plan_scratch"]


@dataclass(frozen=True, slots=True)
class Removal:
    """What would go.

    Attributes:
        bundles: The versions, newest first for each name.
        held: Those of them that are in use, and by what: removing them takes force.
        kept: How many were spared, as committed, aliased or in use.
    """

    bundles: tuple[Bundle, ...]
    held: tuple[Held, ...] = ()
    kept: int = 0

    @property
    def size(self) -> int:
        """Bytes of content; what is shared with others stays."""
        return sum(bundle.size for bundle in self.bundles)


def plan_removal(store: Store, refs: Sequence[str]) -> Removal:
    """Plan to remove versions, and all versions of mere names.

    Raises:
        NotFoundError: There is no such bundle.
    """
    if not refs:
        raise InputError(
            "nothing was named", kind="nothing-named", hint="stook rm NAME or stook rm NAME@VERSION"
        )
    going = {version.id: version for ref in refs for version in get_versions(store, ref)}
    bundles = tuple(going.values())
    return Removal(bundles, tuple(find_holds(store, bundles)))


def plan_old(store: Store, names: Sequence[str], *, keep: int = 1) -> Removal:
    """Plan to remove all but the newest versions, sparing those committed, aliased or in use.

    Args:
        store: Where.
        names: Of which bundles; of all where there is none.
        keep: How many of the newest versions stay, at least 1.

    Raises:
        NotFoundError: There is no bundle of such a name.
    """
    wanted = list(names) or [bundle.name for bundle in store.ls()]
    old = [version for name in wanted for version in get_versions(store, name)[_at_least_one(keep) :]]
    return _spare(store, old)


def plan_scratch(
    store: Store, names: Sequence[str], *, keep: int = 1, older_than: timedelta, now: datetime | None = None
) -> Removal:
    """Plan to remove results of tasks that nobody asked to keep.

    Spared are the newest versions of each name, younger ones, and those committed, aliased, tagged or in use by what
    stays.

    Args:
        store: Where.
        names: Globs of names; all where there is none.
        keep: How many of the newest versions of each name stay, at least 1.
        older_than: How old they must be.
        now: The time; the clock's where not given.
    """
    until = (now or datetime.now(UTC)) - older_than
    scratch = []
    for bundle in store.ls():
        if not names or any(fnmatchcase(bundle.name, name) for name in names):
            versions = store.versions(bundle.name)[_at_least_one(keep) :]
            scratch += [v for v in versions if v.fingerprint and not v.tags and v.time < until]
    return _spare(store, scratch)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and what could not be, its content having been collected."""

    bundles: tuple[Bundle, ...]
    collected: tuple[Bundle, ...] = ()


def list_removed(store: Store) -> list[Bundle]:
    """Return the removed versions that can be brought back, newest first."""
    return [bundle for bundle in store.removed() if has_content(store, bundle)]


def bring_back(store: Store, refs: Sequence[str]) -> Restored:
    """Restore versions, and all removed versions of mere names.

    Raises:
        NotFoundError: No such version was removed, or the content of all has been collected.
    """
    wanted: dict[str, Bundle] = {}
    for ref in refs:
        found = [] if "@" in ref or is_id(ref) else store.removed(ref)
        for bundle in found or [get_removed(store, ref)]:
            wanted[bundle.id] = bundle
    there = [bundle for bundle in wanted.values() if has_content(store, bundle)]
    done = store.restore(*(there or wanted.values()))
    return Restored(tuple(done), tuple(bundle for bundle in wanted.values() if bundle not in there))


def _spare(store: Store, candidates: Iterable[Bundle]) -> Removal:
    """Leave out what is committed, aliased, or in use by anything that stays."""
    found = list(candidates)
    context = store.find_context_id()
    aliased = {alias.id for alias in list_aliases(store.repository, context)} if context else set()
    going = [bundle for bundle in found if bundle.committed is None and bundle.id not in aliased]
    while held := find_holds(store, going):
        in_use = {one.bundle.id for one in held}
        going = [bundle for bundle in going if bundle.id not in in_use]
    return Removal(tuple(going), kept=len(found) - len(going))


def _at_least_one(keep: int) -> int:
    if keep < 1:
        raise InputError("at least one version must stay", kind="bad-keep", hint="--keep 1, or stook rm NAME")
    return keep
