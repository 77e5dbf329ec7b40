"""What several tests of crashes begin with."""

from __future__ import annotations

import pytest

from tests.crash.sharing import SECRET
from tests.servers.moto_s3 import S3Bucket


@pytest.fixture
def bucket(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket whose server and credentials the environment names."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTKEYID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return s3_bucket
