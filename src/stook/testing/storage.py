"""The promise of `stook.storage.Storage` as a test suite, for anyone who writes a storage."""
# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from stook.errors import ConflictError, InputError, IntegrityError, NotFoundError
from stook.storage.protocol import Content, Entry, Storage

__all__ = ["StorageTests"]

_MANY = 1100  # more than the 1,000 keys of one page of an S3 listing
_THREADS = 8
_ROUNDS = 10
_BAD_KEYS = [
    "",
    "/",
    "/absolute",
    "folder/",
    "a//b",
    ".",
    "..",
    "../out",
    "a/../../out",
    "a/./b",
    ".hidden",
    "a/.tmp-0",
    "back\\slash",
    "nul\0",
    "line\nbreak",
    "tab\t",
    "\ud800",
    "\uffff",
    "p" * 256,
    "é" * 128,
    "/".join(["k" * 200] * 5),
]
_ODD_KEYS = [
    "with space/and  two",
    "unicode/naïve",
    "unicode/na\u0308ive",
    "unicode/日本語",
    "unicode/😀",
    "signs/%20?#&+=:;,@!$'()*[]{}<>|\"~^`",
    "percent/%2e%2e",
    "UPPER/lower",
    "trailing.dot.",
    "p" * 255,
]


class StorageTests:
    """What every storage must pass: subclass this, and give a fixture `storage` that is empty at first.

    ```python
    class TestMine(StorageTests):
        @pytest.fixture
        def storage(self):
            return MyStorage(...)
    ```
    """

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, of the kind under test."""
        raise NotImplementedError("a subclass of StorageTests gives the fixture `storage`")

    def test_is_a_storage(self, storage: Storage) -> None:
        """It has every method of the protocol, and a URL."""
        assert isinstance(storage, Storage)
        assert storage.url

    def test_what_is_put_is_got(self, storage: Storage) -> None:
        """An object comes back as it was written, and has the same version whoever asks."""
        storage.put_new("folder/object", b"\x00\xff bytes \r\n")
        stored = storage.get("folder/object")
        assert stored.data == b"\x00\xff bytes \r\n"
        assert storage.get("folder/object") == stored

    def test_pieces(self, storage: Storage) -> None:
        """An object may be given in pieces, views and empty ones among them, and is what it would be whole."""
        large = bytearray(range(256)) * 8192
        pieces: Sequence[bytes | memoryview] = [
            b"begin",
            memoryview(large)[1:1_000_000],
            b"",
            memoryview(b"end"),
        ]
        whole = b"begin" + large[1:1_000_000] + b"end"
        storage.put_new("pieces", pieces)
        large[:] = bytes(len(large))
        assert storage.get("pieces").data == whole
        assert list(storage.list()) == [Entry("pieces", len(whole))]
        contents: list[Content] = [pieces, [], b""]
        for content in contents:
            with pytest.raises(ConflictError):
                storage.put_new("pieces", content)
        assert storage.get("pieces").data == whole
        storage.put_new("empty", [])
        assert storage.get("empty").data == b""

    @pytest.mark.parametrize("key", _ODD_KEYS)
    def test_odd_keys(self, storage: Storage, key: str) -> None:
        """Spaces, signs and any script make a key, which is listed letter for letter and is nobody else's."""
        storage.put_new(key, b"odd")
        assert storage.get(key).data == b"odd"
        assert [entry.key for entry in storage.list()] == [key]
        storage.delete(key)
        assert list(storage.list()) == []

    @pytest.mark.parametrize("key", _BAD_KEYS)
    def test_bad_keys_are_refused(self, storage: Storage, key: str) -> None:
        """What is no key is an InputError in every method, and nothing is touched."""
        calls: list[Callable[[], object]] = [
            lambda: storage.get(key),
            lambda: storage.get_range(key, 0, 0),
            lambda: storage.put_new(key, b"x"),
            lambda: storage.put_if_match(key, b"x", "v"),
            lambda: storage.delete(key),
        ]
        if key:
            calls.append(lambda: list(storage.list(after=key)))
        if key.rstrip("/") not in {"", "folder"}:
            calls.append(lambda: list(storage.list(key)))
        for call in calls:
            with pytest.raises(InputError):
                call()
        assert list(storage.list()) == []

    def test_missing(self, storage: Storage) -> None:
        """Reading or replacing what is not there is a NotFoundError, for a folder of objects too."""
        storage.put_new("folder/object", b"x")
        for key in ("nothing", "folder", "folder/object/below"):
            for call in (
                lambda key=key: storage.get(key),
                lambda key=key: storage.get_range(key, 0, 1),
                lambda key=key: storage.get_range(key, 0, 0),
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
        """8 MiB are written, read, and read in part like any other object."""
        data = bytes(range(256)) * (8 * 4096)
        storage.put_new("large", data)
        assert storage.get("large").data == data
        assert storage.get_range("large", 5_000_001, 70_000) == data[5_000_001:5_070_001]
        assert list(storage.list()) == [Entry("large", len(data))]

    def test_put_new_never_replaces(self, storage: Storage) -> None:
        """A second object of the same key is a ConflictError, and the first one stays."""
        storage.put_new("object", b"first")
        version = storage.get("object").version
        with pytest.raises(ConflictError):
            storage.put_new("object", b"second")
        with pytest.raises(ConflictError):
            storage.put_new("object", b"first")
        assert storage.get("object").data == b"first"
        assert storage.get("object").version == version

    def test_compare_and_swap(self, storage: Storage) -> None:
        """Only who names the present version replaces an object."""
        storage.put_new("object", b"one")
        first = storage.get("object").version
        second = storage.put_if_match("object", b"two", first)
        assert second != first
        with pytest.raises(ConflictError):
            storage.put_if_match("object", b"three", first)
        assert storage.get("object").data == b"two"
        assert storage.get("object").version == second
        storage.put_if_match("object", b"", second)
        assert storage.get("object").data == b""

    def test_delete(self, storage: Storage) -> None:
        """Deleting removes one object, twice is no error, and the key is free again."""
        storage.put_new("folder/a", b"a")
        storage.put_new("folder/b", b"b")
        version = storage.get("folder/a").version
        storage.delete("folder/a")
        storage.delete("folder/a")
        storage.delete("never/there")
        storage.delete("folder")
        storage.delete("folder/b/below")
        assert [entry.key for entry in storage.list()] == ["folder/b"]
        with pytest.raises(NotFoundError):
            storage.put_if_match("folder/a", b"x", version)
        storage.put_new("folder/a", b"again")
        assert storage.get("folder/a").data == b"again"

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

    def test_racing_creators(self, storage: Storage) -> None:
        """Of many threads that create the same object exactly one wins, and its bytes are there."""
        for number in range(_ROUNDS):
            key = f"race/{number}"
            winner = _race(partial(storage.put_new, key))
            assert storage.get(key).data == winner

    def test_racing_replacers(self, storage: Storage) -> None:
        """Of many threads that replace the same version exactly one wins, and its bytes are there."""
        storage.put_new("race", b"start")
        version = storage.get("race").version
        for _ in range(_ROUNDS):
            winner = _race(partial(storage.put_if_match, "race", version=version))
            stored = storage.get("race")
            assert stored.data == winner
            version = stored.version


def _race(put: Callable[..., object]) -> bytes:
    """Let threads put at once, each its own bytes, and return those of the only one that met no conflict."""
    start = threading.Barrier(_THREADS)

    def run(number: int) -> bytes | None:
        data = f"{number} of {uuid.uuid4()}".encode()
        start.wait(timeout=60)
        try:
            put(data=data)
        except ConflictError:
            return None
        return data

    with ThreadPoolExecutor(_THREADS) as pool:
        winners = [data for data in pool.map(run, range(_THREADS)) if data is not None]
    assert len(winners) == 1
    return winners[0]
