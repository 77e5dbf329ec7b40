"""moto's S3 server, with conditional writes that are exact.

moto checks a precondition and writes in two steps without a lock, so racing writers can both win. Here one request at a
time may change anything. Run as a program: it prints its port when it listens.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_CHANGING = frozenset({"PUT", "POST", "DELETE"})


class OneWriterAtATime:
    """A WSGI application that lets one changing request through at a time, whole."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] not in _CHANGING:
            return self._application(environ, start_response)
        # The body comes first, so that a slow client does not hold the lock.
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:  # moto would keep what has come of it, which no object store does
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        environ["wsgi.input"] = io.BytesIO(body)
        with self._lock:
            return list(self._application(environ, start_response))


def main() -> None:
    """Serve on a free port of the loopback until terminated."""
    application = OneWriterAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
