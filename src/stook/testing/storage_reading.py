"""What every storage promises about reading, as a test suite."""
# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

import pytest

from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.storage.protocol import Entry, Storage

__all__ = ["ReadingTests"]


class ReadingTests:
    """What is read is what was written; part of `StorageTests`."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, of the kind under test."""
        raise NotImplementedError("a subclass gives the fixture `storage`")

    def test_what_is_put_is_got(self, storage: Storage) -> None:
        """An object comes back as it was written, and has the same version whoever asks."""
        storage.put_new("folder/object", b"\x00\xff bytes \r\n")
        stored = storage.get("folder/object")
        assert stored.data == b"\x00\xff bytes \r\n"
        assert storage.get("folder/object") == stored

    def test_missing(self, storage: Storage) -> None:
        """Reading or replacing what is not there is a NotFoundError, for a folder of objects too."""
        storage.put_new("folder/object", b"x")
        for key in ("nothing", "folder", "folder/object/below"):
            for call in (
                lambda key=key: storage.get(key),
                lambda key=key: storage.get_range(key, 0, 1),
                lambda key=key: storage.get_range(key, 0, 0),
                lambda key=key: storage.get_tail(key, 1),
                lambda key=key: storage.put_if_match(key, b"y", "v"),
            ):
                with pytest.raises(NotFoundError):
                    call()

    def test_ranges(self, storage: Storage) -> None:
        """A range is exactly the bytes asked for, none of them included."""
        storage.put_new("object", bytes(range(100)))
        for start, length in [(0, 100), (0, 1), (99, 1), (40, 20), (0, 0), (100, 0)]:
            assert storage.get_range("object", start, length) == bytes(range(start, start + length))

    @pytest.mark.parametrize(("start", "length"), [(0, 101), (99, 2), (100, 1), (500, 1), (101, 0)])
    def test_ranges_past_the_end(self, storage: Storage, start: int, length: int) -> None:
        """An object that ends before its range is an IntegrityError, never fewer bytes."""
        storage.put_new("object", bytes(100))
        with pytest.raises(IntegrityError):
            storage.get_range("object", start, length)

    @pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, -1)])
    def test_ranges_below_zero(self, storage: Storage, start: int, length: int) -> None:
        """A range that no object can have is an InputError."""
        storage.put_new("object", b"x")
        with pytest.raises(InputError):
            storage.get_range("object", start, length)

    def test_empty_object(self, storage: Storage) -> None:
        """An object may be empty, and is there all the same."""
        storage.put_new("empty", b"")
        assert storage.get("empty").data == b""
        assert storage.get_range("empty", 0, 0) == b""
        assert list(storage.list()) == [Entry("empty", 0)]
        with pytest.raises(ConflictError):
            storage.put_new("empty", b"x")

    def test_large_object(self, storage: Storage) -> None:
        """24 MiB, as much as a pack has, are written, read, and read in part like any other object."""
        data = bytes(range(256)) * (24 * 4096)
        storage.put_new("large", data)
        assert storage.get("large").data == data
        assert storage.get_range("large", 5_000_001, 70_000) == data[5_000_001:5_070_001]
        assert list(storage.list()) == [Entry("large", len(data))]

    @pytest.mark.parametrize("length", [0, 1, 40, 99, 100, 101, 5000])
    def test_tails(self, storage: Storage, length: int) -> None:
        """The last bytes are those, or all where there are fewer, and the size is the object's."""
        storage.put_new("object", bytes(range(100)))
        assert storage.get_tail("object", length) == (bytes(range(max(0, 100 - length), 100)), 100)

    def test_tails_of_nothing(self, storage: Storage) -> None:
        """An empty object has an empty tail; one that is not there, or a length below zero, is an error."""
        storage.put_new("empty", b"")
        assert storage.get_tail("empty", 10) == (b"", 0)
        assert storage.get_tail("empty", 0) == (b"", 0)
        for length in (0, 10):
            with pytest.raises(NotFoundError):
                storage.get_tail("nothing", length)
        with pytest.raises(InputError):
            storage.get_tail("empty", -1)

    def test_limits(self, storage: Storage) -> None:
        """A larger object than the caller allows is an IntegrityError that says so; one of that size is read."""
        storage.put_new("object", bytes(1000))
        assert storage.get("object", limit=1000).data == bytes(1000)
        for limit in (0, 999):
            with pytest.raises(IntegrityError) as caught:
                storage.get("object", limit=limit)
            assert caught.value.kind == "too-large"
