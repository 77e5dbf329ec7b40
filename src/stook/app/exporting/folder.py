"""An export into a folder, which has all of it or is as it was."""

from __future__ import annotations

import os
from pathlib import Path

from stook.app.exporting.deciding import Found, is_there_already
from stook.app.exporting.manifest import (
    MANIFEST,
    MAX_BYTES,
    ExportedFile,
    Manifest,
    dump,
    load_manifest,
)
from stook.app.exporting.plan import Plan
from stook.errors import InputError
from stook.storage.disk_errors import translate_os_errors
from stook.store.checkout.site import Site, open_site
from stook.store.checkout.writing import write_tree
from stook.store.reading.rooted import Rooted, is_folder, opened

__all__ = ["into_folder"]


def into_folder(plan: Plan, folder: Path, *, force: bool) -> tuple[Manifest, bool]:
    """Write an export into a folder; return its manifest, and whether anything was to be written.

    It is made beside the folder, and then given its name. Files are not synced to the disk: they can be exported again.

    Raises:
        ConflictError: The folder has another export, or this one with files changed, and `force` was not given.
        InputError: It has something that is of no export.
        IntegrityError: The content is not what it was.
        StorageError: The disk refused. Whatever is raised, the folder is as it was.
    """
    with translate_os_errors(folder), open_site(folder) as site:
        found = _look(site)
        if found and is_there_already(found, plan.manifest(), force=force) and found.manifest:
            return found.manifest, False
        with site.workshop() as workshop, site.new_tree(workshop) as tree:
            manifest = _write(plan, tree)
            with site.locked():
                before = _look(site)
                if before is not None:
                    is_there_already(before, manifest, force=force)
                site.put_in_place(workshop, replaces=before is not None)
    return manifest, True


def _write(plan: Plan, tree: Rooted) -> Manifest:
    written, _ = write_tree(tree, plan.layout, plan.repository)
    manifest = plan.manifest(ExportedFile(file.path, file.size, file.digest) for file in written)
    with open(tree.create(MANIFEST), "wb") as file:
        file.write(dump(manifest))
    return manifest


def _look(site: Site) -> Found | None:
    """Return what is at the place; None where nothing is."""
    try:
        about = os.stat(site.name or ".", dir_fd=site.parent.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not is_folder(about) or not site.name:
        raise InputError(
            f"{site.path} is {'no folder' if site.name else 'the root of the disk'}",
            kind="not-an-export",
            hint="name a new folder",
        )
    with opened(site.name, site.parent.descriptor) as root:
        sizes = _sizes(root)
        manifest = _read(root) if MANIFEST in sizes else None
    return Found(str(site.path), sizes, manifest)


def _sizes(root: Rooted) -> dict[str, int]:
    """Return the bytes of all files below a folder by path; links and the like count as files, and are not followed."""
    sizes: dict[str, int] = {}
    pending = [""]
    while pending:
        for path, about in root.listing(pending.pop()):
            if is_folder(about):
                pending.append(path)
            else:
                sizes[path] = about.st_size
    return sizes


def _read(root: Rooted) -> Manifest | None:
    with open(root.open(MANIFEST), "rb") as file:
        return load_manifest(file.read(MAX_BYTES))
