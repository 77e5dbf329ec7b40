"""One client's connection through a `FaultProxy`, request by request."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from stook.testing.http_wire import (
    PIECE,
    Framing,
    Head,
    answer_framing,
    iter_body,
    read_head,
    request_framing,
)
from stook.testing.proxy_faults import Exchange, Plan, ProxyFault

__all__ = ["Connection", "Line"]

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_ERRORS = {
    "error": (500, "InternalError", "We encountered an internal error. Please try again."),
    "error-after": (500, "InternalError", "We encountered an internal error. Please try again."),
    "slow-down": (503, "SlowDown", "Please reduce your request rate."),
}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Line:
    """What all connections go over.

    Args:
        latency: Seconds by which each request is late, at the least and at the most.
        bandwidth: Bytes a second.
        chance: Says how late.
    """

    def __init__(self, latency: tuple[float, float], bandwidth: float | None, chance: random.Random) -> None:
        self._latency = latency
        self._bandwidth = bandwidth
        self._chance = chance
        self._free_at = 0.0

    async def wait(self) -> None:
        """Wait for as long as a request takes to get there."""
        if self._latency[1]:
            await asyncio.sleep(self._chance.uniform(*self._latency))

    async def carry(self, size: int) -> None:
        """Wait until so many bytes are over."""
        if self._bandwidth is not None:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + size / self._bandwidth
            await asyncio.sleep(self._free_at - now)


class Connection:
    """One client, and a connection to the server that is its alone.

    Args:
        address: Of the server.
        plan: Says what goes wrong.
        line: What bodies go over.
        client: The ends of the client's connection.
    """

    def __init__(self, address: tuple[str, int], plan: Plan, line: Line, client: Ends) -> None:
        self._address = address
        self._plan = plan
        self._line = line
        self._reader, self._writer = client
        self._server: Ends | None = None

    async def run(self) -> None:
        """Serve the client until one of the two has enough."""
        try:
            while (head := await read_head(self._reader)) is not None and await self._serve(head):
                pass
        except (ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            self._reset()
        finally:
            self._leave_server()
            self._writer.close()

    async def _serve(self, head: Head) -> bool:
        """Do one request; return whether another may follow."""
        exchange = self._plan.begin(head.words[0], head.words[1])
        fault = exchange.fault
        await self._line.wait()
        match fault:
            case ProxyFault("reset-before" | "stall-before" | "reset-within"):
                return await self._break_early(head, exchange, fault)
            case ProxyFault("error" | "slow-down"):
                async for _ in self._taken(head, exchange):
                    pass
                return await self._refuse(head, exchange, fault)
            case ProxyFault("delay"):
                await asyncio.sleep(fault.seconds)
        return await self._pass_on(head, exchange)

    async def _break_early(self, head: Head, exchange: Exchange, fault: ProxyFault) -> bool:
        framing = request_framing(head)
        if fault.kind == "reset-within" and framing:
            half = framing // 2 if isinstance(framing, int) else 1
            async for _ in self._taken(head, exchange):
                if exchange.sent >= half:
                    break
        if fault.kind == "stall-before":
            await asyncio.sleep(fault.seconds)
        return self._reset()

    async def _pass_on(self, head: Head, exchange: Exchange) -> bool:
        reader, writer = await self._reach_server()
        writer.write(head.raw)
        async for piece in self._taken(head, exchange):
            writer.write(piece)
            await writer.drain()
        answer = await read_head(reader)
        while answer is not None and answer.words[1].startswith("1"):
            answer = await read_head(reader)
        if answer is None:
            raise ConnectionResetError("the server has ended the connection")
        framing = answer_framing(answer, exchange.method)
        body = iter_body(reader, framing)
        is_whole = await self._give(head, answer, exchange, (framing, body))
        if answer.ends_connection or framing == "to-end":
            self._leave_server()
            return False
        return is_whole and not head.ends_connection

    async def _give(
        self, head: Head, answer: Head, exchange: Exchange, body: tuple[Framing, AsyncIterator[bytes]]
    ) -> bool:
        """Give the server's answer to the client, or what the fault leaves of it; return whether that was all."""
        framing, pieces = body
        fault = exchange.fault
        kind = fault.kind if fault else ""
        is_cut = kind in {"truncate", "stall-body"}
        if kind.endswith("-after") or (is_cut and framing == 0):
            async for _ in pieces:
                pass
            return await self._lose(head, exchange)
        exchange.status = int(answer.words[1])
        self._writer.write(answer.raw)
        most = (framing // 2 if isinstance(framing, int) else 1) if is_cut else None
        async for piece in pieces:
            part = piece if most is None else piece[: most - exchange.received]
            exchange.received += len(part)
            await self._line.carry(len(part))
            self._writer.write(part)
            await self._writer.drain()
            if exchange.received == most:
                break
        if not is_cut:
            await self._writer.drain()
            return True
        await self._writer.drain()
        if kind == "stall-body" and fault:
            await asyncio.sleep(fault.seconds)
        self._leave_server()
        return False

    async def _lose(self, head: Head, exchange: Exchange) -> bool:
        """Keep the answer to oneself."""
        fault = exchange.fault
        if fault and fault.kind == "error-after":
            return await self._refuse(head, exchange, fault)
        if fault and fault.kind in {"stall-after", "stall-body"}:
            await asyncio.sleep(fault.seconds)
        return self._reset()

    async def _refuse(self, head: Head, exchange: Exchange, fault: ProxyFault) -> bool:
        """Answer as S3 does when it fails."""
        exchange.status, code, message = _ERRORS[fault.kind]
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        body = b"" if exchange.method == "HEAD" else text.encode()
        exchange.received = len(body)
        fields = f"Content-Type: application/xml\r\nContent-Length: {len(text)}\r\n"
        self._writer.write(f"HTTP/1.1 {exchange.status} {code}\r\n{fields}\r\n".encode() + body)
        await self._writer.drain()
        return not head.ends_connection

    async def _taken(self, head: Head, exchange: Exchange) -> AsyncIterator[bytes]:
        """Yield the body of the request, over the line."""
        if "100-continue" in head.fields.get("expect", "").lower():
            self._writer.write(_CONTINUE)
        async for piece in iter_body(self._reader, request_framing(head)):
            exchange.sent += len(piece)
            await self._line.carry(len(piece))
            yield piece

    async def _reach_server(self) -> Ends:
        if self._server is not None and self._server[0].at_eof():
            self._leave_server()
        if self._server is None:
            self._server = await asyncio.open_connection(*self._address, limit=PIECE)
        return self._server

    def _leave_server(self) -> None:
        if self._server is not None:
            self._server[1].transport.abort()
            self._server = None

    def _reset(self) -> bool:
        """Break the connection, as when a machine on the way forgets it."""
        held = self._writer.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        return False
