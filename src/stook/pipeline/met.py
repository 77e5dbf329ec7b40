"""What a task met while it ran, against the world now: files that it read, variables, tasks that it asked for."""

from __future__ import annotations

from pathlib import Path

from stook.errors import InputError
from stook.model.lineage import Asked, Lineage
from stook.pipeline.tasks import Task

__all__ = ["differences", "load_asked"]


def differences(_lineage: Lineage, _root: Path) -> tuple[str, ...]:
    """Return what of the files and variables that a task read is not as it was, one line each."""
    return ()


def load_asked(asked: Asked, _roots: tuple[Path, ...]) -> Task:
    """Return a task that a task asked for.

    Raises:
        InputError: There is no such task any more.
    """
    raise InputError(f"{asked.name} cannot be asked for", kind="no-such-task", hint="run it anew")
