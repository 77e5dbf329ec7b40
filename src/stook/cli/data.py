"""Commands on bundles."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home, parse_pairs
from stook.cli.output import (
    human_size,
    human_time,
    print_facts,
    print_json,
    print_table,
    say,
    short_id,
    typed,
)

if TYPE_CHECKING:
    from stook.app.showing import Details
    from stook.store import Bundle


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--context", metavar="NAME", help="Name of its line of bundles; the folder's name by default.")
def init(folder: Path, context: str | None) -> None:
    """Make FOLDER (this one by default) a workspace: write a stook.toml, and touch nothing else."""
    from stook.app.init import init_workspace

    done = init_workspace(folder, context=context)
    say(
        f"{done.folder} is a workspace with the context {done.context!r}; its bundles are kept in {done.store}"
    )
    inside = "" if done.folder == Path.cwd() else f"cd {typed(done.folder)}; "
    say(f"next: {inside}stook add NAME FILE")


@click.command()
@click.argument("name")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…|-")
@click.option(
    "-t", "--tag", "tags", multiple=True, metavar="KEY:VALUE", help="A word about it; may be repeated."
)
@context_option
def add(name: str, paths: tuple[str, ...], tags: tuple[str, ...], context: str | None) -> None:
    """Keep files and folders as the newest version of NAME. A PATH of - is standard input.

    Content that the latest version has already makes no new version.
    """
    from stook.app.adding import add_paths

    added = add_paths(open_home(context), name, paths, tags=parse_pairs(tags, ":", "tag"))
    if added.is_new:
        say(f"added {human_size(added.bundle.size)} as")
    else:
        say("unchanged; the latest version has this content:")
    click.echo(added.bundle.ref)


@click.command()
@click.argument("name", required=False)
@click.option("-v", "--verbose", is_flag=True, help="More columns.")
@json_option
@context_option
def ls(name: str | None, verbose: bool, as_json: bool, context: str | None) -> None:
    """List the latest bundle of each name, or all versions of NAME, newest first."""
    from stook.app.listing import list_bundles, other_contexts

    store = open_home(context)
    bundles = list_bundles(store, name)
    if as_json:
        print_json([_line(bundle) for bundle in bundles])
        return
    if not bundles:
        say(f"no bundles in the context {store.context!r}; stook add NAME FILE makes one")
        if others := other_contexts(store):
            say(f"there are some in {', '.join(others)}; go to that workspace, or give --context NAME")
        return
    header = ("NAME", "VERSION", "TASK", "DATE", "SIZE") + (("OWNER", "DIGEST", "TAGS") if verbose else ())
    print_table(header, [_row(bundle, verbose=verbose) for bundle in bundles])


@click.command()
@click.argument("ref")
@json_option
@context_option
def show(ref: str, as_json: bool, context: str | None) -> None:
    """Say everything about the bundle REF: NAME, NAME@VERSION or an id."""
    from stook.app.showing import describe

    details = describe(open_home(context).get(ref))
    if as_json:
        print_json(asdict(details))
    else:
        _print_details(details)


@click.command()
@click.argument("ref")
@click.argument("item", default="")
@context_option
def cat(ref: str, item: str, context: str | None) -> None:
    """Print the content of the bundle REF, or of one ITEM of it: values, a table's head, a text file."""
    from stook.app.showing import cat as content

    click.echo(content(open_home(context).get(ref), item))


@click.command()
@click.argument("ref")
@click.argument("item", default="")
@context_option
def get(ref: str, item: str, context: str | None) -> None:
    """Print the path of a read-only file or folder with the content of the bundle REF, or of one ITEM of it."""
    click.echo(open_home(context).get(ref).path(item))


@click.command()
@click.option("--origin", is_flag=True, help="Also say where each value comes from.")
@json_option
def config(origin: bool, as_json: bool) -> None:
    """Show the settings that hold in this folder."""
    from stook.config import load_config

    settings = load_config().settings()
    if as_json:
        print_json({name: asdict(setting) for name, setting in settings.items()})
    elif origin:
        print_table(("SETTING", "VALUE", "ORIGIN"), [(n, s.value, s.origin) for n, s in settings.items()])
    else:
        print_table(("SETTING", "VALUE"), [(n, s.value) for n, s in settings.items()])


def _line(bundle: Bundle) -> dict[str, object]:
    return {
        "name": bundle.name,
        "id": bundle.id,
        "digest": bundle.digest,
        "task": bundle.task,
        "owner": bundle.owner,
        "time": bundle.time.isoformat(timespec="seconds"),
        "size": bundle.size,
        "tags": bundle.tags,
    }


def _row(bundle: Bundle, *, verbose: bool) -> tuple[str, ...]:
    date = bundle.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    row: tuple[str, ...] = (bundle.name, short_id(bundle.id), bundle.task, date, human_size(bundle.size))
    if verbose:
        tags = " ".join(f"{key}:{value}" for key, value in bundle.tags.items())
        row += (bundle.owner, bundle.digest[:12], tags)
    return row


def _print_details(details: Details) -> None:
    facts = [
        ("name", details.name),
        ("version", details.id),
        ("digest", details.digest),
        ("made", details.time),
    ]
    facts += [("owner", details.owner), ("size", f"{human_size(details.size)}"), ("task", details.task)]
    if details.seconds is not None:
        facts.append(("took", human_time(details.seconds)))
    facts += [(f"tag {key}", value) for key, value in details.tags.items()]
    facts += [(f"param {key}", str(value)) for key, value in details.params.items()]
    facts += [(f"input {i['role']}", f"{i['name']}@{i['id']}") for i in details.inputs]
    facts += [
        (key.replace("_", " "), str(value)) for key, value in details.environment.items() if key != "packages"
    ]
    print_facts(facts)
    click.echo()
    rows = [(item.path or "(all)", item.kind, item.about, human_size(item.size)) for item in details.items]
    print_table(("ITEM", "KIND", "", "SIZE"), rows)
