"""What files looked like when they were last read, so that what has not changed since need not be read again.

A file is taken for unchanged where its size, times, inode, device and mode are as they were, and where it was written
long enough before it was read: one that is written twice within a tick of its disk's clock looks the same both times.
How long ago that was cannot be told by this machine's clock where the disk is another's, as over a network. There the
times of files are compared with each other, and with how much time has passed since they were first looked at.

What no such rule can find: writes through a memory map that the system has not written back yet, and a remote file
system whose client still shows an old status.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from blake3 import blake3

from stook._io import read_if_present, temp_name
from stook.model.tree import Blob
from stook.store.intake.scan import State

__all__ = ["SeenFile", "Snapshot", "Snapshots"]

_VERSION = 1
_RACY_NS = 2_000_000_000
_KEPT = 200
_DIGEST_BYTES = 32
_LOCAL_DISKS = frozenset({"apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs", "zfs"})


class SeenFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file as it was read.

    Attributes:
        path: Relative to what was added.
        state: Its state before it was read.
        blob: Its content.
        listing: The ids of its chunks, 32 bytes each, where `blob` has a listing.
    """

    path: str
    state: State
    blob: Blob
    listing: bytes = b""


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """A folder, or one file, as it was read.

    Attributes:
        version: Of this structure.
        root: Its absolute path, as the system has it.
        time: When the reading began, by this machine's clock, in ns since the epoch.
        disk_time: What the clock of its disk showed then at the least, likewise.
        digest: Digest of the tree.
        files: Its files, sorted by path.
        empty: Its empty folders, sorted.
    """

    version: int
    root: bytes
    time: int
    disk_time: int
    digest: str
    files: list[SeenFile]
    empty: list[str]

    def is_settled(self, state: State) -> bool:
        """Tell whether a file with this state had been written long enough before it was read."""
        return max(state[1], state[2]) < self.disk_time - _RACY_NS


class Snapshots:
    """Snapshots in a folder. Losing any loses nothing but time; one that is damaged is as none.

    Args:
        folder: Where they are; made when there is one to keep.
        now: Seconds since the epoch.
    """

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now

    def time(self) -> int:
        """Return the time, in ns since the epoch."""
        return int(self._now() * 1e9)

    def find(self, root: str) -> Snapshot | None:
        """Return the snapshot of an absolute path, or None."""
        try:
            data = read_if_present(self._path(root)) or b""
            if blake3(data[_DIGEST_BYTES:]).digest() != data[:_DIGEST_BYTES]:
                return None
            snapshot = msgspec.msgpack.decode(memoryview(data)[_DIGEST_BYTES:], type=Snapshot)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return snapshot if (snapshot.version, snapshot.root) == (_VERSION, os.fsencode(root)) else None

    def keep(
        self,
        root: str,
        began: int,
        digest: str,
        files: list[SeenFile],
        empty: list[str],
        *,
        before: Snapshot | None,
    ) -> None:
        """Keep a snapshot in place of the last one.

        Args:
            root: Absolute path of what was read.
            began: The `time()` before it was looked at.
            digest: Digest of its tree.
            files: Its files, sorted by path.
            empty: Its empty folders, sorted.
            before: The last snapshot.
        """
        at = _disk_time([seen.state for seen in files], began, before)
        data = msgspec.msgpack.encode(Snapshot(_VERSION, os.fsencode(root), began, at, digest, files, empty))
        path = self._path(root)
        temp = temp_name(path)
        with suppress(OSError):  # a cache that cannot be written to costs time only
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temp.write_bytes(blake3(data).digest() + data)
                os.replace(temp, path)
            finally:
                temp.unlink(missing_ok=True)
            self._forget_old()

    def _path(self, root: str) -> Path:
        return self._folder / blake3(os.fsencode(root)).hexdigest()[:32]

    def _forget_old(self) -> None:
        with os.scandir(self._folder) as entries:
            paths = [(entry.stat().st_mtime_ns, entry.path) for entry in entries]
        for _, path in sorted(paths)[:-_KEPT]:
            os.unlink(path)


def _disk_time(states: Iterable[State], began: int, before: Snapshot | None) -> int:
    """Return what the clock of the files' disk showed at the least when they were looked at.

    A local disk has this machine's clock. Any other has shown every time that is on it, and has gone on since.
    """
    states = list(states)
    if {state[4] for state in states} <= _local_devices():
        return began
    shown = max((state[2] for state in states), default=0)
    if before is not None:
        shown = max(shown, before.disk_time + max(0, began - before.time))
    return min(began, shown)


def _local_devices() -> set[int]:
    """Return the devices whose times this machine sets; those that cannot be told are left out."""
    devices = set()
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            mount, _, source = line.partition(" - ")
            if source.split(" ", 1)[0] in _LOCAL_DISKS:
                major, minor = mount.split(" ", 3)[2].split(":")
                devices.add(os.makedev(int(major), int(minor)))
    return devices
