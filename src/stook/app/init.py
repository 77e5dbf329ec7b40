"""Make a folder a workspace."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stook._io import write_atomic
from stook.config import WORKSPACE_FILE, load_config
from stook.errors import ConflictError, InputError
from stook.model.refs import check_name

__all__ = ["Initialised", "init_workspace"]


@dataclass(frozen=True, slots=True)
class Initialised:
    """The new workspace, its context, and the store that its bundles go to."""

    folder: Path
    context: str
    store: str


def init_workspace(folder: Path, *, context: str | None = None) -> Initialised:
    """Write a `stook.toml`; touch nothing else.

    Raises:
        ConflictError: The folder is a workspace already.
        InputError: The context's name is none, or the folder cannot be written to.
    """
    folder = folder.resolve()
    path = folder / WORKSPACE_FILE
    name = check_name(context) if context else _name_of(folder)
    text = f"# This folder is a Stook workspace.\n[workspace]\ncontext = {json.dumps(name, ensure_ascii=False)}\n"
    try:
        write_atomic(path, text.encode(), exclusive=True)
    except FileExistsError as error:
        raise ConflictError(
            f"{folder} is a workspace already", kind="workspace-exists", hint=f"edit {path}", path=str(path)
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}", kind="cannot-write", hint="stook init FOLDER"
        ) from error
    return Initialised(folder, name, load_config(cwd=folder).store.value)


def _name_of(folder: Path) -> str:
    try:
        return check_name(folder.name or "workspace")
    except InputError as error:
        raise InputError(
            error.message, kind=error.kind, hint="give it a name of its own: stook init --context NAME"
        ) from error
