"""What is told of a storage before anything is entrusted to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stook.errors import ConflictError, StorageError
from stook.storage import Entry, Storage, Stored, open_storage
from stook.storage.probing import Finding, probe
from stook.testing import Fault, FaultyStorage
from tests.servers.moto_s3 import S3Bucket

_ALL = ["reach", "list", "write", "read", "conditional write", "delete"]


class Odd:
    """A storage in memory with one method that does not keep its promise."""

    def __init__(self, name: str, method: Callable[..., Any]) -> None:
        self.inner = open_storage("memory:")
        self._odd = {name: method}

    def __getattr__(self, name: str) -> Any:
        if name in self._odd:
            return lambda *given, **named: self._odd[name](self.inner, *given, **named)
        return getattr(self.inner, name)


def failing(storage: Storage | Odd) -> dict[str, Finding]:
    """Return what does not work, by name, and check that nothing stays behind."""
    found = probe(storage)  # type: ignore[arg-type]
    return {finding.name: finding for finding in found if not finding.ok}


def put_over(inner: Storage, key: str, data: bytes) -> None:
    """Write whatever is there, as a server does that ignores If-None-Match."""
    inner.delete(key)
    inner.put_new(key, data)


def replace_over(inner: Storage, key: str, data: bytes, version: str) -> str:
    """Replace whatever is there, as a server does that ignores If-Match."""
    assert version
    return inner.put_if_match(key, data, inner.get(key).version)


def refuse(*_: object, **__: object) -> Any:
    """Refuse as a bucket does that this user may not touch."""
    raise StorageError("s3://bucket may not be used: AccessDenied", kind="permission", hint="ask its owner")


def test_all_is_well(tmp_path: Path, s3_bucket: S3Bucket) -> None:
    """A storage that keeps the promise passes in every respect, and is as empty as before."""
    for storage in (
        open_storage("memory:"),
        open_storage(str(tmp_path / "store")),
        open_storage(s3_bucket.url, options=s3_bucket.options),
    ):
        found = probe(storage)
        assert [finding.name for finding in found] == _ALL
        assert all(finding.ok and finding.message and not finding.hint for finding in found)
        assert list(storage.list()) == []
    assert [path.name for path in (tmp_path / "store").iterdir()] == [".lock"]


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Objects of a store, lists of condemned packs among them, are as they were."""
    storage = open_storage(str(tmp_path))
    for key in ("stook.json", "condemned/list", "packs/data/x"):
        storage.put_new(key, key.encode())
    probe(storage)
    assert [entry.key for entry in storage.list()] == ["condemned/list", "packs/data/x", "stook.json"]
    storage.put_new("condemned/other", b"")


@pytest.mark.parametrize(
    ("name", "method", "header"),
    [("put_new", put_over, "(If-None-Match)"), ("put_if_match", replace_over, "(If-Match)")],
)
def test_ignored_conditions(name: str, method: Callable[..., Any], header: str) -> None:
    """A server that lets a write undo another is found out, and what to do is said."""
    odd = Odd(name, method)
    failed = failing(odd)
    assert [*failed] == ["conditional write"]
    assert failed["conditional write"].kind == "no-conditional-writes"
    assert header in failed["conditional write"].message
    assert "--no-conditional-writes" in failed["conditional write"].hint
    assert list(odd.inner.list()) == []


def test_conditions_that_never_hold() -> None:
    """A server that refuses every conditional write is found out, too."""

    def never(*_: object) -> str:
        raise ConflictError("changed", kind="changed")

    assert failing(Odd("put_if_match", never))["conditional write"].kind == "no-conditional-writes"


def test_read_only() -> None:
    """Where nothing may be written that is told, and reading is tried on what is there."""
    odd = Odd("put_new", refuse)
    odd.inner.put_new("packs/data/x", b"content")
    found = {finding.name: finding for finding in probe(odd)}  # type: ignore[arg-type]
    assert {name: finding.ok for name, finding in found.items()} == {
        "reach": True,
        "list": True,
        "write": False,
        "read": True,
    }
    assert found["write"].kind == "permission"
    assert found["write"].hint == "ask its owner"


@pytest.mark.parametrize(
    ("method", "failed"),
    [("list", ["list"]), ("get", ["read", "conditional write", "delete"]), ("delete", ["delete"])],
)
def test_a_right_that_is_missing(method: str, failed: list[str]) -> None:
    """Each right that is refused is told by itself."""
    assert [*failing(Odd(method, refuse))] == failed


def test_wrong_ranges() -> None:
    """Bytes other than those that were asked for are found out."""
    odd = Odd("get_range", lambda inner, key, _start, length: inner.get(key).data[:length])
    assert failing(odd)["read"].kind == "ranges-ignored"
    odd = Odd("get_tail", lambda inner, key, length: (inner.get(key).data[:length], length))
    assert failing(odd)["read"].kind == "ranges-ignored"


def test_changed_content() -> None:
    """Bytes that come back changed are found out."""
    odd = Odd("get", lambda inner, key: Stored(inner.get(key).data.upper(), inner.get(key).version))
    assert failing(odd)["read"].kind == "changed-content"


def test_unsorted_or_late_listings() -> None:
    """A listing in an order of its own, and one that lacks what was just written, are found out."""

    def turned(inner: Storage, prefix: str = "") -> Iterator[Entry]:
        return reversed([*inner.list(prefix)])  # type: ignore[return-value]

    assert [*failing(Odd("list", turned))] == ["list"]
    assert failing(Odd("list", lambda _inner, _prefix="": iter(())))["list"].kind == "stale-listing"


def test_out_of_reach() -> None:
    """Where nobody answers there is one finding, which says so."""
    storage = open_storage(
        "s3://bucket",
        options={"endpoint": "http://127.0.0.1:9", "access_key_id": "a", "secret_access_key": "b"},
    )
    (only,) = probe(storage)
    assert (only.name, only.ok, only.kind) == ("reach", False, "unreachable")
    assert only.hint


def test_nothing_is_left_when_it_breaks_off() -> None:
    """Whatever fails on the way, what was written is deleted."""
    for number in range(1, 12):
        inner = open_storage("memory:")
        probe(FaultyStorage(inner, [Fault("error-after", number)]))
        assert list(inner.list()) == [], number
