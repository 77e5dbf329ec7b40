"""What every storage promises about writing, as a test suite."""
# ruff: noqa: S101  a test suite speaks in asserts

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from stook.errors import ConflictError, InputError, NotFoundError
from stook.storage.protocol import Content, Entry, Storage

__all__ = ["WritingTests"]

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


class WritingTests:
    """Nothing is replaced or removed but what was meant; part of `StorageTests`."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage, of the kind under test."""
        raise NotImplementedError("a subclass gives the fixture `storage`")

    def test_is_a_storage(self, storage: Storage) -> None:
        """It has every method of the protocol, and a URL."""
        assert isinstance(storage, Storage)
        assert storage.url
        assert storage.has_conditional_writes in {True, False}

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
            lambda: storage.get_tail(key, 1),
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
