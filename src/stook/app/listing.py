"""What bundles there are."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import islice

import msgspec
from msgspec import structs

from stook.app.elsewhere import open_elsewhere
from stook.catalog import BundleLine
from stook.errors import InputError
from stook.model.refs import check_name, parse_ref
from stook.store import Store
from stook.store.search import Query, count_versions, iter_lines
from stook.store.words.alias import list_aliases

__all__ = [
    "Branch",
    "Listed",
    "check_there",
    "grow_tree",
    "has_bundles",
    "is_pattern",
    "iter_listed",
    "list_counts",
    "listing_query",
    "other_contexts",
]

_AT_ONCE = 500


class Listed(msgspec.Struct, frozen=True):
    """A line of a listing.

    Attributes:
        line: What the catalog says of the bundle.
        aliases: The aliases that stand for it.
        pushed: Whether a remote has it.
    """

    line: BundleLine
    aliases: tuple[str, ...] = ()
    pushed: bool = False


class Branch(msgspec.Struct, frozen=True):
    """A part of names, as `raw` in `raw.orders` and `raw.people`.

    Attributes:
        depth: How many parts are before it.
        part: The part itself.
        names: How many names begin with the parts down to this one.
        versions: How many versions they have.
    """

    depth: int
    part: str
    names: int
    versions: int


def is_pattern(name: str) -> bool:
    """Tell whether this is a pattern, which no name is."""
    return any(letter in name for letter in "*?[")


def listing_query(name: str, query: Query, *, every: bool) -> Query:
    """Return the query behind `ls`: the latest of each name, or all versions; those of one name, newest first.

    Args:
        name: A name, in which nothing is special; or a pattern, which has `*`, `?` or `[`; or nothing: all names.
        query: What else is asked for.
        every: All versions of each name.

    Raises:
        InputError: This is neither a name nor a pattern.
    """
    if not name or is_pattern(name):
        return structs.replace(query, name=name, latest=not every, order="name")
    ref = parse_ref(name)
    if ref.id or ref.alias:
        raise _one_version(name)
    return structs.replace(query, name=ref.name, order="newest")


def check_there(store: Store, name: str) -> None:
    """See that a word of which nothing was found is a name all the same.

    Raises:
        NotFoundError: There is no such name; the hint says what is near.
        InputError: It stands for one version, as the end of an id does.
    """
    if store.get(name).name != check_name(name):
        raise _one_version(name)


def _one_version(word: str) -> InputError:
    return InputError(f"{word} is one version", kind="not-a-name", hint=f"stook show {shlex.quote(word)}")


def iter_listed(store: Store, query: Query, *, whole: bool, is_remote: bool = False) -> Iterator[Listed]:
    """Yield the lines of a listing.

    Args:
        store: Where.
        query: Which bundles.
        whole: Also look up the aliases that stand for each, and whether a remote is known to have it.
        is_remote: Whether the store is a remote, which has them all.

    Raises:
        InputError: Something in the query cannot be looked for.
    """
    if not whole:
        yield from map(Listed, iter_lines(store, query))
        return
    standing = _read_aliases(store, query.name)
    with nullcontext() if is_remote else open_elsewhere(store) as elsewhere:
        lines = iter_lines(store, query)
        while some := list(islice(lines, _AT_ONCE)):
            pushed = elsewhere([line.id for line in some]) if elsewhere else {line.id for line in some}
            for line in some:
                yield Listed(line, tuple(standing.get(line.id, ())), line.id in pushed)


def list_counts(store: Store, query: Query) -> list[tuple[str, int]]:
    """Return the names that a query finds, sorted, and how many versions each has; its limit is one of names."""
    return count_versions(store, structs.replace(query, latest=False, limit=None))[: query.limit]


def grow_tree(counts: Sequence[tuple[str, int]]) -> list[Branch]:
    """Return names as a tree of their parts, which dots part, and how much is on each branch.

    Args:
        counts: The names and how many versions each has.
    """
    totals: dict[tuple[str, ...], list[int]] = {}
    for name, versions in counts:
        parts = tuple(name.split("."))
        for depth in range(1, len(parts) + 1):
            total = totals.setdefault(parts[:depth], [0, 0])
            total[0] += 1
            total[1] += versions
    return [Branch(len(parts) - 1, parts[-1], *total) for parts, total in sorted(totals.items())]


def has_bundles(store: Store) -> bool:
    """Tell whether there are any in the store's context."""
    return any(True for _ in iter_lines(store, Query(limit=1)))


def other_contexts(store: Store) -> list[str]:
    """Return the names of the store's other contexts that have bundles: where to look when there are none here."""
    return [row.name for row in store.contexts() if row.name != store.context and row.bundles]


def _read_aliases(store: Store, name: str) -> dict[str, list[str]]:
    """Return the aliases by the bundle that they stand for: of one name, or where it is a pattern, of all."""
    context = store.find_context_id()
    if context is None:
        return {}
    sole = "" if is_pattern(name) else name
    standing: dict[str, list[str]] = {}
    for alias in list_aliases(store.repository, context, sole):
        standing.setdefault(str(alias.id), []).append(alias.alias)
    return standing
