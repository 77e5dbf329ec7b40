"""What is said of a task whose process is gone."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from stook.errors import TaskError

if TYPE_CHECKING:
    from stook.pipeline.running.work import Work

__all__ = ["OUTSIDE", "connection_lost", "how_it_died", "memory_exceeded", "process_refused", "time_exceeded"]

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
OUTSIDE: Final = 70
"""The code that a process ends with where something has gone wrong in it outside of the task's own code."""
_CRASHED: Final = (
    "look into the libraries that it uses: they crashed, as the last lines of its output may say"
)
_BROKE: Final = "see the last lines of its output: they say what broke in its process besides run"


def how_it_died(work: Work, exit_code: int | None) -> tuple[TaskError, bool]:
    """Return what is to be raised, and whether the task did it: a crash, or leaving by `os._exit`."""
    code = exit_code or 0
    if code < 0:
        name, is_its_fault = _signal_name(-code), -code in _CRASHES
        words, hint = f"its process was ended by {name}", _CRASHED if is_its_fault else _hint_of(-code)
    else:
        words, is_its_fault = f"its process ended with exit code {code}", True
        hint = _BROKE if code == OUTSIDE else "return from run; os._exit leaves nothing behind"
    return _died(work, words, hint, exit_code=exit_code), is_its_fault


def connection_lost(work: Work) -> TaskError:
    """Return what is said of a task after which its process could say nothing to the run any more."""
    return _died(
        work,
        "its process has no connection to the run any more",
        "let run close no files and sockets that it has not opened",
    )


def process_refused(work: Work, error: OSError) -> TaskError:
    """Return what is said of a task that the machine gives no process."""
    return TaskError(
        f"{work.node.task_id}: no process could be started for it: {error.strerror or error}",
        kind="no-process",
        hint="run with fewer jobs, or raise what the machine allows: ulimit -n 4096, ulimit -u unlimited",
        task=work.node.task_id,
    )


def _died(work: Work, words: str, hint: str, **facts: object) -> TaskError:
    task = work.node.task_id
    return TaskError(f"{task} died: {words}", kind="task-died", hint=hint, task=task, **facts)


def _hint_of(number: int) -> str:
    if number == signal.SIGKILL:
        return "if nobody did that, it had taken the last of the memory: say what it needs by memory = '2GB'"
    return "see who sends it: the task itself, a library, or what looks after this machine"


def time_exceeded(work: Work) -> TaskError:
    """Return what is said of a task that took longer than it may."""
    task, seconds = work.node.task_id, work.node.traits.timeout
    return TaskError(
        f"{task} was ended: it took longer than its timeout of {seconds:g} second{'' if seconds == 1 else 's'}",
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
