"""Stook: from an empty folder to predictions an application reads; every result is a versioned bundle.

The names here are the front door; each is loaded when it is first used, so that importing `stook` costs nothing.
"""

from __future__ import annotations

from importlib import import_module

# Ctrl-C is not answered before all that is here has been imported, and typing takes longer than the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from stook.app.exporting import export as export
    from stook.app.importing import import_disdat as import_disdat
    from stook.app.predicting import predict_file as predict
    from stook.app.running import run as run
    from stook.errors import StookError as StookError
    from stook.frames import checks as checks
    from stook.pipeline import Partition as Partition
    from stook.pipeline import Task as Task
    from stook.pipeline import external as external
    from stook.pipeline import partitions as partitions
    from stook.pipeline import path as path
    from stook.pipeline import source as source
    from stook.pipeline import task as task
    from stook.pipeline.meeting.env import env as env
    from stook.pipeline.planning import make_plan as plan
    from stook.pipeline.planning import why as why
    from stook.store import Bundle as Bundle
    from stook.store import Store as Store
    from stook.store import open_store as open  # noqa: A004 - stook.open reads well

__all__ = [
    "Bundle",
    "Partition",
    "StookError",
    "Store",
    "Task",
    "__version__",
    "checks",
    "env",
    "export",
    "external",
    "import_disdat",
    "open",
    "partitions",
    "path",
    "plan",
    "predict",
    "run",
    "source",
    "task",
    "why",
]

_HOME_OF = {
    "Bundle": "stook.store:Bundle",
    "Partition": "stook.pipeline:Partition",
    "StookError": "stook.errors:StookError",
    "Store": "stook.store:Store",
    "Task": "stook.pipeline:Task",
    "checks": "stook.frames.checks:",
    "env": "stook.pipeline.meeting.env:env",
    "export": "stook.app.exporting:export",
    "external": "stook.pipeline:external",
    "import_disdat": "stook.app.importing:import_disdat",
    "open": "stook.store:open_store",
    "partitions": "stook.pipeline:partitions",
    "path": "stook.pipeline:path",
    "plan": "stook.pipeline.planning:make_plan",
    "predict": "stook.app.predicting:predict_file",
    "run": "stook.app.running:run",
    "source": "stook.pipeline:source",
    "task": "stook.pipeline:task",
    "why": "stook.pipeline.planning:why",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("stook")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'stook' has no attribute {name!r}")
    module, _, attribute = _HOME_OF[name].partition(":")
    found = getattr(import_module(module), attribute) if attribute else import_module(module)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
