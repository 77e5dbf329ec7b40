"""What every storage promises about listings, as a test suite."""
# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stook.storage.protocol import Entry, Storage

__all__ = ["ListingTests"]

_MANY = 1100  # more than the 1,000 keys of one page of an S3 listing
_THREADS = 8


class ListingTests:
    """A listing is whole, sorted, and starts where it is told to; part of `StorageTests`."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, of the kind under test."""
        raise NotImplementedError("a subclass gives the fixture `storage`")

    def test_list_order(self, storage: Storage) -> None:
        """Keys come in the order of their code points, folders where their keys belong."""
        keys = ["a", "a!/x", "a-b", "a.b/c", "b/c/d", "b/c-d", "b/c0", "b0", "Z", "é", "日", "😀/x"]
        for key in keys:
            storage.put_new(key, key.encode())
        assert list(storage.list()) == [Entry(key, len(key.encode())) for key in sorted(keys)]
        for after in [*keys, "0", "a!", "b", "b/c", "b/zzz", "zzz", "😀"]:
            assert [entry.key for entry in storage.list(after=after)] == sorted(k for k in keys if k > after)

    def test_list_times(self, storage: Storage) -> None:
        """A listing says when an object was written, by one clock for all objects."""
        storage.put_new("first", b"1")
        storage.put_new("second", b"2")
        first, second = storage.list()
        assert first.modified > 1e9
        assert 0 <= second.modified - first.modified < 3600

    def test_list_prefix(self, storage: Storage) -> None:
        """A prefix is whole parts of a key, with or without a slash at its end; what has none is empty."""
        for key in ["log/w1/1", "log/w1/2", "log/w10/1", "log/w2/1", "logs/x"]:
            storage.put_new(key, b"")
        assert [entry.key for entry in storage.list("log/w1")] == ["log/w1/1", "log/w1/2"]
        assert [entry.key for entry in storage.list("log/w1/")] == ["log/w1/1", "log/w1/2"]
        assert [entry.key for entry in storage.list("log/w1", after="log/w1/1")] == ["log/w1/2"]
        assert [entry.key for entry in storage.list("log", after="log/w1/2")] == ["log/w10/1", "log/w2/1"]
        assert list(storage.list("log/w")) == []
        assert list(storage.list("log/w1/1")) == []
        assert list(storage.list("nowhere")) == []

    def test_list_many(self, storage: Storage) -> None:
        """A listing of more than a page of keys misses none and repeats none, from any place."""
        keys = [f"many/{number:05d}" for number in range(_MANY)]
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda key: storage.put_new(key, b"x"), reversed(keys)))
        assert [entry.key for entry in storage.list("many")] == keys
        assert [entry.key for entry in storage.list("many", after=keys[37])] == keys[38:]
        assert next(iter(storage.list())) == Entry(keys[0], 1)
