"""`stook add`."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TypeVar, cast

import click

from stook.cli.ctrl_c import end_soon_from_here
from stook.cli.options import context_option, json_option, open_home, parse_pairs
from stook.cli.output import counted, human_size, print_json, print_table, say
from stook.cli.suggesting import suggest
from stook.cli.tags import given_tags
from stook.errors import InputError
from stook.model.visible import visible

if TYPE_CHECKING:
    from stook.app.adding import Added, Planned
    from stook.app.sources import TableReading
    from stook.store import Store

__all__ = ["add"]

_F = TypeVar("_F", bound=Callable[..., object])
_FORMATS = ("csv", "tsv", "json", "jsonl", "parquet", "arrow", "xlsx")
_SHOWN = 20
_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


def _table_options(function: _F) -> _F:
    """Add what is said of tables."""
    for option in reversed(
        (
            click.option(
                "--frame", "-f", is_flag=True, help="Keep CSV, JSON, Parquet, Arrow and Excel as tables."
            ),
            click.option(
                "--format",
                "format_",
                type=click.Choice(_FORMATS),
                help="What it is, if its name does not say so.",
            ),
            click.option(
                "--delimiter", default="", metavar="LETTER", help="What separates the cells of CSV."
            ),
            click.option("--sheet", default="", metavar="NAME", help="Which sheet of a workbook."),
            click.option(
                "-i", "--links", is_flag=True, help="Also keep the files that columns of a table name."
            ),
            click.option(
                "--link", "link_columns", multiple=True, metavar="COLUMN", help="The same, for this column."
            ),
        )
    ):
        function = option(function)
    return function


def _said_options(function: _F) -> _F:
    """Add what is said of the bundle."""
    for option in reversed(
        (
            click.option("-t", "--tag", "tags", multiple=True, metavar="KEY:VALUE", help="A word about it."),
            click.option(
                "-p",
                "--param",
                "params",
                multiple=True,
                metavar="KEY=VALUE",
                help="What it was made with; KEY:=JSON for lists and the like.",
            ),
            click.option(
                "--from", "inputs", multiple=True, metavar="[ROLE=]REF", help="A bundle it was made from."
            ),
        )
    ):
        function = option(function)
    return function


@click.command()
@click.argument("name")
@click.argument("paths", nargs=-1, metavar="PATH…|URL…|-")
@_table_options
@_said_options
@click.option("--stdin-name", default="stdin", metavar="NAME", help="File name of what comes from -.")
@click.option("--new", is_flag=True, help="Make a version even where nothing changed.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be added; URLs are read for it.")
@json_option
@context_option
def add(  # noqa: PLR0913 - one for each option
    *,
    name: str,
    paths: tuple[str, ...],
    frame: bool,
    format_: str | None,
    delimiter: str,
    sheet: str,
    links: bool,
    link_columns: tuple[str, ...],
    tags: tuple[str, ...],
    params: tuple[str, ...],
    inputs: tuple[str, ...],
    stdin_name: str,
    new: bool,
    dry_run: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Keep files, folders and what URLs name as the newest version of NAME.

    A URL begins with s3://, https://, http:// or file://; one of a bucket that ends with / is a folder. A PATH of - is
    standard input. What the .stookignore of a folder names is left out. Content that the latest version has already
    makes no new version.
    """
    from stook.app.adding import Addition, Said, add_paths, plan_paths

    if not paths:
        raise _nothing_named(name)
    reading = None
    if frame or links or link_columns or format_ or delimiter or sheet:
        reading = _reading(format_ or "", delimiter, sheet, links, link_columns)
    stdin = cast(BinaryIO, sys.stdin.buffer) if "-" in paths else None
    if stdin and stdin.isatty():
        say("reading what is typed, up to Ctrl-D at the start of a line")
    if any("://" in path for path in paths):
        end_soon_from_here()
    addition = Addition(name, paths, stdin, stdin_name, reading)
    store = open_home(context)
    said = Said(given_tags(tags), _params(params), _inputs(store, inputs))
    if dry_run:
        _show_plan(plan_paths(store, addition, said, if_changed=not new), as_json=as_json)
    else:
        try:
            added = add_paths(store, addition, said, if_changed=not new)
        except InputError as error:
            raise _other_way_round(error, name, paths) from error
        _show_added(added, said_more=bool(tags or params or inputs), as_json=as_json)


def _nothing_named(name: str) -> InputError:
    """Return the error for a name alone; most often it is a file, and the name was forgotten."""
    path = Path(name)
    hint = f"stook add {shlex.quote(path.stem or 'NAME')} {shlex.quote(name)}" if path.exists() else ""
    return InputError(
        f"what shall be kept as {name!r}?",
        kind="nothing-named",
        hint=hint or f"stook add {shlex.quote(name)} PATH",
    )


def _other_way_round(error: InputError, name: str, paths: tuple[str, ...]) -> InputError:
    """Return the error, with the right order of words where the path was given before the name."""
    if error.kind == "no-such-file" and len(paths) == 1 and Path(name).exists():
        error.hint = (
            f"stook add {shlex.quote(paths[0])} {shlex.quote(name)}, first the name and then the path"
        )
    return error


def _reading(
    format_: str, delimiter: str, sheet: str, links: bool, link_columns: tuple[str, ...]
) -> TableReading:
    from stook.app.sources import TableReading
    from stook.frames.files import TableOptions

    return TableReading(TableOptions(format_, delimiter, sheet), link_columns, find_links=links)


def _params(words: Sequence[str]) -> dict[str, object]:
    """Read `key=value`, the value by its looks, and `key:=JSON`."""
    return {
        key.removesuffix(":"): _value(key, text) for key, text in parse_pairs(words, "=", "param").items()
    }


def _value(key: str, text: str) -> object:
    if key.endswith(":"):
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"the param {key}={text} is no JSON: {error}",
                kind="bad-option",
                hint=f"write {key}=… with JSON after it, or {key.removesuffix(':')}=… with plain text",
            ) from error
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and text != "-0":
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and abs(float(text)) != float("inf") else text


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _inputs(store: Store, words: Sequence[str]) -> list[tuple[str, str]]:
    """Read `REF` and `role=REF`. A bundle's name may hold `=`, and such a bundle is meant where there is one."""
    inputs = []
    for word in words:
        role, found, ref = word.partition("=")
        is_ref = not found or not role or store.find(word) is not None
        inputs.append(("", word) if is_ref else (role, ref))
    return inputs


def _show_plan(plan: Planned, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(plan))
        return
    print_table(("ITEM", "SIZE"), [(path, human_size(size)) for path, size in plan.items[:_SHOWN]])
    if len(plan.items) > _SHOWN:
        click.echo(f"… and {len(plan.items) - _SHOWN:,} more")
    what = f"{counted(len(plan.items), 'item')}, {human_size(plan.size)}"
    ignored = f"; {plan.ignored:,} left out by .stookignore" if plan.ignored else ""
    if plan.is_new:
        say(f"would add {what} to {plan.name}, of which {human_size(plan.stored)} are new{ignored}")
    else:
        say(f"would add nothing: {plan.latest} has this content: {what}{ignored}")


def _show_added(added: Added, *, said_more: bool, as_json: bool) -> None:
    bundle = added.bundle
    for given in added.kept_as_files:
        say(f"{given} is no table, and is kept as it is")
    for path in added.left_out[:_SHOWN]:
        say(f"left out, for no row names it: {visible(path)}")
    if len(added.left_out) > _SHOWN:
        say(f"and {len(added.left_out) - _SHOWN:,} more")
    if added.is_new:
        say(f"added {counted(added.count_items(), 'item')}, {human_size(bundle.size)}, as")
    else:
        say("unchanged; the latest version has this content:")
        if said_more:
            say("its tags, params and inputs stay as they were: --new makes another version with these;")
            suggest(f"stook tag {shlex.quote(bundle.name)} KEY:VALUE tags this one")
    if as_json:
        facts = {"ref": bundle.ref, "name": bundle.name, "id": bundle.id, "digest": bundle.digest}
        print_json({**facts, "size": bundle.size, "items": added.count_items(), "is_new": added.is_new})
    else:
        click.echo(bundle.ref)
