"""A server that speaks a little of S3's protocol, and means no good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.servers.threaded import listening

__all__ = ["Answer", "Hostile", "serve_hostile"]

_STAMPS = {"ETag": '"x"', "Last-Modified": "Sat, 01 Jan 2022 00:00:00 GMT"}


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes:
        body: The bytes, or a part that is sent until nobody listens.
        status: The number.
        headers: More headers.
        length: How many bytes are announced; as many as there are where not given.
    """

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(_STAMPS))
    length: int = -1


@dataclass
class Hostile:
    """The server.

    Attributes:
        endpoint: Its URL.
        answers: What to say to a request, given its path and query; 404 where that is None.
        asked: Paths of all requests.
        told: All that came with them: the request's line and headers.
        sent: How many bytes went out.
    """

    endpoint: str
    answers: Callable[[str, dict[str, list[str]]], Answer | None]
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def options(self) -> dict[str, str]:
        """Options of a remote there."""
        return {"endpoint": self.endpoint, "region": "us-east-1"}


@contextmanager
def serve_hostile(answers: Callable[[str, dict[str, list[str]]], Answer | None]) -> Iterator[Hostile]:
    """Serve until the block ends."""
    hostile = Hostile("", answers)

    class Handler(_Handler):
        served = hostile

    with listening(Handler) as hostile.endpoint:
        yield hostile


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Hostile

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        self.served.asked.append(parts.path)
        self.served.told.append(f"{self.path}\n{self.headers}")
        found = self.served.answers(parts.path, parse_qs(parts.query))
        answer = found or Answer(b"<Error><Code>NoSuchKey</Code></Error>", 404)
        length = answer.length if answer.length >= 0 else len(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            while length > 0 and answer.body and self.command == "GET":
                self.wfile.write(answer.body[:length])
                length -= len(answer.body)
                self.served.sent += len(answer.body)
        except OSError:
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - the name it has

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing."""
