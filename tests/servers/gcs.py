"""A little server of Google's XML API, with generations: what our side sends is proven by it, and nothing of Google's.

The API: https://cloud.google.com/storage/docs/xml-api/overview
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.servers.threaded import listening

__all__ = ["Gcs", "serve_gcs"]

_PAGE = 1000


@dataclass
class Gcs:
    """What it serves.

    Attributes:
        url: Where it is.
        token: What every request must bring.
        objects: Bytes, generation and time of writing by key.
        requests: Method, path and headers of each request.
    """

    url: str = ""
    token: str = "test-token"  # noqa: S105
    objects: dict[str, tuple[bytes, int, float]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    generations: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000_000_001))
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serve_gcs() -> Iterator[Gcs]:
    """Serve one bucket, `bucket`, until the block ends."""
    gcs = Gcs()

    class Handler(_Handler):
        served = gcs

    with listening(Handler) as gcs.url:
        yield gcs


class _Handler(BaseHTTPRequestHandler):
    served: Gcs
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.served.requests.append((self.command, self.path, dict(self.headers)))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if self.headers.get("Authorization") != f"Bearer {self.served.token}":
            self._refuse(401, "AuthenticationRequired")
        elif bucket != "bucket":
            self._refuse(404, "NoSuchBucket")
        elif not key:
            self._list({name: values[0] for name, values in parse_qs(parts.query).items()})
        elif self.command == "PUT":
            self._put(key, body)
        elif key not in self.served.objects:
            self._refuse(404, "NoSuchKey")
        elif self.command == "DELETE":
            del self.served.objects[key]
            self._answer(204, b"")
        else:
            self._get(key)

    do_GET = do_PUT = do_HEAD = do_DELETE = _serve  # noqa: N815

    def _put(self, key: str, body: bytes) -> None:
        wanted = self.headers.get("x-goog-if-generation-match")
        with self.served.lock:
            present = self.served.objects.get(key, (b"", 0, 0.0))[1]
            if wanted is not None and int(wanted) != present:
                self._refuse(412, "PreconditionFailed")
                return
            generation = next(self.served.generations)
            self.served.objects[key] = (body, generation, time.time())
        self._answer(200, b"", self._described(generation))

    def _get(self, key: str) -> None:
        data, generation, written = self.served.objects[key]
        headers = self._described(generation) | {"Last-Modified": formatdate(written, usegmt=True)}
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
        if match is None:
            self._answer(200, data, headers)
            return
        first, last = match.groups()
        start = int(first) if first else max(0, len(data) - int(last))
        end = min(len(data), int(last) + 1 if first and last else len(data))
        if start >= len(data):
            self._refuse(416, "InvalidRange")
            return
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        self._answer(206, data[start:end], headers)

    def _list(self, query: dict[str, str]) -> None:
        after = max(query.get("continuation-token", ""), query.get("start-after", ""))
        keys = sorted(
            key
            for key in list(self.served.objects)
            if key.startswith(query.get("prefix", "")) and key > after
        )
        page = "".join(map(self._listed, keys[:_PAGE]))
        if len(keys) > _PAGE:
            page += f"<NextContinuationToken>{escape(keys[_PAGE - 1])}</NextContinuationToken>"
        self._answer(200, f"<ListBucketResult>{page}</ListBucketResult>".encode())

    def _listed(self, key: str) -> str:
        data, generation, written = self.served.objects[key]
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(written))
        return (
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><LastModified>{when}</LastModified>"
            f'<ETag>"{generation}"</ETag></Contents>'
        )

    def _described(self, generation: int) -> dict[str, str]:
        # An ETag that never changes: whoever goes by it loses what others wrote.
        return {"ETag": '"always-the-same"', "x-goog-generation": str(generation)}

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""
