"""Commands on pipelines."""

from __future__ import annotations

from collections.abc import Sequence

import click

from stook.cli.options import context_option, json_option, open_home
from stook.cli.output import print_json, print_table
from stook.errors import InputError

_TAKES_PARAMS = {"ignore_unknown_options": True, "allow_interspersed_args": True}


@click.command(context_settings=_TAKES_PARAMS)
@click.argument("target", metavar="FILE_OR_MODULE:TASK")
@click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…")
@json_option
@context_option
def run(target: str, params: tuple[str, ...], as_json: bool, context: str | None) -> None:
    """Run a task and what it requires; what has not changed is reused.

    Parameters of the task are given as options: stook run pipeline.py:Features --window 30
    """
    from stook.app.running import Target, run_target
    from stook.cli.progress import tell

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


@click.command(context_settings=_TAKES_PARAMS)
@click.argument("target", metavar="FILE_OR_MODULE:TASK")
@click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…")
@json_option
@context_option
def why(target: str, params: tuple[str, ...], as_json: bool, context: str | None) -> None:
    """Say of a task, and of each that it requires, whether it would run again and why. Runs nothing."""
    from stook.app.running import Target, plan_target

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
        reasons = step.because or ("",)
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
