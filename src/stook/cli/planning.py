"""Commands that say what a run would do, and why; they run nothing and write nothing."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stook.cli.exchange_options import AskedExchange, take_options
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import counted, human_time, local_time, print_json, say, short_id, shorten_ids
from stook.cli.tables import stream_table
from stook.cli.target_words import load, pairs_option
from stook.cli.task_options import task_command, task_options

if TYPE_CHECKING:
    from stook.errors import StookError
    from stook.pipeline import RunOptions, Task
    from stook.pipeline.planning import PlannedStep
    from stook.store import Store

__all__ = ["plan", "print_plan", "print_standing_of", "why"]

_MANY = 50
_WORDS = {
    "run": "would run",
    "depends": "depend on those",
    "take": "would be taken from a remote",
    "reuse": "would be reused",
}


@task_command
@task_options
@pairs_option
@click.option("--force", multiple=True, metavar="TASK", help="As for stook run.")
@click.option("--only", multiple=True, metavar="TASK", help="As for stook run.")
@click.option("--upto", multiple=True, metavar="TASK", help="As for stook run.")
@take_options
@click.option("--all", "is_whole", is_flag=True, help="List also what would be reused where that is much.")
@json_option
@context_option
def plan(  # noqa: PLR0913 - each is an option
    *,
    target: str,
    params: tuple[str, ...],
    params_file: Path | None,
    pairs: tuple[str, ...],
    force: tuple[str, ...],
    only: tuple[str, ...],
    upto: tuple[str, ...],
    only_missing: bool | None,
    remote: str,
    is_whole: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Say what a run would do, in order, and why. Runs nothing.

    Options are those of stook run: stook plan pipeline.py:Report --horizon 30 --force 'train*'. What hangs on what is
    shown by stook graph, one task in full by stook why.
    """
    from stook.pipeline import RunOptions

    task = load(target, params, params_file, pairs)
    options = RunOptions(force=force, only=only, upto=upto)
    asked = AskedExchange(only_missing, remote=remote)
    print_plan(task, open_home(context), options, asked, as_json=as_json, is_whole=is_whole)


def print_plan(
    task: Task,
    store: Store,
    options: RunOptions,
    asked: AskedExchange,
    *,
    as_json: bool,
    is_whole: bool = False,
) -> None:
    """Print what a run would do: on standard output a line a task, on standard error all in one line."""
    from stook.app.graphing import labels_of
    from stook.app.planning_remote import planned
    from stook.app.planning_view import plain_step

    choice = asked.to_plan(store)
    with (
        contextlib.redirect_stdout(sys.stderr),
        planned(task, store, options, choice, _tell_unasked) as found,
    ):
        labels = labels_of(found.steps)
    if as_json:
        print_json(list(map(plain_step, found.steps, labels)))
        return
    counts = Counter(step.decision for step in found.steps)
    is_short = counts["reuse"] > _MANY and not is_whole
    rows = [
        row
        for step, label in zip(found.steps, labels, strict=True)
        if not (is_short and step.decision == "reuse")
        for row in _rows(step, label)
    ]
    stream_table(("NAME", "WOULD", "BECAUSE"), rows)
    summary = ", ".join(f"{counts[kind]:,} {words}" for kind, words in _WORDS.items() if counts[kind])
    say(f"{counted(len(found.steps), 'task')}: {summary}" + ("; --all lists those too" if is_short else ""))


@task_command
@task_options
@pairs_option
@json_option
@context_option
def why(
    *,
    target: str,
    params: tuple[str, ...],
    params_file: Path | None,
    pairs: tuple[str, ...],
    as_json: bool,
    context: str | None,
) -> None:
    """Say why a task would run again, or would not: in full, with what changed. Runs nothing.

    A word right after the task names another one in its graph, stook why pipeline.py:Report train, which is explained
    instead. What would come of the whole graph is said by stook plan.
    """
    from stook.cli.explaining import print_reasons

    name, params = _take_name(params)
    task = load(target, params, params_file, pairs)
    print_reasons(task, open_home(context), name, as_json=as_json)


def print_standing_of(task: Task, store: Store, asked: AskedExchange, *, as_json: bool) -> None:
    """Print how each task of a graph stands."""
    from stook.app.planning_remote import planned
    from stook.app.planning_view import plain_step, standings
    from stook.pipeline import RunOptions

    choice = asked.to_plan(store)
    with (
        contextlib.redirect_stdout(sys.stderr),
        planned(task, store, RunOptions(), choice, _tell_unasked) as plan,
    ):
        found = standings(plan, store)
    if as_json:
        print_json(
            [
                plain_step(one.step, one.label)
                | {
                    "state": one.state,
                    "because": list(one.because),
                    "bundle": one.bundle.ref if one.bundle else None,
                    "time": one.bundle.time.isoformat(timespec="microseconds") if one.bundle else None,
                    "seconds": one.seconds,
                    "run": one.run or None,
                }
                for one in found
            ]
        )
        return
    rows = [
        (
            one.label,
            one.state,
            short_id(one.bundle.id) if one.bundle else "",
            local_time(one.bundle.time) if one.bundle else "",
            human_time(one.seconds) if one.seconds is not None else "",
            "" if one.state == "up to date" else shorten_ids("; ".join(one.because[:1])),
        )
        for one in found
    ]
    stream_table(("NAME", "STATE", "VERSION", "DATE", "TOOK", "BECAUSE"), rows)
    counts = Counter(one.state for one in found)
    say(
        f"{counted(len(found), 'task')}: "
        + ", ".join(f"{count:,} {state}" for state, count in counts.items())
    )


def _tell_unasked(error: StookError) -> None:
    say(f"the remote cannot be asked, so that this is without it: {error.message}")


def _take_name(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the name of a task that comes before all parameters, empty where there is none, and the parameters."""
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    return "", words


def _rows(step: PlannedStep, label: str) -> list[tuple[str, str, str]]:
    reasons = [shorten_ids(reason) for reason in step.because] or [""]
    return [(label, step.decision, reasons[0]), *(("", "", reason) for reason in reasons[1:])]
