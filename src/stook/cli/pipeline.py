"""The command that runs a pipeline."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import click

from stook.cli.ctrl_c import leave_transfers
from stook.cli.exchange_options import AskedExchange, exchange_options
from stook.cli.failure import plain_failure
from stook.cli.options import context_option, json_option, open_home
from stook.cli.other_failures import say_others
from stook.cli.output import counted, print_json, say
from stook.cli.target_words import load, pairs_option
from stook.cli.task_options import task_command, task_options
from stook.errors import StookError

if TYPE_CHECKING:
    from stook.app.running import RunOptions
    from stook.cli.run_lines import Tally
    from stook.pipeline import RunResult, Task
    from stook.store import Store

_INTERRUPTED = 130
_LAST_LINES = 20
_SIZE_OF_NOTHING = len("null")  # bytes that None takes: of nothing else is the content looked at


@task_command
@task_options
@pairs_option
@click.option("-j", "--jobs", metavar="N|auto", help="So many tasks at once; auto is one each CPU.")
@click.option("-k", "--keep-going", is_flag=True, help="After a failure, go on with what does not need it.")
@click.option(
    "--force", multiple=True, metavar="TASK", help="Run it though its result is there; train* is a pattern."
)
@click.option(
    "--only", multiple=True, metavar="TASK", help="Run no other; what it requires is taken as it is."
)
@click.option("--upto", multiple=True, metavar="TASK", help="Stop at this task.")
@exchange_options
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, as stook plan does.")
@click.option("--plain", is_flag=True, help="Say a line for each thing that happens, also on a terminal.")
@json_option
@context_option
def run(  # noqa: PLR0913 - each is an option
    *,
    target: str,
    params: tuple[str, ...],
    params_file: Path | None,
    pairs: tuple[str, ...],
    jobs: str | None,
    keep_going: bool,
    force: tuple[str, ...],
    only: tuple[str, ...],
    upto: tuple[str, ...],
    only_missing: bool | None,
    pull: bool | None,
    push: bool | None,
    remote: str,
    dry_run: bool,
    plain: bool,
    as_json: bool,
    context: str | None,
) -> None:
    """Run a task and what it requires; what has not changed is reused.

    Parameters of the task are given as options, stook run pipeline.py:Report --horizon 30, and listed by
    stook run pipeline.py:Report --help. One that is called as an option of this command is given by -p NAME=VALUE.
    What a task prints goes to standard error, and the bundle's name to standard output.
    """
    from stook.app.running import RunOptions

    with _talking():
        task = load(target, params, params_file, pairs)
    options = RunOptions(force=force, only=only, upto=upto, keep_going=keep_going)
    asked = AskedExchange(only_missing, pull, push, remote)
    store = open_home(context)
    if dry_run:
        from stook.cli.planning import print_plan

        print_plan(task, store, options, asked, as_json=as_json)
        return
    with _printing(as_json=as_json) as show:
        result = _run(task, store, options, asked, jobs, is_plain=plain)
        _say_of_nothing(result)
        show(result)


@contextlib.contextmanager
def _printing(*, as_json: bool) -> Iterator[Callable[[RunResult], None]]:
    """Give what prints the result of a run; that of one whose results could only not be sent is printed too."""
    from stook.pipeline import RunResult

    def show(result: RunResult, error: StookError | None = None) -> None:
        if as_json:
            print_json(_plain_result(result) | (plain_failure(error) if error else {}))
        else:
            click.echo(result.bundle.ref)

    try:
        yield show
    except StookError as error:
        if isinstance(result := error.facts.get("result"), RunResult):
            show(result, error)
        raise


def _run(
    task: Task,
    store: Store,
    options: RunOptions,
    asked: AskedExchange,
    jobs: str | None,
    *,
    is_plain: bool,
) -> RunResult:
    """Run a task before somebody's eyes, and say of a failure what there is to see."""
    from stook.app.running import count_jobs, run, usual_jobs
    from stook.cli.live import can_draw, showing

    count = count_jobs(jobs or usual_jobs())
    is_drawn = not is_plain and can_draw()
    with showing(is_drawn=is_drawn, jobs=count, expect=lambda: _expected(store)) as observer:
        try:
            with _talking():
                return run(
                    task,
                    store=store,
                    jobs=count,
                    keep_going=options.keep_going,
                    force=options.force,
                    only=options.only,
                    upto=options.upto,
                    only_missing=asked.only_missing,
                    pull=asked.pull,
                    push=asked.push,
                    remote=asked.remote,
                    observer=observer,
                    command=sys.argv[1:],
                )
        except StookError as error:
            say_others(error, observer.tally)
            _say_output(error, observer.tally, was_shown=count == 1 and not is_drawn)
            raise
        except KeyboardInterrupt:
            if not observer.tally.run:
                raise
            leave_transfers(_INTERRUPTED)
            raise click.exceptions.Exit(_INTERRUPTED) from None


@contextlib.contextmanager
def _talking() -> Iterator[None]:
    """Let all that is printed go to standard error, by C and by other processes too: standard output is for data."""
    sys.stdout.flush()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        with contextlib.suppress(OSError):  # where one of them is closed
            kept = os.dup(1)
            stack.callback(os.close, kept)
            os.dup2(2, 1)
            stack.callback(os.dup2, kept, 1)
        yield


def _expected(store: Store) -> Mapping[str, float]:
    from stook.app.run_records.durations import typical_seconds

    return typical_seconds(store)


def _say_of_nothing(result: RunResult) -> None:
    """Say which tasks have returned nothing: mostly, somebody forgot to."""
    for step in result.steps[-_LAST_LINES:]:
        if step.decision == "ran" and step.bundle.size == _SIZE_OF_NOTHING and step.bundle.data is None:
            say(f"{step.task} returned nothing, so None is kept; return a value, or write to self.path('…')")


def _say_output(error: StookError, tally: Tally, *, was_shown: bool) -> None:
    """Say what a task that has failed printed last, and where all of it is."""
    if not tally.failed or not tally.run:
        return
    printed = error.facts.get("output")
    lines = printed.splitlines() if isinstance(printed, str) else printed if _is_texts(printed) else ()
    if not lines:
        return
    first = tally.failed[0]
    last = lines[-_LAST_LINES:]
    say(f"all that {first.name} printed: stook runs log {tally.run} {first.number}")
    if not was_shown:
        say(f"its last {counted(len(last), 'line')}:")
        for line in last:
            say(f"  {line}")


def _is_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, list | tuple) and all(isinstance(line, str) for line in value)


def _plain_result(result: RunResult) -> dict[str, object]:
    steps = [
        {
            "task": step.task,
            "name": step.name,
            "decision": step.decision,
            "because": list(step.because),
            "bundle": step.bundle.ref,
            "digest": step.bundle.digest,
            "seconds": round(step.seconds, 6),
        }
        for step in result.steps
    ]
    return {"bundle": result.bundle.ref, "decision": result.decision, "run": result.run, "steps": steps}
