"""What is in a checked-out folder now, held against its note."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

from blake3 import blake3

from stook.store.checkout.note import CheckedOut, Note, settled_before
from stook.store.intake.ignore import CHECKOUT_NOTE, Ignored
from stook.store.reading.rooted import Found, Rooted, is_folder

__all__ = ["Local", "look_around"]

_BLOCK = 1 << 20


@dataclass(slots=True)
class Local:
    """The state of a folder; all paths are relative to it.

    Attributes:
        edited: Files of the checkout that have other content by now, or may (not) be run.
        deleted: Files of the checkout that are not there any more, or are something else.
        added: All other files, links and the like that are not ignored.
        ignored: Those that `.stookignore` names.
        folders: Folders in which nothing of the checkout is.
        inodes: What tells edited, added and ignored files from others of their names.
    """

    edited: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    inodes: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether the files of the checkout are as they were, and there are no others but ignored ones."""
        return not (self.edited or self.deleted or self.added)

    def of_user(self) -> list[str]:
        """Return the files that only the user has."""
        return self.edited + self.added + self.ignored


def look_around(root: Rooted, note: Note | None, ignored: Ignored | None, *, into_ignored: bool) -> Local:
    """Compare a folder with its note; without one, all that is in it counts as added.

    Args:
        root: The folder.
        note: What was checked out there.
        ignored: What of it is ignored.
        into_ignored: Whether to look into folders that are ignored too.

    Raises:
        OSError: Something in it cannot be read.
    """
    local = Local()
    missing = {file.path: file for file in note.files} if note else {}
    inside = {path.rpartition("/")[0] for path in missing}
    pending = [("", False)]
    while pending:
        folder, is_ignored = pending.pop()
        if folder and folder not in inside:
            local.folders.append(folder)
        for path, about in root.listing(folder):
            skipped = is_ignored or (path not in missing and _is_ignored(path, about, ignored))
            if is_folder(about):
                if not skipped or into_ignored:
                    pending.append((path, skipped))
            elif path != CHECKOUT_NOTE:
                _note_file(local, root, (path, about), missing, note, skipped=skipped)
    local.deleted = sorted(missing)
    for paths in (local.edited, local.added, local.ignored, local.folders):
        paths.sort()
    return local


def _is_ignored(path: str, about: os.stat_result, ignored: Ignored | None) -> bool:
    return ignored is not None and ignored(f"{path}/" if is_folder(about) else path)


def _note_file(
    local: Local,
    root: Rooted,
    found: Found,
    missing: dict[str, CheckedOut],
    note: Note | None,
    *,
    skipped: bool,
) -> None:
    path, about = found
    known = missing.get(path)
    if known is not None and note is not None and stat.S_ISREG(about.st_mode):
        del missing[path]
        if _is_same(root, found, known, note.written):
            return
        local.edited.append(path)
    else:
        (local.ignored if skipped else local.added).append(path)
    local.inodes[path] = about.st_ino


def _is_same(root: Rooted, found: Found, known: CheckedOut, written: int) -> bool:
    path, about = found
    if about.st_size != known.size or bool(about.st_mode & stat.S_IXUSR) != known.executable:
        return False
    if about.st_mtime_ns == known.mtime and settled_before(known.mtime, written):
        return True
    return _digest(root, path) == known.digest


def _digest(root: Rooted, path: str) -> str:
    digest = blake3()
    descriptor = root.open(path)
    try:
        while block := os.read(descriptor, _BLOCK):
            digest.update(block)
    finally:
        os.close(descriptor)
    return digest.hexdigest()
