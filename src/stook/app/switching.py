"""Let a workspace use another context: one value in its stook.toml changes, and every other byte stays."""

from __future__ import annotations

import errno
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stook._io import write_atomic
from stook.config import WORKSPACE_FILE, Setting, get_workspace, load_config
from stook.errors import InputError, NotFoundError
from stook.store import Store

__all__ = [
    "Switched",
    "edited_file",
    "find_workspace_context",
    "set_context",
    "switch_workspace",
    "write_file",
]

_KEY = r"""(?:context|"context"|'context')"""
_TABLE = r"""(?:workspace|"workspace"|'workspace')"""
_STRING = r'''(?:"""(?:.|\n)*?"""|\'\'\'(?:.|\n)*?\'\'\'|"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*')'''
_VALUE = re.compile(rf"{_KEY}[ \t]*=[ \t]*(?P<value>{_STRING})")
_HEADER = re.compile(rf"^[ \t]*\[[ \t]*{_TABLE}[ \t]*\][^\r\n]*(?P<end>\r?\n|\Z)", re.MULTILINE)
_INLINE = re.compile(rf"^[ \t]*{_TABLE}[ \t]*=[ \t]*\{{(?P<end>)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Switched:
    """What switching did.

    Attributes:
        context: The context that the workspace uses now.
        path: Its stook.toml.
        is_new: Whether the context was made.
        is_same: Whether it used that one already.
        override: What holds instead, where something is stronger than the file.
    """

    context: str
    path: Path
    is_new: bool
    is_same: bool
    override: Setting | None


def switch_workspace(store: Store, name: str, *, create: bool, folder: Path | None = None) -> Switched:
    """Let the workspace of a folder use a context.

    Args:
        store: The store in which the context is.
        name: The context.
        create: Make it where there is none.
        folder: The current folder by default.

    Raises:
        NotFoundError: The folder is in no workspace, or there is no such context and `create` is not given.
        InputError: This is no name for a context, or stook.toml cannot be changed.
    """
    path = get_workspace(load_config(cwd=folder)) / WORKSPACE_FILE
    fresh = store.in_context(name)
    is_new = fresh.find_context_id() is None
    if is_new and not create:
        raise _unknown(fresh)
    before = find_workspace_context(folder)
    changed = edited_file(path, fresh.context)
    if is_new:
        fresh.create_context(fresh.context)
    if before != fresh.context:
        write_file(path, changed)
    now = load_config(cwd=folder).context
    override = None if now.origin == str(path) else now
    return Switched(fresh.context, path, is_new, before == fresh.context, override)


def find_workspace_context(folder: Path | None = None) -> str | None:
    """Return the context that the workspace of a folder names, whatever is stronger than it; None outside of one."""
    config = load_config(cwd=folder, environ={"HOME": os.environ.get("HOME", "/")})
    return config.context.value if config.workspace else None


def edited_file(path: Path, name: str) -> bytes:
    """Return the bytes of a stook.toml with another context.

    Raises:
        InputError: It cannot be read, or has its context in a form that cannot be changed.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}", kind="bad-config", hint="see what it is"
        ) from error
    changed = set_context(text, name)
    if changed is None:
        raise InputError(
            f"{path} has its context in a form that cannot be changed here",
            kind="bad-config",
            hint=f'write context = "{name}" below [workspace] in {path}',
        )
    return changed.encode()


def write_file(path: Path, data: bytes) -> None:
    """Put other bytes in a file's place, whole or not at all. Raises InputError where they cannot be written."""
    path = path.resolve()  # a link stays one
    try:
        mode = path.stat().st_mode & 0o7777
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        write_atomic(path, data)
        path.chmod(mode)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror or error}",
            kind="cannot-write",
            hint="see who may write to it; --context NAME or STOOK_CONTEXT need no file",
        ) from error


def set_context(text: str, name: str) -> str | None:
    """Return the text of a stook.toml with another context, all else as it was; None where that cannot be done.

    Every change is proven before it is chosen: the new text, read, differs from the old one in the context alone.
    """
    wanted = tomllib.loads(text)
    table = wanted.setdefault("workspace", {})
    if not isinstance(table, dict):
        return None
    table["context"] = name
    return next((changed for changed in _iter_changes(text, name) if _reads_as(changed, wanted)), None)


def _iter_changes(text: str, name: str) -> Iterator[str]:
    """Yield texts that may be right, those that change least first."""
    value = f'"{name}"'
    for match in _VALUE.finditer(text):
        single = match["value"].startswith("'") and "'" not in name
        put = f"'{name}'" if single else value
        yield text[: match.start("value")] + put + text[match.end("value") :]
    newline = "\r\n" if "\r\n" in text else "\n"
    for match in _HEADER.finditer(text):
        before = text[: match.end()] + ("" if match["end"] else newline)
        yield f"{before}context = {value}{newline}{text[match.end() :]}"
    for match in _INLINE.finditer(text):
        for separator in (", ", " "):
            yield f"{text[: match.end()]} context = {value}{separator}{text[match.end() :].lstrip(' ')}"
    gap = "" if not text or text.endswith("\n") else newline
    yield f"{text}{gap}{newline if text else ''}[workspace]{newline}context = {value}{newline}"
    yield f"workspace.context = {value}{newline}{text}"


def _reads_as(text: str, wanted: dict[str, object]) -> bool:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return read == wanted or repr(read) == repr(wanted)  # a NaN equals nothing


def _unknown(store: Store) -> NotFoundError:
    from difflib import get_close_matches

    names = [context.name for context in store.contexts()]
    near = get_close_matches(store.context, names, n=1, cutoff=0.5)
    wanted = shlex.quote(store.context)
    return NotFoundError(
        f"there is no context {store.context!r}",
        kind="context-not-found",
        hint=f"stook switch {shlex.quote(near[0])}, or -c to make {wanted}"
        if near
        else f"stook switch -c {wanted} makes it",
    )
