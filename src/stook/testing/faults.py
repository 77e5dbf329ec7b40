"""Storage that fails on purpose, and the same way each time."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from stook.errors import InputError, StorageError
from stook.storage.protocol import OBJECT_LIMIT, Content, Entry, Storage, Stored

__all__ = ["Crash", "Fault", "FaultKind", "FaultyStorage", "Operation", "random_faults"]

FaultKind = Literal["error-before", "error-after", "truncate", "flip", "crash-before", "crash-after"]
OperationName = Literal["get", "get_range", "get_tail", "put_new", "put_if_match", "list", "delete"]

_Result = TypeVar("_Result")


class Crash(BaseException):
    """The process died here. Not an `Exception`, so that no code under test can swallow it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: `error-before` raises StorageError and does nothing; `error-after` does it and then raises StorageError,
            as when an answer is lost; `truncate` drops the second half of what is read; `flip` changes one bit in the
            middle of it; `crash-before` and `crash-after` raise `Crash`, and so does every operation that follows.
        number: Which operation, counted from 1. `truncate` and `flip` do nothing to one that reads no bytes.
        operation: Count the operations of this name only; of all names where it is None.
    """

    kind: FaultKind
    number: int
    operation: OperationName | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise InputError(
                f"there is no fault {self.kind!r}", kind="bad-fault", hint=", ".join(get_args(FaultKind))
            )
        if self.operation not in (None, *get_args(OperationName)):
            raise InputError(f"a storage has no operation {self.operation!r}", kind="bad-fault")
        if self.number < 1:
            raise InputError(f"operations count from 1, not {self.number}", kind="bad-fault")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that a `FaultyStorage` took: its number from 1, its name, key or prefix, and the fault it met."""

    number: int
    name: OperationName
    key: str
    fault: FaultKind | None = None


def random_faults(
    seed: int,
    *,
    operations: int,
    rate: float = 0.1,
    kinds: Sequence[FaultKind] = ("error-before", "error-after", "truncate", "flip"),
) -> tuple[Fault, ...]:
    """Return faults for some of the first `operations` operations, always the same for the same arguments.

    Args:
        seed: Of the random numbers; put it into the message of a failing test.
        operations: How many operations the faults are spread over.
        rate: The part of them that meets a fault, from 0 to 1.
        kinds: What may go wrong, all equally often.
    """
    source = random.Random(seed)  # noqa: S311  not for secrets
    return tuple(
        Fault(source.choice(kinds), number + 1) for number in range(operations) if source.random() < rate
    )


class FaultyStorage:
    """Any storage, with faults at chosen operations and a log of all of them.

    The first fault that fits an operation is the one it meets. Safe to share between threads, though threads that race
    decide themselves whose operation has which number.

    Args:
        inner: The storage that does the work.
        faults: What goes wrong; `random_faults` makes some from a seed.
    """

    def __init__(self, inner: Storage, faults: Sequence[Fault] = ()) -> None:
        self._inner = inner
        self._faults = tuple(faults)
        self._log: list[Operation] = []
        self._counts: Counter[OperationName] = Counter()
        self._crashed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"FaultyStorage({self._inner!r})"

    @property
    def url(self) -> str:
        """Where the inner storage is."""
        return self._inner.url

    @property
    def log(self) -> tuple[Operation, ...]:
        """The operations so far, in order; those after a crash are not among them."""
        with self._lock:
            return tuple(self._log)

    @property
    def has_conditional_writes(self) -> bool:
        """What the inner storage has."""
        return self._inner.has_conditional_writes

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """See `Storage.get`."""
        operation = self._begin("get", key)
        stored = self._run(operation, lambda: self._inner.get(key, limit=limit))
        return Stored(_damage(operation, stored.data), stored.version)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        operation = self._begin("get_range", key)
        return _damage(operation, self._run(operation, lambda: self._inner.get_range(key, start, length)))

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """See `Storage.get_tail`."""
        operation = self._begin("get_tail", key)
        data, size = self._run(operation, lambda: self._inner.get_tail(key, length))
        return _damage(operation, data), size

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        self._run(self._begin("put_new", key), lambda: self._inner.put_new(key, data))

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """See `Storage.put_if_match`."""
        return self._run(
            self._begin("put_if_match", key), lambda: self._inner.put_if_match(key, data, version)
        )

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[Entry]:
        """See `Storage.list`. A fault after it comes when all entries have been given."""
        operation = self._begin("list", prefix)
        _fail(operation, "before")
        return self._iterate(operation, self._inner.list(prefix, after=after))

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._run(self._begin("delete", key), lambda: self._inner.delete(key))

    def _begin(self, name: OperationName, key: str) -> Operation:
        with self._lock:
            if self._crashed:
                raise Crash(f"{name} {key!r} after the crash")
            self._counts[name] += 1
            numbers = {None: len(self._log) + 1, name: self._counts[name]}
            hit = next(
                (fault.kind for fault in self._faults if numbers.get(fault.operation) == fault.number), None
            )
            operation = Operation(len(self._log) + 1, name, key, hit)
            self._log.append(operation)
            self._crashed = hit == "crash-before"
            return operation

    def _run(self, operation: Operation, act: Callable[[], _Result]) -> _Result:
        _fail(operation, "before")
        result = act()
        self._end(operation)
        return result

    def _iterate(self, operation: Operation, entries: Iterator[Entry]) -> Iterator[Entry]:
        yield from entries
        self._end(operation)

    def _end(self, operation: Operation) -> None:
        if operation.fault == "crash-after":
            with self._lock:
                self._crashed = True
        _fail(operation, "after")


def _fail(operation: Operation, moment: Literal["before", "after"]) -> None:
    what = f"{moment} {operation.name} {operation.key!r}, operation {operation.number}"
    if operation.fault == f"crash-{moment}":
        raise Crash(what)
    if operation.fault == f"error-{moment}":
        raise StorageError(f"a fault on purpose {what}", kind="injected")


def _damage(operation: Operation, data: bytes) -> bytes:
    middle = len(data) // 2
    if operation.fault == "truncate":
        return data[:middle]
    if operation.fault == "flip" and data:
        return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    return data
