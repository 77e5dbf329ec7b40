"""A proxy that lets requests to an object store fail."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import pytest

from stook.errors import InputError
from stook.storage import Storage, open_storage
from stook.testing import FaultProxy, ProxyFault, StorageTests, random_proxy_faults
from tests.servers.moto_s3 import S3Bucket
from tests.servers.threaded import listening

_WHOLE = bytes(range(256)) * 400


@contextmanager
def _server() -> Iterator[tuple[str, list[tuple[str, str, bytes, dict[str, str]]]]]:
    """A server that writes down what it is asked, and answers GET /chunked in chunks, GET /open until it ends."""
    asked: list[tuple[str, str, bytes, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def _answer(self) -> None:
            body = self._read_body()
            fields = {name.lower(): value for name, value in self.headers.items()}
            asked.append((self.command, self.path, body, fields))
            self.send_response(200)
            if self.path == "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for start in range(0, len(_WHOLE), 5000):
                    piece = _WHOLE[start : start + 5000]
                    self.wfile.write(b"%x;note=1\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\nX-Trailer: yes\r\n\r\n")
            elif self.path == "/open":
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(_WHOLE)
            else:
                self.send_header("Content-Length", str(len(_WHOLE)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(_WHOLE)

        do_GET = do_PUT = do_HEAD = _answer  # noqa: N815

        def _read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with listening(Handler) as url:
        yield url, asked


def _connect(proxy: FaultProxy) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(proxy.endpoint).port, timeout=20)


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> int:
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


class TestWithoutFaults(StorageTests):
    """Through a proxy without faults a bucket is a storage like any other, every request of it signed."""

    @pytest.fixture
    def storage(self, s3_bucket: S3Bucket) -> Iterator[Storage]:
        """A bucket behind a proxy."""
        with FaultProxy(s3_bucket.endpoint) as proxy:
            yield open_storage(s3_bucket.url, options={**s3_bucket.options, "endpoint": proxy.endpoint})


def test_bodies_of_every_framing_go_through() -> None:
    """Lengths, chunks with trailers, bodies until the end, none at all, and the host that the client named."""
    with _server() as (url, asked), FaultProxy(url) as proxy:
        for path in ("/a%20b?c=d", "/chunked", "/open"):
            with closing(_connect(proxy)) as connection:
                for method in ("HEAD", "GET"):
                    connection.request(method, path if method == "GET" else "/", headers={"Host": "bucket:1"})
                    assert connection.getresponse().read() == (_WHOLE if method == "GET" else b"")
        with closing(_connect(proxy)) as connection:
            connection.request("PUT", "/", iter([_WHOLE, b"more"]), encode_chunked=True)
            assert connection.getresponse().read() == _WHOLE
            connection.request("PUT", "/", _WHOLE)
            assert connection.getresponse().read() == _WHOLE
    assert [fields["host"] for *_, fields in asked][:6] == ["bucket:1"] * 6
    assert [body for _, _, body, _ in asked][6:] == [_WHOLE + b"more", _WHOLE]
    seen = proxy.requests[1]
    assert (seen.number, seen.method, seen.path, seen.query) == (2, "GET", "/a b", "c=d")
    assert (seen.status, seen.sent, seen.received, seen.fault) == (200, 0, len(_WHOLE), None)
    assert proxy.requests[0].received == 0
    assert proxy.requests[7].sent == len(_WHOLE)


def test_who_asks_whether_to_go_on_is_told_so() -> None:
    """`Expect: 100-continue` is answered before the body has come."""
    with (
        _server() as (url, asked),
        FaultProxy(url) as proxy,
        socket.create_connection(("127.0.0.1", urlsplit(proxy.endpoint).port or 0), timeout=20) as client,
        client.makefile("rb") as answer,
    ):
        client.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert answer.readline() == b"\r\n"
        client.sendall(b"body")
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
    assert asked[0][2] == b"body"


@pytest.mark.parametrize("kind", ["reset-before", "reset-within", "stall-before"])
def test_breaks_before(kind: str) -> None:
    """The server never hears of the request, and the next one goes through."""
    fault = ProxyFault(kind, 1, seconds=0.1)  # type: ignore[arg-type]
    with _server() as (url, asked), FaultProxy(url, [fault]) as proxy:
        with closing(_connect(proxy)) as connection, pytest.raises(ConnectionError):
            _ask(connection, "PUT", "/", _WHOLE)
        assert asked == []
        with closing(_connect(proxy)) as connection:
            connection.request("PUT", "/", _WHOLE)
            assert connection.getresponse().status == 200
        first, second = proxy.requests
        assert (first.status, first.fault) == (0, kind)
        assert first.sent == 0 if kind != "reset-within" else first.sent >= len(_WHOLE) // 2
        assert (second.status, second.sent, second.fault) == (200, len(_WHOLE), None)


@pytest.mark.parametrize("kind", ["reset-after", "stall-after"])
def test_breaks_after(kind: str) -> None:
    """The server has done it, and its answer is lost."""
    fault = ProxyFault(kind, 1, seconds=0.1)  # type: ignore[arg-type]
    with _server() as (url, asked), FaultProxy(url, [fault]) as proxy:
        with closing(_connect(proxy)) as connection:
            connection.request("PUT", "/", _WHOLE)
            with pytest.raises(ConnectionError):
                connection.getresponse()
        assert [body for _, _, body, _ in asked] == [_WHOLE]
        assert proxy.requests[0].status == 0


@pytest.mark.parametrize(
    ("kind", "status", "code", "reached"),
    [
        ("error", 500, b"InternalError", 0),
        ("slow-down", 503, b"SlowDown", 0),
        ("error-after", 500, b"Int", 1),
    ],
)
def test_errors(kind: str, status: int, code: bytes, reached: int) -> None:
    """An error is answered as S3 does, and the connection goes on."""
    fault = ProxyFault(kind, 1)  # type: ignore[arg-type]
    with _server() as (url, asked), FaultProxy(url, [fault]) as proxy, closing(_connect(proxy)) as connection:
        connection.request("PUT", "/", _WHOLE)
        answer = connection.getresponse()
        assert answer.status == status
        assert b"<Code>" + code in answer.read()
        assert len(asked) == reached
        connection.request("GET", "/")
        assert connection.getresponse().read() == _WHOLE
        assert [request.status for request in proxy.requests] == [status, 200]


@pytest.mark.parametrize("kind", ["truncate", "stall-body"])
@pytest.mark.parametrize("path", ["/", "/chunked"])
def test_half_of_an_answer(kind: str, path: str) -> None:
    """The answer breaks off, and says no more than the client got."""
    fault = ProxyFault(kind, 1, seconds=0.1)  # type: ignore[arg-type]
    with _server() as (url, _), FaultProxy(url, [fault]) as proxy, closing(_connect(proxy)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        assert 0 < proxy.requests[0].received <= len(_WHOLE) // 2
        assert proxy.requests[0].status == 200


@pytest.mark.parametrize("kind", ["truncate", "stall-body"])
def test_an_answer_without_a_body_is_lost_whole(kind: str) -> None:
    """There is nothing to cut, so nothing comes."""
    fault = ProxyFault(kind, 1, seconds=0.1)  # type: ignore[arg-type]
    with _server() as (url, asked), FaultProxy(url, [fault]) as proxy, closing(_connect(proxy)) as connection:
        connection.request("HEAD", "/")
        with pytest.raises(ConnectionError):
            connection.getresponse()
        assert len(asked) == 1


def test_faults_are_for_the_requests_that_fit() -> None:
    """By method, path and number; the first that fits wins, and other faults begin to count anew."""
    faults = [
        ProxyFault("error", 2, method="GET"),
        ProxyFault("slow-down", key="/bucket/packs/*"),
        ProxyFault("slow-down", 1, method="GET", key="/bucket/log?"),
    ]
    with _server() as (url, _), FaultProxy(url, faults) as proxy, closing(_connect(proxy)) as connection:
        paths = ["/bucket/log1", "/bucket/packs/x?a=b", "/bucket/log2", "/bucket/packs/%78"]
        assert [_ask(connection, "GET", path) for path in paths] == [503, 500, 200, 503]
        assert _ask(connection, "PUT", "/bucket/packs/x") == 503
        proxy.set_faults([faults[0]])
        assert [_ask(connection, "GET", "/") for _ in range(3)] == [200, 500, 200]
        assert [request.number for request in proxy.requests] == [1, 2, 3]
        proxy.set_faults()
        assert [_ask(connection, "GET", "/") for _ in range(3)] == [200, 200, 200]


def test_latency_delay_and_bandwidth() -> None:
    """Each request is late by the latency, one more by its fault, and bodies take as long as the line says."""
    with _server() as (url, _):
        with (
            FaultProxy(url, [ProxyFault("delay", 2, seconds=0.3)], latency=(0.1, 0.15)) as proxy,
            closing(_connect(proxy)) as connection,
        ):
            times = []
            for _ in range(2):
                started = time.monotonic()
                connection.request("GET", "/")
                connection.getresponse().read()
                times.append(time.monotonic() - started)
            assert times[0] >= 0.1
            assert times[1] >= 0.4
        with (
            FaultProxy(url, bandwidth=len(_WHOLE) * 4) as proxy,
            closing(_connect(proxy)) as one,
            closing(_connect(proxy)) as two,
        ):
            started = time.monotonic()
            for connection in (one, two):
                connection.request("PUT", "/", _WHOLE)
            for connection in (one, two):
                connection.getresponse().read()
            assert time.monotonic() - started >= 1.0 * 0.95


def test_a_stall_does_not_outlast_the_proxy() -> None:
    """Whoever leaves the block does not wait for what is stalled, and its client is not left hanging."""
    with _server() as (url, _), ThreadPoolExecutor(1) as pool:
        with FaultProxy(url, [ProxyFault("stall-before", seconds=600)]) as proxy:
            connection = _connect(proxy)
            connection.request("GET", "/")
            answer = pool.submit(connection.getresponse)
            while not proxy.requests:
                time.sleep(0.005)
            started = time.monotonic()
        assert time.monotonic() - started < 10
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            answer.result(timeout=20)
        connection.close()


def test_a_server_that_is_not_there_breaks_the_connection() -> None:
    """The client sees what it would see of a dead server, and the proxy goes on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with FaultProxy(f"http://127.0.0.1:{port}") as proxy:
        for _ in range(2):
            with closing(_connect(proxy)) as connection, pytest.raises(ConnectionError):
                _ask(connection, "GET", "/")
        assert [request.status for request in proxy.requests] == [0, 0]


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    """A seed says which request fails how; the rate says how many."""
    some = random_proxy_faults(7, requests=1000, rate=0.2)
    assert some == random_proxy_faults(7, requests=1000, rate=0.2)
    assert some != random_proxy_faults(8, requests=1000, rate=0.2)
    assert 120 < len(some) < 280
    assert len({fault.kind for fault in some}) == 11
    assert random_proxy_faults(7, requests=1000, rate=0) == ()


def test_what_makes_no_sense_is_refused() -> None:
    """Faults and proxies that cannot be."""
    for wrong in ({"kind": "explode"}, {"kind": "error", "number": 0}, {"kind": "delay", "seconds": -1}):
        with pytest.raises(InputError):
            ProxyFault(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        FaultProxy("https://127.0.0.1:1")
    with pytest.raises(InputError):
        FaultProxy("http://127.0.0.1:1", latency=(2, 1))
    with pytest.raises(InputError):
        FaultProxy("http://127.0.0.1:1", bandwidth=0)
