"""Commands that say something of a bundle: tag, untag, commit, alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import local_time, print_json, print_table, say, short_id
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import suggest
from stook.cli.tags import given_tags
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.app.naming import Moved
    from stook.store import Bundle, Store
    from stook.store.words.alias import Alias


@click.command()
@click.argument("ref")
@click.argument("tags", nargs=-1, required=True, metavar="KEY:VALUE…")
@json_option
@context_option
@remote_option
def tag(ref: str, *, tags: tuple[str, ...], as_json: bool, context: str | None, remote: str | None) -> None:
    """Give the bundle REF tags. A key that it has already gets the new value; a VALUE may hold colons."""
    store = open_home(context, remote)
    bundle = store.tag(store.get(ref), given_tags(tags))
    say(f"its tags now: {_tags(bundle.tags)}")
    _print(bundle, as_json=as_json)


@click.command()
@click.argument("ref")
@click.argument("keys", nargs=-1, required=True, metavar="KEY…")
@json_option
@context_option
@remote_option
def untag(ref: str, *, keys: tuple[str, ...], as_json: bool, context: str | None, remote: str | None) -> None:
    """Take tags away from the bundle REF."""
    store = open_home(context, remote)
    bundle = store.untag(store.get(ref), *keys)
    say(f"its tags now: {_tags(bundle.tags) or 'none'}")
    _print(bundle, as_json=as_json)


@click.command()
@click.argument("ref")
@click.option("-m", "--message", required=True, help="Why it is kept.")
@json_option
@context_option
@remote_option
def commit(ref: str, *, message: str, as_json: bool, context: str | None, remote: str | None) -> None:
    """Mark the bundle REF as one to keep: pruning never takes it. Said again, the new message holds."""
    store = open_home(context, remote)
    bundle = store.commit(store.get(ref), message)
    say("committed")
    _print(bundle, as_json=as_json)


@click.command()
@click.argument("alias", required=False)
@click.argument("ref", required=False)
@click.option("-m", "--why", default="", help="Why it is moved, for its history.")
@click.option(
    "--expect", metavar="REF", help="Move it only if it stands for this version now; '' if there is none."
)
@click.option("--rm", "remove", is_flag=True, help="Take the ALIAS of the name REF away; its history stays.")
@click.option("--history", is_flag=True, help="Show where the ALIAS of the name REF has been.")
@json_option
@context_option
@remote_option
def alias(  # noqa: PLR0913 - each is an option
    *,
    alias: str | None,
    ref: str | None,
    why: str,
    expect: str | None,
    remove: bool,
    history: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Let ALIAS, as `prod`, stand for the bundle REF, so that NAME@prod gets it.

    Without REF, list the aliases of the name ALIAS; without both, all aliases. An alias is moved by compare-and-swap:
    whoever moves it at the same time is told, and nobody's move is lost.
    """
    from stook.app.naming import set_alias

    _check_options(alias, ref, {"--rm": remove, "--history": history, "--expect": expect is not None})
    store = open_home(context, remote)
    if alias is None or ref is None:
        _list(store, alias or "", as_json=as_json)
    elif history:
        _show_history(store, alias, ref, as_json=as_json)
    elif remove:
        gone = store.unalias(alias, ref, why=why)
        say(f"{gone.ref} is gone")
        if as_json:
            print_json(_plain(gone))
    else:
        moved = set_alias(store, alias, ref, why=why, expect=expect)
        say(_sentence(moved))
        if as_json:
            print_json(_plain(moved.alias))
        else:
            click.echo(moved.alias.ref)


def _print(bundle: Bundle, *, as_json: bool) -> None:
    """Print the version that something was said of; as JSON with what is said of it now, as `show` has it."""
    if not as_json:
        click.echo(bundle.ref)
        return
    from stook.app.showing import plain_commit

    print_json({"ref": bundle.ref, "tags": dict(bundle.tags), "committed": plain_commit(bundle)})


def _check_options(alias: str | None, ref: str | None, given: Mapping[str, bool]) -> None:
    words = [word for word, is_given in given.items() if is_given]
    if len(words) > 1:
        raise InputError(
            f"{' and '.join(words)} exclude each other", kind="bad-option", hint="give one of them"
        )
    if words and (alias is None or ref is None):
        raise InputError(
            "name the alias and the bundle", kind="bad-option", hint=f"stook alias {words[0]} ALIAS NAME"
        )


def _sentence(moved: Moved) -> str:
    now = f"{moved.alias.ref} is {short_id(moved.alias.id or '')}"
    if moved.is_same:
        return f"{now} already"
    before = moved.alias.moves[1].id if len(moved.alias.moves) > 1 else None
    return now + (f", before {short_id(before)}" if before else "")


def _list(store: Store, name: str, *, as_json: bool) -> None:
    from stook.app.naming import list_aliases

    found = list_aliases(store, name)
    if as_json:
        print_json([_plain(one) for one in found])
    elif found:
        rows = [
            (
                one.ref,
                short_id(one.id or ""),
                local_time(one.moves[0].when),
                one.moves[0].who,
                one.moves[0].why,
            )
            for one in found
        ]
        print_table(("ALIAS", "VERSION", "DATE", "WHO", "WHY"), rows)
    else:
        suggest("no aliases; stook alias ALIAS NAME makes one")


def _show_history(store: Store, alias: str, name: str, *, as_json: bool) -> None:
    from stook.app.naming import get_alias

    found = get_alias(store, alias, name)
    if as_json:
        print_json(_plain(found))
        return
    rows = [
        (
            short_id(move.id) if move.id else "(away)",
            local_time(move.when),
            move.who,
            move.why,
        )
        for move in found.moves
    ]
    print_table(("VERSION", "DATE", "WHO", "WHY"), rows)
    if found.number > len(rows):
        say(f"the last {len(rows)} of {found.number} moves")


def _plain(alias: Alias) -> dict[str, object]:
    return {
        "alias": alias.alias,
        "name": alias.name,
        "id": alias.id,
        "number": alias.number,
        "moves": [
            {"id": move.id, "who": move.who, "when": move.when.isoformat(timespec="seconds"), "why": move.why}
            for move in alias.moves
        ],
    }


def _tags(tags: dict[str, str]) -> str:
    return " ".join(f"{key}:{value}" for key, value in tags.items())
