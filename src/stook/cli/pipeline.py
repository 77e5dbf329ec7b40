"""Commands on pipelines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import print_json, print_table, shorten_ids
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.app.running import ParameterHelp

_TAKES_PARAMS = {"ignore_unknown_options": True, "allow_interspersed_args": True}


class _OnTask(click.Command):
    """A command whose `--help`, given after a task, is about that task."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show a task's help where it is asked for; else do as any command does."""
        if args and not args[0].startswith("-") and not set(args[1:]).isdisjoint(ctx.help_option_names):
            click.echo(_task_help(ctx, args[0]))
            ctx.exit()
        return super().parse_args(ctx, args)


def _task_help(ctx: click.Context, target: str) -> str:
    from stook.app.running import Target, describe_target

    with contextlib.redirect_stdout(sys.stderr):
        task = describe_target(Target(target, {}))
    formatter = ctx.make_formatter()
    formatter.write_usage(f"{ctx.command_path} {task.name}", "[--PARAM VALUE]…")
    if task.about:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(task.about)
    with formatter.section("Parameters"):
        rows = [(parameter.option, _accepts(parameter)) for parameter in task.parameters]
        formatter.write_dl(rows or [("none", "")])
    return formatter.getvalue().rstrip("\n")


def _accepts(parameter: ParameterHelp) -> str:
    if parameter.default is None:
        return f"{parameter.label}  [required]"
    return f"{parameter.label}  [default: {parameter.default or 'empty'}]"


@click.command(cls=_OnTask, context_settings=_TAKES_PARAMS)
@click.argument("target", metavar="FILE_OR_MODULE:TASK")
@click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…")
@json_option
@context_option
def run(target: str, params: tuple[str, ...], as_json: bool, context: str | None) -> None:
    """Run a task and what it requires; what has not changed is reused.

    Parameters of the task are given as options, stook run pipeline.py:Report --horizon 30, and listed by
    stook run pipeline.py:Report --help. What a task prints goes to standard error.
    """
    from stook.app.running import Target, run_target
    from stook.cli.progress import tell

    with contextlib.redirect_stdout(sys.stderr):
        result = run_target(Target(target, parse_params(params)), store=open_home(context), observer=tell)
    if not as_json:
        click.echo(result.bundle.ref)
        return
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
    print_json({"bundle": result.bundle.ref, "decision": result.decision, "steps": steps})


@click.command(cls=_OnTask, context_settings=_TAKES_PARAMS)
@click.argument("target", metavar="FILE_OR_MODULE:TASK")
@click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…")
@json_option
@context_option
def why(target: str, params: tuple[str, ...], as_json: bool, context: str | None) -> None:
    """Say of a task, and of each that it requires, whether it would run again and why. Runs nothing."""
    from stook.app.running import Target, plan_target

    with contextlib.redirect_stdout(sys.stderr):
        plan = plan_target(Target(target, parse_params(params)), store=open_home(context))
    if as_json:
        print_json(
            [
                {"task": s.task, "name": s.name, "decision": s.decision, "because": list(s.because)}
                for s in plan.steps
            ]
        )
        return
    rows = []
    for step in plan.steps:
        reasons = [shorten_ids(reason) for reason in step.because] or [""]
        rows.append((step.name, step.decision, reasons[0]))
        rows += [("", "", reason) for reason in reasons[1:]]
    print_table(("NAME", "WOULD", "BECAUSE"), rows)


def parse_params(words: Sequence[str]) -> dict[str, str]:
    """Read `--name value` and `--name=value` words.

    Raises:
        InputError: A word is neither, or a value is missing.
    """
    params: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise InputError(f"{word!r} is not a parameter", kind="bad-option", hint="write --name value")
        found = value if equals else next(rest, None)
        if found is None:
            raise InputError(f"{word} has no value", kind="bad-option", hint=f"write {word} VALUE")
        params[name] = found
    return params
