"""The closure of a task: every definition of the project that its result may depend on, found without running it."""

from stook.pipeline.closure.closing import Closure, close
from stook.pipeline.closure.codebase import Codebase, Kind
from stook.pipeline.closure.rules import Rules
from stook.pipeline.closure.texts import CodeText, read_texts
from stook.pipeline.closure.walk import Entry, packages_in

__all__ = ["Closure", "CodeText", "Codebase", "Entry", "Kind", "Rules", "close", "packages_in", "read_texts"]
