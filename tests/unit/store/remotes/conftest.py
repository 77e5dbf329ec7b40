"""Places for remotes, and stores of several people, each on a machine of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stook.store import Store
from stook.store.open import reopen
from tests.servers.moto_s3 import S3Bucket


@dataclass(frozen=True)
class Place:
    """Where a remote can be: its URL, the options that a remote is added with, and the server if there is one."""

    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""


OpenStore = Callable[..., Store]


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place without a store: a folder that is not there, and an empty prefix of a bucket."""
    if request.param == "folder":
        return Place(str(tmp_path / "remote"))
    found: Place = request.getfixturevalue("s3_place")
    return found


@pytest.fixture
def s3_place(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty prefix of a bucket, with credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    options = {"endpoint": s3_bucket.endpoint, "region": s3_bucket.options["region"]}
    return Place(f"{s3_bucket.url}/team", options, s3_bucket.endpoint)


@pytest.fixture
def machine(tmp_path: Path) -> OpenStore:
    """Opens the store of somebody on a machine of theirs: `machine("ann")`, `machine("ann", context="x")`."""

    def open_store(owner: str, *, context: str = "main", cache: str = "") -> Store:
        return reopen(str(tmp_path / owner), context, str(tmp_path / f"cache-{cache or owner}"), owner)

    return open_store


@pytest.fixture
def ann(place: Place, machine: OpenStore) -> Store:
    """A store that pushes to the remote."""
    store = machine("ann")
    store.add_remote("origin", place.url, place.options)
    return store


@pytest.fixture
def bob(ann: Store, place: Place, machine: OpenStore) -> Store:
    """A store that pulls from it."""
    store = machine("bob")
    store.add_remote("origin", place.url, place.options)
    return store
