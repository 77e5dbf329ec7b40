"""What is told of a server that is not enough: `rclone serve s3` checks keys, ignores conditions and parts."""

from __future__ import annotations

import uuid

import pytest

from stook.errors import StorageError
from stook.storage import Storage, open_storage
from stook.storage.probing import probe
from tests.servers.rclone_s3 import RcloneServer


@pytest.fixture
def bucket(rclone_server: RcloneServer) -> str:
    """The URL of a new bucket."""
    name = f"test-{uuid.uuid4().hex}"
    (rclone_server.folder / name).mkdir()
    return f"s3://{name}"


@pytest.fixture
def storage(rclone_server: RcloneServer, bucket: str) -> Storage:
    """A new bucket, opened with the right keys."""
    return open_storage(bucket, options=rclone_server.options)


def test_what_the_probe_tells(storage: Storage) -> None:
    """That parts cannot be read and conditions are ignored is told, each with what to do, and nothing stays behind."""
    findings = {finding.name: finding for finding in probe(storage)}
    assert [name for name, finding in findings.items() if not finding.ok] == ["read", "conditional write"]
    assert findings["read"].kind == "ranges-ignored"
    assert "sends whole objects" in findings["read"].message
    assert findings["conditional write"].kind == "no-conditional-writes"
    assert "--no-conditional-writes" in findings["conditional write"].hint
    assert list(storage.list()) == []


def test_parts_are_never_made_up(storage: Storage) -> None:
    """A read of a part, or of the end, is an error that names the cause, whatever the size of the object."""
    storage.put_new("object", b"0123456789")
    for read in (
        lambda: storage.get_range("object", 2, 3),
        lambda: storage.get_range("object", 0, 10),
        lambda: storage.get_tail("object", 4),
        lambda: storage.get_tail("object", 100),
    ):
        with pytest.raises(StorageError) as caught:
            read()
        assert caught.value.kind == "ranges-ignored"
    assert storage.get("object").data == b"0123456789"


@pytest.mark.parametrize("wrong", ["access_key_id", "secret_access_key"])
def test_wrong_keys(rclone_server: RcloneServer, bucket: str, wrong: str) -> None:
    """A wrong key and a wrong secret are told as wrong credentials by every method, and are not repeated."""
    storage = open_storage(bucket, options={**rclone_server.options, wrong: "hunter2"})
    for call in (
        lambda: storage.get("a"),
        lambda: storage.get_range("a", 0, 1),
        lambda: storage.put_new("a", b""),
        lambda: storage.put_if_match("a", b"", "v"),
        lambda: list(storage.list()),
    ):
        with pytest.raises(StorageError) as caught:
            call()
        assert caught.value.kind == "no-credentials"
        assert "hunter2" not in str(caught.value) + repr(caught.value.facts)
    (only,) = probe(storage)
    assert (only.name, only.ok, only.kind) == ("reach", False, "no-credentials")


def test_no_bucket(rclone_server: RcloneServer) -> None:
    """That there is no such bucket is told, and what to do."""
    (only,) = probe(open_storage("s3://no-such-bucket", options=rclone_server.options))
    assert (only.name, only.ok, only.kind) == ("reach", False, "bucket-not-found")
    assert "create the bucket" in only.hint


def test_weaker_mode(rclone_server: RcloneServer, bucket: str) -> None:
    """Where it is asked for, what is there is looked at before a write, so that one writer loses nothing."""
    storage = open_storage(bucket, options={**rclone_server.options, "conditional_writes": "false"})
    conditional = {finding.name: finding for finding in probe(storage)}["conditional write"]
    assert conditional.ok
    assert "one write at a time" in conditional.message
