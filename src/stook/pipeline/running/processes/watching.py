"""Tasks that take longer than they may, or more memory, are ended."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

from stook.pipeline.running.processes.deaths import connection_lost, memory_exceeded, time_exceeded
from stook.pipeline.running.processes.descent import memory_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stook.errors import StookError
    from stook.pipeline.running.processes.starter import Starter
    from stook.pipeline.running.processes.task_process import TaskProcess
    from stook.pipeline.running.work import Work

__all__ = ["GRACE_SECONDS", "ask_to_end", "watch"]

GRACE_SECONDS: Final = 1.0
"""For a process that is asked to end; then it is killed."""
_LOOK_SECONDS: Final = 0.1


def watch(process: TaskProcess, starter: Starter | None) -> float | None:
    """End a process whose task takes too much; return the seconds until it is to be looked at again, if it is."""
    work = process.work
    if work is None or starter is None:
        return None
    now = time.monotonic()
    if process.dies_at is not None:
        if now >= process.dies_at:
            process.verdict = process.verdict or connection_lost(work)
            starter.kill(process, signal.SIGKILL)
            process.dies_at = now + GRACE_SECONDS
        return process.dies_at - now
    if process.is_asking or not process.is_up:
        return None
    pauses = [pause for pause in (_time_left(process, work), _look_at_memory(work)) if pause is not None]
    if verdict := _find_verdict(process, work):
        error, number = verdict
        process.verdict, process.is_leaving = error, True
        process.dies_at = now + GRACE_SECONDS
        starter.kill(process, number)
        return GRACE_SECONDS
    return min(pauses, default=None)


def _find_verdict(process: TaskProcess, work: Work) -> tuple[StookError, int] | None:
    """Return why a task is to be ended, and by which signal."""
    left, most = _time_left(process, work), work.node.traits.memory
    if left is not None and left <= 0:
        return time_exceeded(work), signal.SIGTERM
    if most is not None and process.pid is not None and (used := memory_of(process.pid)) > most:
        return memory_exceeded(work, used), signal.SIGKILL
    return None


def _time_left(process: TaskProcess, work: Work) -> float | None:
    timeout = work.node.traits.timeout
    return None if timeout is None else timeout - process.seconds()


def _look_at_memory(work: Work) -> float | None:
    """Return when to look at memory again."""
    return None if work.node.traits.memory is None else _LOOK_SECONDS


def ask_to_end(processes: Sequence[TaskProcess], starter: Starter, number: int) -> None:
    """Send a signal to processes at work; let the others end by themselves."""
    for process in processes:
        process.is_leaving = True
        if process.is_running:
            starter.kill(process, number)
        elif not process.channel.is_over:
            process.channel.shut()
