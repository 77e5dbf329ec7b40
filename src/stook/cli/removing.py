"""Commands that take versions away and bring them back: rm, restore."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from stook.cli.options import confirm, context_option, duration, json_option, open_home
from stook.cli.output import counted, human_size, local_time, print_json, print_table, say, short_id
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import suggest
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.app.removing import Removal
    from stook.store import Bundle, Store

_SHOWN = 20


@click.command()
@click.argument("refs", nargs=-1, metavar="NAME[@VERSION]…")
@click.option("--old", is_flag=True, help="All but the newest versions of NAME…, or of all names.")
@click.option(
    "--scratch", is_flag=True, help="Old results of tasks that nobody asked to keep; NAME may be a PATTERN."
)
@click.option(
    "--keep",
    type=int,
    default=1,
    show_default=True,
    help="Newest versions that --old and --scratch leave.",
)
@click.option(
    "--older-than",
    type=duration,
    default="30d",
    show_default=True,
    help="How old --scratch results must be: 12h, 30d.",
)
@click.option("--force", is_flag=True, help="Also what others were made from, or an alias stands for.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would go.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@context_option
@remote_option
@click.pass_context
def rm(  # noqa: PLR0913 - each is an option
    called: click.Context,
    *,
    refs: tuple[str, ...],
    old: bool,
    scratch: bool,
    keep: int,
    older_than: timedelta,
    force: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Remove versions: one (NAME@VERSION), all of a NAME, old ones, or scratch.

    `stook restore` brings them back until `stook gc` has freed their space. --old and --scratch spare what is
    committed, aliased, or in use.
    """
    from stook.app.removing import plan_old, plan_removal, plan_scratch
    from stook.store.words.remove import in_use

    _check_options(called, old=old, scratch=scratch)
    store = open_home(context, remote)
    if old:
        plan = plan_old(store, refs, keep=keep)
    elif scratch:
        plan = plan_scratch(store, refs, keep=keep, older_than=older_than)
    else:
        plan = plan_removal(store, refs)
    if not as_json:
        _show(plan)
    if dry_run or not plan.bundles:
        if as_json:
            print_json(_plain(plan, is_done=False))
        return
    if plan.held and not force:
        raise in_use(plan.held)
    where = "" if remote is None else f" from {remote or 'the remote'}, for all who share it"
    if not confirm(f"remove {counted(len(plan.bundles), 'version')}{where}?", yes=yes):
        say("nothing was removed")
        return
    store.rm(*plan.bundles, force=force)
    them, their = ("it", "its") if len(plan.bundles) == 1 else ("them", "their")
    suggest(
        f"removed {counted(len(plan.bundles), 'version')}; stook restore brings {them} back,"
        f" until stook gc frees {their} space"
    )
    if as_json:
        print_json(_plain(plan, is_done=True))


@click.command()
@click.argument("refs", nargs=-1, metavar="NAME[@VERSION]…")
@json_option
@context_option
@remote_option
def restore(refs: tuple[str, ...], as_json: bool, context: str | None, remote: str | None) -> None:
    """Bring back versions that were removed: one, or all of a NAME. Without any, list them."""
    store = open_home(context, remote)
    if not refs:
        _list_removed(store, as_json=as_json)
        return
    from stook.app.removing import bring_back

    done = bring_back(store, refs)
    if done.collected:
        say(f"{counted(len(done.collected), 'version')} cannot be brought back: gc has freed their space")
    say(f"restored {counted(len(done.bundles), 'version')}")
    if as_json:
        print_json([bundle.ref for bundle in done.bundles])
    else:
        for bundle in done.bundles:
            click.echo(bundle.ref)


def _check_options(called: click.Context, *, old: bool, scratch: bool) -> None:
    """Refuse options that would not count: `rm NAME --keep 3` would take all versions away."""
    if old and scratch:
        raise InputError("--old and --scratch exclude each other", kind="bad-option", hint="give one of them")
    if not (old or scratch) and _is_given(called, "keep"):
        raise InputError(
            "--keep goes with --old or --scratch", kind="bad-option", hint="stook rm --old --keep NUMBER NAME"
        )
    if not scratch and _is_given(called, "older_than"):
        raise InputError(
            "--older-than goes with --scratch", kind="bad-option", hint="stook rm --scratch --older-than TIME"
        )


def _is_given(called: click.Context, option: str) -> bool:
    return called.get_parameter_source(option) is ParameterSource.COMMANDLINE


def _list_removed(store: Store, *, as_json: bool) -> None:
    from stook.app.removing import list_removed

    found = list_removed(store)
    if as_json:
        print_json([_line(one) for one in found])
    elif found:
        _table(found)
        suggest("stook restore NAME brings back all versions of it, NAME@VERSION one")
    else:
        say("nothing was removed that could be brought back")


def _line(bundle: Bundle) -> dict[str, object]:
    return {"ref": bundle.ref, "size": bundle.size, "time": bundle.time.isoformat()}


def _plain(plan: Removal, *, is_done: bool) -> dict[str, object]:
    """Return what was removed, or would be, as JSON has it."""
    return {
        "removed": is_done,
        "bundles": [_line(one) for one in plan.bundles],
        "held": [one.bundle.ref for one in plan.held],
        "kept": plan.kept,
    }


def _show(plan: Removal) -> None:
    if plan.bundles:
        _table(plan.bundles)
    else:
        say("nothing to remove")
    if plan.kept:
        say(f"spared as committed, aliased or in use: {plan.kept}")


def _table(bundles: tuple[Bundle, ...] | list[Bundle]) -> None:
    rows = [
        (b.name, short_id(b.id), local_time(b.time), human_size(b.size), _words(b)) for b in bundles[:_SHOWN]
    ]
    print_table(("NAME", "VERSION", "DATE", "SIZE", ""), rows)
    if len(bundles) > _SHOWN:
        say(f"and {len(bundles) - _SHOWN} more, {human_size(sum(b.size for b in bundles))} of content in all")


def _words(bundle: Bundle) -> str:
    return f"committed: {bundle.committed.message.splitlines()[0]}" if bundle.committed else ""
