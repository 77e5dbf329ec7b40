"""The command that says where a file is from."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.lineage import print_tree
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import (
    human_size,
    local_time,
    print_facts,
    print_json,
    print_table,
    say,
    short_id,
    short_path,
    typed,
)
from stook.cli.remote_option import remote_option_saying
from stook.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from stook.store import Store
    from stook.store.ancestry import Ancestry
    from stook.store.trace import Sighting, Trace

_SHOWN = 10
_ITEMS_SHOWN = 3


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--all", "every", is_flag=True, help=f"All bundles that it is in, not only the newest {_SHOWN}."
)
@json_option
@context_option
@remote_option_saying(
    "In the bundles of this remote, not in those here; the only one, or origin, without NAME."
)
@click.pass_context
def trace(
    called: click.Context, *, file: Path, every: bool, as_json: bool, context: str | None, remote: str | None
) -> None:
    """Say in which bundles FILE is, of whatever name and context, newest first, and what made them.

    Of the newest one it goes on to what that was made from, step by step to the first inputs.

    The exit code is 4 where it is in none. A checked out file that is a converted table, as CSV, is known while it is
    as it was written.
    """
    from stook.store.trace import trace as trace_file

    store = open_home(context, remote)
    _refuse_bundle(store, file)
    found = trace_file(store, file, limit=None if every else _SHOWN)
    if as_json:
        print_json(_as_json(found))
        called.exit(0 if found.sightings else NotFoundError.exit_code)
    place = "the store" if remote is None else f"the store at {store.repository.url}"
    if not found.sightings:
        raise _not_there(found, place, may_be_there=remote is None and bool(store.remotes()))
    _print_trace(found, place)


def _refuse_bundle(store: Store, file: Path) -> None:
    """Say what leads from a bundle to its inputs, where one is named and no file."""
    found = None
    if not os.path.lexists(file):
        with suppress(InputError, NotFoundError):
            found = store.find(str(file))
    if found is not None:
        raise InputError(
            f"there is no file {file}; there is a bundle of that name",
            kind="unreadable-file",
            hint=f"stook lineage {shlex.quote(str(file))}",
        )


def _print_trace(found: Trace, place: str) -> None:
    say(f"{short_path(found.path)}, {human_size(found.size)}, is in {place}:")
    rows = [
        (
            sighting.bundle.name,
            short_id(sighting.bundle.id),
            _items(sighting),
            sighting.context,
            local_time(sighting.bundle.time),
            sighting.bundle.owner,
            _state(sighting),
        )
        for sighting in found.sightings
    ]
    print_table(("NAME", "VERSION", "ITEM", "CONTEXT", "DATE", "OWNER", ""), rows)
    if not found.is_all:
        say(f"only the newest {len(rows)}; --all shows all")
    newest = found.sightings[0]
    click.echo()
    facts = [("bundle", newest.bundle.ref), ("made by", newest.bundle.task), ("digest", found.digest)]
    print_facts(facts)
    if found.ancestry is not None and newest.inputs:
        click.echo()
        print_tree(found.ancestry)
    _say_unreadable(found)


def _say_unreadable(found: Trace) -> None:
    if found.unreadable:
        say(f"{found.unreadable} descriptions cannot be read; stook verify says more")


def _items(sighting: Sighting) -> str:
    items = [item or "(all)" for item in sighting.items[:_ITEMS_SHOWN]]
    more = len(sighting.items) - len(items)
    return ", ".join(items) + (f" and {more:,} more" if more else "")


def _state(sighting: Sighting) -> str:
    words = ["removed"] if sighting.is_removed else []
    if sighting.by == "checkout":
        words.append("checked out from it")
    return ", ".join(words)


def _not_there(found: Trace, place: str, *, may_be_there: bool) -> NotFoundError:
    _say_unreadable(found)
    message = f"{short_path(found.path)} is in no bundle of {place}"
    if found.edited:
        message += f"; it was checked out from {found.edited} and changed since"
    hint = f"stook add NAME {typed(found.path)} keeps it"
    if may_be_there:
        hint += f"; stook trace --remote {typed(found.path)} looks on the remote"
    return NotFoundError(message, kind="not-in-store", hint=hint, digest=found.digest)


def _as_json(found: Trace) -> dict[str, object]:
    return {
        "path": str(found.path),
        "size": found.size,
        "digest": found.digest,
        "edited_from": found.edited or None,
        "all": found.is_all,
        "unreadable": found.unreadable,
        "bundles": _traced(found, found.ancestry) if found.ancestry else [],
    }


def _traced(found: Trace, ancestry: Ancestry) -> list[dict[str, object]]:
    """Return the bundles, the newest with all that it was made from."""
    from stook.app.lineage import as_nested

    bundles = [_sighting_json(sighting) for sighting in found.sightings]
    bundles[0]["inputs"] = as_nested(ancestry)["inputs"]
    bundles[0]["first_inputs"] = [first.ref for first in ancestry.ends()]
    return bundles


def _sighting_json(sighting: Sighting) -> dict[str, object]:
    bundle = sighting.bundle
    return {
        "name": bundle.name,
        "id": bundle.id,
        "context": sighting.context,
        "items": list(sighting.items),
        "by": sighting.by,
        "removed": sighting.is_removed,
        "task": bundle.task,
        "owner": bundle.owner,
        "time": bundle.time.isoformat(timespec="microseconds"),
        "inputs": [{"role": used.role, "name": used.name, "id": used.id} for used in sighting.inputs],
    }
