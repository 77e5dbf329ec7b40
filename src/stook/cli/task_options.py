"""A task and its parameters on a command line: `pipeline.py:Report --horizon 30 --model.depth 3 --params FILE`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stook.errors import InputError

if TYPE_CHECKING:
    from stook.app.targets import ParameterHelp, Target

__all__ = ["make_target", "parse_params", "task_command", "task_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _OnTask(click.Command):
    """A command whose `--help`, given after a task, is about that task."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show a task's help where it is asked for; else do as any command does."""
        if args and not args[0].startswith("-") and not set(args[1:]).isdisjoint(ctx.help_option_names):
            click.echo(_task_help(ctx, args[0]))
            ctx.exit()
        return super().parse_args(ctx, args)


def task_command(function: Callable[..., Any]) -> click.Command:
    """Make a command of a function whose arguments `task_options` gives."""
    settings = {"ignore_unknown_options": True, "allow_interspersed_args": True}
    return click.command(cls=_OnTask, context_settings=settings)(function)


def task_options(function: _Command) -> _Command:
    """Give a command a task and its parameters: arguments `target`, `params` and `params_file`."""
    for add in (
        click.option(
            "--params",
            "params_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A TOML, JSON or YAML file of parameters; those given as options go before.",
        ),
        click.argument("params", nargs=-1, type=click.UNPROCESSED, metavar="[--PARAM VALUE]…"),
        click.argument("target", metavar="FILE_OR_MODULE:TASK"),
    ):
        function = add(function)
    return function


def make_target(target: str, words: Sequence[str], params_file: Path | None = None) -> Target:
    """Return the task that a command line names.

    Args:
        target: `pipeline.py:Report`.
        words: Its parameters, as `parse_params` reads them.
        params_file: A file of parameters.

    Raises:
        NotFoundError: There is no such file of parameters.
        InputError: A word is no parameter, or the file cannot be read.
    """
    from stook.app.targets import Target, read_params_file

    with _naming_task(target, words):
        params = parse_params(words)
    return Target(target, params, read_params_file(params_file) if params_file else {})


@contextlib.contextmanager
def _naming_task(target: str, words: Sequence[str]) -> Iterator[None]:
    """Say of a task that stands beside its file how it is written."""
    try:
        yield
    except InputError as error:
        if ":" in target or not words[0].isidentifier():
            raise
        raise InputError(error.message, kind=error.kind, hint=f"stook run {target}:{words[0]}") from error


def parse_params(words: Sequence[str]) -> dict[str, str]:
    """Read `--name value` and `--name=value` words; of an option given twice, the last one counts.

    Raises:
        InputError: A word is neither, or a value is missing.
    """
    params: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            meant = f"--{word}" if "=" in word and word[0].isalpha() else "--name value"
            raise InputError(f"{word!r} is not a parameter", kind="bad-option", hint=f"write {meant}")
        found = value if equals else next(rest, None)
        if found is None:
            raise InputError(f"{word} has no value", kind="bad-option", hint=f"write {word} VALUE")
        params[name] = found
    return params


def _task_help(ctx: click.Context, target: str) -> str:
    from stook.app.targets import Target, describe_target

    with contextlib.redirect_stdout(sys.stderr):
        task = describe_target(Target(target, {}))
    formatter = ctx.make_formatter()
    formatter.write_usage(f"{ctx.command_path} {task.name}", "[--PARAM VALUE]…")
    if task.about:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(task.about)
    with formatter.section("Parameters"):
        own = {word for option in ctx.command.params for word in option.opts}
        rows = [(_typed(parameter, own), _accepts(parameter)) for parameter in task.parameters]
        formatter.write_dl(rows or [("none", "")])
    return formatter.getvalue().rstrip("\n")


def _typed(parameter: ParameterHelp, own: Container[str]) -> str:
    """Return how a parameter is given: otherwise than as an option where the command has one of that name."""
    return f"-p {parameter.option.removeprefix('--')}=" if parameter.option in own else parameter.option


def _accepts(parameter: ParameterHelp) -> str:
    about = f"{parameter.about.rstrip('.')}: {parameter.label}" if parameter.about else parameter.label
    if parameter.default is None:
        return f"{about}  [required]"
    return f"{about}  [default: {parameter.default or 'empty'}]"
