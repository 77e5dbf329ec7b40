"""Bundles as plain files in a folder of one's own."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.exchange_options import AskedExchange, take_options
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import counted, human_size, print_facts, print_json, say, short_path, typed
from stook.cli.remote_option import remote_option_saying
from stook.cli.suggesting import suggest
from stook.cli.target_words import pairs_option

if TYPE_CHECKING:
    from stook.app.checking_out import FolderState
    from stook.store import Bundle, Store
    from stook.store.checkout import Checkout

_FORMATS = ("parquet", "csv", "feather")


@click.command()
@click.argument("ref")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="parquet", help="What tables are written as."
)
@click.option("--force", is_flag=True, help="Put local edits aside as FILE.yours instead of refusing.")
@json_option
@context_option
@remote_option_saying("Pull what REF is on this remote first; on the only one, or origin, without NAME.")
def checkout(  # noqa: PLR0913 - each is an option
    *,
    ref: str,
    folder: Path | None,
    format_: str,
    force: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Write the content of the bundle REF as plain files into DIR (a folder of its name by default).

    DIR is new, empty, or an earlier checkout, which is replaced if nothing in it was changed. It has all of the files
    or is as it was. Files that .stookignore names stay.
    """
    from stook.store.checkout import checkout as check_out

    store = open_home(context)
    bundle = store.get(ref) if remote is None else _pulled(store, ref, remote)
    done = check_out(store, bundle, folder, format=format_, force=force)
    _tell(done)
    if as_json:
        print_json(asdict(done) | {"folder": str(done.folder)})
    else:
        click.echo(short_path(done.folder))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("place", metavar="[DIR|FILE:TASK]", required=False)
@click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…")
@pairs_option
@click.option(
    "--fetch", "fetch_first", is_flag=True, help="Ask the remotes what is new before they are compared."
)
@take_options
@json_option
@context_option
def status(  # noqa: PLR0913 - each is an option
    *,
    place: str | None,
    params: tuple[str, ...],
    pairs: tuple[str, ...],
    fetch_first: bool,
    only_missing: bool | None,
    remote: str,
    as_json: bool,
    context: str | None,
) -> None:
    """Say which files of the checkout DIR (this folder by default) were edited, added or deleted.

    Also whether the store has a newer version. Files that .stookignore names do not count. Where no DIR is given and
    this folder is no checkout, say how the context and each of its remotes differ, as of the last time it was asked.

    Given a task, stook status pipeline.py:Report --horizon 30, say of it and of each that it requires whether it is up
    to date, would run, is running now, or failed last.
    """
    from stook.app.checking_out import is_checkout, look_at

    if place is not None and _is_task(place):
        from stook.cli.planning import print_standing_of
        from stook.cli.target_words import load

        asked = AskedExchange(only_missing, remote=remote)
        print_standing_of(load(place, params, None, pairs), open_home(context), asked, as_json=as_json)
        return
    if only_missing or remote:
        raise click.UsageError("--only-missing and --remote go with a task, such as pipeline.py:Report")
    if params or pairs or (place or "").startswith("-"):
        word = place if (place or "").startswith("-") else next(iter((*params, *pairs)))
        raise click.UsageError(f"{word} goes with a task, such as pipeline.py:Report")
    folder = Path(place) if place is not None else None
    if folder is None and (fetch_first or not is_checkout(Path())):
        from stook.cli.remote_status import print_standing

        print_standing(open_home(context), fetch_first=fetch_first, as_json=as_json)
        return
    state = look_at(folder or Path(), context=context)
    if as_json:
        print_json(_facts(state))
        return
    found = state.status
    click.echo(f"{found.note.ref} in {short_path(found.folder)}")
    lines = [(what, path) for what in ("edited", "added", "deleted") for path in getattr(found, what)]
    if lines:
        print_facts([(f"  {what}", path) for what, path in lines])
    else:
        click.echo("  nothing was changed")
    _say_next(state)


def _pulled(store: Store, ref: str, remote: str) -> Bundle:
    from stook.app.sharing import pull_one
    from stook.cli.ctrl_c import end_soon_from_here

    end_soon_from_here()
    return pull_one(store, ref, remote)


def _is_task(place: str) -> bool:
    """Tell a task from a folder: `pipeline.py:Report`, or a file of tasks, which is no folder."""
    if place.endswith(".py"):
        return not Path(place).is_dir()
    return ":" in place and not place.startswith("-") and not Path(place).exists()


def _tell(done: Checkout) -> None:
    if not done.is_new:
        say(f"unchanged: {short_path(done.folder)} has {done.ref} already")
        return
    files = f"{counted(done.files, 'file')}, {human_size(done.size)}"
    say(f"checked out {done.ref} ({files}) into")
    for path in done.kept[:10]:
        say(f"  kept yours: {_shown(path)}")
    if len(done.kept) > 10:
        say(f"  and {len(done.kept) - 10} more of yours")
    here = Path.cwd()
    if here == done.folder or done.folder in here.parents:
        say("this shell still sees the folder as it was; type: cd .")


def _say_next(state: FolderState) -> None:
    found = state.status
    name, folder = shlex.quote(found.note.name), typed(found.folder)
    if not found.is_clean:
        back = f"stook checkout --force {shlex.quote(found.note.ref)} {folder}"
        suggest(f"next: {_add_command(state)} keeps this as a version;", state.context)
        suggest(f"      {back} goes back, with edits put aside", state.context)
    if state.elsewhere:
        say(f"it came from another store, {_shown(state.elsewhere)}, which was not asked for newer versions")
    elif state.newer:
        say(f"the store has a newer version, {state.newer}")
        if found.is_clean:
            suggest(f"next: stook checkout {name} {folder}", state.context)


def _add_command(state: FolderState) -> str:
    """Return the command that makes a version of the same kind: one folder or a table with links, or several items."""
    option = " --frame" if state.has_tables else ""
    paths = typed(state.status.folder) + ("" if state.is_whole else "/*")
    return f"stook add{option} {shlex.quote(state.status.note.name)} {paths}"


def _facts(state: FolderState) -> dict[str, object]:
    found = state.status
    return {
        "folder": str(found.folder),
        "ref": found.note.ref,
        "store": found.note.store,
        "context": found.note.context,
        "digest": found.note.digest,
        "clean": found.is_clean,
        "edited": list(found.edited),
        "added": list(found.added),
        "deleted": list(found.deleted),
        "newer": state.newer,
    }


def _shown(text: str) -> str:
    return text if text.isprintable() else repr(text)
