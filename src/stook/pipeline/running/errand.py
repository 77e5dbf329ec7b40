"""What a process of tasks is told by the run, as it comes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stook.pipeline.locate import CodePlace
from stook.pipeline.running.wire import Script
from stook.store import Store

__all__ = ["Errand", "Hello", "Shared"]


@dataclass(frozen=True, slots=True)
class Hello:
    """What a process learns first.

    Attributes:
        store: Where bundles are.
        path: Where Python looks for modules.
        argv: The words that the run was started with.
        folder: The current folder.
        began: When the run began, in seconds since the epoch.
        script: What runs as `__main__` where the run is.
    """

    store: Store
    path: tuple[str, ...]
    argv: tuple[str, ...]
    folder: str
    began: float
    script: Script | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What many tasks have in common.

    Attributes:
        place: Where their class is.
        code: Digests of their closure's definitions.
        text: Source text of that.
        names: Texts in it that may name files.
    """

    place: CodePlace
    code: dict[str, str]
    text: bytes | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """A task as it comes over the wire.

    Attributes:
        task: `module:Name`, for errors that come before the task itself is there.
        roots: Folders that its code imports from first.
        is_in_script: Whether something of it is in what runs as `__main__`.
        key: Of what it shares with others.
        shared: That, where it is not here yet.
        work: The rest of the task, packed.
    """

    task: str
    roots: tuple[Path, ...]
    is_in_script: bool
    key: int
    shared: Shared | None
    work: bytes
