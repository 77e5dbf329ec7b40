"""Commands that list: ls, search, log."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from stook.cli.bundle_rows import COLUMNS, MORE_COLUMNS, iter_rows, listed_json
from stook.cli.options import context_option, json_option, open_home, parse_pairs
from stook.cli.output import local_time, say, short_id
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import suggest
from stook.cli.tables import stream_json, stream_table
from stook.cli.tags import asked_tags, asked_tags_option, put_once

if TYPE_CHECKING:
    from stook.catalog import Order
    from stook.store import Store
    from stook.store.search import Query
    from stook.store.words.history import Happening

_F = TypeVar("_F", bound=Callable[..., object])
_ORDERS = ("newest", "oldest", "name", "largest")


def _filter_options(function: _F) -> _F:
    """Add what `ls` and `search` have in common."""
    options = (
        asked_tags_option,
        click.option("--since", metavar="TIME", help="Not before: 2026-01-31, 2026-01-31T12:00; local time."),
        click.option("--until", metavar="TIME", help="Before that time."),
        click.option("-n", "--limit", type=click.IntRange(min=1), help="The first so many."),
        click.option("-v", "--verbose", is_flag=True, help="More columns."),
        json_option,
        context_option,
        remote_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@click.argument("name", required=False, default="", metavar="[NAME|PATTERN]")
@click.option("--all", "every", is_flag=True, help="All versions of each name.")
@click.option("--tree", is_flag=True, help="Names as a tree, parted at their dots.")
@_filter_options
def ls(  # noqa: PLR0913 - each is an option
    *,
    name: str,
    every: bool,
    tree: bool,
    tags: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int | None,
    verbose: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """List the latest bundle of each name, or all versions of NAME, newest first.

    In a PATTERN * stands for anything, ? for one letter and [ab] for one of some; a NAME is taken as it is. With -t,
    --since and --until only those that fit are listed.
    """
    from stook.app.listing import check_there, is_pattern, listing_query
    from stook.store.search import Query, moment

    asked = Query(tags=asked_tags(tags), since=moment(since), until=moment(until), limit=limit)
    query = listing_query(name, asked, every=every)
    store = open_home(context, remote)
    if tree:
        _print_tree(store, query, as_json=as_json, is_remote=remote is not None)
    elif not _print_bundles(store, query, verbose=verbose, as_json=as_json, is_remote=remote is not None):
        if name and not is_pattern(name) and asked == Query(limit=limit):
            check_there(store, name)
        is_filtered = bool(name) or asked != Query(limit=limit)
        _say_why_empty(store, is_filtered=is_filtered, is_remote=remote is not None)


@click.command()
@click.argument("pattern", required=False, default="")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="Only what was made with this."
)
@click.option("--task", default="", metavar="PATTERN", help="Only what this made, as module:Name.")
@click.option("--owner", default="", help="Only what this person made.")
@click.option(
    "--kind",
    default="",
    metavar="PATTERN",
    help="Only what has an item of this kind: value, file, folder, frame, …",
)
@click.option(
    "--column", default="", metavar="PATTERN", help="Only what has a table with a column of this name."
)
@click.option("--committed/--scratch", default=None, help="Only what is committed, or only what is not.")
@click.option("--latest", is_flag=True, help="Only the newest version of each name.")
@click.option(
    "--sort",
    "order",
    type=click.Choice(_ORDERS),
    default="newest",
    show_default=True,
    help="What comes first.",
)
@_filter_options
def search(  # noqa: PLR0913 - each is an option
    *,
    pattern: str,
    params: tuple[str, ...],
    task: str,
    owner: str,
    kind: str,
    column: str,
    committed: bool | None,
    latest: bool,
    order: Order,
    tags: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int | None,
    verbose: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Find bundles, all versions of them: by name, by what is said of them, and by what is in them.

    In a PATTERN * stands for anything, ? for one letter and [ab] for one of some. All that is given must fit.
    """
    from stook.app.listing import has_bundles, is_pattern
    from stook.store.search import Query, moment

    query = Query(
        name=pattern,
        tags=asked_tags(tags),
        params=_params(params),
        task=task,
        owner=owner,
        since=moment(since),
        until=moment(until),
        kind=kind,
        column=column,
        committed=committed,
        latest=latest,
        order=order,
        limit=limit,
    )
    store = open_home(context, remote)
    if not _print_bundles(store, query, verbose=verbose, as_json=as_json, is_remote=remote is not None):
        is_filtered = query != Query(order=order, latest=latest, limit=limit)
        _say_why_empty(store, is_filtered=is_filtered, is_remote=remote is not None)
        if has_bundles(store) and pattern and not is_pattern(pattern):
            suggest(
                f"a PATTERN is of whole names; stook search {shlex.quote(f'*{pattern}*')} finds those that hold it"
            )


@click.command()
@click.argument("name")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="The last so many.")
@json_option
@context_option
@remote_option
def log(*, name: str, limit: int | None, as_json: bool, context: str | None, remote: str | None) -> None:
    """Show what happened to NAME, newest first: versions, tags, commits, removals, and moves of its aliases."""
    from stook.app.listing import check_there

    store = open_home(context, remote)
    found = store.log(name)[:limit]
    if not found:
        check_there(store, name)
    if as_json:
        stream_json(map(_happening_json, found))
    else:
        stream_table(("DATE", "WHAT", "VERSION", "WHO", "ABOUT"), map(_happening_row, found))


def _print_bundles(store: Store, query: Query, *, verbose: bool, as_json: bool, is_remote: bool) -> bool:
    """Print a listing and tell whether anything was in it."""
    from stook.app.listing import iter_listed

    found = iter_listed(store, query, whole=verbose or as_json, is_remote=is_remote)
    if as_json:
        return stream_json(map(listed_json, found))
    return stream_table(COLUMNS + (MORE_COLUMNS if verbose else ()), iter_rows(found, verbose=verbose))


def _print_tree(store: Store, query: Query, *, as_json: bool, is_remote: bool) -> None:
    from stook.app.listing import grow_tree, list_counts

    counts = list_counts(store, query)
    if as_json:
        stream_json({"name": name, "versions": versions} for name, versions in counts)
        return
    rows = (
        ("  " * branch.depth + (branch.part or "''"), f"{branch.names:,}", f"{branch.versions:,}")
        for branch in grow_tree(counts)
    )
    if not stream_table(("NAME", "NAMES", "VERSIONS"), rows):
        is_filtered = bool(query.name or query.tags or query.since or query.until)
        _say_why_empty(store, is_filtered=is_filtered, is_remote=is_remote)


def _say_why_empty(store: Store, *, is_filtered: bool, is_remote: bool) -> None:
    from stook.app.listing import has_bundles, other_contexts

    if is_filtered and has_bundles(store):
        say("nothing fits")
        return
    if is_remote:
        suggest(f"no bundles in the context {store.context!r} there; stook push sends what is committed here")
        return
    suggest(f"no bundles in the context {store.context!r}; stook add NAME FILE makes one")
    if others := other_contexts(store):
        first = shlex.quote(others[0])
        say(
            f"there are some in {', '.join(others)}: stook ls --context {first} lists, stook switch {first} goes there"
        )


def _happening_row(happening: Happening) -> tuple[str, ...]:
    version = (short_id(happening.id) or "(away)") + (" (removed)" if happening.is_gone else "")
    about = " ".join(happening.about.split())
    return local_time(happening.time), happening.what, version, happening.owner, about


def _happening_json(happening: Happening) -> dict[str, object]:
    return {
        "time": happening.time.isoformat(timespec="microseconds"),
        "what": happening.what,
        "id": happening.id,
        "owner": happening.owner,
        "about": happening.about,
        "removed": happening.is_gone,
    }


def _params(words: Sequence[str]) -> dict[str, str]:
    params: dict[str, str] = {}
    for word in words:
        for name, value in parse_pairs([word], "=", "parameter").items():
            put_once(params, name, value)
    return params
