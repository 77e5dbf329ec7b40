"""A log with checkpoints on a real server: written, read, and collected."""

from __future__ import annotations

from pathlib import Path

from stook.log.listing import list_checkpoints, list_segments
from stook.storage import open_storage
from stook.store import Store
from stook.store.gc import collect
from stook.store.repository import open_on
from stook.testing import FaultyStorage
from tests.servers.moto_s3 import S3Bucket
from tests.unit.store.aging import HOUR, AgingStorage


def test_a_bucket_of_many_commits_is_read_in_a_few_requests(s3_bucket: S3Bucket, tmp_path: Path) -> None:
    """By one who knows nothing of it, before and after its covered segments were collected; others go on with it."""
    bucket = AgingStorage(open_storage(f"{s3_bucket.url}/team", options=s3_bucket.options))
    store = Store(open_on(bucket, cache=tmp_path / "first", owner="tester"), "test")
    other = Store(open_on(bucket, cache=tmp_path / "other", owner="tester"), "test")
    for number in range(24):
        store.add(f"value{number}", number)
        (store if number % 2 else other).refresh()
    other.add("theirs", 1)
    newest = next(iter(list_checkpoints(bucket)))

    def read(name: str) -> int:
        """Open it on a new machine; return how many requests that took."""
        counted = FaultyStorage(bucket)
        fresh = Store(open_on(counted, cache=tmp_path / name, owner="tester"), "test")
        assert len(fresh.ls()) == 25
        return len(counted.log)

    assert sum(map(len, list_segments(bucket).values())) > 24
    assert read("second") < 15
    bucket.now += 25 * HOUR
    collected = collect(open_on(bucket, cache=tmp_path / "collector", owner="tester"))
    assert collected.segments.count > 15
    assert collected.checkpoints.count > 0
    assert newest in list_checkpoints(bucket)
    assert read("third") < 15
    store.add("value24", 24)
    assert len(other.ls()) == 26
    assert Store(open_on(bucket, cache=tmp_path / "other", owner="tester"), "test").get("theirs").data == 1
