"""When the files of a disk were changed, held against the clock of that disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

import msgspec

from stook.store.intake.scan import State, unpack_state

__all__ = ["Changes", "changes_of", "local_devices"]

# Not btrfs, whose files name another device than its mount does.
_LOCAL_DISKS = frozenset({"bcachefs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"})


class Changes(msgspec.Struct, frozen=True):
    """When some files were last changed, in ns since the epoch.

    Attributes:
        written: The newest time of a change of content; anyone can set these.
        changed: The newest time of any change; only the disk's clock sets these.
        devices: The devices that they are on.
    """

    written: int
    changed: int
    devices: frozenset[int]


def changes_of(states: Iterable[State]) -> Changes:
    """Return when files with these states were changed."""
    written = changed = 0
    devices = set()
    for state in states:
        _, mtime, ctime, _, device, _ = unpack_state(state)
        written, changed = max(written, mtime), max(changed, ctime)
        devices.add(device)
    return Changes(written, changed, frozenset(devices))


def local_devices() -> set[int]:
    """Return the devices whose times this machine sets; those that cannot be told are left out, on macOS all."""
    devices = set()
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            mount, _, source = line.partition(" - ")
            if source.split(" ", 1)[0] in _LOCAL_DISKS:
                major, minor = mount.split(" ", 3)[2].split(":")
                devices.add(os.makedev(int(major), int(minor)))
    return devices
