"""Bundles out to people and engines without Stook, and those of another tool in."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import (
    counted,
    human_size,
    local_time,
    print_json,
    print_table,
    say,
    short_path,
)
from stook.cli.place_options import given_options, place_options
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import suggest
from stook.errors import IntegrityError

if TYPE_CHECKING:
    from stook.app.exporting import Exported
    from stook.app.importing import Imported, ImportedBundle, NotImported

__all__ = ["export", "import_"]

_FORMATS = ("parquet", "csv")
_SHOWN = 10


@click.command()
@click.argument("ref")
@click.argument("target", metavar="URL|DIR")
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="parquet", help="What tables are written as."
)
@click.option("--force", is_flag=True, help="Replace an export of another version, or one that was changed.")
@place_options
@json_option
@context_option
@remote_option
def export(  # noqa: PLR0913 - each is an option
    ref: str,
    target: str,
    *,
    format_: str,
    force: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Write the bundle REF as plain files that need no Stook, into DIR or below a URL: s3://, gs:// or az://.

    Each table is one file in a folder of its own, which Athena, Spark or DuckDB can be pointed at; values are JSON, and
    files are as they are. The place is new, empty, or has an earlier export. A file _stook.json, written last, says
    that the export is whole.
    """
    from stook.app.exporting import export as export_bundle
    from stook.app.places import check_address

    check_address(target, f"stook export {shlex.quote(ref)}")
    bundle = open_home(context, remote).get(ref)
    done = export_bundle(bundle, target, format=format_, force=force, options=given_options())
    _tell_export(done)
    if as_json:
        print_json(msgspec.to_builtins(done))
    else:
        click.echo(_shown(done.url))


@click.command("import")
@click.argument("source", metavar="URL|DIR")
@click.option("-n", "--dry-run", is_flag=True, help="Only list what would be imported.")
@json_option
@context_option
def import_(source: str, *, dry_run: bool, as_json: bool, context: str | None) -> None:
    """Import a Disdat context: DIR is such as ~/.disdat/context/NAME, URL such as s3://bucket/prefix/context/NAME.

    Bundles keep their names, tags, parameters, commits, lineage and content, and become versions in the order in which
    they were made. What was imported before is not imported again. For plain files there is stook add.
    """
    from stook.app.importing import ImportedBundle, import_disdat

    def tell(outcome: ImportedBundle | NotImported) -> None:
        if not isinstance(outcome, ImportedBundle):
            say(f"not imported: {outcome.given or 'a bundle'} ({outcome.uuid}): {outcome.problem}")
        elif outcome.is_new and outcome.ref and not as_json:
            click.echo(outcome.ref)

    done = import_disdat(open_home(context), source, dry_run=dry_run, observer=tell)
    if as_json:
        print_json(msgspec.to_builtins(done))
    elif dry_run and done.new:
        _show_plan(done)
    _tell_import(done, dry_run=dry_run)
    if done.failed:
        raise _incomplete(done, dry_run=dry_run)


def _tell_export(done: Exported) -> None:
    if not done.is_new:
        say(f"unchanged: {_shown(done.url)} has {done.ref} already")
        return
    say(f"exported {done.ref} ({counted(len(done.files), 'file')}, {human_size(done.size)})")
    for table in done.tables[:_SHOWN]:
        rows, columns = counted(table.rows, "row"), counted(len(table.columns), "column")
        say(f"  table in {table.folder}/: {rows}, {columns}")
    if len(done.tables) > _SHOWN:
        say(f"  and {len(done.tables) - _SHOWN:,} more tables")


def _show_plan(done: Imported) -> None:
    rows = [(bundle.name, local_time(bundle.created), bundle.owner, bundle.uuid) for bundle in done.new]
    print_table(("NAME", "MADE", "OWNER", "UUID"), rows)


def _tell_import(done: Imported, *, dry_run: bool) -> None:
    renamed = {bundle.given: bundle.name for bundle in done.new if bundle.given != bundle.name}
    for given, name in list(renamed.items())[:_SHOWN]:
        say(f"{'would call' if dry_run else 'called'} {name}: what is {given!r} there")
    if len(renamed) > _SHOWN:
        say(f"and {len(renamed) - _SHOWN:,} more have other names")
    before = len(done.bundles) - len(done.new)
    rest = f"; {before:,} imported before" if before else ""
    verb = "would import" if dry_run else "imported"
    say(f"{verb} {counted(len(done.new), 'bundle')} from {_shown(done.source)}{rest}")
    if done.new and not dry_run:
        suggest("next: stook ls")


def _incomplete(done: Imported, *, dry_run: bool) -> IntegrityError:
    count = len(done.failed)
    again = "" if dry_run else f"; then again: stook import {shlex.quote(_shown(done.source))}"
    return IntegrityError(
        f"{counted(count, 'bundle')} of {done.source} {'was' if count == 1 else 'were'} not imported",
        kind="import-incomplete",
        hint=f"mend what is said above, as by taking its files from another copy{again}",
        count=count,
    )


def _shown(place: str) -> str:
    """Return a place as one would type it here."""
    return place if "://" in place else short_path(Path(place))
