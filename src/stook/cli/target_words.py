"""How the options of a command and the parameters of a task go together in one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from stook.cli.output import say
from stook.cli.task_options import make_target
from stook.errors import InputError

if TYPE_CHECKING:
    from stook.app.targets import Target

__all__ = ["note_shared_names", "pairs_option", "target_of"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def pairs_option(function: _Command) -> _Command:
    """Add `-p NAME=VALUE`, which gives a parameter of the task whatever it is called."""
    return click.option(
        "-p",
        "--param",
        "pairs",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter of the task, also one that is called as an option here.",
    )(function)


def target_of(name: str, words: Sequence[str], params_file: Path | None, pairs: Sequence[str]) -> Target:
    """Return the task that a command line names.

    Args:
        name: `pipeline.py:Report`.
        words: Its parameters as options.
        params_file: A file of parameters.
        pairs: Parameters as `NAME=VALUE`, which go before all others.

    Raises:
        NotFoundError: There is no such file of parameters.
        InputError: A word is no parameter.
    """
    for pair in pairs:
        if not pair.partition("=")[0] or "=" not in pair:
            raise InputError(f"{pair!r} is no parameter", kind="bad-option", hint="write -p NAME=VALUE")
    return make_target(name, [*words, *(f"--{pair}" for pair in pairs)], params_file)


def note_shared_names(target: Target) -> None:
    """Say of an option that was given that the task has a parameter of the same name. Raises as `Target.find` does."""
    from stook.pipeline import parameters_of

    context = click.get_current_context()
    names = parameters_of(target.find())
    for option in context.command.params:
        is_given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        for word in option.opts if is_given else ():
            name = word.removeprefix("--").replace("-", "_")
            if word.startswith("--") and name in names:
                say(
                    f"{word} is an option of {context.command_path}; the task's parameter is given by -p {name}=…"
                )
