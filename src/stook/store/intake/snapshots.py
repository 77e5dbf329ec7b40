"""What files looked like when they were last read, so that what has not changed since need not be read again.

A file is taken for unchanged where its size, times, inode, device and mode are as they were, and where it was written
long enough before it was read: one that is written twice within a tick of its disk's clock looks the same both times.
How long ago that was cannot be told by this machine's clock where the disk is another's, as over a network. There the
times of files are compared with each other, and with how much time has passed since they were first looked at.

What no such rule can find: writes through a memory map that the system has not written back yet, a remote file system
whose client still shows an old status, and a write of as many bytes whose time is set back on a disk that keeps no time
of any change of its own, as FAT.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from blake3 import blake3

from stook._io import temp_name
from stook.format import trees
from stook.format.packs import PackEnd
from stook.model.tree import Blob, File, Folder, Node
from stook.store.intake.disk_clock import Changes, changes_of, local_devices
from stook.store.intake.scan import Scan, State, unpack_state

__all__ = ["SeenFile", "Snapshot", "Snapshots"]

_VERSION = 2
_RACY_NS = 2_000_000_000
_KEPT = 200
_HEAD = struct.Struct("<I32s")


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
    """A folder, or one file, as it was read; the files in it, which may be a million, are read apart.

    Attributes:
        version: Of this structure.
        root: Its absolute path, as the system has it.
        time: When the reading began, by this machine's clock, in ns since the epoch.
        disk_time: What the clock of its disk showed then at the least, likewise.
        changed: When any file in it was last changed, likewise.
        look: That of its scan; empty where a file was changed between the scan and its reading.
        digest: Digest of the tree.
        packs: Where its content is.
        files: BLAKE3 of its files.
    """

    version: int
    root: bytes
    time: int
    disk_time: int
    changed: int
    look: bytes
    digest: str
    packs: list[PackEnd]
    files: bytes

    @property
    def is_settled(self) -> bool:
        """Whether every file had been written long enough before it was read."""
        return self.changed < self.disk_time - _RACY_NS

    def is_settled_at(self, state: State) -> bool:
        """Tell the same of one file with this state."""
        _, written, changed, *_ = unpack_state(state)
        return max(written, changed) < self.disk_time - _RACY_NS


class _Read(msgspec.Struct, frozen=True):
    """What was read, and is kept once its content is."""

    root: str
    node: File | Folder
    began: int
    look: bytes
    changes: Changes
    files: bytes
    before: Snapshot | None


class Snapshots:
    """Snapshots in a folder. Losing any loses nothing but time; one that is damaged is as none.

    Args:
        folder: Where they are; made when there is one to keep.
        now: Seconds since the epoch.
    """

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now
        self._read: list[_Read] = []

    def time(self) -> int:
        """Return the time, in ns since the epoch."""
        return int(self._now() * 1e9)

    def find(self, root: str) -> Snapshot | None:
        """Return the snapshot of an absolute path, or None."""
        try:
            with self._path(root).open("rb") as file:
                size, digest = _HEAD.unpack(file.read(_HEAD.size))
                data = file.read(size)
            if blake3(data).digest() != digest:
                return None
            snapshot = msgspec.msgpack.decode(data, type=Snapshot)
        except (OSError, struct.error, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return snapshot if (snapshot.version, snapshot.root) == (_VERSION, os.fsencode(root)) else None

    def files(self, snapshot: Snapshot) -> list[SeenFile]:
        """Return the files of a snapshot, sorted by path; none where they are damaged."""
        try:
            with self._path(os.fsdecode(snapshot.root)).open("rb") as file:
                file.seek(_HEAD.unpack(file.read(_HEAD.size))[0], os.SEEK_CUR)
                data = file.read()
            if blake3(data).digest() == snapshot.files:
                return msgspec.msgpack.decode(data, type=list[SeenFile])
        except (OSError, struct.error, msgspec.MsgspecError, UnicodeDecodeError):
            pass
        return []

    def note(
        self,
        root: str,
        node: File | Folder,
        files: Sequence[SeenFile],
        scan: Scan,
        *,
        began: int,
        before: Snapshot | None,
    ) -> None:
        """Note what was read, to be kept by the next `keep`.

        Args:
            root: Absolute path of what was read.
            node: What it is in the store.
            files: Its files, sorted by path.
            scan: What was there before they were read.
            began: The `time()` before it was looked at.
            before: The last snapshot.
        """
        is_as_scanned = all(seen.state == state for seen, (_, state) in zip(files, scan.files, strict=True))
        look = scan.look if is_as_scanned else b""
        data = msgspec.msgpack.encode(files)
        self._read.append(
            _Read(root, node, began, look, changes_of(seen.state for seen in files), data, before)
        )

    def keep(self, tree: Node, digest: str, packs: Collection[PackEnd]) -> None:
        """Keep a snapshot of all that was read in place of the last one.

        Args:
            tree: The tree that it is in.
            digest: Digest of that tree.
            packs: Packs that have its content, which is durable by now; they may have more.
        """
        read, self._read = self._read, []
        for each in read:
            own = digest if each.node is tree else trees.digest_tree(each.node)
            with suppress(OSError):  # a cache that cannot be written to costs time only
                self._write(each, own, list(packs))

    def _write(self, read: _Read, digest: str, packs: list[PackEnd]) -> None:
        disk_time = _disk_time(read.changes, read.began, read.before)
        snapshot = Snapshot(
            version=_VERSION,
            root=os.fsencode(read.root),
            time=read.began,
            disk_time=disk_time,
            changed=max(read.changes.written, read.changes.changed),
            look=read.look,
            digest=digest,
            packs=packs,
            files=blake3(read.files).digest(),
        )
        head = msgspec.msgpack.encode(snapshot)
        path = self._path(read.root)
        temp = temp_name(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temp.open("xb") as file:
                file.write(_HEAD.pack(len(head), blake3(head).digest()) + head)
                file.write(read.files)
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


def _disk_time(changes: Changes, began: int, before: Snapshot | None) -> int:
    """Return what the clock of the files' disk showed at the least when they were looked at.

    A local disk has this machine's clock. Any other has shown every time that is on it, and has gone on since.
    """
    if changes.devices <= local_devices():
        return began
    shown = changes.changed
    if before is not None:
        shown = max(shown, before.disk_time + max(0, began - before.time))
    return min(began, shown)
