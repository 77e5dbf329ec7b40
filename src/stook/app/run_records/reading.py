"""Read what is kept of runs, those too that are still going on, and those that nobody ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.app.run_records.layout import EVENTS, HEAD, load_event, runs_folder
from stook.app.run_records.pruning import is_alive
from stook.app.run_records.replaying import Replay
from stook.errors import InputError, NotFoundError
from stook.model.events import Event
from stook.model.run import RunHead, RunRecord, RunSummary

if TYPE_CHECKING:
    from stook.store import Store

__all__ = ["find_run", "get_run", "iter_events", "iter_runs", "read_run"]

_TAIL = 1 << 16
_ENDED = b'{"event":"RunEnded"'


class _End(msgspec.Struct):
    outcome: str
    seconds: float
    counts: dict[str, int] = {}


def iter_runs(store: Store) -> Iterator[RunSummary]:
    """Yield what has come of each run of a store, the newest first."""
    for folder in _folders(runs_folder(store)):
        summary = _summarise(folder)
        if summary is not None:
            yield summary


def get_run(store: Store, given: str) -> RunRecord:
    """Return all that is known of a run. Raises as `find_run` does."""
    folder = find_run(store, given)
    found = read_run(folder)
    if found is None:
        raise NotFoundError(
            f"{folder / HEAD} cannot be read", kind="run-not-found", hint="stook runs lists them", run=given
        )
    return found


def find_run(store: Store, given: str) -> Path:
    """Return the folder of a run.

    Args:
        store: The store that it was for.
        given: The run's id, or the beginning of one; empty for the newest run.

    Raises:
        NotFoundError: There is none.
        InputError: There are several.
    """
    names = [folder.name for folder in _folders(runs_folder(store))]
    if names and not given:
        return runs_folder(store) / names[0]
    found = [name for name in names if name == given] or [
        name for name in names if given and name.startswith(given)
    ]
    if not found:
        raise NotFoundError(
            f"there is no run {given}".rstrip(), kind="run-not-found", hint="stook runs lists them", run=given
        )
    if len(found) > 1:
        raise InputError(
            f"{given} is the beginning of {len(found)} runs: {', '.join(found[:5])}",
            kind="ambiguous-run",
            hint=f"write more of it, such as {found[0]}",
            run=given,
        )
    return runs_folder(store) / found[0]


def read_run(folder: Path) -> RunRecord | None:
    """Return all that is known of the run in a folder; None where it is none."""
    head = _read_head(folder)
    if head is None:
        return None
    is_running = _is_running(folder, head)
    replay = Replay()
    for event, at in iter_events(folder):
        replay.take(event, at)
    return replay.result(head, is_running=is_running)


def iter_events(folder: Path) -> Iterator[tuple[Event, int]]:
    """Yield the events of a run and when they happened, microseconds since the epoch. A torn line is left out."""
    with suppress(OSError), open(folder / EVENTS, "rb") as file:
        for line in file:
            if found := load_event(line):
                yield found


def _summarise(folder: Path) -> RunSummary | None:
    """Return a run in numbers: of one that has ended, from the line that says so, among its last ones."""
    end, head = _read_end(folder), _read_head(folder)
    if end is not None and head is not None:
        counts = {name: end.counts.get(name, 0) for name in ("tasks", "ran", "reused", "failed", "skipped")}
        return RunSummary(head, end.outcome, end.seconds, **counts)
    record = read_run(folder) if head is not None else None
    return record.summary if record is not None else None


def _folders(runs: Path) -> list[Path]:
    """Return the folders of runs, those that began last first."""
    found = []
    with suppress(OSError):
        for name in os.listdir(runs):
            with suppress(OSError):
                found.append(((runs / name / HEAD).stat().st_mtime_ns, name))
    return [runs / name for _, name in sorted(found, reverse=True)]


def _read_head(folder: Path) -> RunHead | None:
    try:
        head = msgspec.json.decode((folder / HEAD).read_bytes(), type=RunHead)
    except (OSError, msgspec.MsgspecError):
        return None
    return head if head.id == folder.name else None


def _read_end(folder: Path) -> _End | None:
    try:
        with open(folder / EVENTS, "rb") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _TAIL, 0))
            tail = file.read()
        return msgspec.json.decode(tail[tail.rindex(_ENDED) :].partition(b"\n")[0], type=_End)
    except (OSError, ValueError):  # malformed JSON is a ValueError, too
        return None


def _is_running(folder: Path, head: RunHead) -> bool:
    return is_alive(folder) and (head.host != os.uname().nodename or _is_process(head.pid))


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
