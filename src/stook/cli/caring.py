"""Commands that look after a store."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import counted, human_size, print_json, print_table, say
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import keep_context, suggest
from stook.model.visible import visible

if TYPE_CHECKING:
    from stook.app.doctoring import Finding
    from stook.store.verify import Problem, Progress, Verified

_EACH_SECONDS = 5.0


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option(
    "--deep", is_flag=True, help="Read every byte and check every digest; else only that all is there."
)
@click.option(
    "--report-only", is_flag=True, help="Change nothing; else damaged packs are moved out of the way."
)
@json_option
@context_option
@remote_option
def verify(
    names: tuple[str, ...],
    deep: bool,
    report_only: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Look whether the store is as it was written: all of it, or what NAME or NAME@VERSION needs.

    A damaged pack is moved to quarantine/ in the store, once what is sound of it is in another pack: then adding the
    same data again mends the bundles. The exit code is 5 where something is wrong.
    """
    from stook.app.verifying import damaged_store
    from stook.store.verify import verify as verify_store

    store = open_home(context, remote, whole=True)
    with _telling() as tell:
        found = verify_store(store, deep=deep, names=names, quarantine=not report_only, observer=tell)
    if as_json:
        print_json(asdict(found) | {"is_clean": found.is_clean})
    else:
        _print_problems(found.problems)
    for absent in found.elsewhere:
        suggest(
            f"{counted(absent.bundles, 'bundle')} without all data here, which is on {absent.remote} and comes when it"
            f" is used; stook pull --data --remote {shlex.quote(absent.remote)} gets it now"
        )
    for sentence in found.unchecked:
        say(sentence)
    say(_sum_up(found))
    if not found.is_clean:
        raise damaged_store(found.problems)


@click.command()
@json_option
@context_option
def rebuild(as_json: bool, context: str | None) -> None:
    """Make the catalog of this machine again, from the store's log and packs alone.

    The catalog is only a view; others may use it meanwhile. What cannot be read is passed over and reported, and then
    the exit code is 5.
    """
    from stook.app.verifying import damaged_store
    from stook.store.rebuild import rebuild as rebuild_catalog

    with _telling() as tell:
        done = rebuild_catalog(open_home(context), observer=tell)
    if as_json:
        print_json(asdict(done))
    else:
        _print_problems(done.problems)
    counts = (counted(done.records, "record"), counted(done.bundles, "bundle"), counted(done.packs, "pack"))
    say(f"{', '.join(counts)}, {counted(done.chunks, 'chunk')}")
    if done.rescued:
        say(f"of what the log had lost, {counted(done.rescued, 'record')} went into it again")
    if done.problems:
        raise damaged_store(done.problems)


@click.command()
@json_option
@context_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, context: str | None) -> None:
    """Look at this machine, its settings and its store, and say what to do where something is not well.

    Nothing is changed. The exit code is 6 where something does not work, and 5 where data is damaged.
    """
    from stook.app.doctoring import examine

    findings = list(examine(context))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print_findings(findings)
    ctx.exit(max((finding.exit_code for finding in findings), default=0))


def _print_problems(problems: tuple[Problem, ...]) -> None:
    from stook.app.verifying import describe_affected

    for problem in problems:
        click.echo(visible(problem.message))
        for affected in problem.bundles:
            click.echo(f"  {visible(describe_affected(affected))}")
        click.echo(keep_context(f"  try: {problem.hint}"))


def _print_findings(findings: list[Finding]) -> None:
    print_table(
        ("STATE", "CHECK", "FOUND"), [(found.state, found.check, found.message) for found in findings]
    )
    for finding in findings:
        if finding.hint and finding.state != "ok":
            say(f"{finding.check}: {finding.hint}")


def _sum_up(found: Verified) -> str:
    counts = f"{counted(found.bundles, 'bundle')}, {counted(found.records, 'record')}, {counted(found.packs, 'pack')}"
    read = f"{human_size(found.pack_bytes)}{', every byte read' if found.deep else ''}"
    return f"{counts} of {read}: {'all is well' if found.is_clean else 'not all is well'}"


@contextmanager
def _telling() -> Iterator[Callable[[Progress], None]]:
    """Give what says how far it is: on one line of a terminal, which ends with the block; elsewhere now and then."""
    is_terminal, last, is_open = sys.stderr.isatty(), time.monotonic(), False
    each = 0.2 if is_terminal else _EACH_SECONDS

    def tell(progress: Progress, /) -> None:
        nonlocal last, is_open
        is_done = progress.done == progress.total
        if time.monotonic() - last < each and not (is_terminal and is_done):
            return
        last, is_open = time.monotonic(), is_terminal and not is_done
        of = f" of {progress.total}" if progress.total else ""
        line = f"{progress.what}: {progress.done}{of}, {human_size(progress.size)}"
        click.echo(f"\r{_filling(line)}" if is_terminal else line, err=True, nl=not is_open)

    try:
        yield tell
    finally:
        if is_open:
            say("")


def _filling(line: str) -> str:
    """Return a line as wide as the terminal, so that it hides the one before it, and no wider."""
    width = shutil.get_terminal_size().columns - 1
    return line[:width].ljust(width)
