"""The command that makes a bundle again and says whether it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.options import confirm, context_option, json_option, open_home
from stook.cli.output import human_time, print_json, print_table, say, short_id
from stook.errors import CheckError, TaskError

if TYPE_CHECKING:
    from stook.app.reproducing import Again, Reproducing, Reproduction

__all__ = ["reproduce"]

_SHOWN = 10


@click.command()
@click.argument("ref")
@click.option("--keep", is_flag=True, help="Leave the code and what was made in a folder, and say where.")
@click.option("--yes", is_flag=True, help="Run what others wrote without asking.")
@json_option
@context_option
@click.pass_context
def reproduce(
    called: click.Context, *, ref: str, keep: bool, yes: bool, as_json: bool, context: str | None
) -> None:
    """Make the bundle REF again, from its recorded code and inputs, and say whether its content is the same.

    REF may be an older version: stook reproduce report@prod.

    Each task runs once more, in a clean checkout of its commit with what was changed since, in a process of its own;
    what it makes goes to a store that is thrown away. The exit code is 3 where the content differs, 4 where the code or
    an input is gone, 1 where a task fails.
    """
    from stook.app.reproducing import Reproducing

    store = open_home(context)
    reproducing = Reproducing(store, store.get(ref), Path.cwd())
    _announce(reproducing)
    if reproducing.is_strange and not confirm("run this code?", yes=yes):
        return
    result = reproducing.run(_tell, keep=keep)
    if as_json:
        print_json(_plain(result))
    else:
        _print(result)
    if result.folder is not None:
        say(f"the code and what it made are kept in {result.folder}")
    if result.failed is not None:
        called.exit(TaskError.exit_code)
    called.exit(0 if result.is_equal else CheckError.exit_code)


def _announce(reproducing: Reproducing) -> None:
    """Say what code will run, and whose it is."""
    runs = reproducing.runs
    say(f"{reproducing.root.ref}: {len(runs)} task{'s' * (len(runs) != 1)} to run again")
    for step in runs[:_SHOWN]:
        recorded, bundle = step.recorded, step.bundle
        if recorded is None:
            continue
        what = f"at commit {recorded.commit[:12]}" if recorded.commit else "from recorded files"
        changed = " with recorded changes" if recorded.commit and recorded.has_changes else ""
        say(f"  {bundle.task} by {bundle.owner}, {what}{changed}")
    if len(runs) > _SHOWN:
        say(f"  and {len(runs) - _SHOWN:,} more")
    for step in reproducing.steps:
        if step.why_not:
            say(f"  {step.bundle.ref} is taken as it is: {step.why_not}")


def _tell(again: Again) -> None:
    say(f"  {again.bundle.task}: {again.state} after {human_time(again.seconds)}")


def _print(result: Reproduction) -> None:
    rows = [_row(one) for one in result.tasks]
    print_table(("TASK", "BUNDLE", "RESULT", "DIGEST THEN", "DIGEST NOW"), rows)
    packages = {name: versions for one in result.tasks for name, versions in one.packages.items()}
    for name, (then, now) in packages.items():
        say(f"package {name}: {then or 'not used'} then, {now or 'not used'} now")
    for one in result.tasks:
        for key in one.code[:_SHOWN]:
            say(f"{one.bundle.task}: the code of {key} is not what it was")
        for line in one.met:
            say(f"{one.bundle.task}: {line}")
    failed, first = result.failed, result.first_different
    if failed is not None:
        say(failed.traceback.rstrip() or failed.error)
        prefix = f"{failed.bundle.task} failed: "
        say(prefix + failed.error.removeprefix(prefix))
    elif result.is_equal:
        say(f"{result.bundle.ref} came out the same")
    if first is not None:
        say(f"the first that differs is {first.bundle.ref} of {first.bundle.task}")
        if not (first.code or first.packages or first.met):
            say(
                "its code, packages and inputs are as they were: it depends on time, chance, or what is not recorded"
            )


def _row(one: Again) -> tuple[str, ...]:
    name = f"{one.bundle.name}@{short_id(one.bundle.id)}"
    return one.bundle.task, name, one.state, one.bundle.digest[:16], one.digest[:16]


def _plain(result: Reproduction) -> dict[str, object]:
    return {
        "bundle": result.bundle.ref,
        "equal": result.is_equal,
        "first_different": result.first_different.bundle.ref if result.first_different else None,
        "failed": result.failed.bundle.ref if result.failed else None,
        "tasks": [
            {
                "task": one.bundle.task,
                "bundle": one.bundle.ref,
                "result": one.state,
                "digest_then": one.bundle.digest,
                "digest_now": one.digest or None,
                "seconds": round(one.seconds, 6),
                "code": list(one.code),
                "packages": {name: list(versions) for name, versions in one.packages.items()},
                "met": list(one.met),
                "error": one.error or None,
            }
            for one in result.tasks
        ],
        "taken": [{"bundle": step.bundle.ref, "because": step.why_not} for step in result.taken],
        "folder": str(result.folder) if result.folder else None,
    }
