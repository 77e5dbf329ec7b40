"""How long tasks take, going by the runs that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from stook.app.run_records.layout import EVENTS, runs_folder
from stook.app.run_records.reading import iter_events, iter_runs
from stook.model.events import TaskFinished

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["typical_seconds"]

_RUNS = 20
_MOST_BYTES = 4 << 20


def typical_seconds(store: Store) -> Mapping[str, float]:
    """Return how long tasks took when they ran last, in seconds, by `module:Name`; of several in a run, the mean.

    The newest 20 runs are looked at, as long as they are not huge.
    """
    found: dict[str, float] = {}
    read = 0
    for summary in islice(iter_runs(store), _RUNS):
        folder = runs_folder(store) / summary.head.id
        if summary.ran == 0:
            continue
        read += (folder / EVENTS).stat().st_size if (folder / EVENTS).exists() else 0
        if read > _MOST_BYTES:
            break
        took: dict[str, list[float]] = {}
        for event, _ in iter_events(folder):
            if isinstance(event, TaskFinished) and event.decision == "ran":
                took.setdefault(event.task, []).append(event.seconds)
        found = {task: sum(seconds) / len(seconds) for task, seconds in took.items()} | found
    return found
