"""A web server on this machine that answers well and badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.servers.threaded import listening

__all__ = ["Web", "serve_web"]


@dataclass
class Web:
    """What it serves.

    Attributes:
        url: Where it is, without a slash at the end.
        files: Content by path.
        statuses: Paths that are answered with an error, and which.
        redirects: Paths that lead elsewhere.
        chunked: Paths whose length is not announced.
        cut: Paths of which fewer bytes come than announced.
        asked: The path and the credentials of each request.
        stalled: Paths that are never answered, until this is set.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    chunked: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    stalled: set[str] = field(default_factory=set)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve_web() -> Iterator[Web]:
    """Serve until the block ends."""
    web = Web()

    class Handler(_Handler):
        served = web

    with listening(Handler) as web.url:
        try:
            yield web
        finally:
            web.released.set()


class _Handler(BaseHTTPRequestHandler):
    served: Web

    def do_GET(self) -> None:
        """Answer."""
        web, path = self.served, self.path.partition("?")[0]
        web.asked.append((self.path, self.headers.get("Authorization")))
        if path in web.stalled:
            web.released.wait(30)
        elif path in web.redirects:
            self._answer(302, {"Location": web.redirects[path]}, b"")
        elif path in web.statuses or path not in web.files:
            self._answer(web.statuses.get(path, 404), {}, b"no")
        elif path in web.chunked:
            self._answer(200, {}, web.files[path])
        else:
            content = web.files[path]
            sent = content[:-1] if path in web.cut else content
            self._answer(200, {"Content-Length": str(len(content))}, sent)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""
