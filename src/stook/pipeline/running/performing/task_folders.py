"""Folders that a task has to do with: its own, for files that it writes, and those that are none of its business."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.pipeline.meeting.counting import Counted, counted_at
from stook.pipeline.meeting.file_digests import FileDigests, digests_in

if TYPE_CHECKING:
    from stook.store.repository import Repository

__all__ = ["folders_of", "remove_folder", "rules_of"]


@lru_cache(maxsize=16)
def rules_of(root: Path, cache: Path, stores: tuple[str, ...], run: str) -> tuple[Counted, FileDigests]:
    """Return what counts, and what tells digests. Folders of stores and of the run are no business of a task's."""
    _remove_leftovers(cache / "tasks")
    folders = [*stores, *([run] if run else [])]
    ignored = tuple(folder for folder in folders if not root.is_relative_to(folder))
    return counted_at(root, ignored), digests_in(cache / "reads")


@lru_cache(maxsize=2)
def folders_of(repository: Repository) -> tuple[str, ...]:
    """Return folders of a store and of its remotes, from which data may come while a task reads its inputs."""
    from stook.store.remotes.config import read_remotes

    urls = [str(repository.cache.parent), repository.url]
    with suppress(StookError):  # whoever needs a remote is told
        urls += [remote.url for remote in read_remotes(repository)]
    return tuple(url.removeprefix("file://") for url in urls if url.startswith("file://") or "://" not in url)


def _remove_leftovers(folder: Path) -> None:
    """Remove what tasks have written whose processes were killed."""
    for found in folder.glob("*-*"):
        number = found.name.partition("-")[0]
        if number.isdigit() and not _is_alive(int(number)):
            remove_folder(found)


def remove_folder(folder: str | os.PathLike[str]) -> None:
    """Remove a folder with all that is in it, as far as that can be done."""
    import shutil  # takes long

    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
