"""Which files a bundle becomes in a folder. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, relpath
from typing import Final

from stook import registry
from stook.errors import InputError
from stook.model.paths import find_path_problem
from stook.model.tree import File, Folder, FolderFile, Node, Object, Value, iter_items
from stook.store.intake.ignore import CHECKOUT_NOTE
from stook.store.reading.items import part_of
from stook.store.reading.linked import find_linked, linked_key
from stook.store.reading.placing import check_path, folders_above

__all__ = ["FORMATS", "Converted", "Layout", "lay_out"]

FORMATS: Final = ("parquet", "csv", "feather")
"""What tables can be written as."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A file whose bytes are not those of the store: a value, or a table in another format or with links.

    Attributes:
        path: Where.
        leaf: What it is made of.
        linked: The folder of files that cells of the table are to name.
        links_at: Where that folder is, seen from the table's.
    """

    path: str
    leaf: Value | Object
    linked: Folder | None = None
    links_at: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files and folders of a checkout; paths are relative, safe, and no two are one.

    Attributes:
        files: Files with bytes of the store.
        converted: Files that are made of items.
        folders: Folders that are wanted for themselves, though nothing may be in them.
    """

    files: tuple[FolderFile, ...]
    converted: tuple[Converted, ...]
    folders: tuple[str, ...]

    def paths(self) -> list[str]:
        """Return the paths of all files."""
        return [file.path for file in self.files] + [each.path for each in self.converted]

    def all_folders(self) -> list[str]:
        """Return the paths of all folders that there will be, each after those above it."""
        return folders_above([*self.paths(), *(f"{path}/" for path in self.folders)])


def lay_out(tree: Node, format: str) -> Layout:  # noqa: A002 - what the option is called
    """Return the files that a data tree becomes.

    A sole folder gives its files, a sole file its own name, another sole item the name `data`. The items of a dict or
    list are named by their keys and positions, with the ending of what they are.

    Args:
        tree: The data tree.
        format: One of `FORMATS`, for tables.

    Raises:
        InputError: There is no such format, or a key can be no file's name, or two would be one file's.
        IntegrityError: A path leads out of the folder.
    """
    if format not in FORMATS:
        raise InputError(
            f"tables cannot be written as {format!r}",
            kind="bad-option",
            hint=f"choose one of {', '.join(FORMATS)}",
        )
    files: list[FolderFile] = []
    converted: list[Converted] = []
    folders: list[str] = []
    for keys, leaf in iter_items(tree):
        base = _base(keys)
        if isinstance(leaf, Folder):
            files += _folder_files(base, leaf)
            folders += [_join(base, check_path(path)) for path in leaf.empty] + ([base] if base else [])
        elif isinstance(leaf, File):
            path = _with_ending(base, leaf.name) if base else check_path(leaf.name)
            files.append(FolderFile(path, leaf.blob, leaf.executable))
        elif isinstance(leaf, Value):
            converted.append(Converted(_named(base, ".json"), leaf))
        elif linked_key(leaf) is not None:
            converted.append(_linked_table(tree, keys, leaf, format))
        elif leaf.kind == "frame" and format != "parquet":
            converted.append(Converted(_named(base, f".{format}"), leaf))
        else:
            files.append(FolderFile(_named(base, registry.codec(leaf.kind).suffix), leaf.blob))
    layout = Layout(tuple(files), tuple(converted), tuple(folders))
    _check_clashes(layout)
    return layout


def _linked_table(tree: Node, keys: tuple[str, ...], leaf: Object, format: str) -> Converted:  # noqa: A002
    """Return the file of a table whose cells name files: relative to its own folder, as any program takes them."""
    path = _named(_base(keys), f".{format}")
    folder = _base((*keys[:-1], linked_key(leaf) or ""))
    return Converted(path, leaf, find_linked(tree, leaf), relpath(f"/{folder}", f"/{dirname(path)}"))


def _folder_files(base: str, folder: Folder) -> Iterator[FolderFile]:
    for file in folder.files:
        yield FolderFile(_join(base, check_path(file.path)), file.blob, file.executable)


def _base(keys: tuple[str, ...]) -> str:
    """Return where the item of some keys goes: a key with slashes in it makes folders, as paths that were added do."""
    parts = [key if not find_path_problem(key) else part_of(key) for key in keys]
    base = "/".join(parts)
    problem = find_path_problem(base) if base else ""
    if problem:
        raise InputError(
            f"the item {base!r:.200} can be the name of no file: {problem}",
            kind="unnameable-item",
            hint="stook get NAME ITEM prints the path of a file that has it",
        )
    return base


def _with_ending(base: str, name: str) -> str:
    """Return a path for a file under another name than its own, with the ending that it has."""
    stem, dot, ending = name.rpartition(".")
    if base.rpartition("/")[2] == name or not stem or base.endswith(dot + ending):
        return base
    return check_path(f"{base}.{ending}")


def _named(base: str, suffix: str) -> str:
    return check_path(base if base.endswith(suffix) else (base or "data") + suffix)


def _join(base: str, path: str) -> str:
    return check_path(f"{base}/{path}") if base else path


def _check_clashes(layout: Layout) -> None:
    taken = {CHECKOUT_NOTE, *layout.all_folders()}
    for path in [*layout.paths(), *(path for path in layout.folders if path == CHECKOUT_NOTE)]:
        if path in taken:
            _refuse_clash(path)
        taken.add(path)


def _refuse_clash(path: str) -> None:
    what = "the note of the checkout itself" if path == CHECKOUT_NOTE else "two of its items"
    raise InputError(
        f"the path {path!r:.200} would be that of {what}",
        kind="same-path",
        hint="stook get NAME ITEM prints the path of a file that has it",
    )
