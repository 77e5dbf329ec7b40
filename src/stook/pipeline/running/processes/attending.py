"""Processes are looked after while the one that runs the pipeline is busy with a task of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stook.pipeline.running.processes.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from stook.pipeline.running.processes.starter import Starter
    from stook.pipeline.running.processes.task_process import TaskProcess

__all__ = ["Heard", "attended"]

_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Heard:
    """What has come of processes while nobody listened to more than their limits.

    Attributes:
        said: What they have said, but for how far they are.
        gone: Those that have ended.
    """

    said: list[tuple[TaskProcess, tuple[Any, ...]]] = field(default_factory=list)
    gone: list[TaskProcess] = field(default_factory=list)


@contextmanager
def attended(
    processes: Sequence[TaskProcess], starter: Starter, show: Callable[[bytes], None] | None
) -> Iterator[Heard]:
    """Take in within the block what tasks print, and end those that take too much.

    Args:
        processes: Those that there are; in the block nobody else may have to do with them.
        starter: Has started them.
        show: Shows what they print as well.

    Yields:
        What is for whoever goes on after the block.
    """
    heard = Heard()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            heard.gone.extend(starter.take_notices())
            for process in processes:
                heard.said.extend((process, message) for message in _hear(process))
                process.drain(show)
                if not any(who is process for who, _ in heard.said):
                    watch(process, starter)

    thread = threading.Thread(target=look, name="stook-attending", daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        is_over.set()
        thread.join()


def _hear(process: TaskProcess) -> Iterator[tuple[Any, ...]]:
    for message in process.channel.iter_received():
        if message[0] == "up":
            process.come_up()
        elif message[0] == "begins":
            process.go_on()
        else:
            yield message
