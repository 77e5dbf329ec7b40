"""All commands. Each loads when it is called, so that `stook --help` is quick."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword

import click

from stook.cli.asked_json import AS_JSON, PRINTED
from stook.errors import InputError, StookError

__all__ = ["stook"]

# The order is that of a first day.
_GROUPS = {
    "A first day": {
        "demo": (
            "stook.cli.demo",
            "Make an example workspace and run it: transactions in, predictions and a report out.",
        ),
        "init": ("stook.cli.data", "Make this folder a workspace."),
        "add": ("stook.cli.adding", "Keep files, folders, tables and URLs as a bundle."),
        "ls": ("stook.cli.listing", "List bundles."),
        "show": ("stook.cli.looking", "Say everything about one bundle."),
        "cat": ("stook.cli.looking", "Print the content of a bundle."),
        "get": ("stook.cli.looking", "Print the path of a file that has a bundle's content."),
        "run": ("stook.cli.pipeline", "Run a task and what it requires; only what changed."),
        "why": ("stook.cli.planning", "Say why a task would run again, with what changed."),
        "predict": ("stook.cli.demo", "Score a file of transactions with this workspace's pipeline."),
        "push": ("stook.cli.sharing", "Send bundles to a remote, where others get them."),
        "pull": ("stook.cli.sharing", "Get the bundles of a remote."),
    },
    "Pipelines": {
        "plan": ("stook.cli.planning", "Say what a run would do, in order, and why."),
        "graph": ("stook.cli.graphing", "Show what a task requires: as a tree, a picture, Mermaid."),
        "runs": ("stook.cli.runs", "List runs; show what came of one, and what its tasks printed."),
    },
    "Data": {
        "checkout": ("stook.cli.checkout", "Write a bundle as plain files to a folder."),
        "status": (
            "stook.cli.checkout",
            "Say what was changed in a checkout, how a pipeline stands, or how this context and its remotes differ.",
        ),
        "export": (
            "stook.cli.exporting",
            "Write a bundle as plain files for engines, into a folder or bucket.",
        ),
        "import": ("stook.cli.exporting", "Import the bundles of a Disdat context."),
        "diff": ("stook.cli.looking", "Say how two bundles differ."),
        "search": ("stook.cli.listing", "Find bundles by what is said of them and what is in them."),
        "log": ("stook.cli.listing", "Show what happened to a name."),
        "lineage": ("stook.cli.lineage", "Say what a bundle was made from, and what was made from it."),
        "reproduce": ("stook.cli.reproducing", "Make a bundle again from its record, and compare."),
        "trace": ("stook.cli.tracing", "Say which bundle a file on disk is from, and what made it."),
        "tag": ("stook.cli.naming", "Give a bundle tags."),
        "untag": ("stook.cli.naming", "Take tags away."),
        "commit": ("stook.cli.naming", "Mark a bundle as one to keep, and say why."),
        "alias": ("stook.cli.naming", "Let a name, as prod, stand for a version."),
        "rm": ("stook.cli.removing", "Remove versions, old ones, or scratch."),
        "restore": ("stook.cli.removing", "Bring back what was removed."),
    },
    "Contexts and remotes": {
        "context": ("stook.cli.contexts", "List, make, rename and delete lines of bundles."),
        "switch": ("stook.cli.contexts", "Let this workspace use another context."),
        "remote": ("stook.cli.remotes", "Name the places that bundles are shared through."),
        "fetch": ("stook.cli.sharing", "Ask a remote what is new, and get nothing yet."),
        "clone": ("stook.cli.sharing", "Make a workspace that shares what is at a URL."),
    },
    "Care": {
        "gc": ("stook.cli.collecting", "Free the space of what was removed."),
        "du": ("stook.cli.collecting", "Say what takes how much space."),
        "verify": ("stook.cli.caring", "Check that everything is there and undamaged."),
        "rebuild": ("stook.cli.caring", "Make the catalog anew from the log and the packs."),
        "doctor": ("stook.cli.caring", "Check the store, the disk, the clock and what is installed."),
        "config": ("stook.cli.data", "Show the settings and where each comes from."),
    },
}
_COMMANDS = {name: place for group in _GROUPS.values() for name, place in group.items()}
# What other tools call it.
_MEANT = {
    "branch": "context",
    "checkin": "add",
    "delete": "rm",
    "download": "pull",
    "help": "--help",
    "history": "log",
    "info": "show",
    "list": "ls",
    "put": "add",
    "remove": "rm",
    "save": "add",
    "share": "push",
    "sync": "pull",
    "undo": "restore",
    "upload": "push",
    "version": "--version",
}


class _Lazy(click.Group):
    """Loads the module of a sub-command when it is needed, and lists the rest from the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        attribute = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command = getattr(import_module(_COMMANDS[cmd_name][0]), attribute)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command. Raises InputError, with the one that was meant, where there is none."""
        if args[0] not in _COMMANDS:
            raise _no_command(args[0])
        name, command, rest = super().resolve_command(ctx, args)
        # What cat prints is a bundle's content, from which an error could not be told.
        ctx.meta[AS_JSON] = "--json" in rest and name != "cat"
        if any(word.startswith("--remote") for word in rest):
            from stook.cli.remote_option import read_words

            rest = read_words(command, name or "", rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> object:
        """Run the sub-command. That the reader of a pipe has gone is settled here: click would exit with 1."""
        try:
            return super().invoke(ctx)
        except StookError as error:
            from stook.cli.suggesting import keep_context

            error.hint = keep_context(error.hint)
            _print_failure(ctx, error)
            raise
        except click.UsageError as error:
            if error.ctx is None and ctx.invoked_subcommand:  # as of an option without its value
                command = self.get_command(ctx, ctx.invoked_subcommand)
                error.ctx = click.Context(command, ctx, ctx.invoked_subcommand) if command else ctx
            _print_failure(ctx, error)
            raise
        except BrokenPipeError as error:
            from stook.cli.failure import report_failure

            return report_failure(error)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, _COMMANDS))
        for heading, commands in _GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in commands.items()])


def _print_failure(ctx: click.Context, error: StookError | click.UsageError) -> None:
    """Print what went wrong as JSON, for who asked for JSON and has been given none yet."""
    if ctx.meta.get(AS_JSON) and not ctx.meta.get(PRINTED):
        from stook.cli.failure import plain_failure
        from stook.cli.output import print_json

        print_json(plain_failure(error))


def _no_command(word: str) -> InputError:
    import difflib

    near = difflib.get_close_matches(word, _COMMANDS, n=1)
    meant = _MEANT.get(word) or (near[0] if near else "")
    hint = f"stook {meant}" if meant else "stook --help lists the commands"
    return InputError(f"No such command {word!r}", kind="no-such-command", hint=hint)


_EPILOG = """A REF is NAME, which is its newest version, NAME@VERSION, as ls shows it, NAME@ALIAS, or a VERSION alone.

Exit codes: 0 done, 1 a task failed, 2 wrong input, 3 a check failed, 4 not found, 5 damaged data,
6 storage or access, 7 conflict, 8 missing extra, 70 a bug, 130 interrupted."""


@click.group(cls=_Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stook", message="stook %(version)s")
def stook() -> None:
    """From an empty folder to predictions an application reads; every result is a versioned bundle."""
