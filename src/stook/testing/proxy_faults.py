"""What a `FaultProxy` does to requests, and what it writes down of them."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args
from urllib.parse import unquote

from stook.errors import InputError

__all__ = ["Exchange", "Plan", "ProxyFault", "ProxyFaultKind", "ProxyRequest", "random_proxy_faults"]

ProxyFaultKind = Literal[
    "reset-before",
    "reset-within",
    "stall-before",
    "error",
    "slow-down",
    "delay",
    "reset-after",
    "stall-after",
    "error-after",
    "truncate",
    "stall-body",
]
_KINDS = get_args(ProxyFaultKind)


@dataclass(frozen=True, slots=True)
class ProxyFault:
    """One thing that goes wrong between a client and a server.

    Args:
        kind: Before the server hears of the request: `reset-before` breaks the connection, `reset-within` does when
            half of the request's body has come, `stall-before` does after `seconds` of silence, `error` answers 500,
            `slow-down` answers 503, as S3 does to who asks too much. `delay` passes it on `seconds` later.
            When the server has done it, and its answer is lost: `reset-after`, `stall-after`, and `error-after`, which
            answers 500. Half of the answer's body comes and then the connection ends at once (`truncate`) or after
            `seconds` (`stall-body`); an answer without a body is lost whole.
        number: Which of the requests that fit, counted from 1; every one where it is None.
        method: Only requests of this method, as `"PUT"`.
        key: Only requests for such a path, `/bucket/key` with `*` and `?`, without what is after a question mark.
        seconds: How long stalls and delays last.
    """

    kind: ProxyFaultKind
    number: int | None = None
    method: str | None = None
    key: str = "*"
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InputError(f"there is no fault {self.kind!r}", kind="bad-fault", hint=", ".join(_KINDS))
        if self.number is not None and self.number < 1:
            raise InputError(f"requests count from 1, not {self.number}", kind="bad-fault")
        if self.seconds < 0:
            raise InputError(f"nothing takes {self.seconds} s", kind="bad-fault")

    def fits(self, method: str, path: str) -> bool:
        """Tell whether it is one for such a request, whatever its number."""
        return self.method in {None, method} and fnmatchcase(path, self.key)


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """One request that a `FaultProxy` saw.

    Attributes:
        number: Which one, counted from 1.
        method: Its method.
        path: What was asked for, as `/bucket/key`, decoded.
        query: What is after the question mark, as it was sent.
        status: Of the answer that the client was given, be it a part only; 0 where it was given none.
        sent: Bytes of the request's body that were taken.
        received: Bytes of the answer's body that were given.
        fault: What went wrong.
    """

    number: int
    method: str
    path: str
    query: str
    status: int
    sent: int
    received: int
    fault: ProxyFaultKind | None


def random_proxy_faults(
    seed: int,
    *,
    requests: int,
    rate: float = 0.1,
    kinds: Sequence[ProxyFaultKind] = _KINDS,
    seconds: float = 0.2,
) -> tuple[ProxyFault, ...]:
    """Return faults for some of the first `requests` requests, always the same for the same arguments.

    Args:
        seed: Of the random numbers; put it into the message of a failing test.
        requests: How many requests the faults are spread over.
        rate: The part of them that meets a fault, from 0 to 1.
        kinds: What may go wrong, all equally often.
        seconds: How long stalls and delays last at the most.
    """
    source = random.Random(seed)  # noqa: S311  not for secrets
    return tuple(
        ProxyFault(source.choice(kinds), number + 1, seconds=source.uniform(0, seconds))
        for number in range(requests)
        if source.random() < rate
    )


@dataclass(slots=True)
class Exchange:
    """A request that is under way, and what has become of it so far."""

    number: int
    method: str
    path: str
    query: str
    fault: ProxyFault | None
    status: int = 0
    sent: int = 0
    received: int = 0

    def freeze(self) -> ProxyRequest:
        """Return it as it is now."""
        return ProxyRequest(
            self.number,
            self.method,
            self.path,
            self.query,
            self.status,
            self.sent,
            self.received,
            self.fault.kind if self.fault else None,
        )


@dataclass(slots=True)
class Plan:
    """The faults that are to come, and the requests so far. Safe to share between threads."""

    faults: Sequence[ProxyFault] = ()
    _counts: list[int] = field(default_factory=list)
    _exchanges: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, method: str, target: str) -> Exchange:
        """Take note of a request; the first fault that fits it is the one it meets."""
        path, _, query = target.partition("?")
        path = unquote(path)
        with self._lock:
            met = None
            for place, fault in enumerate(self.faults):
                if fault.fits(method, path):
                    self._counts[place] += 1
                    if met is None and fault.number in {None, self._counts[place]}:
                        met = fault
            exchange = Exchange(len(self._exchanges) + 1, method, path, query, met)
            self._exchanges.append(exchange)
            return exchange

    def replace(self, faults: Sequence[ProxyFault]) -> None:
        """Begin anew, with other faults."""
        with self._lock:
            self.faults = tuple(faults)
            self._counts = [0] * len(self.faults)
            self._exchanges = []

    def requests(self) -> tuple[ProxyRequest, ...]:
        """Return what was asked so far."""
        with self._lock:
            return tuple(exchange.freeze() for exchange in self._exchanges)
