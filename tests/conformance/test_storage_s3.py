"""The storage in a bucket keeps the promise of every storage, between processes too.

The server is moto's. That proves our side of the protocol, and nothing about the real S3.
"""

from __future__ import annotations

import pytest

from stook.storage import Storage, open_storage
from stook.testing import StorageTests
from stook.testing.storage import ListingTests, ReadingTests, WritingTests
from tests.conformance.racing import Contest
from tests.servers.moto_s3 import S3Bucket


class TestBucket(StorageTests):
    """The suite, in a bucket of its own."""

    @pytest.fixture
    def storage(self, s3_bucket: S3Bucket) -> Storage:
        """A whole bucket."""
        return open_storage(s3_bucket.url, options=s3_bucket.options)


class TestPrefix(StorageTests):
    """The suite, below a prefix, with neighbours that must not be seen."""

    @pytest.fixture
    def storage(self, s3_bucket: S3Bucket) -> Storage:
        """A prefix with a space and an umlaut, between two others that sort around it."""
        for neighbour in ("a", "team ä/store2", "team ä", "z"):
            open_storage(f"{s3_bucket.url}/{neighbour}", options=s3_bucket.options).put_new("many/other", b"")
        return open_storage(f"{s3_bucket.url}/team ä/store", options=s3_bucket.options)


class TestWeakerMode(ReadingTests, WritingTests, ListingTests):
    """The suite without races, where the server is not asked for conditional writes."""

    @pytest.fixture
    def storage(self, s3_bucket: S3Bucket) -> Storage:
        """A whole bucket."""
        return open_storage(s3_bucket.url, options={**s3_bucket.options, "conditional_writes": "false"})


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_create(s3_bucket: S3Bucket, rounds: int) -> None:
    """Of several processes with several threads each exactly one creates an object, in every round."""
    with Contest(s3_bucket.url, s3_bucket.options) as contest:
        contest.create(rounds=rounds)


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.full)])
def test_processes_that_replace(s3_bucket: S3Bucket, rounds: int) -> None:
    """Of several processes with several threads each exactly one replaces a version, in every round."""
    with Contest(s3_bucket.url, s3_bucket.options) as contest:
        contest.replace(rounds=rounds)
