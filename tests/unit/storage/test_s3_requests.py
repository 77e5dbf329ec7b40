"""What the S3 storage sends, seen by a server that writes down every request."""

from __future__ import annotations

import http.server
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from stook.errors import InputError, StookError, StorageError
from stook.storage import open_storage
from stook.storage.objects import connect_s3

_DENIED = (
    b"<Error><Code>InvalidAccessKeyId</Code><Message>no key OPTIONKEY</Message>"
    b"<AWSAccessKeyId>OPTIONKEY</AWSAccessKeyId></Error>"
)
_CREDENTIALS = {"access_key_id": "OPTIONKEY", "secret_access_key": "OPTIONSECRET"}


def test_what_is_shown_of_a_connection_has_no_secret() -> None:
    """A log or debugger that shows a connection, and whatever gives it credentials, does not show these."""
    connection = connect_s3("bucket", "prefix", _CREDENTIALS)
    assert "OPTION" not in repr(connection) + repr(connection.credential_provider)


@dataclass
class Server:
    """Answers every request with one status and body."""

    endpoint: str = ""
    status: int = 200
    body: bytes = b"hello"
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that writes down what it is asked."""
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append((self.command, self.path, headers))
            self.rfile.read(int(headers.get("content-length", 0)))
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.send_header("ETag", '"tag"')
            self.send_header("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT")
            self.end_headers()
            self.wfile.write(state.body)

        do_GET = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        state.endpoint = f"http://127.0.0.1:{listener.server_port}"
        yield state
        listener.shutdown()
        thread.join()


def test_endpoint_and_credentials_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ENDPOINT_URL and the AWS_ credentials are enough, and requests are path style."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ENVSECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "ENVTOKEN")
    assert open_storage("s3://bucket/team").get("a b").data == b"hello"
    method, path, headers = server.requests[0]
    assert (method, path) == ("GET", "/bucket/team/a%20b")
    assert "ENVKEY" in headers["authorization"]
    assert headers["x-amz-security-token"] == "ENVTOKEN"


def test_options_win_over_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint and credentials that are given are used whole: no token of the environment goes with them."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ENVSECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "ENVTOKEN")
    options = {"endpoint": server.endpoint, "region": "eu-north-1", **_CREDENTIALS}
    open_storage("s3://bucket", options=options).get("a")
    headers = server.requests[0][2]
    assert "OPTIONKEY" in headers["authorization"]
    assert "eu-north-1" in headers["authorization"]
    assert "x-amz-security-token" not in headers
    open_storage("s3://bucket", options={**options, "session_token": "OPTIONTOKEN"}).get("a")
    assert server.requests[1][2]["x-amz-security-token"] == "OPTIONTOKEN"


def test_anonymous(server: Server) -> None:
    """An anonymous request carries no signature, and no credentials are looked for."""
    open_storage("s3://bucket", options={"endpoint": server.endpoint, "anonymous": "true"}).get("a")
    assert "authorization" not in server.requests[0][2]


def test_conditions_go_with_the_writes(server: Server) -> None:
    """put_new says If-None-Match, put_if_match says If-Match with the version, each in one request."""
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    storage.put_new("a", bytes(6 * 2**20))
    assert storage.put_if_match("a", b"x", '"old"') == '"tag"'
    storage.delete("a")
    assert [request[:2] for request in server.requests] == [
        ("PUT", "/bucket/a"),
        ("PUT", "/bucket/a"),
        ("DELETE", "/bucket/a"),
    ]
    assert server.requests[0][2]["if-none-match"] == "*"
    assert server.requests[1][2]["if-match"] == '"old"'


def test_no_credential_is_shown(server: Server) -> None:
    """Neither URL, nor repr, nor error, nor traceback shows a credential, not even the server's words."""
    server.status, server.body = 403, _DENIED
    storage = open_storage("s3://bucket/team", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(StorageError) as caught:
        storage.get("a")
    error = caught.value
    shown = "".join(
        [storage.url, repr(storage), repr(error), repr(error.facts), *traceback.format_exception(error)]
    )
    assert "OPTIONKEY" not in shown
    assert "OPTIONSECRET" not in shown
    assert storage.url == "s3://bucket/team"
    assert error.kind == "no-credentials"
    assert "InvalidAccessKeyId" in str(error)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [("s3://KEY:hunter2@bucket", "http://127.0.0.1:9"), ("s3://bucket", "http://KEY:hunter2@127.0.0.1:9")],
)
def test_no_credential_in_a_url(url: str, endpoint: str) -> None:
    """Credentials in a URL are refused, and not repeated."""
    with pytest.raises(InputError) as caught:
        open_storage(url, options={"endpoint": endpoint})
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_missing_bucket_is_no_missing_object(server: Server) -> None:
    """No bucket is a StorageError that says so, lest a store take it for an empty one."""
    server.status, server.body = 404, b"<Error><Code>NoSuchBucket</Code></Error>"
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    for call in (
        lambda: storage.get("a"),
        lambda: storage.get_range("a", 0, 1),
        lambda: storage.put_new("a", b""),
        lambda: storage.put_if_match("a", b"", "v"),
        lambda: list(storage.list()),
    ):
        with pytest.raises(StorageError) as caught:
            call()
        assert caught.value.kind == "bucket-not-found"


def test_short_answer(server: Server) -> None:
    """A server that ignores ranges, or sends less than asked for, is never believed."""
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(StookError):
        storage.get_range("a", 1, 3)


def test_unsorted_listing(server: Server) -> None:
    """A bucket that lists in an order of its own, as directory buckets do, is refused: readers resume by key."""
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>1</Size><LastModified>2026-11-21T10:00:00.000Z</LastModified></Contents>"
        for key in ("a", "c", "b")
    )
    server.body = f"<ListBucketResult>{contents}</ListBucketResult>".encode()
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(StorageError) as caught:
        list(storage.list())
    assert caught.value.kind == "unsorted-listing"


def test_missing_credentials(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any credentials the error says so, and not which address was asked for them last."""
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", server.endpoint)
    server.status, server.body = 404, b"nothing here"
    with pytest.raises(StorageError, match=r"needs valid credentials(\ntry|$)") as caught:
        open_storage("s3://bucket", options={"endpoint": server.endpoint}).get("a")
    assert caught.value.kind == "no-credentials"
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint
