"""Taking turns with the threads and processes of this machine that may fetch the same at the same time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from blake3 import blake3

from stook.storage.locks import unlock

__all__ = ["taking_turns"]

_TURNS: Final = 16
_POLL_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 60.0


@contextmanager
def taking_turns(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Let nobody else be in a block for one of these names at the same time, as far as can be had.

    Who has waited for a minute goes on all the same, as does everybody where files cannot be locked. So this saves
    work, and nothing may be wrong without it.

    Args:
        folder: Where files are made to be locked: the same for all who take turns, on this machine's own disk.
        names: For what; distinct names may share a turn.
    """
    turns = sorted({blake3(name.encode()).digest()[0] % _TURNS for name in names})
    end = time.monotonic() + _PATIENCE_SECONDS
    with ExitStack() as stack:
        for turn in turns:  # in one order for all, so that no two wait for each other
            try:
                _lock(folder / f"{turn:02}", end, stack)
            except OSError:
                break
        yield


def _lock(path: Path, end: float, stack: ExitStack) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    stack.callback(unlock, descriptor)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end:
                return
        time.sleep(_POLL_SECONDS)
