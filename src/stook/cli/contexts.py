"""Commands on lines of bundles: context, switch."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from stook.cli.options import confirm, context_option, json_option, open_home
from stook.cli.output import counted, human_size, print_json, print_table, say, short_path
from stook.cli.suggesting import keep_context, suggest
from stook.errors import ConflictError, InputError

if TYPE_CHECKING:
    from stook.app.contexts import Deletion
    from stook.store import Store
    from stook.store.words.contexts import Context


# What other tools call it.
_MEANT = {
    "add": "stook context create NAME",
    "list": "stook context",
    "ls": "stook context",
    "make": "stook context create NAME",
    "mv": "stook context rename OLD NEW",
    "new": "stook context create NAME",
    "remove": "stook context delete NAME",
    "rm": "stook context delete NAME",
    "show": "stook context",
    "switch": "stook switch NAME",
    "use": "stook switch NAME",
}


class _Context(click.Group):
    """The commands on contexts; `stook context NAME` is none of them."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command. Raises InputError with what was meant where there is none."""
        if self.get_command(ctx, args[0]) is None:
            name = shlex.quote(args[0])
            hint = f"stook context create {name} makes a context; stook switch {name} uses it"
            raise InputError(
                f"No such command 'context {args[0]}'",
                kind="no-such-command",
                hint=_MEANT.get(args[0], hint),
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_Context, invoke_without_command=True)
@json_option
@context_option
@click.pass_context
def context(called: click.Context, *, as_json: bool, context: str | None) -> None:
    """List the contexts of the store, with how much is in each; the current one has a star."""
    if called.invoked_subcommand is None:
        _list(open_home(context), as_json=as_json)


@context.command()
@click.argument("name")
@json_option
def create(name: str, *, as_json: bool) -> None:
    """Make the context NAME. Adding to one that is not there makes it too."""
    store = open_home(None)
    made = store.create_context(name)
    say(f"made the context {made.name!r}; stook switch {shlex.quote(made.name)} lets this workspace use it")
    if as_json:
        print_json(_as_json(made, store.context))


@context.command()
@click.argument("old")
@click.argument("new")
@json_option
def rename(old: str, new: str, *, as_json: bool) -> None:
    """Give the context OLD the name NEW, in this workspace's stook.toml too. Bundles, tags and aliases stay."""
    from stook.app.contexts import rename_context

    store = open_home(None)
    done = rename_context(store, old, new)
    say(f"the context {old!r} is {done.context.name!r} now")
    if done.path:
        say(f"{short_path(done.path)} names it so")
    say(f"other workspaces that use it need: stook switch {shlex.quote(done.context.name)}")
    if as_json:
        print_json(_as_json(done.context, done.context.name if old == store.context else store.context))


@context.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Also what others were made from, or an alias stands for.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would go.")
@json_option
def delete(name: str, *, force: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Remove the context NAME with all its bundles, having said what exists nowhere else.

    Made again, it is empty, and `stook restore` brings its bundles back until `stook gc` has freed their space.
    """
    from stook.app.contexts import plan_deletion

    store = open_home(None)
    plan = plan_deletion(store, name)
    _show_deletion(plan)
    if dry_run:
        if as_json:
            print_json(_plan_json(plan, is_done=False))
        return
    if plan.held and not force:
        raise _refusal(plan)
    if not confirm(f"delete the context {plan.context.name!r}?", yes=yes):
        say("nothing was deleted")
        return
    gone = store.delete_context(plan.context.name, force=force)
    say(f"deleted the context {plan.context.name!r}")
    if gone:
        name = shlex.quote(plan.context.name)
        say(f"until stook gc frees their space: stook context create {name},")
        say(f"then stook restore --context {name} lists what can be brought back")
    if as_json:
        print_json(_plan_json(plan, is_done=True))


@click.command()
@click.argument("name")
@click.option("-c", "--create", is_flag=True, help="Make the context where there is none.")
@json_option
def switch(name: str, *, create: bool, as_json: bool) -> None:
    """Let this workspace use the context NAME: its stook.toml names it from now on."""
    from stook.app.switching import switch_workspace

    done = switch_workspace(open_home(None), name, create=create)
    if done.is_new:
        say(f"made the context {done.context!r}")
    verb = "uses" if done.is_same else "now uses"
    say(f"this workspace {verb} the context {done.context!r}: {short_path(done.path)}")
    if done.override:
        say(f"but {done.override.origin} says {done.override.value!r}, and that holds")
    if as_json:
        holds = done.override.value if done.override else done.context
        print_json({"context": done.context, "path": str(done.path), "is_new": done.is_new, "holds": holds})


def _refusal(plan: Deletion) -> ConflictError:
    """Return the error that says in what use its bundles are; what the hint names is in that context."""
    from stook.store.words.remove import in_use

    error = in_use(plan.held)
    error.hint = keep_context(error.hint, "" if plan.is_current else plan.context.name)
    return error


def _list(store: Store, *, as_json: bool) -> None:
    found = store.contexts()
    if as_json:
        print_json([_as_json(one, store.context) for one in found])
        return
    rows = [
        (
            "*" if one.name == store.context else "",
            one.name,
            f"{one.names:,}",
            f"{one.bundles:,}",
            human_size(one.size),
        )
        for one in found
    ]
    if rows:
        print_table(("", "CONTEXT", "NAMES", "VERSIONS", "SIZE"), rows)
    if all(one.name != store.context for one in found):
        suggest(f"the current context is {store.context!r}; the first stook add makes it")


def _as_json(one: Context, current: str) -> dict[str, object]:
    return {
        "name": one.name,
        "id": one.id,
        "names": one.names,
        "bundles": one.bundles,
        "size": one.size,
        "current": one.name == current,
    }


def _plan_json(plan: Deletion, *, is_done: bool) -> dict[str, object]:
    """Return what was deleted, or would be, as JSON has it."""
    return {
        "deleted": is_done,
        "name": plan.context.name,
        "id": plan.context.id,
        "bundles": plan.context.bundles,
        "only_here": plan.only_here,
        "held": [one.bundle.ref for one in plan.held],
    }


def _show_deletion(plan: Deletion) -> None:
    context = plan.context
    names = "1 name" if context.names == 1 else f"{context.names:,} names"
    amount = human_size(context.size)
    say(f"the context {context.name!r} has {counted(context.bundles, 'version')} of {names}, {amount}")
    if plan.only_here:
        say(
            f"{plan.only_here:,} of them, {human_size(plan.only_here_size)}, exist nowhere else:"
            " no other context has their content, and they were pushed nowhere"
        )
    elif context.bundles:
        say("other contexts, or remotes, have the content of all of them")
    if plan.held:
        say(f"in use by others, so that it takes --force: {counted(len(plan.held), 'version')}")
    if plan.is_current:
        say("it is the context that this workspace uses; the next stook add makes it anew")
