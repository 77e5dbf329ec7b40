"""Files on disk as inputs: a new version of their bundle when, and only when, their content is new."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from stook.errors import NotFoundError
from stook.model.tree import File, Folder, FolderFile

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["find_kept", "keep", "resolve_path"]


def resolve_path(path: Path, root: Path, name: str) -> Path:
    """Return where a source is.

    Raises:
        NotFoundError: There is no such file or folder.
    """
    full = root / path.expanduser()
    if not full.exists():
        raise NotFoundError(
            f"source {name}: there is no file or folder {full}",
            kind="source-not-found",
            hint=f"put it there, or change the path in stook.source(…, name={name!r})",
            path=str(full),
        )
    return full


def keep(store: Store, path: Path, name: str) -> Bundle:
    """Return the newest bundle of a name, having made it if the file's content is not that of the newest."""
    newest = store.find(name)
    found = find_kept([newest] if newest else [], path)
    return found or store.add(name, path, if_changed=True)


def find_kept(bundles: Iterable[Bundle], path: Path) -> Bundle | None:
    """Return the first of some bundles that has the content of a file or folder."""
    digests: dict[Path, str] = {}
    return next((bundle for bundle in bundles if _is_same(bundle, path, digests)), None)


def _is_same(bundle: Bundle, path: Path, digests: dict[Path, str]) -> bool:
    tree = bundle.tree
    if isinstance(tree, File):
        return path.is_file() and tree.name == path.name and _is_file(tree, path, digests)
    if not isinstance(tree, Folder) or not path.is_dir() or tree.name != path.name or tree.empty:
        return False
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    return files.keys() == {file.path for file in tree.files} and all(
        _is_file(file, files[file.path], digests) for file in tree.files
    )


def _is_file(kept: File | FolderFile, path: Path, digests: dict[Path, str]) -> bool:
    state = path.stat()
    if state.st_size != kept.blob.size or bool(state.st_mode & 0o100) != kept.executable:
        return False
    if path not in digests:
        from blake3 import blake3

        digests[path] = blake3().update_mmap(path).hexdigest()
    return digests[path] == kept.blob.digest
