"""Commands about room: gc, du."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, duration, json_option, open_home
from stook.cli.output import human_size, print_facts, print_json, print_table, say
from stook.cli.remote_option import remote_option
from stook.cli.suggesting import keep_context, suggest

if TYPE_CHECKING:
    from stook.store.gc import Amount, Collected
    from stook.store.usage import Usage


@click.command()
@click.option(
    "-n", "--dry-run", is_flag=True, help="Only say what would be done; so it is on a terminal without --yes."
)
@click.option("-y", "--yes", is_flag=True, help="Do it, on a terminal too.")
@click.option(
    "--grace",
    type=duration,
    default="24h",
    show_default=True,
    help="How long others have to finish what they write, where that cannot be seen.",
)
@click.option("--cache", is_flag=True, help="Also empty the cache of files that were made for reading.")
@json_option
@context_option
@remote_option
def gc(  # noqa: PLR0913 - each is an option
    *,
    dry_run: bool,
    yes: bool,
    grace: timedelta,
    cache: bool,
    as_json: bool,
    context: str | None,
    remote: str | None,
) -> None:
    """Free the space of what was removed, of all contexts: then it cannot be brought back any more.

    Others may go on writing; what they may still need stays. With --remote it is the space there that is freed: in a
    bucket what nobody needs is condemned first, and deleted by a run a day later.
    """
    from stook.app.collecting import collect_garbage, empty_cache

    looks_only = dry_run or (sys.stdout.isatty() and not yes)
    store = open_home(context, remote, whole=True)
    done = collect_garbage(store, dry_run=looks_only, grace=grace)
    emptied = empty_cache(store, dry_run=looks_only) if cache else None
    if as_json:
        print_json(asdict(done) | ({"cache": asdict(emptied)} if emptied else {}))
        return
    has_work = _tell(done) or bool(emptied and emptied.count)
    if emptied:
        say(f"{'would empty' if looks_only else 'emptied'} the cache: {_words(emptied, 'file')}")
    if looks_only and not dry_run and has_work:
        suggest("this was only a look; stook gc --yes does it")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@json_option
@context_option
@remote_option
def du(names: tuple[str, ...], as_json: bool, context: str | None, remote: str | None) -> None:
    """Say what takes how much room: by name, largest first, and in all.

    OWN is what only that name's versions need, and removing them would free; SHARED is needed by other names too. Both
    are compressed, and counted once however many versions share it.
    """
    usage = open_home(context, remote).du(*names)
    if as_json:
        print_json(asdict(usage))
        return
    _print_names(usage)
    print_facts(_totals(usage))


def _tell(done: Collected) -> bool:
    """Say what was done, or would be, and tell whether there is anything."""
    would = "would be " if done.dry_run else ""
    if done.swept.count:
        say(f"{would}freed: {human_size(done.swept.bytes)} in {_packs(done.swept)}")
    if done.moved.count:
        say(f"{would}copied out of packs of which little is needed: {human_size(done.moved.bytes)}")
    if done.condemned.count:
        when = f" after {_date(done.waiting_until)}" if done.waiting_until else ""
        suggest(f"{would}condemned: {human_size(done.condemned.bytes)}; run stook gc again{when} to free it")
    if done.young.count:
        say(
            f"left alone, since somebody may be writing it: {human_size(done.young.bytes)} in {_packs(done.young)}"
        )
    if done.segments.count or done.checkpoints.count:
        size = human_size(done.segments.bytes + done.checkpoints.bytes)
        say(f"{would}freed of the log, as newer checkpoints have it all: {size} in {_log_parts(done)}")
    if done.leftovers.count:
        say(f"{would}removed, left by processes that were killed: {_words(done.leftovers, 'temporary file')}")
    for path in done.cuts:
        say(f"cut off the log after a crash, and kept: {path}")
    for problem in done.problems:
        say(f"warning: {problem}")
    amounts = (
        done.swept,
        done.condemned,
        done.young,
        done.segments,
        done.checkpoints,
        done.leftovers,
    )
    has_work = any(some.count for some in amounts)
    if not has_work:
        say("nothing to free")
    elif done.busy and done.condemned.count:
        say("others may be writing to the store, so nothing that they may need goes yet")
    return has_work


def _print_names(usage: Usage) -> None:
    header = ("NAME", "VERSIONS", "SIZE", "OWN", "SHARED")
    rows = [
        (
            use.name,
            f"{use.versions:,}",
            human_size(use.size),
            human_size(use.exclusive),
            human_size(use.shared),
        )
        for use in usage.names
    ]
    if rows:
        print_table(header, rows)
        click.echo()


def _totals(usage: Usage) -> list[tuple[str, str]]:
    return [
        ("packs", f"{human_size(usage.packs.bytes)} in {_packs(usage.packs)}"),
        ("log", human_size(usage.log.bytes)),
        ("stook gc would free", human_size(usage.removable)),
        ("cache", keep_context(f"{human_size(usage.cache.bytes)}; stook gc --cache empties it")),
    ]


def _packs(amount: Amount) -> str:
    return "1 pack" if amount.count == 1 else f"{amount.count:,} packs"


def _log_parts(done: Collected) -> str:
    some = ((done.segments.count, "segment"), (done.checkpoints.count, "checkpoint"))
    return " and ".join(f"{count:,} {noun}{'s' * (count > 1)}" for count, noun in some if count)


def _words(amount: Amount, noun: str) -> str:
    count = f"1 {noun}" if amount.count == 1 else f"{amount.count:,} {noun}s"
    return f"{count}, {human_size(amount.bytes)}"


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC).astimezone():%Y-%m-%d %H:%M}"
