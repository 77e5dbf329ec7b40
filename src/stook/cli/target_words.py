"""How the options of a command and the parameters of a task go together in one line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from stook.cli.output import say
from stook.cli.task_options import make_target
from stook.errors import InputError, StookError

if TYPE_CHECKING:
    from stook.app.targets import Target
    from stook.pipeline import Task

__all__ = ["load", "pairs_option"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_ABOUT_NAMES = frozenset(
    {"bad-option", "file-not-found", "module-not-found", "no-task-named", "task-not-found"}
)


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


def load(target: str, words: Sequence[str], params_file: Path | None, pairs: Sequence[str]) -> Task:
    """Return the task that a command line names, and say where its parameters and options share a name.

    Args:
        target: `pipeline.py:Report`.
        words: Its parameters as options.
        params_file: A file of parameters.
        pairs: Parameters as `NAME=VALUE`, which go before all others.

    Raises:
        NotFoundError: There is no such file, module, task or file of parameters; what to type instead is in the words
            of the command that runs.
        InputError: A word is no parameter, or a parameter is unknown, missing or malformed.
        TaskError: The file raised when it was imported.
    """
    with contextlib.redirect_stdout(sys.stderr):
        try:
            found = _target_of(target, words, params_file, pairs)
            _note_shared_names(found)
            return found.load()
        except StookError as error:
            if error.kind not in _ABOUT_NAMES:
                raise
            raise _retyped(error, target) from error


def _retyped(error: StookError, target: str) -> StookError:
    """Return an error with the command to type next as one of the kind that was typed."""
    called = click.get_current_context()
    message, hint = error.message, error.hint
    made_by = _maker_of(target, called.params.get("context")) if error.kind == "module-not-found" else ""
    if made_by:
        message, hint = f"{message}; {target} is a bundle, which {made_by} made", f"stook run {made_by}"
    hint = hint.replace("stook run ", f"stook {called.command.name} ")
    return type(error)(message, kind=error.kind, hint=hint, **error.facts)


def _maker_of(name: str, context: str | None) -> str:
    """Return the task that made the newest bundle of a name, empty where there is none."""
    from stook.cli.options import open_home

    with contextlib.suppress(StookError):
        bundle = open_home(context).find(name)
        if bundle and ":" in bundle.task:
            return bundle.task
    return ""


def _target_of(name: str, words: Sequence[str], params_file: Path | None, pairs: Sequence[str]) -> Target:
    for pair in pairs:
        if not pair.partition("=")[0] or "=" not in pair:
            raise InputError(f"{pair!r} is no parameter", kind="bad-option", hint="write -p NAME=VALUE")
    return make_target(name, [*words, *(f"--{pair}" for pair in pairs)], params_file)


def _note_shared_names(target: Target) -> None:
    """Say of an option that was given that the task has a parameter of the same name."""
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
