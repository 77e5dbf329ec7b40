"""Bundles as plain files in a bucket: read by engines, and never a mixture that looks whole."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs
import pytest
from obstore.fsspec import FsspecStore

import stook
from stook.app.exporting import export
from stook.app.exporting.bucket import into_bucket
from stook.app.exporting.manifest import MANIFEST, UNFINISHED
from stook.app.exporting.plan import make_plan
from stook.errors import ConflictError, InputError, StorageError
from stook.storage import Entry, Storage, Stored, open_storage
from stook.storage.protocol import Content
from stook.store import Bundle, Store
from tests.servers.moto_s3 import S3Bucket

_BIG = os.urandom(20 << 20)


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def bundle(store: Store) -> Bundle:
    """A bundle of a table and a value."""
    return store.add("shop", {"sales": pa.table({"id": [1, 2], "name": ["ä", None]}), "rate": 0.5})


@pytest.fixture
def newer(store: Store, bundle: Bundle) -> Bundle:
    """A version with another table."""
    return store.add("shop", {"other": pa.table({"id": [7]}), "rate": 0.5})


@pytest.fixture
def memory() -> Storage:
    """An empty bucket in memory."""
    return open_storage("memory:")


def put(bundle: Bundle, storage: Storage, *, force: bool = False) -> bool:
    """Export into a storage; tell whether anything was written."""
    return into_bucket(make_plan(bundle, "parquet"), storage, force=force)[1]


def keys(storage: Storage) -> list[str]:
    """What is there."""
    return [entry.key for entry in storage.list()]


class Broken:
    """A storage that fails, or lets something happen, at one of its calls.

    Args:
        storage: Where the bytes are.
        at: The number of the call.
        then: What happens then.
    """

    def __init__(self, storage: Storage, at: int, then: Callable[[], None]) -> None:
        self._storage = storage
        self._at = at
        self._then = then
        self._lock = threading.Lock()
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def _count(self) -> None:
        with self._lock:
            self.calls += 1
            now = self.calls
        if now == self._at:
            self._then()

    def get(self, key: str, *, limit: int = 1 << 30) -> Stored:
        """See `Storage.get`."""
        self._count()
        return self._storage.get(key, limit=limit)

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        self._count()
        self._storage.put_new(key, data)

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        self._count()
        return self._storage.put_if_match(key, data, version)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`."""
        self._count()
        return self._storage.list(prefix, after=after)

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._count()
        self._storage.delete(key)


def fail() -> None:
    """What a network does."""
    raise StorageError("the network is gone", kind="unreachable")


def test_engines_read_a_bucket(bundle: Bundle, s3_bucket: S3Bucket) -> None:
    """DuckDB, Arrow, polars and pandas read a table below the prefix, with equal values; nothing but files is there."""
    done = export(bundle, f"{s3_bucket.url}/out/shop", options=s3_bucket.options)
    storage = open_storage(done.url, options=s3_bucket.options)
    assert keys(storage) == [MANIFEST, "rate.json", "sales/sales.parquet"]
    expected = [{"id": 1, "name": "ä"}, {"id": 2, "name": None}]
    folder, options = f"{s3_bucket.name}/out/shop/sales", s3_bucket.options
    keys_ = {"access_key": options["access_key_id"], "secret_key": options["secret_access_key"]}
    system = pafs.S3FileSystem(
        **keys_, endpoint_override=s3_bucket.endpoint, scheme="http", region=options["region"]
    )
    assert pads.dataset(folder, filesystem=system).to_table().to_pylist() == expected
    by_pandas = pd.read_parquet(folder, filesystem=system)
    assert by_pandas.astype(object).where(by_pandas.notna(), None).to_dict("records") == expected
    access = {
        "aws_access_key_id": options["access_key_id"],
        "aws_secret_access_key": options["secret_access_key"],
        "aws_region": options["region"],
        "aws_endpoint_url": s3_bucket.endpoint,
        "aws_allow_http": "true",
    }
    assert pl.scan_parquet(f"s3://{folder}/", storage_options=access).collect().to_dicts() == expected
    connection = duckdb.connect()
    plain = {name.removeprefix("aws_"): value for name, value in access.items() if name != "aws_allow_http"}
    connection.register_filesystem(FsspecStore("s3", config=plain, client_options={"allow_http": True}))
    assert connection.read_parquet(f"s3://{folder}/sales.parquet").fetchall() == [(1, "ä"), (2, None)]


def test_large_files_go_in_parts(store: Store, s3_bucket: S3Bucket, tmp_path: Path) -> None:
    """A file larger than one request takes is there with all its bytes, among many small ones."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/big.bin").write_bytes(_BIG)
    for number in range(40):
        (tmp_path / f"in/{number}.txt").write_text(str(number))
    done = export(store.add("raw", tmp_path / "in"), f"{s3_bucket.url}/raw", options=s3_bucket.options)
    storage = open_storage(done.url, options=s3_bucket.options)
    big = storage.get("big.bin")
    assert (big.data == _BIG, big.version.strip('"').endswith("-3")) == (True, True)  # as S3 counts its parts
    assert [storage.get(f"{number}.txt").data for number in range(40)] == [b"%d" % n for n in range(40)]
    assert len(done.files) == 41


def test_again_is_nothing_to_do(bundle: Bundle, memory: Storage) -> None:
    """A second time nothing is written, and what is there is found with a listing and one read."""
    assert put(bundle, memory) is True
    counting = Broken(memory, 0, fail)
    assert put(bundle, counting) is False
    assert counting.calls == 2


def test_another_version(bundle: Bundle, newer: Bundle, memory: Storage) -> None:
    """Another version is refused; by force it replaces all of the earlier one."""
    put(bundle, memory)
    with pytest.raises(ConflictError) as refused:
        put(newer, memory)
    assert (refused.value.kind, keys(memory)) == (
        "export-exists",
        [MANIFEST, "rate.json", "sales/sales.parquet"],
    )
    put(newer, memory, force=True)
    assert keys(memory) == [MANIFEST, "other/other.parquet", "rate.json"]


@pytest.mark.parametrize("force", [False, True])
def test_objects_of_others_are_never_touched(bundle: Bundle, memory: Storage, force: bool) -> None:
    """Where something is that is of no export, nothing is written."""
    memory.put_new("sales/diary.txt", b"dear")
    with pytest.raises(InputError) as refused:
        put(bundle, memory, force=force)
    assert (refused.value.kind, keys(memory)) == ("not-an-export", ["sales/diary.txt"])


def test_wherever_it_breaks_off_the_next_one_makes_it_whole(
    bundle: Bundle, newer: Bundle, memory: Storage
) -> None:
    """A crash at any request leaves the earlier export whole or no manifest; the same call then completes it."""
    put(bundle, memory)
    at = 0
    while True:
        at += 1
        broken = Broken(memory, at, fail)
        try:
            put(newer, broken, force=True)
        except StorageError:
            there = keys(memory)
            if MANIFEST in there:
                said = json.loads(memory.get(MANIFEST).data)
                assert {file["path"] for file in said["files"]} | {MANIFEST, UNFINISHED} >= set(there)
            put(newer, memory, force=True)
        assert [key for key in keys(memory) if key != UNFINISHED] == [
            MANIFEST,
            "other/other.parquet",
            "rate.json",
        ]
        if broken.calls < at:
            break
        put(bundle, memory, force=True)
    assert at > 8


def test_an_export_that_broke_off_needs_no_force(bundle: Bundle, memory: Storage) -> None:
    """What a crash left is known to be an export's, and the next one goes on over it."""
    with pytest.raises(StorageError):
        put(bundle, Broken(memory, 4, fail))
    assert UNFINISHED in keys(memory)
    assert put(bundle, memory) is True
    assert keys(memory) == [MANIFEST, "rate.json", "sales/sales.parquet"]


@pytest.mark.parametrize("at", range(1, 12))
def test_two_at_once_make_no_mixture(bundle: Bundle, newer: Bundle, memory: Storage, at: int) -> None:
    """Whenever another export comes between, one of the two is whole in the end, or none has a manifest."""
    outcomes = []

    def other() -> None:
        try:
            outcomes.append(put(newer, memory))
        except ConflictError:
            outcomes.append(None)

    try:
        outcomes.append(put(bundle, Broken(memory, at, other)))
    except (ConflictError, InputError, StorageError):
        outcomes.append(None)
    there = set(keys(memory)) - {UNFINISHED}
    assert len(outcomes) - outcomes.count(None) == (MANIFEST in there)
    if MANIFEST in there:
        said = json.loads(memory.get(MANIFEST).data)
        assert {file["path"] for file in said["files"]} == there - {MANIFEST}
        for file in said["files"]:
            assert len(memory.get(file["path"]).data) == file["size"]


def test_one_who_was_overtaken_gives_up(bundle: Bundle, newer: Bundle, memory: Storage) -> None:
    """Where another takes over by force, the first ends with a conflict and writes no manifest."""
    with pytest.raises(ConflictError) as refused:
        put(bundle, Broken(memory, 8, lambda: put(newer, memory, force=True) and None))
    assert refused.value.kind == "export-at-work"
    assert json.loads(memory.get(MANIFEST).data)["id"] == newer.id


def test_an_answer_that_was_lost(bundle: Bundle, memory: Storage) -> None:
    """An object that is there with just the bytes that were to be written is ours; one with others is a conflict."""
    path = "rate.json"
    storage = Broken(memory, 5, lambda: memory.put_new(path, b"0.5\n"))
    assert put(bundle, storage) is True
    put(bundle, memory, force=True)
    for key in keys(memory):
        memory.delete(key)
    with pytest.raises(ConflictError):
        put(bundle, Broken(memory, 5, lambda: memory.put_new(path, b"0.7\n")))
    assert MANIFEST not in keys(memory)


def test_names_that_no_object_can_have(store: Store, memory: Storage, tmp_path: Path) -> None:
    """A file whose name no object can have is refused before anything is written."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/.hidden").write_text("h")
    with pytest.raises(InputError):
        put(store.add("raw", tmp_path / "in"), memory)
    assert keys(memory) == []
