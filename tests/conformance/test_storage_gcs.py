"""The storage in a bucket of Google's keeps the promise of every storage, as a little server of ours sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stook.errors import StorageError
from stook.storage import Storage, open_storage
from stook.testing import StorageTests
from tests.conformance.racing import Contest
from tests.servers.gcs import Gcs, serve_gcs


@pytest.fixture
def gcs() -> Iterator[Gcs]:
    """A server with one empty bucket."""
    with serve_gcs() as server:
        yield server


class TestBucket(StorageTests):
    """The suite, below a prefix of a bucket whose ETags mean nothing."""

    @pytest.fixture
    def storage(self, gcs: Gcs) -> Storage:
        """A prefix in a bucket."""
        return open_storage("gs://bucket/team ä/store", options={"endpoint": gcs.url, "token": gcs.token})


def test_versions_are_generations(gcs: Gcs) -> None:
    """A write names the generation that it replaces, and 0 where there must be none."""
    storage = open_storage("gs://bucket", options={"endpoint": gcs.url, "token": gcs.token})
    storage.put_new("a", b"1")
    version = storage.get("a").version
    assert version == str(gcs.objects["a"][1])
    assert storage.put_if_match("a", b"2", version) == str(gcs.objects["a"][1]) != version
    asked = [
        headers.get("x-goog-if-generation-match") for method, _, headers in gcs.requests if method == "PUT"
    ]
    assert asked == ["0", version]


def test_wrong_token(gcs: Gcs) -> None:
    """Credentials that are refused are told as that, with Google's way to get some."""
    storage = open_storage("gs://bucket", options={"endpoint": gcs.url, "token": "hunter2"})
    with pytest.raises(StorageError, match="needs valid credentials") as caught:
        storage.get("a")
    assert caught.value.kind == "no-credentials"
    assert "gcloud auth" in caught.value.hint
    assert "hunter2" not in repr(storage) + str(caught.value) + repr(caught.value.facts)


def test_no_bucket(gcs: Gcs) -> None:
    """A bucket that does not exist is told as that."""
    storage = open_storage("gs://other", options={"endpoint": gcs.url, "token": gcs.token})
    with pytest.raises(StorageError) as caught:
        list(storage.list())
    assert caught.value.kind == "bucket-not-found"


def test_processes_that_replace(gcs: Gcs) -> None:
    """Of several processes with several threads each exactly one replaces a version, in every round."""
    with Contest("gs://bucket", {"endpoint": gcs.url, "token": gcs.token}) as contest:
        contest.replace(rounds=5)
