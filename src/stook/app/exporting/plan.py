"""Which files a bundle becomes for engines: those of a checkout, but each table in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING, Final

from msgspec import structs

from stook import registry
from stook.app.exporting.manifest import MANIFEST, UNFINISHED, Column, ExportedFile, ExportedTable, Manifest
from stook.errors import InputError
from stook.model.tree import Object, iter_items
from stook.store.bundle import Bundle
from stook.store.checkout.layout import Converted, Layout, lay_out
from stook.store.reading.decode import BlobSource

if TYPE_CHECKING:
    from stook.store.codec import FrameCodec
    from stook.store.repository import Repository

__all__ = ["FORMATS", "Plan", "make_plan"]

FORMATS: Final = ("parquet", "csv")
"""What tables can be exported as."""

_EXPORT_NUMBER = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """An export to be made.

    Attributes:
        bundle: The bundle.
        format: What tables are written as.
        layout: Its files.
        tables: Its tables.
    """

    bundle: Bundle
    format: str
    layout: Layout
    tables: tuple[ExportedTable, ...]

    @property
    def repository(self) -> Repository:
        """Where the bytes are."""
        return self.bundle.repository

    def manifest(self, files: Iterable[ExportedFile] = ()) -> Manifest:
        """Return what is said of the export, once its files are known."""
        return Manifest(
            stook_export=_EXPORT_NUMBER,
            name=self.bundle.name,
            id=self.bundle.id,
            digest=self.bundle.digest,
            format=self.format,
            tables=self.tables,
            files=tuple(sorted(files, key=lambda file: file.path)),
        )


def make_plan(bundle: Bundle, format: str) -> Plan:  # noqa: A002 - what the option is called
    """Return the files that a bundle becomes.

    Raises:
        InputError: There is no such format, or two files would be one, or a file would be among those of a table.
        IntegrityError: A path leads out of the export, or a table is damaged.
    """
    if format not in FORMATS:
        raise InputError(
            f"tables cannot be exported as {format!r}",
            kind="bad-option",
            hint=f"choose one of {', '.join(FORMATS)}",
        )
    layout = lay_out(bundle.tree, format)
    frames = {
        id(leaf.blob): leaf
        for _, leaf in iter_items(bundle.tree)
        if isinstance(leaf, Object) and leaf.kind == "frame"
    }
    found: dict[str, Object] = {}
    files = []
    for file in layout.files:
        leaf = frames.get(id(file.blob))
        files.append(structs.replace(file, path=_own_folder(file.path)) if leaf else file)
        found.update({files[-1].path: leaf} if leaf else {})
    converted = []
    for each in layout.converted:
        leaf = each.leaf if isinstance(each.leaf, Object) else None
        converted.append(_in_own_folder(each) if leaf else each)
        found.update({converted[-1].path: leaf} if leaf else {})
    layout = Layout(tuple(files), tuple(converted), layout.folders)
    _check_paths(layout.paths(), found)
    tables = tuple(_describe(dirname(path), leaf, bundle) for path, leaf in sorted(found.items()))
    return Plan(bundle, format, layout, tables)


def _own_folder(path: str) -> str:
    """Return where the file of a table goes: `sales/sales.parquet` in place of `sales.parquet`."""
    return join(path.rpartition(".")[0], basename(path))


def _in_own_folder(table: Converted) -> Converted:
    links_at = f"../{table.links_at}" if table.linked is not None else ""
    return replace(table, path=_own_folder(table.path), links_at=links_at)


def _check_paths(paths: Iterable[str], tables: Iterable[str]) -> None:
    """Refuse files that an engine would take for a table's, and those with the names of an export's own."""
    table_in = {dirname(path): path for path in tables}
    for path in paths:
        at = path
        while at:
            if at in {MANIFEST, UNFINISHED} or table_in.get(at, path) != path:
                raise _clash(path)
            at = dirname(at)


def _clash(path: str) -> InputError:
    return InputError(
        f"the file {path!r:.200} would be among those of a table, or of the export itself",
        kind="same-path",
        hint="stook checkout NAME writes all of it as files",
    )


def _describe(folder: str, leaf: Object, bundle: Bundle) -> ExportedTable:
    codec: FrameCodec = registry.codec("frame")
    shape = codec.describe(
        BlobSource(bundle.repository, leaf.blob, codec.suffix, bundle.ref, folder), leaf.meta
    )
    return ExportedTable(folder, shape.rows, tuple(Column(name, kind) for name, kind in shape.columns))
