"""The command that says what a bundle was made from, and what was made from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import human_time, local_time, print_json, print_table, say, short_path
from stook.cli.remote_option import remote_option
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.store.ancestry import Ancestry

__all__ = ["lineage", "print_tree"]


@click.command()
@click.argument("ref")
@click.option("--up", is_flag=True, help="What it was made from, to the first inputs; the default.")
@click.option("--down", is_flag=True, help="What was made from it.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="No more than N steps.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="No more bundles than that."
)
@click.option(
    "--svg", type=click.Path(path_type=Path), metavar="FILE", help="Draw it into FILE; - is standard output."
)
@json_option
@context_option
@remote_option
def lineage(  # noqa: PLR0913 - each is an option
    *,
    ref: str,
    up: bool,
    down: bool,
    depth: int | None,
    limit: int,
    svg: Path | None,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Say what the bundle REF was made from, step by step, in every context; or what was made from it.

    Before data is changed: stook lineage sales --down --depth 2 says what was made from it.

    A bundle that was used several times is followed once; where it comes again it says "see above".
    """
    from stook.app.lineage import as_plain, to_svg

    if up and down:
        raise InputError("--up and --down exclude each other", kind="bad-option", hint="give one of them")
    store = open_home(context, remote)
    found = store.lineage(ref, "down" if down else "up", depth=depth, limit=limit)
    if svg is not None:
        _write(svg, to_svg(found))
    if as_json:
        print_json(as_plain(found))
    elif svg is None:
        print_tree(found)
    _say_rest(found)


def print_tree(found: Ancestry) -> None:
    """Print a lineage as a tree, with the task, the time and the duration of each bundle."""
    from stook.app.lineage import iter_tree

    rows = [
        (
            line.branch + line.name,
            line.bundle.task,
            local_time(line.bundle.time) if line.bundle.time else "",
            human_time(line.bundle.seconds) if line.bundle.seconds is not None else "",
            line.note,
        )
        for line in iter_tree(found)
    ]
    print_table(("BUNDLE", "TASK", "DATE", "TOOK", ""), rows)


def _say_rest(found: Ancestry) -> None:
    if not found.is_all:
        say(f"not all: {len(found.bundles):,} bundles are shown; --depth and --limit say how far it goes")
    elif len(found.bundles) == 1:
        what = "it was made from no other bundle" if found.direction == "up" else "nothing was made from it"
        say(f"{found.root.ref}: {what}")


def _write(path: Path, picture: str) -> None:
    from stook._io import write_atomic

    if str(path) == "-":
        click.echo(picture, nl=False)
        return
    try:
        write_atomic(path.absolute(), picture.encode())
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}",
            kind="bad-path",
            hint="name a file in a folder that is there",
        ) from error
    say(f"drawn to {short_path(path)}")
