"""A server that gives everyone the same answer, and writes down what it was asked."""

from __future__ import annotations

import http.server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.threaded import listening

__all__ = ["Recorder", "record_requests"]


@dataclass
class Recorder:
    """What it answers, and the method, path and headers of each request.

    Attributes:
        endpoint: Where it is.
        status: The status of every answer.
        body: The body of every answer.
        requests: What came.
        bodies: The bodies that came.
    """

    endpoint: str = ""
    status: int = 200
    body: bytes = b"hello"
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def record_requests() -> Iterator[Recorder]:
    """Serve until the block ends."""
    state = Recorder()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.requests.append((self.command, self.path, headers))
            state.bodies.append(self.rfile.read(int(headers.get("content-length", 0))))
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.send_header("ETag", '"tag"')
            self.send_header("Last-Modified", "Sat, 21 Nov 2026 10:00:00 GMT")
            self.end_headers()
            self.wfile.write(state.body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with listening(Handler) as state.endpoint:
        yield state
