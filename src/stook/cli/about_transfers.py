"""What is said of bundles that went over, or would."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stook.cli.output import counted, few, human_size, human_time, say, shorten_ids, typed
from stook.cli.suggesting import suggest

if TYPE_CHECKING:
    from stook.app.sharing import ClonedWorkspace, PushPlan
    from stook.store.remotes.elsewhere import Elsewhere
    from stook.store.remotes.fetch import Fetched
    from stook.store.remotes.pull import Pulled
    from stook.store.remotes.push import Pushed
    from stook.store.remotes.report import Transferred

__all__ = ["tell_cloned", "tell_fetched", "tell_plan", "tell_pulled", "tell_pushed"]

_SHOWN = 5


def tell_plan(plan: PushPlan) -> None:
    """Print the versions that a push would send, and say how much that is."""
    for ref in plan.bundles:
        click.echo(ref)
    amount = f", {human_size(plan.size)} of content, of which it may have a part" if plan.bundles else ""
    words = f", {_said(plan.words)}" if plan.words else ""
    say(
        f"{plan.remote} would get {counted(len(plan.bundles), 'version')}{amount}{words};"
        f" it has {plan.present:,} already"
    )
    _say_scratch(plan.scratch)
    _say_removed(plan.removed_there, "there", "push")


def tell_pushed(done: Pushed, seconds: float) -> None:
    """Say what a push sent in some seconds, what it left, and what to type for that."""
    sent = len(done.bundles) + len(done.restored)
    if sent:
        say(
            f"pushed {_named(done.bundles + done.restored)} to {done.remote}{_amount(done.transferred, seconds)}"
        )
    else:
        say(f"nothing to push: {_why_nothing(done)}")
    _say_words(0 if sent else done.words, done.aliases, "there")
    _say_scratch(done.scratch)
    _say_removed(done.removed_there, "there", "push")


def _why_nothing(done: Pushed) -> str:
    if done.present:
        return f"{done.remote} has {'it' if done.present == 1 else f'all {done.present:,} versions'}"
    return "nothing is committed" if done.scratch else "nothing is committed that is not there"


def tell_pulled(done: Pulled, seconds: float, *, is_whole: bool) -> None:
    """Say what a pull got in some seconds, how its content is got where not all of it is here, and what it left."""
    got = done.bundles + done.restored
    if got:
        say(f"pulled {_named(got)} from {done.remote}{_amount(done.transferred, seconds)}")
        if not is_whole:
            their = "its" if len(got) == 1 else "their"
            suggest(f"{their} content comes when it is used; stook pull --data gets all of it now")
    elif done.transferred.chunks:
        say(f"pulled data of versions that were known from {done.remote}{_amount(done.transferred, seconds)}")
    elif not done.refused:
        say(f"nothing new on {done.remote}" + (" for this context" if done.elsewhere else ""))
    _say_words(0 if got else done.words, done.aliases, "here")
    _say_removed(done.removed_here, "here", "pull")
    _say_elsewhere(done.elsewhere)


def tell_cloned(done: ClonedWorkspace, seconds: float) -> None:
    """Say what a clone got in some seconds and where to go on."""
    cloned = done.cloned
    tell_pulled(cloned.pulled, seconds, is_whole=done.is_whole)
    say(f"{done.folder} is a workspace with the context {cloned.context!r}")
    say(f"next: cd {typed(done.folder)}; stook ls")


def tell_fetched(done: Fetched) -> None:
    """Say what a remote has, and how much of it is new."""
    new = f"{done.new:,} of them new" if done.new else "nothing new"
    say(f"{done.remote} has {counted(done.bundles, 'version')}; {new} since it was asked last")
    if done.new:
        suggest("next: stook status says how it differs; stook pull gets what is new")


def _say_scratch(count: int) -> None:
    if count:
        suggest(
            f"left, since nobody has committed {'it' if count == 1 else 'them'}: {counted(count, 'version')};"
            " stook commit NAME -m WHY marks one to keep, stook push NAME sends it as it is"
        )


def _said(count: int) -> str:
    return "1 tag or commit" if count == 1 else f"{count:,} tags and commits"


def _say_words(words: int, aliases: Sequence[str], where: str) -> None:
    if words:
        say(f"tags and commits that are {where} now too: {words:,}")
    if aliases:
        say(f"aliases moved {where}: {few(aliases, _SHOWN)}")


def _say_removed(refs: Sequence[str], where: str, verb: str) -> None:
    if refs:
        first = shlex.quote(shorten_ids(refs[0]))
        suggest(
            f"left, since they were removed {where}: {few(refs, _SHOWN)}; stook {verb} {first} brings that one back"
        )


def _say_elsewhere(left: Sequence[Elsewhere]) -> None:
    """Say which contexts have what was left, and how it is seen there, or brought back."""
    places: dict[tuple[str, bool], list[str]] = {}
    for one in left:
        places.setdefault((one.context, one.removed), []).append(one.ref)
    for (context, removed), refs in list(places.items())[:_SHOWN]:
        there = f"--context {shlex.quote(context)}"
        first = shlex.quote(shorten_ids(refs[0]))
        command = f"stook restore {there} {first} brings it back there" if removed else f"stook ls {there}"
        had, pronoun = "had" if removed else "has", "it" if len(refs) == 1 else "them"
        suggest(
            f"left {counted(len(refs), 'version')}, since the context {context!r} here {had} {pronoun} already, and a"
            f" version is in one only: {few(refs, _SHOWN)}; {command}"
        )
    if len(places) > _SHOWN:
        suggest(f"and of {len(places) - _SHOWN:,} other contexts; stook pull --json names them all")


def _amount(went: Transferred, seconds: float) -> str:
    """Return what went over, as the end of a sentence."""
    if not went.packs:
        return f" in {human_time(seconds)}"  # what is small is in the records themselves
    rate = f", {human_size(round(went.size / seconds))}/s" if seconds > 0 else ""
    return f": {human_size(went.size)} in {counted(went.packs, 'pack')}, {human_time(seconds)}{rate}"


def _named(refs: Sequence[str]) -> str:
    return shorten_ids(refs[0]) if len(refs) == 1 else f"{len(refs):,} versions of {_names(refs)}"


def _names(refs: Sequence[str]) -> str:
    return few(list(dict.fromkeys(ref.rpartition("@")[0] for ref in refs)), _SHOWN)
