"""Ctrl-C while a server is silent: what waits for its answer is no Python, and hears of no signal before that comes."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

__all__ = ["FAREWELL", "end_soon_from_here", "ends_soon", "leave_transfers"]

FAREWELL = "stook: interrupted; what was finished is kept"
_INTERRUPTED = 130
_SECONDS = 3.0
_TRANSFERS = ("stook-ahead", "stook-exchange", "stook-log", "stook-read", "stook-transfer")
_CLEAR_LINE = "\r\x1b[2K"
_SHOW_CURSOR = "\x1b[?25h"


def end_soon_from_here() -> None:
    """Let Ctrl-C end the process as `ends_soon` does, until the command that runs is over: it talks to a server."""
    click.get_current_context().with_resource(ends_soon(FAREWELL))


@contextmanager
def ends_soon(farewell: str) -> Iterator[None]:
    """Let Ctrl-C within the block end the process seconds later, or at once where it is pressed again.

    What is under way has so long to end by itself. What is cut short then is as after a kill, which nothing that is
    done in the block may mind.

    Args:
        farewell: What is said then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, farewell), name="stook-interrupt", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)


def leave_transfers(code: int) -> None:
    """End the process at once, where threads of it still wait for a server: Python would wait for them."""
    if any(thread.name.startswith(_TRANSFERS) for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _watch(reader: int, farewell: str) -> None:
    """End the process after a Ctrl-C, unless the block ends first, which closes the pipe."""
    while (told := os.read(reader, 1)) and told[0] != signal.SIGINT:
        pass
    if told:
        is_over = bool(select.select([reader], [], [], _SECONDS)[0]) and not os.read(reader, 1)
        if not is_over:
            with suppress(OSError, ValueError):
                _say_last(farewell)
            os._exit(_INTERRUPTED)
    os.close(reader)


def _say_last(farewell: str) -> None:
    """Say something where a bar may be: it would draw itself anew around what is written to `sys.stderr`."""
    terminal = sys.__stderr__
    if terminal is not None:
        clear = _CLEAR_LINE + _SHOW_CURSOR if terminal.isatty() else ""
        terminal.write(f"{clear}{farewell}\n")
        terminal.flush()
