"""What the S3 storage sends, seen by a server that writes down every request."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest

from stook.errors import ConflictError, InputError, IntegrityError, StookError, StorageError
from stook.storage import open_storage
from stook.storage.s3 import connect_s3
from tests.servers.recording import Recorder, record_requests

_DENIED = (
    b"<Error><Code>InvalidAccessKeyId</Code><Message>no key OPTIONKEY</Message>"
    b"<AWSAccessKeyId>OPTIONKEY</AWSAccessKeyId></Error>"
)
_CREDENTIALS = {"access_key_id": "OPTIONKEY", "secret_access_key": "OPTIONSECRET"}


def test_what_is_shown_of_a_connection_has_no_secret() -> None:
    """A log or debugger that shows a connection, and whatever gives it credentials, does not show these."""
    connection = connect_s3("bucket", "prefix", _CREDENTIALS)
    assert "OPTION" not in repr(connection) + repr(connection.credential_provider)


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server that writes down what it is asked."""
    with record_requests() as recorder:
        yield recorder


def test_endpoint_and_credentials_from_the_environment(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
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


def test_options_win_over_the_environment(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_anonymous(server: Recorder) -> None:
    """An anonymous request carries no signature, and no credentials are looked for."""
    open_storage("s3://bucket", options={"endpoint": server.endpoint, "anonymous": "true"}).get("a")
    assert "authorization" not in server.requests[0][2]


def test_conditions_go_with_the_writes(server: Recorder) -> None:
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


def test_no_credential_is_shown(server: Recorder) -> None:
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


def test_missing_bucket_is_no_missing_object(server: Recorder) -> None:
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


def test_short_answer(server: Recorder) -> None:
    """A server that ignores ranges, or sends less than asked for, is never believed."""
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(StookError):
        storage.get_range("a", 1, 3)


def test_unsorted_listing(server: Recorder) -> None:
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


def test_missing_credentials(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any credentials the error says so, and not which address was asked for them last."""
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", server.endpoint)
    server.status, server.body = 404, b"nothing here"
    with pytest.raises(StorageError, match=r"needs valid credentials(\ntry|$)") as caught:
        open_storage("s3://bucket", options={"endpoint": server.endpoint}).get("a")
    assert caught.value.kind == "no-credentials"
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_encryption_and_payment_go_with_the_requests(server: Recorder) -> None:
    """The key of the server's encryption goes with each write, the reader's promise to pay with each request."""
    options = {
        "endpoint": server.endpoint,
        **_CREDENTIALS,
        "sse_kms_key": "arn:key",
        "requester_pays": "true",
    }
    storage = open_storage("s3://bucket", options=options)
    storage.put_new("a", b"x")
    storage.get("a")
    put, get = (headers for _, _, headers in server.requests)
    assert put["x-amz-server-side-encryption"] == "aws:kms"
    assert put["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:key"
    assert put["x-amz-request-payer"] == get["x-amz-request-payer"] == "requester"
    assert "x-amz-server-side-encryption" not in get


def test_weaker_mode_asks_for_no_conditions(server: Recorder) -> None:
    """Without conditional writes the storage looks, then writes, and says of itself that it does so."""
    options = {"endpoint": server.endpoint, **_CREDENTIALS, "conditional_writes": "false"}
    storage = open_storage("s3://bucket", options=options)
    assert not storage.has_conditional_writes
    with pytest.raises(ConflictError):
        storage.put_new("a", b"x")
    with pytest.raises(ConflictError):
        storage.put_if_match("a", b"x", '"old"')
    assert storage.put_if_match("a", b"x", '"tag"') == '"tag"'
    assert [method for method, _, _ in server.requests] == ["HEAD", "HEAD", "HEAD", "PUT"]
    assert "if-match" not in server.requests[-1][2]


def test_a_tail_is_one_request(server: Recorder) -> None:
    """The last bytes are asked for as such, without asking for the size first; who sends all is not believed."""
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(StorageError) as caught:
        storage.get_tail("a", 3)
    assert caught.value.kind == "ranges-ignored"
    assert server.requests[0][2]["range"] == "bytes=-3"


def test_an_object_over_the_limit_is_not_read(server: Recorder) -> None:
    """The announced size decides, before the body comes."""
    server.body = bytes(100)
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    with pytest.raises(IntegrityError) as caught:
        storage.get("a", limit=99)
    assert caught.value.kind == "too-large"
    assert caught.value.facts["size"] == 100


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "RequestTimeTooSkewed", "clock-skew"),
        (400, "AuthorizationHeaderMalformed", "wrong-region"),
        (400, "ExpiredToken", "no-credentials"),
        (403, "AccessDenied", "permission"),
    ],
)
def test_refusals_say_what_to_mend(server: Recorder, status: int, code: str, kind: str) -> None:
    """This machine's clock, the region, credentials that have ended and a missing right are told apart."""
    server.status, server.body = status, f"<Error><Code>{code}</Code></Error>".encode()
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    for ask in (lambda: storage.get("a"), lambda: list(storage.list())):
        with pytest.raises(StorageError) as caught:
            ask()
        assert caught.value.kind == kind
        assert caught.value.hint
    assert ("aws sso login" in caught.value.hint) == (code == "ExpiredToken")


def test_a_server_whose_clock_is_off(server: Recorder) -> None:
    """Times in a listing are the server's, taken as they are."""
    server.body = (
        b"<ListBucketResult><Contents><Key>a</Key><Size>1</Size>"
        b"<LastModified>1999-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>"
    )
    storage = open_storage("s3://bucket", options={"endpoint": server.endpoint, **_CREDENTIALS})
    assert [entry.modified for entry in storage.list()] == [915148800.0]


def test_nobody_answers() -> None:
    """That a server cannot be reached is told with its address."""
    storage = open_storage("s3://bucket", options={"endpoint": "http://127.0.0.1:9", **_CREDENTIALS})
    with pytest.raises(StorageError, match=r"cannot be reached: http://127\.0\.0\.1:9") as caught:
        storage.get("a")
    assert caught.value.kind == "unreachable"
