"""Where the `stook` command begins. What speaks is imported when there is something to say: `--help` is quick."""

from __future__ import annotations

import os
import sys
import warnings

TYPE_CHECKING = False  # what is imported here runs before Ctrl-C is answered
if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with the code of what happened."""
    try:  # around the import too, so that Ctrl-C is answered from the start
        _open_closed()
        from stook.cli.commands import stook

        warnings.showwarning = _show_warning
        code = stook.main(prog_name="stook", standalone_mode=False) or 0
    except BaseException as error:  # noqa: BLE001 - the one place where every error becomes a message
        from stook.cli.failure import report_failure

        code = report_failure(error)
        _drop_unwritten()
    sys.exit(code)


def _drop_unwritten() -> None:
    """Let go of what a full disk did not take, which was told: Python would try again, and end with 120 for it."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)


def _open_closed() -> None:
    """Open standard streams that were closed: else the next file that is opened takes the place of one."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(
                os.open(os.devnull, os.O_RDWR), True
            )  # gets the lowest number that is free: this
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 - stays open


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning in a line, without the place in the code that Python would add."""
    from stook.cli.output import say

    say(f"stook: warning: {message}")
