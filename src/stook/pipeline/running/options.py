"""How a run is to be done."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from stook.errors import InputError

__all__ = ["RunOptions", "count_jobs"]


class RunOptions(msgspec.Struct, frozen=True):
    """How a run is to be done.

    Attributes:
        jobs: How many tasks at once; with 1 they run in this process, with more in processes of their own.
        keep_going: After a failure, go on with what does not need it.
        force: Tasks to run though their results are there: names of outputs, of tasks, or patterns of those.
        only: Tasks to run; what they require is taken as it is.
        upto: Tasks to stop at: only they and what they require are run.
        run: Id of the run.
        keep_code: Whether the source text of tasks is kept with what they make.
        folder: Where the run keeps what its tasks print, and rows that checks refuse; None to keep nothing.
    """

    jobs: int = 1
    keep_going: bool = False
    force: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    upto: tuple[str, ...] = ()
    run: str = ""
    keep_code: bool = True
    folder: Path | None = None


def count_jobs(given: int | str | None) -> int:
    """Return how many tasks at once are meant: a number, or `auto` for one each CPU that this process may use.

    Raises:
        InputError: It is neither.
    """
    if given is None:
        return 1
    if given == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        jobs = int(given)
    except ValueError:
        jobs = 0
    if jobs < 1 or isinstance(given, bool):
        raise InputError(
            f"{given!r} is no number of jobs", kind="bad-jobs", hint="give a number from 1 on, or auto"
        )
    return jobs
