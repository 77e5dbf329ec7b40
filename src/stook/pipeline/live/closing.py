"""The closure of a task in a notebook: what the process has for its own names, and files for what it imports."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from stook.pipeline.authoring.tasks import Task
from stook.pipeline.closure import Closure, Codebase, Entry, Rules, close
from stook.pipeline.closure.closing import digest_of
from stook.pipeline.live.walk import PREFIX, LiveWalk

__all__ = ["close_live"]


def close_live(
    tasks: Iterable[type[Task]], entries: Iterable[Entry], codebase: Codebase, rules: Rules
) -> tuple[Closure, tuple[object, ...]]:
    """Return the closure of a task, and the functions and classes of files that the notebook has of it.

    Args:
        tasks: Its class and those of its bases that are in the notebook.
        entries: Those of its bases that are in files.
        codebase: Where code in files is looked up.
        rules: What counts besides, and what does not.

    Raises:
        InputError: The task uses a variable whose content cannot be told, a file is no valid Python, or a rule names
            what is not there.
    """
    live = tuple(tasks)
    walk = LiveWalk(vars(sys.modules["__main__"]), codebase)
    walk.run(live)
    files = close(entries, codebase, rules, walk.references)
    code = dict(sorted({**files.code, **walk.code}.items()))
    keys = tuple(f"{PREFIX}{task.__qualname__}" for task in live)
    closure = Closure(code, digest_of(code), (*keys, *files.entries), tuple(walk.texts.values()))
    return closure, walk.held
