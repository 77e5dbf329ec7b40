"""Check a bundle out: its content as plain files of the user's, all at once or not at all."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from stook.errors import ConflictError, InputError, StookError
from stook.storage.disk_errors import translate_os_errors
from stook.store.checkout.adopt import adopt
from stook.store.checkout.keep import Keeper
from stook.store.checkout.layout import Layout, lay_out
from stook.store.checkout.local import Local, look_around
from stook.store.checkout.note import Note, dump_note, read_note
from stook.store.checkout.site import Site, open_site
from stook.store.checkout.writing import write_tree
from stook.store.intake.ignore import CHECKOUT_NOTE, read_ignored
from stook.store.reading.rooted import Rooted, opened
from stook.store.reading.whose import in_bundle

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["Checkout", "checkout", "note_content"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Checkout:
    """What checking out did.

    Attributes:
        folder: Where the files are.
        ref: The bundle: `name@id`.
        files: How many files are the bundle's.
        size: Bytes in them.
        is_new: Whether files were written; otherwise the folder had this content already.
        kept: Files in the folder that are the user's own, where the folder was a checkout before.
    """

    folder: Path
    ref: str
    files: int
    size: int
    is_new: bool
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Before:
    """A folder that is there already: its note and state, and its mode."""

    note: Note | None
    local: Local
    mode: int


def checkout(
    store: Store,
    bundle: Bundle,
    folder: str | Path | None = None,
    *,
    format: str = "parquet",  # noqa: A002 - what the option is called
    force: bool = False,
) -> Checkout:
    """Write a bundle's content as plain files into a folder, which has either all of them or is as it was.

    A folder that is a checkout is replaced where nothing in it was changed. Files that `.stookignore` names are kept in
    it. Files are not synced to the disk: they can be checked out again.

    Args:
        store: The store that has the bundle.
        bundle: What to write.
        folder: Where: a new folder, an empty one, or a checkout. `./NAME` where not given.
        format: What tables are written as: `parquet`, `csv` or `feather`.
        force: Replace a checkout though it was changed. Edited files are kept as `FILE.yours`, added ones as they are.

    Raises:
        ConflictError: The folder is a checkout in which files were edited, added or deleted; they are named.
        InputError: The folder is something else, or the bundle cannot be written as files.
        IntegrityError: The content is not what it was, or a path in it leads out of the folder.
        StorageError: The disk refused. Whatever is raised, the folder is as it was.
    """
    target = Path(folder if folder is not None else bundle.name)
    layout, note = _plan(store, bundle, format)
    with translate_os_errors(target), open_site(target) as site, in_bundle(bundle.ref, store.repository):
        before = _look(site, note)
        if before and before.note:
            if before.local.is_clean and not force and _has_content(before.note, note, layout):
                return _done(site, before.note, (), is_new=False)
            adopted = _adopt(store, site, layout, note, before)
            if adopted:
                return _done(site, adopted, (), is_new=False)
        _refuse_changes(site, before, force=force)
        return _replace(site, store, layout, note, force=force)


def note_content(store: Store, bundle: Bundle, folder: Path, *, format: str) -> bool:  # noqa: A002
    """Note in a checkout that it has a bundle's content, if it has. No file in it is written or replaced.

    Args:
        store: The store that has the bundle.
        bundle: The bundle.
        folder: The checkout.
        format: What its tables are written as.

    Returns:
        Whether it has.

    Raises:
        InputError: The folder is no checkout, or the bundle cannot be written as files.
        IntegrityError: The content is not what it was.
        StorageError: The disk refused.
    """
    layout, note = _plan(store, bundle, format)
    with translate_os_errors(folder), open_site(folder) as site, in_bundle(bundle.ref, store.repository):
        before = _look(site, note)
        return before is not None and _adopt(store, site, layout, note, before) is not None


def _plan(store: Store, bundle: Bundle, format: str) -> tuple[Layout, Note]:  # noqa: A002
    """Return the files that a bundle becomes, and the note of them, but for what is known when they are there."""
    with in_bundle(bundle.ref, store.repository):
        layout = lay_out(bundle.tree, format)
    note = Note(
        store=store.repository.url,
        context=store.context,
        name=bundle.name,
        id=bundle.id,
        digest=bundle.digest,
        tables=format,
        written=0,
        files=(),
    )
    return layout, note


def _replace(site: Site, store: Store, layout: Layout, note: Note, *, force: bool) -> Checkout:
    with site.workshop() as workshop, site.new_tree(workshop) as tree:
        files, written = write_tree(tree, layout, store.repository)
        note = structs.replace(note, written=written, files=tuple(files))
        paths = [*(file.path for file in files), CHECKOUT_NOTE]
        keeper = Keeper(tree, paths, layout.all_folders())
        with site.locked():
            kept = _swap(site, workshop, keeper, note, force=force)
    return _done(site, note, tuple(kept), is_new=True)


def _swap(site: Site, workshop: Rooted, keeper: Keeper, note: Note, *, force: bool) -> list[str]:
    before = _look(site, note)
    _refuse_changes(site, before, force=force)
    kept: list[str] = []
    if before is not None:
        with opened(site.name, site.parent.descriptor) as old:
            kept = keeper.keep(old, before.local)
        os.fchmod(keeper.tree.descriptor, before.mode)
    site.write_note(workshop, keeper.tree, dump_note(note))
    aside = site.put_in_place(workshop, replaces=before is not None)
    if before is not None and aside:
        with opened(aside, workshop.descriptor) as old:  # what was changed since we looked
            kept += keeper.keep(old, look_around(old, before.note, None, into_ignored=True))
    return kept


def _look(site: Site, wanted: Note) -> _Before | None:
    """Return what is at the place; None where nothing is. Raises where it is no checkout."""
    try:
        about = os.stat(site.name or ".", dir_fd=site.parent.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISDIR(about.st_mode) or not site.name:
        raise _foreign(site, "is no folder" if site.name else "is the root of the disk", wanted)
    with opened(site.name, site.parent.descriptor) as root:
        note = read_note(root)
        if note is None and root.listing(""):
            raise _foreign(site, "is not empty, and no checkout", wanted)
        ignored = read_ignored(str(site.path)) if note else None
        local = look_around(root, note, ignored, into_ignored=True)
    return _Before(note, local, stat.S_IMODE(about.st_mode))


def _refuse_changes(site: Site, before: _Before | None, *, force: bool) -> None:
    if before is not None and not before.local.is_clean and not force:
        raise _changed(site, before.local)


def _adopt(store: Store, site: Site, layout: Layout, note: Note, before: _Before) -> Note | None:
    """Note that a checkout has the content already, if it has."""
    if before.note is None:
        return None
    # To see what items would be written as costs as much as writing them: only where that may be there.
    if layout.converted and before.local.is_clean and before.note.digest != note.digest:
        return None
    return adopt(site, layout, note, _written(store, before.note, layout), store.repository)


def _written(store: Store, known: Note, layout: Layout) -> dict[str, str]:
    """Return the digests of files that a checkout of an earlier version wrote of items that are wanted, by path."""
    if not layout.converted or known.store != store.repository.url or known.context != store.context:
        return {}
    try:
        earlier = store.find(known.ref)
        items = lay_out(earlier.tree, known.tables).converted if earlier else ()
    except StookError:  # the note is anyone's, and this only saves work
        return {}
    before = {each.path: each.leaf.digest for each in items}
    same = {each.path for each in layout.converted if before.get(each.path) == each.leaf.digest}
    return {file.path: file.digest for file in known.files if file.path in same}


def _has_content(known: Note, wanted: Note, layout: Layout) -> bool:
    """Tell whether a clean checkout is that of this very version."""
    if (known.store, known.tables, known.digest, known.id) != (
        wanted.store,
        wanted.tables,
        wanted.digest,
        wanted.id,
    ):
        return False
    digests = {file.path: file.digest for file in known.files}
    is_all = len(digests) == len(layout.files) + len(layout.converted)
    return is_all and all(digests.get(file.path) == file.blob.digest for file in layout.files)


def _done(site: Site, note: Note, kept: tuple[str, ...], *, is_new: bool) -> Checkout:
    size = sum(file.size for file in note.files)
    return Checkout(site.path, note.ref, len(note.files), size, is_new, kept)


def _foreign(site: Site, what: str, wanted: Note) -> InputError:
    return InputError(
        f"{site.path} {what}",
        kind="not-a-checkout",
        hint=f"name a new folder: stook checkout {shlex.quote(wanted.name)} FOLDER",
        path=str(site.path),
    )


def _changed(site: Site, local: Local) -> ConflictError:
    changes = {"edited": local.edited, "added": local.added, "deleted": local.deleted}
    lines = [f"{what}: {path}" for what, paths in changes.items() for path in paths]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return ConflictError(
        f"{site.path} was changed since it was checked out:\n  " + "\n  ".join([*lines[:_SHOWN], *more]),
        kind="local-changes",
        hint="stook add NAME FOLDER keeps the changes as a version; --force puts edited files aside as FILE.yours",
        **{what: list(paths) for what, paths in changes.items()},
    )
