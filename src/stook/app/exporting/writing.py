"""Write a bundle as plain files that engines read, into a folder or a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stook.app.exporting.bucket import into_bucket
from stook.app.exporting.folder import into_folder
from stook.app.exporting.manifest import ExportedFile, ExportedTable
from stook.app.exporting.plan import FORMATS, make_plan
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.store.bundle import Bundle
from stook.store.reading.whose import in_bundle

__all__ = ["FORMATS", "Exported", "export"]


@dataclass(frozen=True, slots=True)
class Exported:
    """What exporting did.

    Attributes:
        url: Where the files are: the path of a folder, or a URL.
        ref: The bundle: `name@id`.
        format: What tables are.
        tables: The tables: for each the folder that has it, its rows and its columns.
        files: The files.
        is_new: Whether anything was written; otherwise it was there already.
    """

    url: str
    ref: str
    format: str
    tables: tuple[ExportedTable, ...]
    files: tuple[ExportedFile, ...]
    is_new: bool

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(file.size for file in self.files)


def export(
    bundle: Bundle,
    target: str | Path,
    *,
    format: str = "parquet",  # noqa: A002 - what the option is called
    force: bool = False,
    options: Mapping[str, str] | None = None,
) -> Exported:
    """Write a bundle as plain files: each table as one file in a folder of its own, values as JSON, files as they are.

    A file `_stook.json` says what it is. It is written last: while it is there, the export is whole.

    Args:
        bundle: The bundle.
        target: A folder, or a URL such as `s3://bucket/prefix`: new, empty, or with an earlier export.
        format: What tables are written as: `parquet` or `csv`.
        force: Replace an export of another version, or one in which something was changed.
        options: Of the bucket, as `stook.storage.open_storage` takes them.

    Raises:
        ConflictError: There is another export, and `force` was not given; or someone exports to the same place now.
        InputError: There is something that is of no export; or the bundle cannot be written so.
        IntegrityError: The bundle is damaged.
        StorageError: The disk or the bucket refused.
    """
    storage = open_storage(str(target), options=options)
    with in_bundle(bundle.ref, bundle.repository):
        plan = make_plan(bundle, format)
        if isinstance(storage, FolderStorage):
            url = str(storage.root)
            manifest, is_new = into_folder(plan, storage.root, force=force)
        else:
            url = storage.url
            manifest, is_new = into_bucket(plan, storage, force=force)
    return Exported(url, manifest.ref, format, manifest.tables, manifest.files, is_new)
