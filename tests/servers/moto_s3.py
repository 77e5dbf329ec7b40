"""Fixtures of an S3 server on this machine: `s3_server` for the session, `s3_bucket` for one test."""

from __future__ import annotations

import sys
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.processes import run_server


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server.

    Args:
        endpoint: Its URL.
        options: What `stook.storage.open_storage` needs to talk to it. The credentials are explicit, since obstore asks
            the instance metadata address when it has none.
    """

    endpoint: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """A new, empty bucket: its name and URL, and the endpoint and options of its server."""

    name: str
    url: str
    endpoint: str
    options: Mapping[str, str]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server: moto's, with a lock around writes."""
    log = tmp_path_factory.mktemp("moto") / "log.txt"
    program = Path(__file__).with_name("locked_moto.py")
    with run_server([sys.executable, str(program)], r"(?m)^(\d+)\n", log) as port:
        endpoint = f"http://127.0.0.1:{port}"
        options = {
            "endpoint": endpoint,
            "region": "us-east-1",
            "access_key_id": "AKIATESTKEYID",
            "secret_access_key": "test-secret-access-key",
        }
        yield S3Server(endpoint, options)


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> S3Bucket:
    """A bucket that no other test has."""
    name = f"test-{uuid.uuid4().hex}"
    request = urllib.request.Request(f"{s3_server.endpoint}/{name}", method="PUT")  # noqa: S310  it is http
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        return S3Bucket(name, f"s3://{name}", s3_server.endpoint, s3_server.options)
