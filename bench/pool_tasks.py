"""Tasks for the pool, run as a program: `python -m bench.pool_tasks nothing|busy COUNT JOBS STORE`.

The same by a bare pool of processes, without a store: `bare-nothing`, `bare-busy`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import stook
from bench.pool import run_bare, work
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions


class Nothing(stook.Task):
    """Does nothing."""

    number: int = 0

    def run(self) -> int:
        """Return its number."""
        return self.number


class Busy(stook.Task):
    """Works for a second of CPU time."""

    number: int = 0

    def run(self) -> int:
        """Work."""
        return work()


class All(stook.Task):
    """Needs them all."""

    kind: str
    count: int

    def requires(self) -> list[stook.Task]:
        """Need so many of a kind."""
        kind = Nothing if self.kind == "nothing" else Busy
        return [kind(number=number) for number in range(self.count)]

    def run(self, *made: object) -> int:
        """Count them."""
        return len(made)


def main(kind: str, count: str, jobs: str, store: str = "") -> None:
    """Run tasks of a kind, or a bare pool."""
    if not store:
        run_bare(work if kind == "bare-busy" else int, int(count), int(jobs))
        return
    task = All(kind=kind, count=int(count))
    print(run(task, store=stook.open(Path(store)), options=RunOptions(jobs=int(jobs))).decision)


if __name__ == "__main__":
    main(*sys.argv[1:])
