"""`stook remote`: the places that a context is shared through."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from stook.cli.about_remotes import (
    as_plain,
    asked_last,
    facts_of,
    plain_added,
    plain_finding,
    print_findings,
    say_no_remotes,
    tell_added,
)
from stook.cli.ctrl_c import end_soon_from_here
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import print_facts, print_json, print_table, say
from stook.cli.place_options import given_options, place_options
from stook.errors import InputError, StookError, StorageError

if TYPE_CHECKING:
    from stook.app.policies import Role
    from stook.store import Store

_ROLES = ("reader", "writer", "collector")
# What other tools call it.
_MEANT = {
    "delete": "stook remote rm NAME",
    "list": "stook remote ls",
    "get-url": "stook remote show NAME",
    "new": "stook remote add URL",
    "remove": "stook remote rm NAME",
    "rename": "stook remote rm NAME, and stook remote add NAME URL",
    "set-url": "stook remote rm NAME, and stook remote add NAME URL",
    "test": "stook remote check",
    "verify": "stook remote check",
}


class _Remote(click.Group):
    """The commands on remotes."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command. Raises InputError with what was meant where there is none."""
        if self.get_command(ctx, args[0]) is None:
            raise InputError(
                f"No such command 'remote {args[0]}'",
                kind="no-such-command",
                hint=_MEANT.get(args[0]) or _meant_by(args[0]),
            )
        return super().resolve_command(ctx, args)


def _meant_by(word: str) -> str:
    """Return what may be meant by a word that is no command: a remote of that name."""
    from stook.app.remoting import list_names

    with suppress(StookError):
        if word in list_names():
            return f"stook remote show {shlex.quote(word)}"
    return "stook remote --help"


@click.group(cls=_Remote, invoke_without_command=True)
@json_option
@context_option
@click.pass_context
def remote(called: click.Context, *, as_json: bool, context: str | None) -> None:
    """List the remotes of this context: the places that it is shared through."""
    if called.invoked_subcommand is None:
        _list(open_home(context), as_json=as_json)


@remote.command(short_help="Let a place be a remote of this context.")
@click.argument("words", nargs=-1, required=True, metavar="[NAME] URL")
@place_options
@json_option
@context_option
def add(*, words: tuple[str, ...], as_json: bool, context: str | None) -> None:
    """Let NAME (origin where none is given) be a remote of this context: what is at URL.

    URL is s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, or a folder that others see too. Where nothing
    is there, a store is made. Credentials are never kept: they come from the environment, a profile or the machine.
    """
    from stook.app.remoting import add_remote
    from stook.store.remotes.remote import USUAL

    if len(words) > 2:
        raise InputError(
            "give a name and a URL, or a URL alone", kind="bad-option", hint="stook remote add [NAME] URL"
        )
    name, url = words if len(words) == 2 else (USUAL, words[0])
    end_soon_from_here()
    done = add_remote(open_home(context), name, url, given_options())
    if as_json:
        print_json(plain_added(done))
    else:
        tell_added(done)


@remote.command(name="ls", short_help="List the remotes of this context.")
@json_option
@context_option
def list_all(*, as_json: bool, context: str | None) -> None:
    """List the remotes of this context, as far as they are known without asking them."""
    _list(open_home(context), as_json=as_json)


@remote.command()
@click.argument("name")
@json_option
@context_option
def rm(*, name: str, as_json: bool, context: str | None) -> None:
    """Forget the remote NAME; what is there stays."""
    from stook.store.remotes.adding import remove_remote

    gone = remove_remote(open_home(context), name)
    say(f"{gone.name} is no remote any more; what is at {gone.url} stays")
    if as_json:
        print_json({"name": gone.name, "url": gone.url})


@remote.command(short_help="Say what a remote is and stands for.")
@click.argument("name", required=False, default="")
@json_option
@context_option
def show(*, name: str, as_json: bool, context: str | None) -> None:
    """Say what the remote NAME, or each, is and stands for, and where its credentials are taken from."""
    from stook.app.remoting import describe_remotes

    found = describe_remotes(open_home(context), name)
    if as_json:
        print_json([as_plain(one) for one in found])
        return
    if not found:
        say_no_remotes()
    for number, one in enumerate(found):
        if number:
            click.echo()
        print_facts(facts_of(one))


@remote.command(short_help="Try what sharing through a remote needs.")
@click.argument("name", required=False, default="")
@json_option
@context_option
@click.pass_context
def check(called: click.Context, *, name: str, as_json: bool, context: str | None) -> None:
    """Try what sharing through the remote NAME needs: reach, list, read, write, and write only where nothing is.

    The exit code is 6 where something that is needed does not work.
    """
    from stook.app.remoting import check_remote, describe_remotes
    from stook.storage.probing import is_needed
    from stook.store.remotes.remote import get_config

    store = open_home(context)
    (described,) = describe_remotes(store, get_config(store, name).name)
    end_soon_from_here()
    findings = check_remote(store, described.config.name)
    if as_json:
        print_json([plain_finding(one) for one in findings])
    else:
        print_findings(described, findings)
    called.exit(StorageError.exit_code if any(is_needed(one) and not one.ok for one in findings) else 0)


@remote.command(short_help="Print the least rights of a reader, writer or collector.")
@click.argument("url")
@click.option("--role", type=click.Choice(_ROLES), default="writer", show_default=True, help="Who it is for.")
@click.option("--kms-key", default="", metavar="ARN", help="The key that the bucket is encrypted with.")
@click.option(
    "--plain",
    is_flag=True,
    help="Without conditions, for servers that do not know them; then all names in the bucket can be listed.",
)
def policy(*, url: str, role: Role, kms_key: str, plain: bool) -> None:
    """Print what an administrator allows people to do with the bucket of s3://URL, and no more, as AWS's JSON.

    A reader pulls. A writer pushes too, and can neither change nor delete what was pushed. A collector also frees
    space, by gc --remote.
    """
    from stook.app.policies import render_policy

    print_json(render_policy(url, role, kms_key=kms_key, plain=plain))


def _list(store: Store, *, as_json: bool) -> None:
    from stook.app.remoting import describe_remotes

    found = describe_remotes(store)
    if as_json:
        print_json([as_plain(one) for one in found])
    elif found:
        rows = [(one.config.name, one.config.url, one.remote_context or "", asked_last(one)) for one in found]
        print_table(("REMOTE", "URL", "CONTEXT", "ASKED"), rows)
    else:
        say_no_remotes()
