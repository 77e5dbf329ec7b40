"""`stook.env`: a task may read an environment variable, and its value counts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import FrameType
from typing import Final, overload

from stook.format import canonical
from stook.pipeline.observing import find_observation

__all__ = ["digest_current", "digest_variable", "env", "read_at_import"]

_CONTEXT: Final = "stook v1 environment variable"
_PIPELINE: Final = os.path.dirname(os.path.abspath(__file__))


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
    else:
        for module in _importing(sys._getframe(1)):
            _at_import().setdefault(module, {})[name] = digest_variable(name, value)
    return default if value is None else value


def digest_variable(name: str, value: str | None) -> str:
    """Return what is recorded in place of a variable's value; empty where it is not set."""
    return "" if value is None else canonical.digest(_CONTEXT, *map(os.fsencode, (name, value)))


def digest_current(name: str) -> str:
    """Return what would be recorded for a variable now."""
    return digest_variable(name, os.environ.get(name))


def read_at_import(code: Mapping[str, str]) -> dict[str, str]:
    """Return variables that were read while modules were imported, and digests of their values then.

    Args:
        code: A closure, whose modules are meant; a script counts for all that it runs.
    """
    if not _at_import():
        return {}
    modules = {"__main__", *(key.partition(":")[0] for key in code)}
    return {name: d for module in modules for name, d in _at_import().get(module, {}).items()}


@lru_cache(maxsize=1)
def _at_import() -> dict[str, dict[str, str]]:
    """Return the variables that modules read when they were imported: a module is imported once for a process."""
    return {}


def _importing(frame: FrameType | None) -> list[str]:
    """Return the modules whose code runs on the way from an import; none where nothing is being imported."""
    names: list[str] = []
    while frame is not None:
        if os.path.dirname(frame.f_code.co_filename) == _PIPELINE:
            return []
        names.append(frame.f_globals.get("__name__", ""))
        if frame.f_code.co_name == "<module>":
            return names
        frame = frame.f_back
    return []
