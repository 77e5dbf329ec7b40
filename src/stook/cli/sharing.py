"""Commands that send bundles to remotes and get them: push, pull, fetch, clone."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from stook.cli.about_remotes import say_others
from stook.cli.about_transfers import tell_cloned, tell_fetched, tell_plan, tell_pulled, tell_pushed
from stook.cli.ctrl_c import end_soon_from_here, ends_soon
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import print_json, say
from stook.cli.place_options import given_options, place_options
from stook.cli.progress import following
from stook.cli.suggesting import keep_context, note_place
from stook.cli.tags import asked_tags, asked_tags_option
from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError, StookError

if TYPE_CHECKING:
    from stook.app.sharing import ClonedWorkspace
    from stook.store import Store
    from stook.store.remotes.pull import Pulled
    from stook.store.remotes.push import Pushed
    from stook.store.remotes.report import Observer

_Done = TypeVar("_Done")

_INTERRUPTED = 130
_FAREWELL = "stook: interrupted; the same command goes on where this one stopped"

_to = click.option(
    "--remote",
    default="",
    metavar="NAME",
    callback=note_place,
    help="The remote; the only one, or origin, where not given.",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong.")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]…]")
@click.option("--all", "every", is_flag=True, help="All versions of NAME…, or of all names; scratch too.")
@asked_tags_option
@click.option(
    "--with-inputs", is_flag=True, help="Also what they were made from, and so on, as far as it is here."
)
@click.option("--force", is_flag=True, help="Where an alias was moved on both sides, put ours on top.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be sent.")
@_to
@_quiet
@json_option
@context_option
def push(  # noqa: PLR0913 - each is an option
    *,
    names: tuple[str, ...],
    every: bool,
    tags: tuple[str, ...],
    with_inputs: bool,
    force: bool,
    dry_run: bool,
    remote: str,
    quiet: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Send what is committed and not there yet to a remote; or the newest version of each NAME, committed or not.

    Only content goes over that the remote lacks. All versions appear there at once, when all of it is there. The tags,
    commits and aliases of what both sides have go along.
    """
    from stook.store.remotes.choosing import Choice
    from stook.store.remotes.push import push as push_bundles

    choice = Choice(names, every, asked_tags(tags), with_inputs)
    store = open_home(context)
    if dry_run:
        from stook.app.sharing import plan_push

        end_soon_from_here()
        plan = plan_push(store, choice, remote)
        if as_json:
            print_json(_plain(plan))
        else:
            tell_plan(plan)
        return
    started = time.monotonic()

    def say_done(done: Pushed, error: StookError | None = None) -> None:
        if as_json:
            print_json(_plain(done, error))
        elif not quiet:
            tell_pushed(done, time.monotonic() - started)

    with (
        _knowing(store, "push", names),
        _saying("pushed", say_done),
        _under_way(is_quiet=quiet or as_json) as observer,
    ):
        done = push_bundles(store, choice, remote=remote, force=force, observer=observer)
    say_done(done)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]…]")
@click.option("--version", default="", metavar="VERSION", help="The version, or an alias, of the only NAME.")
@click.option("--data/--no-data", help="Get all data now; else each when it is used, which is the default.")
@click.option("--force", is_flag=True, help="Where an alias was moved on both sides, take theirs.")
@_to
@_quiet
@json_option
@context_option
def pull(  # noqa: PLR0913 - each is an option
    *,
    names: tuple[str, ...],
    version: str,
    data: bool,
    force: bool,
    remote: str,
    quiet: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Get every version that a remote has and this context lacks; or only the newest of each NAME, or that VERSION.

    What is said of them comes now, so that ls, show and log know them; their content when it is used, or now by --data.
    """
    from stook.app.elsewhere import list_others
    from stook.store.remotes.pull import pull as pull_bundles
    from stook.store.remotes.remote import get_config

    store = open_home(context)
    started = time.monotonic()

    def say_done(done: Pulled, error: StookError | None = None) -> None:
        if as_json:
            print_json(_plain(done, error))
        elif not quiet:
            seconds = time.monotonic() - started
            tell_pulled(done, seconds, is_whole=_is_whole(store, done))
            if not done.bundles:
                say_others(list_others(store, done.remote), get_config(store, done.remote))

    with (
        _knowing(store, "pull", names),
        _saying("pulled", say_done),
        _under_way(is_quiet=quiet or as_json) as observer,
    ):
        done = pull_bundles(
            store, names, remote=remote, version=version, data=data, force=force, observer=observer
        )
    say_done(done)


@click.command()
@click.argument("remote", required=False, default="")
@_quiet
@json_option
@context_option
def fetch(*, remote: str, quiet: bool, as_json: bool, context: str | None) -> None:
    """Ask REMOTE (the only one, or origin, by default) what it has, and get nothing of it yet.

    Then status, and the column PUSHED of ls -v, know it without asking.
    """
    from stook.store.remotes.fetch import fetch as fetch_remote

    store = open_home(context)
    end_soon_from_here()
    done = fetch_remote(store, remote)
    if as_json:
        print_json(_plain(done))
    elif not quiet:
        tell_fetched(done)


@click.command()
@click.argument("url")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--context", "there", default="", metavar="NAME", help="The context there; the only one by default."
)
@click.option(
    "--as", "as_name", default="", metavar="NAME", help="What it is called here; as there by default."
)
@click.option("--data/--no-data", help="Get all data now; else each when it is used, which is the default.")
@place_options
@_quiet
@json_option
def clone(  # noqa: PLR0913 - each is an option
    *,
    url: str,
    folder: Path | None,
    there: str,
    as_name: str,
    data: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make DIR a workspace that shares the context at URL: that is its remote origin, and all versions are listed.

    DIR is a folder of the context's name by default. Content comes when it is used, or now by --data.
    """
    from stook.app.sharing import clone_workspace

    started = time.monotonic()

    def say_done(done: ClonedWorkspace, error: StookError | None = None) -> None:
        if as_json:
            print_json({"folder": str(done.folder)} | _plain(done.cloned, error))
        elif not quiet:
            tell_cloned(done, time.monotonic() - started)

    with _saying("cloned", say_done), _under_way(is_quiet=quiet or as_json) as observer:
        done = clone_workspace(
            url,
            folder,
            options=given_options(),
            context=there,
            as_name=as_name,
            data=data,
            observer=observer,
        )
    say_done(done)


@contextmanager
def _knowing(store: Store, verb: str, names: Sequence[str]) -> Iterator[None]:
    """Tell who names a remote, or its URL, where bundles are named, as one does with other tools, what to type."""
    try:
        yield
    except (NotFoundError, InputError) as error:
        known = {word: one.name for one in store.remotes() for word in (one.name, one.url)} if names else {}
        if names and names[0] in known:
            error.hint = f"stook {verb} --remote {shlex.join([known[names[0]], *names[1:]])}"
        elif names and "://" in names[0]:
            raise _no_name(names[0], verb) from None
        raise


def _no_name(url: str, verb: str) -> InputError:
    from stook.storage.urls import redact

    place = redact(url)
    return InputError(
        f"{place} is a URL, and no name of a bundle",
        kind="bad-name",
        hint=f"stook remote add {shlex.quote(place)}, and then stook {verb}",
    )


@contextmanager
def _saying(fact: str, say_done: Callable[[_Done, StookError], None]) -> Iterator[None]:
    """Say what was done before it is said what was not: a conflict, or a refusal, has the former as a fact."""
    try:
        yield
    except (ConflictError, IntegrityError) as error:
        if fact in error.facts:
            error.hint = keep_context(error.hint)
            say_done(cast("_Done", error.facts[fact]), error)
        raise


@contextmanager
def _under_way(*, is_quiet: bool) -> Iterator[Observer]:
    """Show how far a transfer is; who interrupts it is told that nothing of it is lost."""
    try:
        with ends_soon(_FAREWELL), following(is_quiet=is_quiet) as observer:
            yield observer
    except KeyboardInterrupt:
        say(_FAREWELL)
        raise SystemExit(_INTERRUPTED) from None


def _is_whole(store: Store, done: Pulled) -> bool:
    """Tell whether all data of what came is here."""
    if not (done.bundles or done.restored):
        return True
    from stook.app.sharing import is_here

    return is_here(store, done)


def _plain(done: object, error: StookError | None = None) -> Any:
    """Return what was done as JSON has it, and what was not, where that is so."""
    from msgspec import to_builtins  # which --help needs not

    from stook.cli.failure import plain_failure

    return to_builtins(done) | (plain_failure(error) if error else {})
