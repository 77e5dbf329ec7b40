"""The end of the log, looked at without the catalog taking it in: what a process has to heed of others in between."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from stook.errors import IntegrityError
from stook.format import records
from stook.log import FolderLog, Line, Log
from stook.model.clock import Clock, is_id
from stook.model.position import Position

__all__ = ["Tail"]

_MOST: Final = 10_000


class Tail:
    """What was written to a log since the catalog was last brought up to date by this process.

    Safe to share between threads.

    Args:
        log: The log.
        clock: Is told of ids, so that it makes greater ones.

    Attributes:
        begun: How often the catalog was brought up to date.
    """

    def __init__(self, log: Log, clock: Clock) -> None:
        self.begun = 0
        self._log = log
        self._clock = clock
        self._known: Mapping[str, Position] = {}
        self._fingerprints: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, known: Mapping[str, Position]) -> None:
        """Take note that the catalog knows all up to some positions."""
        with self._lock:
            self.begun += 1
            if not any(_is_before(known.get(writer), at) for writer, at in self._known.items()):
                self._known = known
                self._fingerprints.clear()

    def look(self) -> bool:
        """Look at what is new; False where the catalog has to be brought up to date instead.

        That is so where something else than bundles was written, or a lot, and where it would be no quicker.

        Raises:
            StorageError: The log cannot be read.
        """
        with self._lock:
            if not isinstance(self._log, FolderLog) or not self._known or len(self._fingerprints) > _MOST:
                return False
            try:
                return self._take_in(self._log)
            except IntegrityError:  # it went back
                self._known = {}
                return False

    def has(self, fingerprint: str) -> bool:
        """Tell whether there is a bundle of this fingerprint among what was looked at."""
        return fingerprint in self._fingerprints

    def _take_in(self, log: Log) -> bool:
        known, newest = dict(self._known), ""
        for item in log.read(known):
            found = records.glance(item.payload) if isinstance(item, Line) else None
            if found is None or found.type != "bundle" or not is_id(found.id):
                return False
            newest = max(newest, found.id)
            self._fingerprints.add(found.fingerprint)
            known[item.writer] = item.position
        self._known = known
        if newest:
            self._clock.observe(newest)
        return True


def _is_before(position: Position | None, other: Position) -> bool:
    return position is None or (position.seq, position.offset) < (other.seq, other.offset)
