"""A Disdat context in a bucket."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

import stook
from stook.app.importing import import_disdat
from stook.errors import InputError
from stook.store import Store
from tests.servers.moto_s3 import S3Bucket

_ARCHIVE = Path(__file__).with_name("disdat-1.2.0.zip")
_PREFIX = "team/context/shared"


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def s3(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a bucket that has the context as Disdat pushes it; the environment has the credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", s3_bucket.options["region"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", s3_bucket.options["region"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    client = boto3.client("s3")
    with zipfile.ZipFile(_ARCHIVE) as archive:
        for name in archive.namelist():
            if name.startswith("old/objects/"):
                key = _PREFIX + name.removeprefix("old")
                client.put_object(Bucket=s3_bucket.name, Key=key, Body=archive.read(name))
    return client


def test_a_context_in_a_bucket(store: Store, s3: Any, s3_bucket: S3Bucket) -> None:
    """It becomes the same bundles as one in a folder: values, tables, files, with their lineage."""
    done = import_disdat(store, f"{s3_bucket.url}/{_PREFIX}/")
    assert (len(done.new), done.failed) == (19, ())
    folder = store.get("folder").path()
    assert (folder / ".hidden").read_text() + (folder / "sub/b.txt").read_text() == "h\nbye\n"
    assert Path(store.get("linked")["table"]["path"][0]).read_text() == "hello\n"
    assert store.get("one.file").path().name == "a.txt"
    assert len(store.search("a_b model_v1", order="oldest")[0].inputs) == 2
    assert import_disdat(store, f"{s3_bucket.url}/{_PREFIX}").new == ()


def test_an_object_that_is_missing(store: Store, s3: Any, s3_bucket: S3Bucket) -> None:
    """A bundle of which an object is missing is named and left out, and comes when the object is there."""
    listed = s3.list_objects_v2(Bucket=s3_bucket.name, Prefix=_PREFIX)["Contents"]
    key = next(entry["Key"] for entry in listed if entry["Key"].endswith("/.hidden"))
    s3.delete_object(Bucket=s3_bucket.name, Key=key)
    first = import_disdat(store, f"{s3_bucket.url}/{_PREFIX}")
    assert [(each.given, ".hidden" in each.problem) for each in first.failed] == [("folder", True)]
    s3.put_object(Bucket=s3_bucket.name, Key=key, Body=b"h\n")
    assert [each.name for each in import_disdat(store, f"{s3_bucket.url}/{_PREFIX}").new] == ["folder"]


def test_the_root_of_a_remote(store: Store, s3: Any, s3_bucket: S3Bucket) -> None:
    """Above the contexts, the error says which there are; elsewhere in the bucket, that there is none."""
    with pytest.raises(InputError) as several:
        import_disdat(store, f"{s3_bucket.url}/team")
    assert several.value.hint == f"stook import {s3_bucket.url}/{_PREFIX}"
    with pytest.raises(InputError, match="no Disdat context"):
        import_disdat(store, f"{s3_bucket.url}/nothing")
