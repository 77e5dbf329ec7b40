"""Locks of writers and collectors, and where they cannot be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import stook
from stook.store.gc import collect
from stook.store.packs.lease import FolderGate
from stook.store.packs.mounts import find_file_system

_MOUNTS = """\
21 1 254:0 / / rw,relatime - ext4 /dev/vda rw
22 21 0:20 / {root}/net rw shared:3 - nfs4 server:/export rw
23 21 0:21 / {root}/with\\040space rw - btrfs /dev/vdb rw
24 21 0:22 / {root}/net rw - xfs /dev/vdc rw
a line that is no mount
"""


def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    """The deepest mount above counts, the last of several on one place; names may have spaces."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(_MOUNTS.format(root=tmp_path))
    assert find_file_system(tmp_path, mounts) == "ext4"
    assert find_file_system(tmp_path / "with space/store", mounts) == "btrfs"
    assert find_file_system(tmp_path / "network", mounts) == "ext4"
    assert find_file_system(tmp_path / "net/store", mounts) == "xfs"
    assert find_file_system(tmp_path, tmp_path / "missing") is None


def test_a_gate_closes_when_nobody_holds_a_lease(tmp_path: Path) -> None:
    """Any number may hold leases at once; the gate closes when the last has let go, and keeps new ones waiting."""
    gate = FolderGate(tmp_path)
    first, second = gate.lease(), gate.lease()
    assert first.hold()
    assert second.hold()
    assert not first.hold()
    for lease in (first, second):
        with gate.closed(0) as is_closed:
            assert not is_closed
        lease.release()
    with gate.closed(0) as is_closed:
        assert is_closed


def test_a_lease_that_nobody_has_any_more_is_let_go_of(tmp_path: Path) -> None:
    """A writer that was forgotten rather than closed keeps nobody from collecting, and no file open."""
    gate = FolderGate(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    lease = gate.lease()
    lease.hold()
    del lease
    with gate.closed(0) as is_closed:
        assert is_closed
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("is_dropped", [True, False])
def test_a_forked_process_neither_keeps_nor_ends_a_lease(tmp_path: Path, is_dropped: bool) -> None:
    """A child that has the lock's descriptor does not end the lease by dropping it, nor keep it after its parent."""
    gate = FolderGate(tmp_path)
    lease = gate.lease()
    lease.hold()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        if is_dropped:
            del lease
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    with gate.closed(0.2) as is_closed:
        assert not is_closed
    lease.release()
    with gate.closed(0) as is_closed:
        assert is_closed
    os.close(writing)
    os.waitpid(child, 0)


class _NetworkGate(FolderGate):
    """A gate on a file system that is not known to be local."""

    has_local_locks = False  # type: ignore[assignment]


def test_once_someone_writes_over_a_network_nothing_goes_at_once(tmp_path: Path) -> None:
    """Their writing leaves a note, and from then on there is only the grace, on whatever machine."""
    guest, host = (stook.open(tmp_path / "store", context="test") for _ in range(2))
    host.rm(host.add("n", os.urandom(10_000)))
    guest.repository.gate = _NetworkGate(tmp_path / "store")
    guest.add("small", 1)
    assert host.repository.gate.is_trusted()
    guest.add("m", os.urandom(10_000))
    assert not host.repository.gate.is_trusted()
    done = collect(host.repository)
    assert (done.busy, done.swept.count, done.young.count) == (True, 0, 1)


@pytest.mark.parametrize("name", [".writers", ".collector"])
def test_a_link_in_place_of_a_lock_is_refused(tmp_path: Path, name: str) -> None:
    """A lock file that leads elsewhere is not opened."""
    gate = FolderGate(tmp_path)
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(stook.StookError), gate.closed(0) if name == ".writers" else gate.collecting():
        pass
