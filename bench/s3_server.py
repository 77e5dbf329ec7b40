"""An S3 server for benchmarks: moto's, which counts what it is asked and can answer late.

Run as a program it prints its port when it listens. `/-/late/30` makes each answer wait 30 ms, as a distant server's
does, whatever else it is answering meanwhile; `/-/count` gives requests and bytes since it was asked last.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

__all__ = ["Asked", "Server", "serving"]

_KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
_TRIPS = 9


@dataclass(frozen=True)
class Asked:
    """What a server was asked: how many requests of each method, and bytes sent to it and by it."""

    requests: int
    methods: dict[str, int]
    received: int
    sent: int


@dataclass(frozen=True)
class Server:
    """A running server with one bucket, `bench`."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What S3 clients need to be told in their environment."""
        return _KEYS | {"AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": "us-east-1"}

    def late(self, milliseconds: int) -> None:
        """Let each answer wait."""
        self._ask(f"late/{milliseconds}")

    def asked(self) -> Asked:
        """Return what it was asked since the last time."""
        return Asked(**json.loads(self._ask("count")))

    def trip(self) -> float:
        """Return how many seconds a small request takes by a connection that is open, the median of some."""
        connection = HTTPConnection(self.endpoint.removeprefix("http://"))
        taken = []
        for _ in range(_TRIPS):
            begun = time.perf_counter()
            connection.request("GET", "/bench?list-type=2&max-keys=1")
            connection.getresponse().read()
            taken.append(time.perf_counter() - begun)
        connection.close()
        return statistics.median(taken)

    def _ask(self, what: str) -> bytes:
        return _ask(self.endpoint, "GET", f"/-/{what}")


@contextmanager
def serving() -> Iterator[Server]:
    """Start a server, with its bucket; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.s3_server"],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        server = Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
        _ask(server.endpoint, "PUT", "/bench")
        yield server
    finally:
        process.terminate()
        process.wait()


def _ask(endpoint: str, method: str, path: str) -> bytes:
    connection = HTTPConnection(endpoint.removeprefix("http://"))
    connection.request(method, path)
    answer = connection.getresponse().read()
    connection.close()
    return answer


class _Counting:
    """A WSGI application around another."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._seconds = 0.0
        self._clear()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/-/"):
            start_response("200 OK", [("Content-Type", "application/json")])
            return [self._control(path.removeprefix("/-/"))]
        time.sleep(self._seconds)
        answer = list(self._application(environ, start_response))
        with self._lock:
            method = environ["REQUEST_METHOD"]
            self._methods[method] = self._methods.get(method, 0) + 1
            self._received += int(environ.get("CONTENT_LENGTH") or 0)
            self._sent += sum(map(len, answer))
        return answer

    def _control(self, what: str) -> bytes:
        if what.startswith("late/"):
            self._seconds = int(what.removeprefix("late/")) / 1000
            return b"{}"
        with self._lock:
            asked = Asked(sum(self._methods.values()), self._methods, self._received, self._sent)
            self._clear()
        return json.dumps(vars(asked)).encode()

    def _clear(self) -> None:
        self._methods: dict[str, int] = {}
        self._received = self._sent = 0


def main() -> None:
    """Serve on a free port of the loopback until terminated."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from tests.servers.locked_moto import OneWriterAtATime

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections are kept, as real servers do
    application = _Counting(OneWriterAtATime(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
