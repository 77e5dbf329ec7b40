"""URLs as streams: what comes, what is said when it does not, and that secrets are not shown."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError, StookError, StorageError
from stook.storage import open_storage
from stook.storage.fetch import list_folder, open_url
from stook.storage.fetch_web import open_web
from stook.storage.urls import find_scheme, local_path, redact, url_parts
from tests.servers.moto_s3 import S3Bucket
from tests.servers.web import Web, serve_web


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server."""
    with serve_web() as web:
        yield web


@pytest.fixture
def bucket(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket that the environment has the credentials of."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_bucket.endpoint)
    monkeypatch.setenv("AWS_REGION", s3_bucket.options["region"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_bucket.options["secret_access_key"])
    return s3_bucket


def read(url: str) -> bytes:
    """Return what a URL names."""
    with open_url(url) as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@host:8/a/b?sig=secret#x", "https://host:8/a/b"),
        ("https://host?secret", "https://host"),
        ("s3://key:secret@bucket/a", "s3://bucket/a"),
        ("https://host/a@b", "https://host/a@b"),
        ("data/a?b@c.csv", "data/a?b@c.csv"),
    ],
)
def test_redacted(url: str, shown: str) -> None:
    """A URL is shown without user, password, query and fragment; a path is shown as it is."""
    assert redact(url) == shown


def test_schemes() -> None:
    """Paths have none, and what cannot be fetched is refused without its secrets."""
    assert [find_scheme(text) for text in ("a/b", "C:/x", "HTTPS://h", "s3://b")] == ["", "", "https", "s3"]
    with pytest.raises(InputError) as caught:
        find_scheme("ftp://me:secret@host/a")
    assert (caught.value.kind, "secret" in str(caught.value)) == ("unknown-scheme", False)


def test_local_path() -> None:
    """A file URL names a path of this machine, percent-decoded, and of no other machine."""
    assert local_path("file:///a%20b/%C3%A4") == Path("/a b/ä")
    for url in ("file://other/a", "file://"):
        with pytest.raises(InputError):
            local_path(url)


@pytest.mark.parametrize(
    "url", ["https:///a", "https://h:99999/a", "https://h/a\nb", "s3:///a", "s3://k@b/a", "s3://b/a?x"]
)
def test_bad_urls(url: str) -> None:
    """A URL that makes no sense is the caller's mistake."""
    with pytest.raises(InputError, match=r"URL|bucket"):
        read(url)


def test_web_content(web: Web) -> None:
    """What a server has comes, its length announced or not, through redirects, and with letters to be escaped."""
    web.files = {"/a.bin": bytes(range(256)) * 9000, "/%C3%A4%20b": b"x"}
    web.redirects = {"/moved": "/a.bin"}
    assert read(f"{web.url}/a.bin") == web.files["/a.bin"]
    web.chunked = {"/a.bin"}
    assert read(f"{web.url}/moved") == web.files["/a.bin"]
    assert read(f"{web.url}/ä b") == b"x"
    assert url_parts(f"{web.url}/%C3%A4%20b")[-1] == "ä b"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, NotFoundError, "url-not-found"),
        (410, NotFoundError, "url-not-found"),
        (403, StorageError, "permission"),
        (401, StorageError, "permission"),
        (500, StorageError, "storage-failed"),
    ],
)
def test_web_refusals(web: Web, status: int, error: type[StookError], kind: str) -> None:
    """A refusal becomes one of our errors, with the URL but not with what is secret in it."""
    web.statuses = {"/a": status}
    with pytest.raises(error) as caught:
        read(f"{web.url.replace('//', '//me:secret@')}/a?key=secret")
    assert (type(caught.value), caught.value.kind) == (error, kind)
    assert f"{web.url}/a" in str(caught.value)
    assert "secret" not in str(caught.value) + str(caught.value.facts)


def test_web_that_fails(web: Web) -> None:
    """A server that is not there, that stalls, or that sends less than it announced is an error of storage."""
    web.files, web.cut, web.stalled = {"/cut": b"12345"}, {"/cut"}, {"/slow"}
    with pytest.raises(StorageError, match="cannot be reached"):
        read("http://127.0.0.1:1/a")
    with pytest.raises(StorageError, match="before it was whole"):
        read(f"{web.url}/cut")
    with pytest.raises(StorageError, match="too slow"), open_web(f"{web.url}/slow", patience=0.2):
        pass


def test_credentials_stay(web: Web) -> None:
    """User and password go to the server of the URL, and not to where it redirects; nor are other schemes followed."""
    web.files, web.redirects = {"/b": b"x"}, {"/a": "/b", "/evil": "file:///etc/passwd"}
    read(f"{web.url.replace('//', '//me:pa%40ss@')}/a")
    assert [credentials for _, credentials in web.asked] == ["Basic bWU6cGFAc3M=", None]
    with pytest.raises(StorageError):
        read(f"{web.url}/evil")


def test_bucket_content(bucket: S3Bucket) -> None:
    """Objects come as streams, and the objects below a prefix are a folder; neighbours of its name are not in it."""
    storage = open_storage(bucket.url, options=bucket.options)
    for key in ("in/a ä.txt", "in/deep/b.txt", "inside.txt"):
        storage.put_new(key, key.encode())
    storage.put_new("big", bytes(10_000_000))
    assert read(f"{bucket.url}/in/a ä.txt") == "in/a ä.txt".encode()
    assert read(f"{bucket.url}/big") == bytes(10_000_000)
    for marker in ("in/", "in/deep/"):
        request = urllib.request.Request(f"{bucket.endpoint}/{bucket.name}/{marker}", method="PUT", data=b"")  # noqa: S310  it is http
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
    found = [(below.path, below.url, below.size) for below in list_folder(f"{bucket.url}/in/")]
    assert found == [
        ("a ä.txt", f"{bucket.url}/in/a ä.txt", 11),
        ("deep/b.txt", f"{bucket.url}/in/deep/b.txt", 13),
    ]


def test_bucket_refusals(bucket: S3Bucket) -> None:
    """An object or bucket that is not there is said to be so, by its URL."""
    with pytest.raises(NotFoundError, match=f"{bucket.url}/nope"):
        read(f"{bucket.url}/nope")
    with pytest.raises(StorageError, match="no bucket"):
        read("s3://stook-no-such-bucket/a")
