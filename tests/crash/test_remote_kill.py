"""Processes that push and pull are killed without warning, or interrupted by Ctrl-C, at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stook.store import Bundle, Store
from stook.testing import FaultProxy, ProxyFault
from tests.crash.sharing import (
    CONTEXT,
    SECRET,
    add_some,
    check_contents,
    check_sound,
    open_store,
    told,
    watched,
)
from tests.servers.moto_s3 import S3Bucket

_STOOK = "from stook.cli.main import main; main()"
_PATIENCE = 60
_REQUESTS = {"push": 9, "pull": 4}  # at least so many has each, as a rule


@pytest.fixture
def proxy(bucket: S3Bucket) -> Iterator[FaultProxy]:
    """A network on which every request takes a moment, so that there is one to be killed in."""
    with FaultProxy(bucket.endpoint, latency=(0.005, 0.02)) as proxy:
        yield proxy


@dataclass
class _Team:
    """Two stores, one who watches the bucket, and commands that are ended by a signal.

    Attributes:
        codes: What those commands ended with.
    """

    url: str
    proxy: FaultProxy
    folder: Path
    chance: random.Random
    codes: list[int] = field(default_factory=list)
    made: list[Bundle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours = self._open("ours")
        made = add_some(self.ours, self.chance, self.folder)
        self._join(self.ours)
        self.reader = open_store(self.url, self.folder / "cache-reader", "reader")
        with watched(self.reader, [bundle.id for bundle in made]):
            self.ours.push()
        self.theirs = self._open("theirs")
        self._join(self.theirs)
        self.theirs.pull(data=True)

    def end_command(self, who: str, ending: signal.Signals, *words: str) -> str:
        """End a command by a signal after some requests, unless it was faster; return what it complained of."""
        self.proxy.set_faults()
        process = self.start(who, *words)
        at, deadline = self.chance.randint(1, _REQUESTS[words[0]]), time.monotonic() + _PATIENCE
        while process.poll() is None and len(self.proxy.requests) < at and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(ending)
        _, errors = process.communicate(timeout=_PATIENCE)
        assert process.returncode in {0, -ending, 128 + ending}, errors
        self.codes.append(process.returncode)
        return errors

    def start(self, who: str, *words: str) -> subprocess.Popen[str]:
        """Start a command of one of the stores."""
        home = {"STOOK_HOME": str(self.folder / who), "STOOK_CACHE": str(self.folder / f"cache-{who}")}
        return subprocess.Popen(
            [sys.executable, "-c", _STOOK, *words, "--context", CONTEXT],
            env={**os.environ, **home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def send(self, interrupt: Callable[[], object]) -> None:
        """Add some, and push it while something happens to that, and then alone; all of it is there or nothing."""
        made = add_some(self.ours, self.chance, self.folder, count=3)
        with watched(self.reader, [bundle.id for bundle in made]):
            interrupt()
            interrupt()
            self.ours.push()
        assert told(self.reader) == told(self.ours)

    def receive(self, interrupt: Callable[[], object]) -> None:
        """Pull what was sent while something happens to that, and pull it in the end."""
        interrupt()
        assert self.theirs.verify(quarantine=False).is_clean
        interrupt()
        self.theirs.pull()
        assert told(self.theirs) == told(self.reader)
        check_contents(self.theirs.search())

    def close(self) -> None:
        """See that nothing is wrong anywhere."""
        check_sound(self.ours, self.theirs, self.reader)
        for store in (self.ours, self.theirs, self.reader):
            store.close()

    def _open(self, name: str) -> Store:
        return open_store(self.folder / name, self.folder / f"cache-{name}", name)

    def _join(self, store: Store) -> None:
        store.add_remote("origin", self.url, {"endpoint": self.proxy.endpoint})


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.full)])
def test_kill_9_while_pushing_and_pulling(
    bucket: S3Bucket, proxy: FaultProxy, tmp_path: Path, rounds: int
) -> None:
    """What a killed push has sent appears whole or not at all; a killed pull does no harm; the next one does it."""
    team = _Team(f"{bucket.url}/kill", proxy, tmp_path, random.Random(rounds))
    for number in range(rounds):
        team.send(lambda: team.end_command("ours", signal.SIGKILL, "push"))
        words = ("pull", "--data") if number % 2 else ("pull",)
        team.receive(lambda words=words: team.end_command("theirs", signal.SIGKILL, *words))
    assert set(team.codes) <= {-signal.SIGKILL, 0}
    assert team.codes.count(-signal.SIGKILL) > rounds
    team.close()


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.full)])
def test_ctrl_c_while_pushing_and_pulling(
    bucket: S3Bucket, proxy: FaultProxy, tmp_path: Path, rounds: int
) -> None:
    """The same with Ctrl-C, which ends a command with 130 and no traceback."""
    team = _Team(f"{bucket.url}/interrupt", proxy, tmp_path, random.Random(rounds))

    def interrupt(who: str, *words: str) -> None:
        errors = team.end_command(who, signal.SIGINT, *words)
        assert "Traceback" not in errors
        assert SECRET not in errors

    for number in range(rounds):
        team.send(lambda: interrupt("ours", "push"))
        words = ("pull", "--data") if number % 2 else ("pull",)
        team.receive(lambda words=words: interrupt("theirs", *words))
    assert set(team.codes) <= {130, 0}
    assert team.codes.count(130) > rounds
    team.close()


@pytest.mark.parametrize("key", ["*/stook.json", "*/packs/*", "*/log/*"])
def test_ctrl_c_does_not_wait_for_a_silent_server(
    bucket: S3Bucket, proxy: FaultProxy, tmp_path: Path, key: str
) -> None:
    """Whatever a push waits for, Ctrl-C ends it within seconds."""
    team = _Team(f"{bucket.url}/silent", proxy, tmp_path, random.Random(1))
    team.ours.add("large", os.urandom(300_000))
    proxy.set_faults([ProxyFault("stall-before", key=key, seconds=_PATIENCE)])
    process = team.start("ours", "push", "large")
    while not any(request.fault for request in proxy.requests) and process.poll() is None:
        time.sleep(0.001)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=2 * _PATIENCE)
    assert process.returncode == 130, errors
    assert time.monotonic() - started < 10
    proxy.set_faults()
    team.ours.push("large")
    assert told(team.reader) == told(team.ours)
