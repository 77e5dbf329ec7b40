"""Files from web servers, as streams.

By Python's own client and not by the object stores' one, which refuses answers that do not say how long they are, and
which many servers give.
"""

from __future__ import annotations

import base64
import http.client
import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from stook.errors import NotFoundError, StookError, StorageError
from stook.storage.urls import redact

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["open_web"]

_PATIENCE: Final = 30.0
_GONE = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 407})
_URL_LETTERS = "/%:=&?~#+!$,;'@()*[]"
_BROKEN = (OSError, http.client.HTTPException)


@contextmanager
def open_web(url: str, *, patience: float = _PATIENCE) -> Iterator[BinaryIO]:
    """Open what an `http://` or `https://` URL names. Redirects are followed; credentials go to the first host only.

    Args:
        url: The URL; user and password in it are sent as basic authentication.
        patience: Seconds without a byte after which the server counts as stalled.

    Raises:
        NotFoundError: The server has no such thing.
        StorageError: It cannot be reached, refuses or stalls, or ends before the announced length.
    """
    place = redact(url)
    try:
        answer = build_opener(_WebOnly).open(_request(url), timeout=patience)
    except HTTPError as error:
        error.close()
        raise _refusal(place, error.code) from None
    except (*_BROKEN, ValueError) as error:
        raise _failure(place, error) from None
    with answer:
        yield cast(BinaryIO, io.BufferedReader(_Body(answer, place), 1 << 20))


class _WebOnly(HTTPRedirectHandler):
    """Follows redirects to web servers, as its base does, but never from https to http."""

    def redirect_request(
        self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise HTTPError(req.full_url, 502, "redirected from https to http", headers, None)  # type: ignore[arg-type]
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _request(url: str) -> Request:
    parts = urlsplit(url)
    user_info, _, host = parts.netloc.rpartition("@")
    bare = parts._replace(netloc=host, fragment="").geturl()
    # The scheme was checked by `find_scheme`: a file's URL never comes here.
    request = Request(quote(bare, safe=_URL_LETTERS), headers={"Accept-Encoding": "identity"})  # noqa: S310
    if user_info:
        token = base64.b64encode(unquote(user_info).encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


class _Body(io.RawIOBase):
    """The body of an answer; reading it raises our errors, and an early end is one."""

    def __init__(self, answer: http.client.HTTPResponse, place: str) -> None:
        super().__init__()
        self._answer = answer
        self._place = place
        self._left = answer.length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        try:
            got = self._answer.readinto(buffer)
        except _BROKEN as error:
            raise _failure(self._place, error) from None
        if self._left is not None:
            self._left -= got
            if not got and self._left > 0 and memoryview(buffer):
                raise _failure(self._place, http.client.IncompleteRead(b"", self._left))
        return got


def _refusal(place: str, status: int) -> StookError:
    category: type[StookError] = StorageError
    what, kind, hint = "was not given", "storage-failed", "try again later"
    if status in _GONE:
        category = NotFoundError
        what, kind, hint = "does not exist", "url-not-found", "check the URL in a browser"
    elif status in _REFUSED:
        what, kind = "may not be read", "permission"
        hint = "log in as its server wants, download it, and add the file"
    return category(f"{place} {what}: the server answered {status}", kind=kind, hint=hint, status=status)


def _failure(place: str, error: Exception) -> StorageError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return StorageError(
            f"{place} is too slow: nothing came for a while", kind="too-slow", hint="try again later"
        )
    if isinstance(reason, http.client.HTTPException):
        return StorageError(
            f"{place} ended before it was whole",
            kind="storage-failed",
            hint="try again",
            reason=type(reason).__name__,
        )
    what = "its certificate is not trusted" if isinstance(reason, ssl.SSLError) else _words(reason)
    return StorageError(
        f"{place} cannot be reached: {what}",
        kind="unreachable",
        hint="check the URL and the network, and try again",
    )


def _words(reason: object) -> str:
    if isinstance(reason, socket.gaierror):
        return "there is no such host"
    strerror = getattr(reason, "strerror", None)
    return str(strerror or "the connection failed")
