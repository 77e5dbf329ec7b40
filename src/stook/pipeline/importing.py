"""Project code can be imported for as long as it is needed, and old bytecode never stands in for new source."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import cache_from_source
from itertools import islice
from pathlib import Path

from stook.pipeline.closure.packages import is_installed

__all__ = ["importable"]

_RACY_SECONDS = 2.5


@contextmanager
def importable(roots: tuple[Path, ...]) -> Iterator[None]:
    """Let modules in some folders be imported within the block; afterwards `sys.path` is as it was."""
    added = [str(root) for root in roots if str(root) not in sys.path]
    before = len(sys.modules)
    # Several threads may be in here at once, so entries are added and taken away one by one.
    sys.path[:0] = added
    try:
        yield
    finally:
        for entry in added:
            if entry in sys.path:
                sys.path.remove(entry)
        if len(sys.modules) > before:
            # Those imported in the block are the last ones: a dict keeps its order.
            _forget_racy_bytecode(roots, list(islice(sys.modules, before, None)))


def _forget_racy_bytecode(roots: tuple[Path, ...], names: list[str]) -> None:
    """Remove bytecode of files changed just now.

    Python takes bytecode for current when the source's size and whole second of change are the same, so it would run
    old code after two quick edits, under a fingerprint of the new.
    """
    newest = time.time() - _RACY_SECONDS
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if not file or not file.endswith(".py") or not Path(file).is_relative_to(roots[0]):
            continue
        if is_installed(Path(file)):
            continue
        try:
            if os.stat(file).st_mtime > newest:
                os.unlink(cache_from_source(file))
        except (OSError, NotImplementedError):
            continue
