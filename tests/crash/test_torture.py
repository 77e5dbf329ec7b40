"""Processes that add, tag, remove, restore and collect are killed without warning, hundreds of times."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from stook.store import Bundle, Store
from stook.store.open import reopen
from stook.store.verify import verify
from tests.crash.torture import CONTEXT, content

_ROUNDS = int(os.environ.get("STOOK_TORTURE_ROUNDS", "40"))
_PREFIXES = ("a", "b")
_ROOT = Path(__file__).parents[2]
_AT_ONE_STORE = 50  # rounds; to read a log again and again takes longer the more is in it
_LARGE = 100_000
_content = lru_cache(content)


@dataclass
class _Fate:
    """What is known of one bundle: what is in it, and all that may be true of it now."""

    name: str
    seed: int
    size: int
    live: set[bool] = field(default_factory=lambda: {True})
    words: set[str | None] = field(default_factory=lambda: {None})
    committed: set[bool] = field(default_factory=lambda: {False})


@dataclass
class _Model:
    """What was acknowledged, and what was under way when its process was killed."""

    fates: dict[str, _Fate] = field(default_factory=dict)
    aliases: dict[str, set[str | None]] = field(default_factory=dict)

    def take(self, said: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Take in what one process said."""
        for mark, step in said:
            if mark == ">":
                self._begin(step)
            elif mark == "<":
                self._end(step)
            else:
                self.fates[step["id"]].live = {False}

    def _begin(self, step: dict[str, Any]) -> None:
        fate = self.fates.get(step.get("id", ""))
        match step["step"]:
            case "tag" if fate:
                fate.words.add(step["value"])
            case "commit" if fate:
                fate.committed.add(True)
            case "alias":
                self.aliases.setdefault(step["name"], {None}).add(step["id"])
            case "rm" | "restore" if fate:
                fate.live.add(step["step"] == "restore")

    def _end(self, step: dict[str, Any]) -> None:
        match step["step"]:
            case "add":
                self.fates[step["id"]] = _Fate(step["name"], step["seed"], step["size"])
            case "tag":
                self.fates[step["id"]].words = {step["value"]}
            case "commit":
                self.fates[step["id"]].committed = {True}
            case "alias":
                self.aliases[step["name"]] = {step["id"]}
            case "rm" | "restore":
                self.fates[step["id"]].live = {step["step"] == "restore"}

    def check(self, store: Store) -> None:
        """Hold a store against it, and know from then on what is true."""
        there = {bundle.id: bundle for bundle in store.search()}
        seen: set[str] = set()
        for identifier, fate in self.fates.items():
            bundle = there.pop(identifier, None)
            assert (bundle is not None) in fate.live, (identifier, fate)
            fate.live = {bundle is not None}
            if bundle is None:
                continue
            _check_content(bundle, fate, seen)
            assert bundle.tags.get("word") in fate.words, (bundle, fate)
            assert (bundle.committed is not None) in fate.committed, (bundle, fate)
            fate.words, fate.committed = {bundle.tags.get("word")}, {bundle.committed is not None}
        for bundle in there.values():  # what was added and not acknowledged any more is whole, too
            data = bundle.data
            fate = _Fate(bundle.name, data["seed"], data["size"])
            _check_content(bundle, fate, seen)
            self.fates[bundle.id] = fate
        aliases = {alias.name: alias.id for alias in store.aliases()}
        for name, allowed in self.aliases.items():
            assert aliases.get(name) in allowed, (name, allowed)
            self.aliases[name] = {aliases.get(name)}


def _check_content(bundle: Bundle, fate: _Fate, seen: set[str]) -> None:
    """See that a bundle has what was added. What is large is read once where several have the same."""
    if fate.size < _LARGE or bundle.digest not in seen:
        seen.add(bundle.digest)
        data = bundle.data
        found = data["content"]
        found = found.read_bytes() if isinstance(found, Path) else found
        assert (data["seed"], data["size"]) == (fate.seed, fate.size), bundle
        assert found == _content(fate.seed, fate.size), bundle


class _Workers:
    """Two processes at a time at one store, on two machines as far as the store can tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.torture"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )

    def work_until_killed(self, number: int, chance: random.Random) -> Iterator[list[tuple[str, Any]]]:
        """Yield what each of two said; they are killed in the middle of what they do."""
        pipes, pids = [], []
        for place, prefix in enumerate(_PREFIXES):
            says = self._folder / f"says-{number}-{prefix}"
            os.mkfifo(says)
            pids.append(self._begin(prefix, number * 2 + place, says))
            pipes.append(says.open())
        heads = [[pipes[0].readline() for _ in range(chance.randint(1, 60))], []]
        time.sleep(chance.random() / 100)  # to be in the middle of the next step, wherever that is
        for pid in pids:
            with suppress(ProcessLookupError):  # it has failed, and what it said tells how
                os.kill(pid, signal.SIGKILL)
        for pipe, head in zip(pipes, heads, strict=True):
            with pipe:
                said = [*head, *pipe.readlines()]
            assert not any(line.startswith("Traceback") for line in said), "".join(said[-80:])
            yield [(line[0], json.loads(line[2:])) for line in said if line[0] in "<>!" and line[-1] == "\n"]

    def close(self) -> None:
        """End the process that begins others."""
        self._server.communicate()

    def _begin(self, prefix: str, seed: int, says: Path) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        words = [str(self._folder / "store"), str(self._folder / f"cache-{prefix}"), prefix, seed, str(says)]
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@pytest.mark.parametrize("rounds", [pytest.param(6), pytest.param(_ROUNDS, marks=pytest.mark.full)])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, rounds: int) -> None:
    """After every kill -9 of two processes at work what they had said is so, content is exact, and verify is clean.

    What was under way is done or not done. `STOOK_TORTURE_ROUNDS` says how many rounds the long version has.
    """
    chance, made = random.Random(rounds), 0
    for start in range(0, rounds, _AT_ONE_STORE):
        folder = tmp_path / f"from-{start}"
        folder.mkdir()
        made += _torment(folder, range(start, min(start + _AT_ONE_STORE, rounds)), chance)
    assert made > rounds


def _torment(folder: Path, rounds: range, chance: random.Random) -> int:
    """Begin a store and go through some rounds; return how many bundles were made."""
    model, workers = _Model(), _Workers(folder)
    try:
        for number in rounds:
            for said in workers.work_until_killed(number, chance):
                model.take(said)
            store = reopen(str(folder / "store"), CONTEXT, str(folder / "cache"), "tester")
            model.check(store)
            found = verify(store, deep=True, quarantine=False)
            # Aliases of what was removed by force are not damage.
            assert {problem.kind for problem in found.problems} <= {"dangling-alias"}, found.problems
            store.close()
    finally:
        workers.close()
    return len(model.fates)
