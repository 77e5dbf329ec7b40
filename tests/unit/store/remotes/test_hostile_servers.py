"""Servers that mean no good, or are none: bounded waiting, nothing unpacked, and no credentials for others."""

from __future__ import annotations

import gzip
from itertools import count

import pytest

from stook.errors import StookError, StorageError
from stook.storage import open_storage
from stook.storage.object_storage import ObjectStorage
from stook.storage.s3 import connect_s3
from tests.servers.hostile_s3 import Answer, Hostile, serve_hostile

_PAGE = (
    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t{}</NextContinuationToken>{}"
    "</ListBucketResult>"
)
_ENTRY = (
    "<Contents><Key>x/log/{}</Key><LastModified>2022-01-01T00:00:00.000Z</LastModified><ETag>x</ETag>"
    "<Size>1</Size></Contents>"
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some, in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")


def _storage(server: Hostile, listing_seconds: float = 0.3) -> ObjectStorage:
    options = server.options
    return ObjectStorage(
        lambda purpose: connect_s3("bucket", "x", options, purpose=purpose),
        "s3://bucket/x",
        listing_seconds=listing_seconds,
    )


def test_a_listing_of_empty_pages_without_end_is_given_up() -> None:
    """Each page says that there is more, and none has anything: that is an error after a while, with a hint."""
    turns = count()
    with serve_hostile(lambda path, query: Answer(_PAGE.format(next(turns), "").encode())) as server:
        with pytest.raises(StorageError) as caught:
            list(_storage(server).list("log"))
        assert (caught.value.kind, bool(caught.value.hint)) == ("endless-listing", True)


def test_a_listing_whose_next_page_cannot_be_asked_for_is_an_error() -> None:
    """The name of the next page is longer than any address; what the library makes of that is told as an error."""
    with serve_hostile(lambda path, query: Answer(_PAGE.format("t" * 70_000, "").encode())) as server:
        with pytest.raises(StorageError) as caught:
            list(_storage(server, 60).list("log"))
        assert (caught.value.kind, bool(caught.value.hint)) == ("storage-failed", True)


def test_a_listing_of_the_same_page_again_and_again_is_refused() -> None:
    """No key comes twice in a listing."""
    page = _PAGE.format("", "".join(_ENTRY.format(f"{number:04}") for number in range(1000))).encode()
    with serve_hostile(lambda path, query: Answer(page)) as server:
        with pytest.raises(StorageError) as caught:
            list(open_storage("s3://bucket/x", options=server.options).list("log"))
        assert (caught.value.kind, bool(caught.value.hint)) == ("unsorted-listing", True)


def test_nobody_signs_for_the_server_that_another_redirects_to() -> None:
    """It is asked without a signature; what it says is held against digests like all else."""
    with serve_hostile(lambda path, query: Answer(b"found")) as other:
        headers = {"Location": f"{other.endpoint.replace('127.0.0.1', 'localhost')}/stolen"}
        with serve_hostile(lambda path, query: Answer(b"", 307, headers)) as server:
            open_storage("s3://bucket/x", options=server.options).get("stook.json")
            assert "AKIATEST" in server.told[0]
    assert other.asked == ["/stolen"]
    assert "AKIATEST" not in other.told[0]
    assert "hunter2" not in other.told[0] + server.told[0]


def test_what_a_server_compressed_is_not_unpacked() -> None:
    """A small answer stays small."""
    body = gzip.compress(bytes(10_000_000))
    answer = Answer(body, headers={**Answer(b"").headers, "Content-Encoding": "gzip"})
    with serve_hostile(lambda path, query: answer) as server:
        assert open_storage("s3://bucket/x", options=server.options).get("a").data == body


def test_headers_without_end_are_an_error() -> None:
    """Megabytes of them are not kept."""
    answer = Answer(b"", headers={f"x-{number}": "z" * 1000 for number in range(5000)})
    with serve_hostile(lambda path, query: answer) as server, pytest.raises(StookError) as caught:
        open_storage("s3://bucket/x", options=server.options).get("a")
    assert caught.value.hint
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://bucket/x", {"region": "evil.example/"}),
        ("s3://bucket/x", {"region": "evil.example\\"}),
        ("s3://bucket/x", {"region": "a b"}),
        ("s3://evil.example\\/x", {"path_style": "false"}),
        ("s3://evil.example:80/x", {"path_style": "false"}),
        ("az://container/x", {"account": "evil.example/"}),
        ("az://container/x", {"account": "team.evil.example"}),
        ("gs://evil.example\\/x", {}),
    ],
)
def test_no_part_of_a_place_makes_another_server_of_the_clouds(url: str, options: dict[str, str]) -> None:
    """Names of buckets, regions and accounts become parts of a server's name, and so cannot end it."""
    with pytest.raises(StookError) as caught:
        open_storage(url, options=options)
    assert caught.value.kind in {"bad-option", "bad-url"}
    assert caught.value.hint
