"""What is known of a run when it begins."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stook.model.run import RunHead
from stook.pipeline import RunOptions, Task

if TYPE_CHECKING:
    from stook.model.events import RunStarted
    from stook.store import Store

__all__ = ["describe_run"]

_OPTIONS = ("jobs", "keep_going", "force", "only", "upto")
_USUAL = RunOptions()


def describe_run(
    targets: Sequence[Task], store: Store, options: RunOptions, command: tuple[str, ...], event: RunStarted
) -> RunHead:
    """Return the head of a run, without secrets of URLs.

    Args:
        targets: The tasks that are asked for.
        store: Where bundles are.
        options: How the run is done.
        command: The words of the command line; none where it is called from Python.
        event: Its beginning.
    """
    from stook.app.git_head import find_head
    from stook.storage.urls import redact

    is_one = len(targets) == 1
    return RunHead(
        id=options.run,
        target=event.target if is_one else ", ".join(map(_name_of, targets)),
        params=_params_of(targets[0]) if is_one else {},
        options={
            name: value for name in _OPTIONS if (value := getattr(options, name)) != getattr(_USUAL, name)
        },
        command=tuple(map(redact, command)),
        user=store.repository.owner,
        host=os.uname().nodename,
        pid=os.getpid(),
        started=time.time_ns() // 1000,
        store=redact(store.repository.url),
        context=store.context,
        commit=find_head(_folder_of(targets[-1])),
    )


def _name_of(task: Task) -> str:
    return f"{type(task).__module__}:{type(task).__qualname__}"


def _params_of(task: Task) -> dict[str, object]:
    from stook.format import values
    from stook.pipeline.authoring.parameters import plain
    from stook.pipeline.authoring.tasks import values_of

    return {name: values.to_json(plain(value)) for name, value in values_of(task).items()}


def _folder_of(task: Task) -> Path:
    file = getattr(sys.modules.get(type(task).__module__), "__file__", None)
    return Path(file).resolve().parent if file else Path.cwd()
