"""Who is told of all that is read in the process, besides the tasks that run."""

from __future__ import annotations

import os

__all__ = ["Bystander"]


class Bystander:
    """Is told of all that is read, by whomever; one that is interested overrides `note`."""

    def note(self, path: str) -> None:
        """A file or folder is about to be read.

        Args:
            path: Absolute.
        """

    def on_open(self, path: str, flags: int) -> None:
        """A file is about to be opened."""
        if flags & os.O_ACCMODE != os.O_WRONLY and not flags & os.O_TRUNC:
            self.note(path)

    def on_alter(self, path: str) -> None:
        """A file is about to be changed."""

    def on_make_folder(self, path: str) -> None:
        """A folder is about to be made."""

    def on_move(self, source: str, target: str) -> None:
        """Something gets another name."""

    def on_connect(self, path: str) -> None:
        """A database in a file is about to be opened."""
        self.note(path)
