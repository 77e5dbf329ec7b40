"""What is said of a task whose process is gone."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from stook.errors import TaskError

if TYPE_CHECKING:
    from stook.pipeline.running.work import Work

__all__ = ["how_it_died", "memory_exceeded", "time_exceeded"]

_CRASHES: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
    }
)
_MIB: Final = 1024 * 1024


def how_it_died(work: Work, exit_code: int | None) -> tuple[TaskError, bool]:
    """Return what is to be raised, and whether the task did it: a crash, or leaving by `os._exit`."""
    task = work.node.task_id
    if exit_code is None or exit_code >= 0:
        words, hint, is_its_fault = (
            f"its process ended with exit code {exit_code or 0}",
            "return from run; os._exit leaves nothing behind",
            True,
        )
    else:
        name = _signal_name(-exit_code)
        words, is_its_fault = f"its process was ended by {name}", -exit_code in _CRASHES
        hint = (
            "look into the libraries that it uses: they crashed, as the last lines of its output may say"
            if is_its_fault
            else "if nobody did that, it had taken the last of the memory: say what it needs by memory = '2GB'"
        )
    return TaskError(
        f"{task} died: {words}", kind="task-died", hint=hint, task=task, exit_code=exit_code
    ), is_its_fault


def time_exceeded(work: Work) -> TaskError:
    """Return what is said of a task that took longer than it may."""
    task, seconds = work.node.task_id, work.node.traits.timeout
    return TaskError(
        f"{task} was ended: it took longer than its timeout of {seconds:g} seconds",
        kind="task-timeout",
        hint="give it a longer timeout, or see what it waits for",
        task=task,
        timeout=seconds,
    )


def memory_exceeded(work: Work, used: int) -> TaskError:
    """Return what is said of a task that took more memory than it may."""
    task, most = work.node.task_id, work.node.traits.memory or 0
    return TaskError(
        f"{task} was ended: it took {used / _MIB:,.0f} MiB of memory, and said that {most / _MIB:,.0f} would do",
        kind="task-memory",
        hint="give it more by memory = '4GB', or let it take less at once",
        task=task,
        memory=most,
        used=used,
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
