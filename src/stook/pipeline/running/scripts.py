"""A script that runs its own pipeline, imported where its tasks are: it goes no further than to where it runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec, module_from_spec
from typing import Final

__all__ = ["ScriptEnds", "end_script", "import_script", "importing"]

_is_importing: Final[ContextVar[bool]] = ContextVar("stook_is_importing", default=False)


class ScriptEnds(BaseException):
    """Raised by what runs a pipeline, in a process that only wants what is defined before it."""


def end_script() -> None:
    """Be called by what runs a pipeline: where a script is only imported for its tasks, that ends here."""
    if _is_importing.get():
        raise ScriptEnds


def import_script(name: str) -> None:
    """Import a script that runs as `__main__` elsewhere, up to where it runs a pipeline.

    What `if __name__ == "__main__"` guards does not run; what stands above without a guard does, as in any import.
    """
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    sys.modules[name] = module_from_spec(spec)
    try:
        with importing():
            spec.loader.exec_module(sys.modules[name])
    except ScriptEnds:
        return
    except BaseException:
        del sys.modules[name]
        raise


@contextmanager
def importing() -> Iterator[None]:
    """Let `end_script` in the block raise `ScriptEnds`."""
    token = _is_importing.set(True)
    try:
        yield
    finally:
        _is_importing.reset(token)
