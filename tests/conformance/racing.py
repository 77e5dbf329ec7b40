"""A contest between processes for the same object of a storage; run as a program, it is one contestant."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from stook.errors import ConflictError
from stook.storage import Storage, open_storage

_PROCESSES = 4
_THREADS = 8


class Contest:
    """Several processes that race for objects of one storage whenever they are told to.

    Args:
        url: Where the storage is.
        options: Of the storage.
    """

    def __init__(self, url: str, options: Mapping[str, str] | None = None) -> None:
        self._storage = open_storage(url, options=options)
        self._resources = contextlib.ExitStack()
        self._contestants = [self._resources.enter_context(_start()) for _ in range(_PROCESSES)]
        for contestant in self._contestants:
            _tell(contestant, {"url": url, "options": dict(options or {})})
        for contestant in self._contestants:
            assert _hear(contestant) == "ready"

    def __enter__(self) -> Contest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def create(self, *, rounds: int) -> None:
        """Let all create the same new object, and check that exactly one does, a new object in each round."""
        for number in range(rounds):
            key = f"race/{number}"
            winner = self._race({"key": key, "version": None})
            assert self._storage.get(key).data == winner

    def replace(self, *, rounds: int) -> None:
        """Let all replace the same version, and check that exactly one does, a new version in each round."""
        self._storage.put_new("race", b"start")
        version = self._storage.get("race").version
        for _ in range(rounds):
            winner = self._race({"key": "race", "version": version})
            stored = self._storage.get("race")
            assert stored.data == winner
            version = stored.version

    def _race(self, task: Mapping[str, str | None]) -> bytes:
        for contestant in self._contestants:
            _tell(contestant, task)
        answers = [_hear(contestant) for contestant in self._contestants]
        winners = [name for answer in answers if isinstance(answer, list) for name in answer]
        assert len(winners) == 1, f"{len(winners)} of {_PROCESSES * _THREADS} won: {answers}"
        return str(winners[0]).encode()


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(Path(__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _tell(contestant: subprocess.Popen[str], what: object) -> None:
    assert contestant.stdin is not None
    contestant.stdin.write(json.dumps(what) + "\n")
    contestant.stdin.flush()


def _hear(contestant: subprocess.Popen[str]) -> object:
    assert contestant.stdout is not None
    line = contestant.stdout.readline()
    assert line, f"a contestant died with {contestant.wait()}"
    return json.loads(line)


def _put(storage: Storage, task: Mapping[str, str | None], name: str) -> bool:
    key, version = str(task["key"]), task["version"]
    try:
        if version is None:
            storage.put_new(key, name.encode())
        else:
            storage.put_if_match(key, name.encode(), version)
    except ConflictError:
        return False
    return True


def _answer(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _contend() -> None:
    """Take tasks from the standard input until it ends, and answer each with the names of the threads that won."""
    place = json.loads(sys.stdin.readline())
    storage = open_storage(place["url"], options=place["options"])
    start = threading.Barrier(_THREADS)

    def run(task: Mapping[str, str | None], name: str) -> str | None:
        start.wait(timeout=60)
        return name if _put(storage, task, name) else None

    with ThreadPoolExecutor(_THREADS) as pool:
        _answer("ready")
        for number, line in enumerate(sys.stdin):
            task = json.loads(line)
            names = [f"process {os.getpid()}, round {number}, thread {thread}" for thread in range(_THREADS)]
            winners = pool.map(run, [task] * _THREADS, names)
            _answer([name for name in winners if name])


if __name__ == "__main__":
    _contend()
