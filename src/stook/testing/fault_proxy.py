"""A proxy in front of an object store on this machine, on a network as bad as one says."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from stook.errors import InputError, StorageError
from stook.testing.http_wire import PIECE
from stook.testing.proxied import Connection, Line
from stook.testing.proxy_faults import Plan, ProxyFault, ProxyRequest

__all__ = ["FaultProxy"]

_START_SECONDS = 30


class FaultProxy:
    """An HTTP/1.1 proxy in a thread of its own, for as long as its `with` block lasts.

    Requests are passed on as they came, with the host that they were addressed to, which is signed in those to S3. Of
    bodies it holds a few pieces at a time. Requests are counted from 1 in the order in which they come, so that one
    that comes at the same time as another may have either's number.

    ```python
    with FaultProxy(server, [ProxyFault("reset-after", 1, method="PUT")]) as proxy:
        storage = open_storage("s3://bucket", options={**options, "endpoint": proxy.endpoint})
        storage.put_new("key", b"data")
        print(proxy.requests)
    ```

    Args:
        upstream: The server, as `http://127.0.0.1:9000`.
        faults: What goes wrong; `random_proxy_faults` makes some from a seed.
        latency: Seconds by which every request is late, at the least and at the most.
        bandwidth: Bytes a second of all bodies together, one way and the other alike; as fast as it goes where None.
        seed: Of the random numbers that say how late each request is.

    Raises:
        InputError: The server's URL, or a number, makes no sense.
    """

    def __init__(
        self,
        upstream: str,
        faults: Sequence[ProxyFault] = (),
        *,
        latency: tuple[float, float] = (0.0, 0.0),
        bandwidth: float | None = None,
        seed: int = 0,
    ) -> None:
        parts = urlsplit(upstream)
        if parts.scheme != "http" or parts.hostname is None:
            raise InputError(f"{upstream!r} is no http URL", kind="bad-url", hint="http://127.0.0.1:9000")
        if not 0 <= latency[0] <= latency[1] or (bandwidth is not None and bandwidth <= 0):
            raise InputError("latency and bandwidth are no numbers of a network", kind="bad-fault")
        self._upstream = (parts.hostname, parts.port or 80)
        self._plan = Plan()
        self._plan.replace(faults)
        self._line = Line(latency, bandwidth, random.Random(seed))  # noqa: S311  not for secrets
        self._thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self._is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._port = 0

    def __repr__(self) -> str:
        return f"FaultProxy({self.endpoint!r})"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_up.wait(_START_SECONDS) or not self._port:
            raise StorageError("the proxy did not start", kind="proxy-failed")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # its loop has ended
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def endpoint(self) -> str:
        """Where it listens, as `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> tuple[ProxyRequest, ...]:
        """The requests so far, in the order in which they came."""
        return self._plan.requests()

    def set_faults(self, faults: Sequence[ProxyFault] = ()) -> None:
        """Let other things go wrong, or nothing any more; requests count from 1 again, and the log of them is empty."""
        self._plan.replace(faults)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = Connection(self._upstream, self._plan, self._line, (reader, writer))
            task = asyncio.ensure_future(connection.run())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=PIECE, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._stop.wait()
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
