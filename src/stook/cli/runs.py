"""Commands on runs: which there were, what came of them, what their tasks printed."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from stook.cli.exchange_lines import exchange_line
from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import (
    human_time,
    local_time,
    print_facts,
    print_json,
    say,
    shorten_ids,
)
from stook.cli.tables import stream_json, stream_table
from stook.model.visible import visible

if TYPE_CHECKING:
    from stook.model.run import RunRecord, RunSummary, TaskRecord

__all__ = ["runs"]

_LIMIT = 20


class _WithUsual(click.Group):
    """A group whose usual command need not be named: `stook runs --json` is `stook runs ls --json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the usual command in front where none is named."""
        is_help = bool(args) and args[0] in ctx.help_option_names
        if not is_help and (not args or args[0].startswith("-")):
            args = ["ls", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_WithUsual)
def runs() -> None:
    """List runs of pipelines; show what came of one, and what its tasks printed.

    A run is named by its id, such as amber-otter-3f2, or by the beginning of it. The newest 200 are kept, and those of
    the last 30 days.
    """


@runs.command("ls")
@click.option(
    "--limit", type=click.IntRange(min=1), default=_LIMIT, show_default=True, help="No more than N."
)
@json_option
@context_option
def list_runs(limit: int, as_json: bool, context: str | None) -> None:
    """List runs, the newest first. This is what stook runs does."""
    from stook.app.run_records import iter_runs

    store = open_home(context)
    found = islice((run for run in iter_runs(store) if context is None or run.head.context == context), limit)
    if as_json:
        stream_json(_plain_summary(run) for run in found)
        return
    header = ("RUN", "KIND", "TARGET", "STATE", "STARTED", "TOOK", "RAN", "REUSED", "FAILED")
    if not stream_table(header, (_row(run) for run in found)):
        say("no run yet; stook run FILE:TASK makes one")


@runs.command("show")
@click.argument("run_id", metavar="[ID]", required=False, default="")
@json_option
@context_option
def show_run(run_id: str, as_json: bool, context: str | None) -> None:
    """Show what came of a run, the newest where no ID is given: each task, why it ran, and what it made."""
    from stook.app.run_records import get_run

    record = get_run(open_home(context), run_id)
    if as_json:
        print_json(_plain_record(record))
        return
    print_facts(_facts(record))
    click.echo()
    rows = map(_task_row, record.tasks)
    stream_table(("NO", "NAME", "STATE", "TOOK", "BUNDLE", "BECAUSE"), rows)


@runs.command("log")
@click.argument("run_id", metavar="[ID]", required=False, default="")
@click.argument("task", required=False, default="")
@click.option("-f", "--follow", is_flag=True, help="Go on while the run does.")
@context_option
def log_of_run(run_id: str, task: str, follow: bool, context: str | None) -> None:
    """Print what the tasks of a run have printed, or one of them: TASK is its number, its name or a pattern.

    Without ID, it is the newest run: stook runs log --follow. With both: stook runs log amber-otter-3f2 train.
    """
    from stook.app.run_records import find_run, get_run
    from stook.app.run_records.logs import choose_tasks, follow_logs, iter_logs

    store = open_home(context)
    folder = find_run(store, run_id)
    tasks = choose_tasks(get_run(store, run_id), task) if not follow else []
    parts = follow_logs(folder, task) if follow else iter_logs(folder, tasks)
    stream = sys.stdout.buffer
    has_headings = len(tasks) > 1 or (follow and not task)
    last = None
    for part in parts:
        if part.task.number != last and has_headings:
            stream.write(f"== {part.task.number} {visible(part.task.called)} ==\n".encode())
        last = part.task.number
        stream.write(part.data)
        stream.flush()
    if last is None:
        say("nothing was printed")


def _row(run: RunSummary) -> tuple[str, ...]:
    head = run.head
    return (
        head.id,
        head.kind,
        head.target,
        run.state,
        local_time(head.time),
        human_time(run.seconds),
        str(run.ran),
        str(run.reused),
        str(run.failed),
    )


def _facts(record: RunRecord) -> list[tuple[str, str]]:
    run, head = record.summary, record.summary.head
    counts = [(run.ran, "ran"), (run.reused, "reused"), (run.failed, "failed"), (run.skipped, "skipped")]
    facts = [
        ("run", head.id),
        ("target", head.target),
        ("state", run.state),
        ("tasks", ", ".join(f"{count:,} {what}" for count, what in counts if count) or "none"),
        ("params", ", ".join(f"{name}={_shown(value)}" for name, value in head.params.items())),
        ("options", ", ".join(f"{name}={value}" for name, value in head.options.items())),
        ("command", " ".join(head.command)),
        ("started", f"{local_time(head.time)}, took {human_time(run.seconds)}"),
        ("by", f"{head.user} on {head.host}, process {head.pid}"),
        ("context", head.context),
        ("store", head.store),
        ("commit", head.commit),
        ("exchanged", exchange_line(record.exchanged) if record.exchanged else ""),
        *(("problem", problem) for problem in record.problems),
    ]
    return [(name, value) for name, value in facts if value]


def _shown(value: object) -> str:
    from stook.format import values

    return str(values.from_json(value))


def _task_row(task: TaskRecord) -> tuple[str, ...]:
    because = task.message or "; ".join(task.because[:1])
    took = human_time(task.seconds) if task.state in {"ran", "reused", "failed"} else ""
    bundle = shorten_ids(task.bundle)
    return str(task.number), task.called, task.state, took, bundle, shorten_ids(because)


def _plain_summary(run: RunSummary) -> dict[str, Any]:
    head = run.head
    return {
        "id": head.id,
        "kind": head.kind,
        "target": head.target,
        "state": run.state,
        "started": head.time.isoformat(timespec="microseconds"),
        "seconds": round(run.seconds, 6),
        "tasks": run.tasks,
        "ran": run.ran,
        "reused": run.reused,
        "failed": run.failed,
        "skipped": run.skipped,
        "params": head.params,
        "options": head.options,
        "command": list(head.command),
        "user": head.user,
        "host": head.host,
        "pid": head.pid,
        "store": head.store,
        "context": head.context,
        "commit": head.commit,
    }


def _plain_record(record: RunRecord) -> dict[str, Any]:
    from msgspec import to_builtins

    exchanged = {"exchanged": to_builtins(record.exchanged), "problems": list(record.problems)}
    return _plain_summary(record.summary) | {"steps": to_builtins(record.tasks)} | exchanged
