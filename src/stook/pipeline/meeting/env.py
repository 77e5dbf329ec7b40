"""`stook.env`: a task may read an environment variable, and its value counts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, overload

from stook.format import canonical
from stook.pipeline.meeting.at_import import ByReader
from stook.pipeline.meeting.observing import find_observation

__all__ = ["digest_current", "digest_variable", "env", "read_at_import"]

_CONTEXT: Final = "stook v1 environment variable"


@overload
def env(name: str) -> str | None: ...
@overload
def env(name: str, default: str) -> str: ...
def env(name: str, default: str | None = None) -> str | None:
    """Return an environment variable, and have the running task depend on it: when it changes, the task runs again.

    Called while a module is imported, it counts for tasks that use code of that module. Called in `requires`, what
    `requires` returns tells the difference.

    Args:
        name: The variable.
        default: What to return where it is not set.
    """
    value = os.environ.get(name)
    observation = find_observation()
    if observation is not None:
        observation.env.setdefault(name, digest_variable(name, value))
    for _, known in _at_import().open(sys._getframe(1)):
        known[name] = digest_variable(name, value)
    return default if value is None else value


def digest_variable(name: str, value: str | None) -> str:
    """Return what is recorded in place of a variable's value; empty where it is not set."""
    return "" if value is None else canonical.digest(_CONTEXT, *map(os.fsencode, (name, value)))


def digest_current(name: str) -> str:
    """Return what would be recorded for a variable now."""
    return digest_variable(name, os.environ.get(name))


def read_at_import(code: Mapping[str, str], *, with_functions: bool = False) -> dict[str, str]:
    """Return variables that modules have read when they were imported, and digests of their values then.

    Args:
        code: A closure, whose modules are meant.
        with_functions: Those that functions have read which remember their results, too.
    """
    return _at_import().of(code, with_functions=with_functions)


@lru_cache(maxsize=1)
def _at_import() -> ByReader[str]:
    """Return the variables that this process has read: a module is imported once for many tasks."""
    return ByReader()
