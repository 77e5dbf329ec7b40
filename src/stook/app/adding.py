"""Keep files as a bundle."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stook.errors import InputError
from stook.store import Bundle, Store

__all__ = ["Added", "add_paths"]


@dataclass(frozen=True, slots=True)
class Added:
    """What adding did.

    Attributes:
        bundle: The bundle that has the content.
        is_new: Whether a version was made; otherwise the latest had the same content already.
    """

    bundle: Bundle
    is_new: bool


def add_paths(
    store: Store, name: str, paths: Sequence[str], *, tags: Mapping[str, str] | None = None
) -> Added:
    """Keep files and folders as the newest version of a name, unless the latest has the same content.

    Args:
        store: Where.
        name: The bundle's name.
        paths: One or more; `-` is standard input, kept as a file named `stdin`.
        tags: Words about it.

    Raises:
        InputError: A path does not exist, or two have the same file name.
    """
    with tempfile.TemporaryDirectory(prefix="stook-add-") as folder:
        found = [_from_stdin(Path(folder)) if path == "-" else Path(path) for path in paths]
        data: object = found[0] if len(found) == 1 else _named(found)
        before = store.find(name)
        bundle = store.add(name, data, tags=tags, if_changed=True)
    return Added(bundle, is_new=before is None or before.id != bundle.id)


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        key = path.name
        if key in named:
            # Same-named files of different folders are told apart by the folders.
            key = path.as_posix().lstrip("./")
        if key in named:
            raise InputError(f"{path} is given twice", kind="same-path", hint="name each path once")
        named[key] = path
    return named


def _from_stdin(folder: Path) -> Path:
    path = folder / "stdin"
    with path.open("xb") as file:
        while piece := sys.stdin.buffer.read(1 << 20):
            file.write(piece)
    return path
