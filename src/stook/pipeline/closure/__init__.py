"""The closure of a task: every definition of the project that its result may depend on, found without running it."""

from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.walk import Closure, Entry, close, packages_in

__all__ = ["Closure", "Codebase", "Entry", "Kind", "close", "packages_in"]
