"""What a log in a folder looked like when it was read, by which it is told cheaply whether it has grown since."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from stook.log.lines import segment_path
from stook.log.segment_file import LastLook, find_look

__all__ = ["Seen"]


class Seen(msgspec.Struct, frozen=True):
    """How far a log in a folder was read.

    Attributes:
        root: The folder of the log.
        lasts: The last segments, by name in that folder.
    """

    root: str
    lasts: Mapping[str, LastLook]

    def is_all(self) -> bool:
        """Tell whether the log is as it was: no other writer, no other segment, no byte more. Raises OSError."""
        try:
            names = os.listdir(self.root)
        except FileNotFoundError:
            names = []
        return len(names) == len(self.lasts) and all(map(self._is_same, names))

    def _is_same(self, name: str) -> bool:
        if name not in self.lasts:
            return False
        seq, look = self.lasts[name]
        if find_look(segment_path(self.root, name, seq + 1)) is not None:
            return False
        return not seq or find_look(segment_path(self.root, name, seq)) == look

    def with_own(self, writer: str, before: LastLook, after: LastLook) -> Seen:
        """Return what was seen with an own append to it; the same where others had written before that."""
        if self.lasts.get(writer, (0, None)) != before:
            return self
        return Seen(self.root, {**self.lasts, writer: after})
