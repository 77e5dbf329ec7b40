"""Files on disk as inputs: a new version of their bundle when, and only when, their content is new."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stook.errors import NotFoundError
from stook.model.tree import File, Folder, FolderFile, Node
from stook.pipeline.authoring.parameters.parameter import shown

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["find_kept", "keep", "resolve_path"]


def resolve_path(path: Path, root: Path, name: str) -> Path:
    """Return where a source is.

    Raises:
        NotFoundError: There is no such file or folder.
    """
    try:
        full = root / path.expanduser()
        if full.exists():
            return full
        problem = f"there is no file or folder {full}"
    except (OSError, RuntimeError) as error:  # as of a folder that may not be read, or the home of nobody
        problem = f"{shown(str(path))} cannot be looked at: {getattr(error, 'strerror', None) or error}"
    raise NotFoundError(
        f"source {name}: {problem}",
        kind="source-not-found",
        hint=f"put it there, or change the path in stook.source(…, name={name!r})",
        path=str(path),
    )


def keep(store: Store, path: Path, name: str) -> Bundle:
    """Return the newest bundle of a name, having made it if the file's content is not that of the newest."""
    newest = store.find(name)
    found = find_kept([newest] if newest else [], path)
    return found or store.add(name, path, if_changed=True)


def find_kept(bundles: Iterable[Bundle], path: Path) -> Bundle | None:
    """Return the first of some bundles that has the content of a file or folder, as adding it would have.

    Raises:
        InputError: Something in it cannot be read.
    """
    found = _look_at(path)
    return next((bundle for bundle in bundles if _is_same(bundle.tree, found)), None)


class _Found(msgspec.Struct, frozen=True):
    """A file or a folder on disk: the folder that its paths begin at, what is there, and digests told so far."""

    name: str
    base: Path
    is_folder: bool
    files: list[tuple[str, int, bool]]
    empty: list[str]
    digests: dict[str, str] = msgspec.field(default_factory=dict)

    def digest(self, at: str) -> str:
        if at not in self.digests:
            from stook.store.intake.hashed import hash_file

            self.digests[at] = hash_file(self.base / at).digest
        return self.digests[at]


def _look_at(path: Path) -> _Found:
    from stook.store.intake.scan import Scan, is_executable, scan_folder, state_of, unpack_state

    is_folder = path.is_dir()
    whole = path.resolve() if is_folder else path
    scan = scan_folder(str(whole)) if is_folder else Scan([(path.name, state_of(path.stat()))])
    files = [(at, unpack_state(state)[0], is_executable(state)) for at, state in scan.files]
    return _Found(whole.name, whole if is_folder else whole.parent, is_folder, files, scan.empty)


def _is_same(tree: Node, found: _Found) -> bool:
    if not isinstance(tree, Folder if found.is_folder else File) or tree.name != found.name:
        return False
    files = tree.files if isinstance(tree, Folder) else (FolderFile(tree.name, tree.blob, tree.executable),)
    empty = list(tree.empty) if isinstance(tree, Folder) else []
    return (
        empty == found.empty
        and [(file.path, file.blob.size, file.executable) for file in files] == found.files
        and all(found.digest(file.path) == file.blob.digest for file in files)
    )
