"""Processes that push: killed, interrupted, and several at once. Nobody ever sees a part of what one of them sends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stook.store import Store
from stook.store.open import reopen
from stook.store.verify import verify
from tests.servers.moto_s3 import S3Bucket

_PUSHER = """
import signal, sys
from stook.store.open import reopen
from stook.store.remotes.choosing import Choice
from stook.store.remotes.push import push
store, told, waits_at = reopen(sys.argv[1], "team", sys.argv[2], "pusher"), 0, int(sys.argv[3])
def tell(progress):
    global told
    told += 1
    print(progress.done, flush=True)
    if told == waits_at:
        signal.pause()
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
sys.stdin.readline()
pushed = push(store, Choice(every=True), observer=tell)
print("pushed", len(pushed.bundles), pushed.present, flush=True)
"""
_WATCHER = """
import sys
from stook.store.open import reopen
from stook.store.search import Query, iter_lines
store, count = reopen(sys.argv[1], "team", sys.argv[2], "watcher"), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
seen = {}
while set(seen) != {"ann", "bob"}:
    seen = {}
    for line in iter_lines(store, Query()):  # which costs little, so as to look often
        seen[line.owner] = seen.get(line.owner, 0) + 1
    assert set(seen.values()) <= {count}, seen
for bundle in store.search():
    assert len(bundle.data["bytes"]) == 1_100_000
"""
_COUNT = 12
_BYTES = 1_100_000  # so that each bundle has a pack that goes over by itself


@pytest.fixture(params=["folder", "s3"])
def remote(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a place without a store, which this process and those that it starts can reach."""
    if request.param == "folder":
        return str(tmp_path / "remote")
    bucket: S3Bucket = request.getfixturevalue("s3_bucket")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.options["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.options["secret_access_key"])
    monkeypatch.setenv("AWS_REGION", bucket.options["region"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.endpoint)
    return f"{bucket.url}/team"


class _Person:
    """Somebody with a store on a machine of their own, whose bundles are not pushed yet."""

    def __init__(self, folder: Path, owner: str, remote: str) -> None:
        self.folder, self.owner, self.remote = folder, owner, remote
        store = self.open()
        store.add_remote("origin", remote)
        for number in range(_COUNT):
            store.add(f"{owner}.{number}", {"number": number, "bytes": os.urandom(_BYTES)})
        store.close()

    def open(self) -> Store:
        return reopen(str(self.folder / self.owner), "team", str(self._cache), self.owner)

    def see(self, name: str) -> Store:
        """Return the remote as somebody sees it who has not seen it yet."""
        return reopen(self.remote, "team", str(self.folder / f"cache-of-{name}"), name)

    def start(self, waits_at: int = 0) -> subprocess.Popen[str]:
        """Start to push as soon as it is given a line; after so many words of its progress it waits for a signal."""
        return _start(_PUSHER, str(self.folder / self.owner), str(self._cache), str(waits_at))

    @property
    def _cache(self) -> Path:
        return self.folder / f"cache-{self.owner}"


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _stop_after(process: subprocess.Popen[str], lines: int, how: signal.Signals) -> str:
    """Send a signal to a pusher that has told so much of its progress; return what else it wrote."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    for _ in range(lines):
        process.stdout.readline()
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    return out + err


def _end(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate("go\n", timeout=120)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("rounds", [pytest.param(4), pytest.param(25, marks=pytest.mark.full)])
def test_a_killed_push_shows_nothing_and_goes_on(tmp_path: Path, remote: str, rounds: int) -> None:
    """After each kill -9 the remote has all of a push or none of it; the next one sends what is still lacking."""
    chance = random.Random(3)
    ann = _Person(tmp_path, "ann", remote)
    for number in range(rounds):
        _stop_after(ann.start(), chance.randint(1, _COUNT + 1), signal.SIGKILL)
        there = ann.see(f"guest{number}")
        assert len(there.search()) in {0, _COUNT}
        assert verify(there, deep=True, quarantine=False).is_clean
    out = _end(ann.start())
    assert out.endswith((f"pushed {_COUNT} 0\n", f"pushed 0 {_COUNT}\n"))
    there = ann.see("guest")
    assert {one.id: one.data for one in there.search()} == {one.id: one.data for one in ann.open().search()}
    assert verify(there, deep=True, quarantine=False).is_clean


def test_what_a_killed_push_had_sent_is_not_sent_again(tmp_path: Path, remote: str) -> None:
    """A push that was killed late has little left to do for the one that follows it."""
    ann = _Person(tmp_path, "ann", remote)
    told = _COUNT - 2  # that it compares, how much there is, and then each pack that is there
    _stop_after(ann.start(told), told, signal.SIGKILL)
    pushed = ann.open().push(every=True)
    assert pushed.transferred.packs <= _COUNT - (told - 2)
    assert len(ann.see("guest").search()) == _COUNT


def test_an_interrupted_push_ends_at_once(tmp_path: Path, remote: str) -> None:
    """Ctrl-C ends a push with nothing of it to be seen, and leaves nobody waiting for a lock."""
    ann = _Person(tmp_path, "ann", remote)
    said = _stop_after(ann.start(4), 4, signal.SIGINT)
    assert "KeyboardInterrupt" in said
    assert ann.see("guest").search() == []
    assert "pushed" in _end(ann.start())
    assert len(ann.see("guest").search()) == _COUNT


def test_two_push_at_once_while_another_looks(tmp_path: Path, remote: str) -> None:
    """Of two who push at the same time all arrives, in one context, and whoever looks sees each push whole."""
    people = [_Person(tmp_path, owner, remote) for owner in ("ann", "bob")]
    watcher = _start(_WATCHER, remote, str(tmp_path / "cache-of-watcher"), str(_COUNT))
    pushers = [person.start() for person in people]
    for process in (watcher, *pushers):
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in (*pushers, watcher):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    there = people[0].see("guest")
    assert [(context.name, context.bundles) for context in there.contexts()] == [("team", 2 * _COUNT)]
    assert verify(there, deep=True, quarantine=False).is_clean


def test_one_store_pushed_twice_at_once(tmp_path: Path, remote: str) -> None:
    """Two processes that push the same bundles at the same time both succeed, and each bundle is there once."""
    ann = _Person(tmp_path, "ann", remote)
    pushers = [ann.start() for _ in range(2)]
    for process in pushers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in pushers:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    there = ann.see("guest")
    assert len(there.search()) == _COUNT
    assert verify(there, deep=True, quarantine=False).is_clean
