"""The place beside a checkout where the next one is made, and the swap of the two.

Everything is made in a private temporary folder in the same parent, which holds a lock while its maker lives; what a
killed one left is found by that and put right by the next.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blake3 import blake3

from stook.errors import InputError
from stook.store.checkout.exchange import exchange
from stook.store.checkout.local import look_around
from stook.store.checkout.note import read_note
from stook.store.intake.ignore import CHECKOUT_NOTE
from stook.store.reading.rooted import Rooted, opened, remove_tree

__all__ = ["Site", "open_site"]

_TEMP = re.compile(r"\.stook-checkout-([0-9a-f]{8})-[0-9a-f]{16}")
_NEW, _BEFORE, _NOTE = "new", "before", "note"
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF, errno.EINVAL, errno.ENOSYS})


class Site:
    """A folder that is or becomes a checkout, by its parent and its name there.

    Args:
        path: Where it is, without links.
        parent: The parent, open.
    """

    def __init__(self, path: Path, parent: Rooted) -> None:
        self.path = path
        self.name = path.name
        self.parent = parent
        self._hint = blake3(os.fsencode(self.name)).hexdigest(8)[:8]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one for the time of the block who changes checkouts in this parent."""
        locks = _lock(self.parent.descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if locks:
                fcntl.flock(self.parent.descriptor, fcntl.LOCK_UN)

    @contextmanager
    def workshop(self) -> Iterator[Rooted]:
        """Make a temporary folder, with an empty folder for the new tree in it; both are gone afterwards."""
        name = f".stook-checkout-{self._hint}-{os.urandom(8).hex()}"
        with self.locked():
            os.mkdir(name, 0o700, dir_fd=self.parent.descriptor)
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.parent.descriptor)
            _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            os.mkdir(_NEW, dir_fd=descriptor)
            yield Rooted(descriptor)
            self._remove(name)
        except BaseException:
            self._discard(name, Rooted(descriptor))
            raise
        finally:
            os.close(descriptor)

    def write_note(self, workshop: Rooted, folder: Rooted, data: bytes) -> None:
        """Write the note of a folder, whole or not at all."""
        with open(workshop.create(_NOTE), "wb") as file:
            file.write(data)
        os.rename(_NOTE, CHECKOUT_NOTE, src_dir_fd=workshop.descriptor, dst_dir_fd=folder.descriptor)

    @contextmanager
    def new_tree(self, workshop: Rooted) -> Iterator[Rooted]:
        """Open the new tree of a workshop."""
        with opened(_NEW, workshop.descriptor) as tree:
            yield tree

    def put_in_place(self, workshop: Rooted, *, replaces: bool) -> str:
        """Give the new tree its name at once; return under which name the workshop has the one before, if any."""
        here, there = workshop.descriptor, self.parent.descriptor
        if not replaces:
            os.rename(_NEW, self.name, src_dir_fd=here, dst_dir_fd=there)
            return ""
        if exchange(here, _NEW, there, self.name):
            return _NEW
        os.rename(self.name, _BEFORE, src_dir_fd=there, dst_dir_fd=here)
        try:
            os.rename(_NEW, self.name, src_dir_fd=here, dst_dir_fd=there)
        except OSError:
            os.rename(_BEFORE, self.name, src_dir_fd=here, dst_dir_fd=there)
            raise
        return _BEFORE

    def sweep(self) -> None:
        """Put right what killed checkouts left in the parent."""
        with self.locked():
            for name in os.listdir(self.parent.descriptor):
                match = _TEMP.fullmatch(name)
                if match is None:
                    continue
                with suppress(FileNotFoundError, NotADirectoryError, BlockingIOError, PermissionError):
                    self._sweep_one(name, is_ours=match[1] == self._hint)

    def _sweep_one(self, name: str, *, is_ours: bool) -> None:
        with opened(name, self.parent.descriptor) as left:
            fcntl.flock(left.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            has_before = _BEFORE in os.listdir(left.descriptor)
            if has_before and not os.path.lexists(self.path):
                if is_ours:
                    os.rename(
                        _BEFORE, self.name, src_dir_fd=left.descriptor, dst_dir_fd=self.parent.descriptor
                    )
                return
            if has_before and not is_ours:
                return
            self._discard(name, left)

    def _discard(self, name: str, left: Rooted) -> None:
        """Remove a workshop, unless it has what the user has nowhere else."""
        if all(_is_disposable(left, tree) for tree in (_NEW, _BEFORE)):
            self._remove(name)
            return
        warnings.warn(
            f"an interrupted checkout left files of yours in {self.path.with_name(name)};"
            " take what you need, then remove it",
            stacklevel=2,
        )

    def _remove(self, name: str) -> None:
        remove_tree(name, self.parent.descriptor)


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    """Open the place of a checkout; what a killed checkout left there is put right, missing folders above are made."""
    path = Path(os.path.realpath(folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path.parent) as parent:
        site = Site(path, parent)
        site.sweep()
        yield site


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _is_disposable(left: Rooted, name: str) -> bool:
    """Tell whether all that is in a tree can be made again, or is elsewhere too."""
    try:
        with opened(name, left.descriptor) as tree:
            note = read_note(tree)
            if note is None:
                return True  # not finished, so it was never in its place
            local = look_around(tree, note, None, into_ignored=True)
            return all(tree.stat(path).st_nlink > 1 for path in local.of_user())
    except FileNotFoundError:
        return True
    except InputError:
        return False  # a note that we did not write
