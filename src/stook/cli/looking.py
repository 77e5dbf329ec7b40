"""Commands that look at bundles: show, cat, get, diff."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import human_size, human_time, local_time, print_facts, print_json, print_table, say
from stook.cli.remote_option import remote_option
from stook.errors import CheckError, InputError
from stook.model.visible import visible

if TYPE_CHECKING:
    from stook.app.diffing import Line
    from stook.app.showing import Details, Item

_COLOURS = {"+": "green", "-": "red", "~": "yellow", ">": "cyan"}


@click.command()
@click.argument("ref")
@click.option(
    "--code",
    is_flag=True,
    help="The source of each definition that made it, the commit, and what was in none.",
)
@json_option
@context_option
@remote_option
def show(ref: str, code: bool, as_json: bool, context: str | None, remote: str | None) -> None:
    """Say everything about the bundle REF: NAME, NAME@VERSION, NAME@ALIAS or an id."""
    from stook.app.showing import describe

    store = open_home(context, remote)
    bundle = store.get(ref)
    if code:
        from stook.cli.code import show_code

        show_code(bundle, as_json=as_json)
        return
    details = describe(store, bundle)
    if as_json:
        print_json(asdict(details))
        return
    _print_details(details)


@click.command()
@click.argument("ref")
@click.argument("item", default="")
@click.option(
    "-n",
    "--rows",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Rows of a table to print.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print all rows of a table as CSV.")
@json_option
@context_option
@remote_option
def cat(  # noqa: PLR0913 - each is an option
    *, ref: str, item: str, rows: int, as_csv: bool, as_json: bool, context: str | None, remote: str | None
) -> None:
    """Print the content of the bundle REF, or of one ITEM of it: values, a table's head, a text file, a list of files.

    ITEM is a path as `stook show` has it, and goes on within folders and values: model/params/depth.
    """
    from stook.app.printing import iter_content, iter_csv, iter_json

    if as_csv and as_json:
        raise InputError("--csv and --json exclude each other", kind="bad-option", hint="give one of them")
    bundle = open_home(context, remote).get(ref)
    if as_csv:
        _send(iter_csv(bundle, item))
    elif as_json:
        _send(iter_json(bundle, item))
    else:
        _send(iter_content(bundle, item, rows=rows))


@click.command()
@click.argument("ref")
@click.argument("item", default="")
@json_option
@context_option
@remote_option
def get(ref: str, item: str, as_json: bool, context: str | None, remote: str | None) -> None:
    """Print the path of a read-only file or folder with the content of the bundle REF, or of one ITEM of it."""
    bundle = open_home(context, remote).get(ref)
    path = str(bundle.path(item))
    if as_json:
        print_json({"ref": bundle.ref, "item": item, "path": path})
    else:
        click.echo(path)


@click.command()
@click.argument("old", metavar="REF")
@click.argument("new", metavar="[REF]", default="")
@click.option("--stat", is_flag=True, help="Print a line for each item only.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 where they differ.")
@json_option
@context_option
@remote_option
def diff(  # noqa: PLR0913 - each is an option
    *, old: str, new: str, stat: bool, exit_code: bool, as_json: bool, context: str | None, remote: str | None
) -> None:
    """Say how two bundles differ; with one REF, how it differs from the version before.

    Marks: + added, - removed, ~ changed, > moved.
    """
    from stook.app.diffing import find_pair, iter_lines, iter_stat
    from stook.store.diffing import diff as compare

    pair = find_pair(open_home(context, remote), old, new)
    found = compare(*pair, lines=not stat)
    if as_json:
        print_json(asdict(found))
    else:
        say(f"from {found.old}\n  to {found.new}")
        for line in iter_stat(found) if stat else iter_lines(found):
            _print_line(line)
        if not found:
            say("nothing differs")
        elif found.is_same_content:
            say("the content is the same")
    if exit_code and found:
        sys.exit(CheckError.exit_code)


def _print_line(line: Line) -> None:
    """Print a line; in colour on a terminal, unless NO_COLOR (no-color.org) is set."""
    colour = None if os.environ.get("NO_COLOR") else _COLOURS.get(line.mark)
    text = visible(str(line))
    click.echo(click.style(text, fg=colour) if colour else text)


def _send(parts: Iterable[bytes]) -> None:
    """Write content to standard output: to a pipe as it is, to a terminal with control characters made visible."""
    out = sys.stdout.buffer
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace") if out.isatty() else None
    for part in parts:
        out.write(visible(decoder.decode(part), keep="\n\t").encode() if decoder else part)
    out.flush()


def _print_details(details: Details) -> None:
    print_facts(list(_facts(details)))
    click.echo()
    rows = [(item.path or "(all)", item.kind, item.about, human_size(item.size)) for item in details.items]
    print_table(("ITEM", "KIND", "", "SIZE"), rows)
    for item in details.items:
        if item.columns:
            _print_columns(item, alone=len(details.items) == 1)


def _facts(details: Details) -> Iterator[tuple[str, str]]:
    yield "name", details.name
    yield "version", details.id + (f" ({details.versions:,} versions)" if details.versions > 1 else "")
    yield "digest", details.digest
    yield "date", local_time(datetime.fromisoformat(details.time))
    yield "owner", details.owner
    yield "size", human_size(details.size)
    yield "task", details.task
    if details.seconds is not None:
        yield "took", human_time(details.seconds)
    if details.committed:
        commit = details.committed
        when = local_time(datetime.fromisoformat(commit["time"]))
        yield "committed", f"{commit['message']} ({commit['owner']}, {when})"
    if details.aliases:
        yield "aliases", " ".join(details.aliases)
    yield from ((f"tag {key}", value) for key, value in details.tags.items())
    yield from ((f"param {key}", _param_text(value)) for key, value in details.params.items())
    yield from (("source", source) for source in details.sources)
    yield from ((f"input {i['role']}", f"{i['name']}@{i['id']}") for i in details.inputs)
    for key, value in details.environment.items():
        if key != "packages":
            yield key.replace("_", " "), str(value)


def _param_text(tagged: object) -> str:
    from stook.format import values
    from stook.store.reading.rendering import short_text

    return short_text(values.from_json(tagged), 200)


def _print_columns(item: Item, *, alone: bool) -> None:
    click.echo()
    rows = [(name, kind) for name, kind in item.columns]
    print_table(("COLUMN" if alone or not item.path else f"COLUMN OF {item.path}", "TYPE"), rows)
