"""The store on storages that only put whole objects: memory, S3, and one that fails at every step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stook.errors import IntegrityError, StorageError
from stook.storage import open_storage
from stook.storage.protocol import Storage
from stook.store import Store
from stook.store.repository import open_on
from stook.testing import Crash, Fault, FaultyStorage
from tests.servers.moto_s3 import S3Bucket

_BYTES = os.urandom(50_000)


def _open(storage: Storage, cache: Path) -> Store:
    return Store(open_on(storage, cache=cache, owner="tester"), "test")


def test_a_bucket_is_a_store(s3_bucket: S3Bucket, tmp_path: Path) -> None:
    """Two machines share a bucket: each sees what the other added, with one log object a commit."""
    storage = open_storage(f"{s3_bucket.url}/team", options=s3_bucket.options)
    here, there = _open(storage, tmp_path / "here"), _open(storage, tmp_path / "there")
    here.add("big", {"bytes": _BYTES})
    there.add("small", {"n": 1})
    assert there.get("big").data == {"bytes": _BYTES}
    assert [bundle.name for bundle in here.ls()] == ["big", "small"]
    log = [entry.key for entry in storage.list("log/")]
    assert len(log) == 3  # the context, and a bundle each


@pytest.mark.parametrize("kind", ["crash-before", "crash-after"])
def test_a_crash_between_any_two_steps_leaves_all_or_nothing(tmp_path: Path, kind: str) -> None:
    """Whatever operation the process dies at, the bundle is there whole or not there, and others are unharmed."""
    outcomes = set()
    for number in range(1, 40):
        inner = open_storage("memory:")
        first = _open(inner, tmp_path / f"{number}-a").add("kept", {"bytes": _BYTES})
        try:
            faulty = FaultyStorage(inner, [Fault(kind, number)])  # type: ignore[arg-type]
            _open(faulty, tmp_path / f"{number}-b").add("new", {"bytes": _BYTES[::-1]})
            finished = True
        except Crash:
            finished = False
        again = _open(inner, tmp_path / f"{number}-c")
        found = again.find("new")
        assert again.get("kept").digest == first.digest
        assert again.get("kept").data == {"bytes": _BYTES}
        if found is not None:
            assert found.data == {"bytes": _BYTES[::-1]}
        assert found is not None or not finished
        again.add("new", {"bytes": _BYTES[::-1]})
        outcomes.add((finished, found is not None))
    assert {(False, False), (True, True)} <= outcomes


def test_a_lost_answer_to_the_commit_makes_one_bundle(tmp_path: Path) -> None:
    """When the log's PUT arrived but its answer did not, trying again does not lose or break anything."""
    inner = open_storage("memory:")
    store = _open(FaultyStorage(inner, [Fault("error-after", 4, "put_new")]), tmp_path / "a")
    for value in (1, 2, 3):
        try:
            store.add("n", {"value": value})
        except StorageError:
            store.add("n", {"value": value})
    assert _open(inner, tmp_path / "b").get("n").data == {"value": 3}


@pytest.mark.parametrize("kind", ["flip", "truncate"])
def test_damaged_reads_are_never_returned_as_data(tmp_path: Path, kind: str) -> None:
    """A byte that changes on its way is read again or raises; the data is right or there is none."""
    inner = open_storage("memory:")
    _open(inner, tmp_path / "a").add("big", {"bytes": _BYTES})
    wrong = 0
    for number in range(1, 12):
        faulty = FaultyStorage(inner, [Fault(kind, number)])  # type: ignore[arg-type]
        try:
            assert _open(faulty, tmp_path / f"{kind}{number}").get("big").data == {"bytes": _BYTES}
        except IntegrityError:
            wrong += 1
    assert wrong >= 1
