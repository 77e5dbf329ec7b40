"""Many push to one bucket, each from a store of its own, while another collects its garbage."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stook.store import Store
from tests.crash.pushing import collect_at, content
from tests.crash.sharing import check_sound, open_store
from tests.servers.moto_s3 import S3Bucket

_ROOT = Path(__file__).parents[2]
_PUSHERS = 5


def _start(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.pushing", *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    )


def _end(process: subprocess.Popen[str]) -> list[str]:
    """Wait for a process that must succeed, and return the lines that it said."""
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out.splitlines()


def _clone(url: str, folder: Path) -> Store:
    """Return a new store that has all that is at a URL."""
    store = open_store(folder / "store", folder / "cache", "cloner")
    store.add_remote("origin", url)
    store.pull(data=True)
    return store


def _check(store: Store, expected: dict[str, tuple[int, int]]) -> None:
    """See that a store has just these bundles, that each is what was added, and that nothing is wrong."""
    there = {bundle.id: bundle for bundle in store.search()}
    assert there.keys() == expected.keys()
    for identifier, (seed, size) in expected.items():
        data = there[identifier].data
        assert (data["seed"], data["size"], len(data["own"])) == (seed, size, 10_000)
        assert data["content"] == content(seed, size)
    check_sound(store)


def _collect_rest(url: str, cache: Path, start: float, pace: float) -> int:
    """Collect until nothing is left to do, which days are enough for; return how many packs went."""
    swept = 0
    for _ in range(100):
        done = collect_at(url, cache, start, pace * 100)
        swept += done.swept.count
        if not (done.condemned.count or done.waiting_until or done.young.count):
            return swept
    raise AssertionError(f"garbage stays: {done}")


@pytest.mark.parametrize(
    ("seconds", "pace"), [(5, 3600), pytest.param(60, 1800, marks=pytest.mark.full)], ids=["short", "minute"]
)
def test_pushing_beside_a_collector_loses_nothing(
    bucket: S3Bucket, tmp_path: Path, seconds: int, pace: int
) -> None:
    """What was pushed by any and removed by none is in a new clone, whole, and what nobody needs has gone."""
    url, start = f"{bucket.url}/shared", time.time()
    pushers = [_start("push", url, tmp_path, number, seconds, pace) for number in range(_PUSHERS)]
    collector = _start("collect", url, tmp_path, start, pace)
    said = [json.loads(line) for pusher in pushers for line in _end(pusher)]
    rounds = [json.loads(line) for line in _end(collector)]
    removed = {identifier for word, facts in said if word == "rm" for identifier in facts["ids"]}
    expected = {
        facts["id"]: (facts["seed"], facts["size"])
        for word, facts in said
        if word == "pushed" and facts["id"] not in removed
    }
    assert len(expected) >= _PUSHERS
    assert removed
    _check(_clone(url, tmp_path / "clone"), expected)
    assert sum(swept for swept, _ in rounds) + _collect_rest(url, tmp_path / "cache", start, pace) > 0
    problems = {problem for _, some in rounds for problem in some}
    assert [
        one for one in problems if not one.startswith("the log has no records at all")
    ] == []  # as at first
    _check(_clone(url, tmp_path / "last"), expected)
