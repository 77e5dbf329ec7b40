"""A base for Luigi tasks each of which makes one bundle."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import luigi

from stook.ext.luigi.targets import BundleTarget

__all__ = ["BundleTask"]


class BundleTask(luigi.Task):
    """A Luigi task whose output is a bundle; it is done again when code, parameters or inputs differ.

    Write `requires` and `run` as ever; `run` calls `self.output().write(…)`, and finds its inputs in `self.input()`. It
    is not called where those that ran before it have made the same as ever, so that its result is there already.

    Attributes:
        bundle_name: Name of the bundle; the class's name in snake_case where empty.
    """

    bundle_name: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "run" in cls.__dict__:
            setattr(cls, "run", _unless_there(cls.__dict__["run"]))  # noqa: B010 - which mypy takes for a method

    def output(self) -> BundleTarget:
        """Return the bundle that the task makes."""
        return BundleTarget(self, self.bundle_name)


def _unless_there(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Luigi settles what is to run before it runs the first task; what has come of that is looked at here."""

    @wraps(run)
    def run_unless_there(self: Any) -> Any:
        return None if self.complete() else run(self)

    return run_unless_there
