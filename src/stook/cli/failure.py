"""Every error becomes a message, the next command to type, and an exit code: here and nowhere else."""

from __future__ import annotations

import errno
import os
import sys
import traceback

import click

from stook.cli.output import say
from stook.errors import InputError, StookError, StorageError, TaskError

__all__ = ["plain_failure", "report_failure"]

_BUG = 70
_INTERRUPTED = 130
# What the machine refuses to any program: no bug of ours, and nothing that a traceback would explain.
_REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE})


def report_failure(error: BaseException) -> int:
    """Say on standard error what happened, and return the exit code."""
    if isinstance(error.__cause__, KeyboardInterrupt):  # Python 3.11 has it so, within the making of a class
        error = error.__cause__
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case KeyboardInterrupt() | click.Abort():
            from stook.cli.ctrl_c import FAREWELL

            say(FAREWELL)
            return _INTERRUPTED
        case BrokenPipeError():
            # The reader has gone, as `head` does: nothing is wrong, and nothing more must be written.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        case click.ClickException():
            return _report_usage(error)
        case OSError() if error.errno in _REFUSALS:
            say(f"stook: {error.filename or 'writing a file'}: {os.strerror(error.errno or 0)}")
            return StorageError.exit_code
        case StookError():
            return _report_stook_error(error)
        case ImportError() | AttributeError() if file := _hiding_file():
            say(f"stook: {error}")
            say(f"  try: give {file} another name; it hides Python's own module")
            return InputError.exit_code
        case _:
            traceback.print_exception(error)
            say("stook: this is a bug in stook; please report it with the lines above")
            return _BUG


def _hiding_file() -> str:
    """Return a file of the user's that was imported in place of a module of Python's own; empty where none was."""
    library = os.path.dirname(os.__file__)
    for name in sys.stdlib_module_names & sys.modules.keys():
        file = getattr(sys.modules[name], "__file__", None) or library
        if not file.startswith((library, sys.base_prefix)) and name != "__main__":
            return file
    return ""


def plain_failure(error: StookError | click.UsageError) -> dict[str, object]:
    """Return what went wrong as JSON has it."""
    if isinstance(error, StookError):
        facts = (error.kind, error.message, error.hint, error.exit_code)
    else:
        facts = ("usage", error.format_message(), _help_of(error), error.exit_code)
    return {"error": dict(zip(("kind", "message", "hint", "exit_code"), facts, strict=True))}


def _help_of(error: click.UsageError) -> str:
    return f"{error.ctx.command_path} --help" if error.ctx else ""


def _report_usage(error: click.ClickException) -> int:
    """Say what was typed wrong, in the way of all other errors."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and isinstance(error, click.MissingParameter):
        say(context.get_usage())
    say(f"stook: {error.format_message()}")
    if isinstance(error, click.UsageError) and context is not None:
        say(f"  try: {_help_of(error)}")
    return error.exit_code


def _report_stook_error(error: StookError) -> int:
    trace = error.facts.get("traceback")
    if isinstance(error, TaskError) and isinstance(trace, str) and trace:
        say(trace.rstrip())
    say(f"stook: {error.message}")
    if error.hint:
        say(f"  try: {error.hint}")
    return error.exit_code
