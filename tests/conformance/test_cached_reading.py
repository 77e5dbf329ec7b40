"""A store in a bucket asks the server once for what is read twice, and is not misled by what was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stook.storage import open_storage
from stook.store import Store
from stook.store.repository import open_on
from stook.testing import Fault, FaultyStorage
from tests.servers.moto_s3 import S3Bucket


@pytest.fixture
def frame() -> pd.DataFrame:
    """A frame that does not fit into its bundle's description."""
    return pd.DataFrame({"x": np.random.default_rng(1).random(20_000)})


def open_store(bucket: S3Bucket, cache: Path, *faults: Fault) -> tuple[Store, FaultyStorage]:
    """Open the store of a bucket, and what counts its requests."""
    storage = FaultyStorage(open_storage(bucket.url, options=bucket.options), faults)
    return Store(open_on(storage, cache=cache, owner="tester"), "test"), storage


def count_parts(storage: FaultyStorage) -> int:
    """Return how many parts of packs were asked for."""
    return sum(operation.name == "get_range" for operation in storage.log)


def test_the_server_is_asked_once(s3_bucket: S3Bucket, tmp_path: Path, frame: pd.DataFrame) -> None:
    """A frame that was read comes from this machine's disk from then on, in another process as well."""
    open_store(s3_bucket, tmp_path / "writer")[0].add("frame", frame)
    asked = []
    for _ in range(2):
        store, storage = open_store(s3_bucket, tmp_path / "reader")
        for _ in range(2):
            pd.testing.assert_frame_equal(store.get("frame").data, frame)
        asked.append(count_parts(storage))
    assert asked == [1, 0]


def test_what_came_damaged_is_asked_for_again(
    s3_bucket: S3Bucket, tmp_path: Path, frame: pd.DataFrame
) -> None:
    """Bytes that were changed on the way, and kept so, do not stand between a reader and the data."""
    open_store(s3_bucket, tmp_path / "writer")[0].add("frame", frame)
    store, storage = open_store(s3_bucket, tmp_path / "reader", Fault("flip", 1, "get_range"))
    pd.testing.assert_frame_equal(store.get("frame").data, frame)
    assert count_parts(storage) == 2
    again, storage = open_store(s3_bucket, tmp_path / "reader")
    pd.testing.assert_frame_equal(again.get("frame").data, frame)
