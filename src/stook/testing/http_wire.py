"""HTTP/1.1 messages on a stream (RFC 9112): heads are read, bodies are passed on as they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["PIECE", "Framing", "Head", "answer_framing", "iter_body", "read_head", "request_framing"]

PIECE = 256 * 1024
# How long a body is: so many bytes, chunks that say it themselves, or all until the connection ends.
Framing = int | Literal["chunked", "to-end"]


@dataclass(frozen=True, slots=True)
class Head:
    """What is before the body.

    Attributes:
        raw: Its bytes, with the empty line at the end.
        words: The three parts of its first line.
        fields: The header fields by name in small letters; the last one where there are several.
    """

    raw: bytes
    words: tuple[str, str, str]
    fields: Mapping[str, str]

    @property
    def ends_connection(self) -> bool:
        """Whether nothing comes after this message."""
        is_old = "HTTP/1.0" in self.words
        wish = self.fields.get("connection", "close" if is_old else "").lower()
        return "close" in wish


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Read the head of a message, or return None where the connection has ended.

    Raises:
        ConnectionError: It ended within the head, or this is no HTTP.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise ConnectionResetError("the connection ended within a head") from error
    first, *lines = raw.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    pairs = [line.partition(":") for line in lines if line]
    if len(words) < 2:
        raise ConnectionAbortedError("this is no HTTP")
    fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Head(raw, (words[0], words[1], words[2] if len(words) > 2 else ""), fields)


def request_framing(head: Head) -> Framing:
    """Return how long the body of a request is."""
    return _stated(head, 0)


def answer_framing(head: Head, method: str) -> Framing:
    """Return how long the body of an answer to a request of this method is."""
    if method == "HEAD" or head.words[1] in {"204", "304"}:
        return 0
    return _stated(head, "to-end")


def _stated(head: Head, otherwise: Framing) -> Framing:
    if "chunked" in head.fields.get("transfer-encoding", "").lower():
        return "chunked"
    length = head.fields.get("content-length", "")
    return int(length) if length.isdecimal() else otherwise


async def iter_body(reader: asyncio.StreamReader, framing: Framing) -> AsyncIterator[bytes]:
    """Yield a body in pieces, as it came: chunks with what says how long they are.

    Raises:
        ConnectionError: It ended too early.
    """
    if framing == "chunked":
        async for piece in _iter_chunks(reader):
            yield piece
        return
    left = None if framing == "to-end" else framing
    while left is None or left > 0:
        piece = await reader.read(PIECE if left is None else min(PIECE, left))
        if not piece:
            if left is None:
                return
            raise ConnectionResetError("the connection ended within a body")
        left = None if left is None else left - len(piece)
        yield piece


async def _iter_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    size = 1
    while size:
        line = await _read_line(reader)
        size = int(line.partition(b";")[0], 16)
        yield line
        if size:
            async for piece in iter_body(reader, size + len(b"\r\n")):
                yield piece
    while True:  # fields may follow, and an empty line ends them
        line = await _read_line(reader)
        yield line
        if line == b"\r\n":
            return


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n")
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the connection ended within a body") from error
