"""What was read of packs in a bucket is kept on this machine, and is never wrong, too much, or in the way."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stook.errors import IntegrityError
from stook.storage import Storage, open_storage
from stook.storage.range_cache import CachedRanges
from stook.testing import FaultyStorage, StorageTests

_KEY = "packs/data/a.pack"
_DATA = bytes(range(256)) * 40


@pytest.fixture
def counted() -> FaultyStorage:
    """A storage with one pack that counts what it is asked."""
    inner = open_storage("memory:")
    inner.put_new(_KEY, _DATA)
    inner.put_new("log/a", _DATA)
    return FaultyStorage(inner)


def kept(folder: Path) -> list[Path]:
    """Return the files of the cache."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


class TestCached(StorageTests):
    """The promise of every storage, kept through the cache."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        """Memory behind a cache."""
        return CachedRanges(open_storage("memory:"), tmp_path / "ranges")


def test_a_part_is_asked_for_once(counted: FaultyStorage, tmp_path: Path) -> None:
    """The same part, and a part of it, come from the disk from then on, in another process as well."""
    for _ in range(2):
        cached = CachedRanges(counted, tmp_path / "ranges")
        assert cached.get_range(_KEY, 100, 1000) == _DATA[100:1100]
        assert cached.get_range(_KEY, 100, 1000) == _DATA[100:1100]
        assert cached.get_range(_KEY, 500, 100) == _DATA[500:600]
    assert len(counted.log) == 1
    assert cached.get_range(_KEY, 500, 601) == _DATA[500:1101]
    assert len(counted.log) == 2


def test_only_packs_are_kept(counted: FaultyStorage, tmp_path: Path) -> None:
    """What may change is always asked of the storage."""
    cached = CachedRanges(counted, tmp_path / "ranges")
    for _ in range(2):
        cached.get_range("log/a", 0, 10)
        cached.get_tail(_KEY, 10)
        cached.get(_KEY)
    assert len(counted.log) == 6
    assert kept(tmp_path) == []


def test_past_the_end(counted: FaultyStorage, tmp_path: Path) -> None:
    """An error is not kept, and is one again."""
    cached = CachedRanges(counted, tmp_path / "ranges")
    for _ in range(2):
        with pytest.raises(IntegrityError):
            cached.get_range(_KEY, 0, len(_DATA) + 1)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "empty", "moved"])
def test_a_damaged_entry_is_dropped(counted: FaultyStorage, tmp_path: Path, damage: str) -> None:
    """An entry that is not what was written is not believed, and made again."""
    cached = CachedRanges(counted, tmp_path / "ranges")
    cached.get_range(_KEY, 0, 100)
    (path,) = kept(tmp_path)
    data = path.read_bytes()
    if damage == "moved":
        path = path.rename(path.with_name("1-100"))
    changed = {"flip": data[:-1] + b"\0", "cut": data[:-1], "longer": data + b"x", "empty": b""}
    path.write_bytes(changed.get(damage, data))
    for _ in range(2):
        assert cached.get_range(_KEY, 1, 99) == _DATA[1:100]
    assert len(counted.log) == 2
    assert len(kept(tmp_path)) == 1


def test_reading_anew(counted: FaultyStorage, tmp_path: Path) -> None:
    """Where what is kept may have come damaged, the storage is asked, and all of that pack is forgotten."""
    cached = CachedRanges(counted, tmp_path / "ranges")
    cached.get_range(_KEY, 0, 100)
    assert cached.get_range_anew(_KEY, 10, 10) == _DATA[10:20]
    assert kept(tmp_path) == []
    assert len(counted.log) == 2


def test_it_never_grows_without_bound(counted: FaultyStorage, tmp_path: Path) -> None:
    """However many processes write however little each, there is not much more than the limit."""
    limit = 50 * 4096
    for start in range(500):
        CachedRanges(counted, tmp_path / "ranges", limit=limit).get_range(_KEY, start, 10)
    assert 0 < len(kept(tmp_path)) <= 60


def test_what_was_used_last_stays(counted: FaultyStorage, tmp_path: Path) -> None:
    """What was not used for longest goes first."""
    cached = CachedRanges(counted, tmp_path / "ranges", limit=20 * 4096)
    cached.get_range(_KEY, 0, 10)
    (first,) = kept(tmp_path)
    for start in range(1, 100):
        os.utime(first, (4e9, 4e9))
        cached.get_range(_KEY, start * 20, 10)
    assert first.exists()
    assert len(kept(tmp_path)) <= 20
    asked = len(counted.log)
    cached.get_range(_KEY, 0, 10)
    assert len(counted.log) == asked
    assert first.stat().st_mtime < 4e9


def test_what_is_too_large_is_not_kept(counted: FaultyStorage, tmp_path: Path) -> None:
    """One part never pushes out most of the others."""
    cached = CachedRanges(counted, tmp_path / "ranges", limit=8000)
    cached.get_range(_KEY, 0, 1001)
    assert kept(tmp_path) == []
    cached.get_range(_KEY, 0, 1000)
    assert len(kept(tmp_path)) == 1


def test_where_nothing_can_be_kept(counted: FaultyStorage, tmp_path: Path) -> None:
    """A folder that cannot be made is no cache, and no error."""
    (tmp_path / "file").write_bytes(b"")
    cached = CachedRanges(counted, tmp_path / "file" / "ranges")
    for _ in range(2):
        assert cached.get_range(_KEY, 3, 10) == _DATA[3:13]
    assert len(counted.log) == 2


def test_what_a_killed_process_left(counted: FaultyStorage, tmp_path: Path) -> None:
    """Half-written files go when the folder is next looked through, those of processes at work stay."""
    cached = CachedRanges(counted, tmp_path / "ranges", limit=10 * 4096)
    cached.get_range(_KEY, 0, 10)
    (path,) = kept(tmp_path)
    old, new = path.with_name(".1-1"), path.with_name(".2-2")
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    for start in range(1, 30):
        cached.get_range(_KEY, start * 20, 10)
    assert not old.exists()
    assert new.exists()


def test_many_at_once(counted: FaultyStorage, tmp_path: Path) -> None:
    """Threads that read, write and tidy up the same folder get what is right, whoever is first."""
    cached = CachedRanges(counted, tmp_path / "ranges", limit=20 * 4096)

    def read(number: int) -> bool:
        start = number * 7 % 300
        return cached.get_range(_KEY, start, 50) == _DATA[start : start + 50]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(2000)))
