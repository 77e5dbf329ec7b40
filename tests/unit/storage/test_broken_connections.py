"""A connection that breaks is made again, also while something is written on a condition."""

from __future__ import annotations

import pytest

from stook.errors import ConflictError, StorageError
from stook.storage import Storage, open_storage
from stook.testing import FaultProxy, ProxyFault
from tests.servers.moto_s3 import S3Bucket


def _open(bucket: S3Bucket, proxy: FaultProxy) -> Storage:
    return open_storage(bucket.url, options={**bucket.options, "endpoint": proxy.endpoint})


def test_a_write_whose_connection_breaks_is_sent_again(s3_bucket: S3Bucket) -> None:
    """One reset does not fail an object that is new, nor one that replaces another."""
    with FaultProxy(s3_bucket.endpoint, [ProxyFault("reset-within", number=1, method="PUT")]) as proxy:
        storage = _open(s3_bucket, proxy)
        storage.put_new("a", [b"one", b"two"])
        proxy.set_faults([ProxyFault("reset-before", number=1, method="PUT")])
        storage.put_if_match("a", b"three", storage.get("a").version)
        assert storage.get("a").data == b"three"


def test_a_write_whose_answer_is_lost_may_meet_itself(s3_bucket: S3Bucket) -> None:
    """What was written, though nobody heard of it, is a conflict: the caller compares."""
    with FaultProxy(s3_bucket.endpoint, [ProxyFault("reset-after", number=1, method="PUT")]) as proxy:
        storage = _open(s3_bucket, proxy)
        with pytest.raises(ConflictError):
            storage.put_new("a", b"one")
        assert storage.get("a").data == b"one"


def test_a_connection_that_breaks_each_time_is_an_error(s3_bucket: S3Bucket) -> None:
    """Three times are enough; nothing was written."""
    with FaultProxy(s3_bucket.endpoint, [ProxyFault("reset-before", method="PUT")]) as proxy:
        storage = _open(s3_bucket, proxy)
        with pytest.raises(StorageError) as caught:
            storage.put_new("a", b"one")
        assert caught.value.kind == "storage-failed"
        assert sum(request.method == "PUT" for request in proxy.requests) == 3
