"""Who adds to a bucket from a machine that knows nothing of it sends little of what an older version has."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from stook.storage import open_storage
from stook.store import Store
from stook.store.repository import open_on
from stook.testing import FaultyStorage
from tests.servers.moto_s3 import S3Bucket

MIB = 1024 * 1024


class Counting(FaultyStorage):
    """Knows how many bytes of packs were sent."""

    sent = 0

    def put_new(self, key: str, data: object) -> None:
        """See `Storage.put_new`."""
        if key.startswith("packs/"):
            self.sent += len(data) if isinstance(data, bytes) else sum(map(len, data))  # type: ignore[arg-type]
        super().put_new(key, data)  # type: ignore[arg-type]


def open_anew(folder: Path, bucket: S3Bucket, number: int) -> tuple[Store, Counting]:
    """Open the store of a bucket on another machine."""
    storage = Counting(open_storage(f"{bucket.url}/direct", options=bucket.options))
    return Store(open_on(storage, cache=folder / f"cache{number}", owner="tester"), "team"), storage


@pytest.mark.parametrize("how", ["add", "draft"])
def test_the_second_version_is_sent_in_little(tmp_path: Path, s3_bucket: S3Bucket, how: str) -> None:
    """Of a file of 40 MB with 1 % appended less than 5 % goes over, from a machine that never saw the first one."""
    data = random.Random(1).randbytes(40 * MIB)
    source = tmp_path / "large.bin"
    for number, content in enumerate((data, data + random.Random(2).randbytes(MIB * 4 // 10))):
        source.write_bytes(content)
        store, storage = open_anew(tmp_path, s3_bucket, number)
        if how == "add":
            store.add("large", source)
        else:
            with store.draft("large") as draft:
                draft["file"] = source
        assert store.get("large").size == len(content)
        if number:
            assert storage.sent < 0.05 * len(content)
        else:
            assert storage.sent > 0.9 * len(content)


def test_little_is_sent_without_asking(tmp_path: Path, s3_bucket: S3Bucket) -> None:
    """For a few chunks no pack of an older version is looked at: they are sent sooner than that."""
    data = random.Random(3).randbytes(200_000)
    for number in range(2):
        store, storage = open_anew(tmp_path, s3_bucket, number)
        store.add("small", data + bytes([number]))
        assert not [op for op in storage.log if op.name == "get_tail"]
