"""Two runs at once do a shared task once: whoever is at it holds a lease."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from stook.pipeline.running.lease_files import Holder, claim, give_back, note, remove_leftovers

__all__ = ["FolderLeases", "Leases", "NoLeases"]

_PATIENCE_SECONDS = 60.0
_BEATS = 12


class Leases(Protocol):
    """Who is at which task, among all runs of a store."""

    def take(self, key: str) -> str:
        """Take the lease of a key; the empty string where it is ours now, else who holds it, for a person."""
        ...

    def note_asking(self, key: str, *, is_asking: bool) -> None:
        """Say whether the task whose lease is ours waits for others that it has asked for."""
        ...

    def is_asking(self, key: str) -> bool:
        """Tell whether whoever holds a lease has said so; as of the last time that it was tried to be taken."""
        ...

    def release(self, key: str) -> None:
        """Give a lease back."""
        ...

    def close(self) -> None:
        """Give all back."""
        ...


class NoLeases:
    """Everyone may do everything."""

    def take(self, key: str) -> str:
        """Take it."""
        return ""

    def note_asking(self, key: str, *, is_asking: bool) -> None:
        """Keep nothing."""

    def is_asking(self, key: str) -> bool:
        """Know of nobody."""
        return False

    def release(self, key: str) -> None:
        """Give it back."""

    def close(self) -> None:
        """Give all back."""


class FolderLeases:
    """Leases as files in a folder, one for each key that somebody is at.

    A file is locked as long as it is held, so the kernel lets go of it when its holder dies. Where locks do not tell
    (the holder is stopped, or on another machine, or the disk has none), a file that nobody has touched for a minute,
    by the disk's clock, is taken over; a thread touches those that are held here every few seconds.

    Leases save work, and nothing is wrong without them: where the disk refuses, everyone may do everything.

    Args:
        folder: The same for all runs of a store; made when it is first needed.
        run: Id of this run.
        patience: Seconds after which a file that nobody touches is nobody's.
    """

    def __init__(self, folder: Path, run: str, *, patience: float = _PATIENCE_SECONDS) -> None:
        self._folder = str(folder)
        self._me = Holder(run, os.getpid(), os.uname().nodename)
        self._patience = patience
        self._held: dict[str, int] = {}
        self._asking: frozenset[str] = frozenset()
        self._using = threading.Lock()
        self._closed = threading.Event()
        self._heart: threading.Thread | None = None

    def take(self, key: str) -> str:
        """Take the lease of a key; the empty string where it is ours now, else who holds it, for a person."""
        try:
            if self._heart is None:
                self._begin()
            claimed = claim(f"{self._folder}/{key}", self._me, self._patience)
        except OSError:
            return ""
        if isinstance(claimed, Holder):
            self._asking = self._asking | {key} if claimed.is_asking else self._asking - {key}
            return str(claimed)
        with self._using:
            self._held[key] = claimed
        return ""

    def note_asking(self, key: str, *, is_asking: bool) -> None:
        """Say whether the task whose lease is ours waits for others that it has asked for."""
        with self._using, suppress(OSError):
            if key in self._held:
                note(self._held[key], msgspec.structs.replace(self._me, is_asking=is_asking))

    def is_asking(self, key: str) -> bool:
        """Tell whether whoever holds a lease has said so; as of the last time that it was tried to be taken."""
        return key in self._asking

    def release(self, key: str) -> None:
        """Give a lease back, so that whoever waits for it gets it."""
        if os.getpid() != self._me.pid:
            return  # a process forked from the holder's holds nothing
        with self._using:
            descriptor = self._held.pop(key, None)
            if descriptor is not None:
                give_back(f"{self._folder}/{key}", descriptor)

    def close(self) -> None:
        """Give all back."""
        for key in list(self._held):
            self.release(key)
        self._closed.set()

    def _begin(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        remove_leftovers(self._folder)
        self._heart = threading.Thread(target=self._beat, name="stook-leases", daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._closed.wait(self._patience / _BEATS):
            with self._using:  # so that no descriptor is another file's by now
                for descriptor in self._held.values():
                    with suppress(OSError):
                        os.utime(descriptor)
