"""Random pipelines under kill -9 of their workers and of the whole run: they end as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import stook
from tests.crash.chaos import Pipeline, count_begun, make_pipeline, read_begun

SHORT = 200
MOST_RUNS = 60


class Runner:
    """The program that runs pipelines in forks of itself."""

    def __init__(self, environment: dict[str, str], project_root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.chaos"],
            cwd=project_root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: dict[str, object]) -> int:
        """Say something to the program, and return the number that it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the program."""
        self._process.communicate()


@pytest.fixture
def runners(project_root: Path) -> Iterator[list[Runner]]:
    """One program for each CPU that the test may use."""
    found = [Runner(dict(os.environ), project_root) for _ in range(2)]
    yield found
    for runner in found:
        runner.close()


def workers_of(pid: int) -> list[int]:
    """Return the processes below one that have none below them."""
    parents = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return sorted(below - {pid} - {parents[each] for each in below})


class Torment:
    """Runs one pipeline again and again, killing as it goes, until it is done."""

    def __init__(self, runner: Runner, folder: Path, pipeline: Pipeline) -> None:
        self._runner = runner
        self._folder = folder
        self._pipeline = pipeline
        self._chance = random.Random(f"kill {pipeline.seed}")
        self.kills: Counter[str] = Counter()

    def go(self) -> None:
        """Run it to the end, and hold what came of it against what must."""
        self._folder.mkdir()
        (self._folder / "pipeline.py").write_text(self._pipeline.text)
        jobs = self._chance.choices([1, 2, 3], [6, 1, 1])[0]
        for turn in range(MOST_RUNS):
            if self._run(jobs, is_killed=turn < 2):
                break
        else:
            raise AssertionError(f"it never ends: {(self._folder / 'log').read_text()[-3000:]}")
        self._check()

    def _run(self, jobs: int, *, is_killed: bool) -> bool:
        pid = self._runner.tell(
            {
                "folder": str(self._folder),
                "target": self._pipeline.target,
                "jobs": jobs,
                "keep_going": self._chance.random() < 0.3,
            }
        )
        if is_killed:
            self._harm(pid, jobs)
        code = self._runner.tell({"wait": pid})
        assert code in {0, 1, -signal.SIGKILL}, (self._folder / "log").read_text()[-3000:]
        return code == 0

    def _harm(self, pid: int, jobs: int) -> None:
        begun = count_begun(self._folder) + self._chance.randint(0, 5)
        patience = time.monotonic() + 0.3
        while count_begun(self._folder) < begun and time.monotonic() < patience:
            time.sleep(0.002)
        time.sleep(self._chance.choice([0.0, 0.001, 0.004, 0.01, 0.03]))
        targets = workers_of(pid) if jobs > 1 and self._chance.random() < 0.6 else [pid]
        if targets:
            target = self._chance.choice(targets)
            self.kills["run" if target == pid else "worker"] += 1
            with suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)

    def _check(self) -> None:
        store = stook.open(self._folder / "store")
        begun = read_begun(self._folder)
        for name, value in self._pipeline.values.items():
            versions = store.versions(name)
            assert [bundle.data[0] for bundle in versions] == [value], name
            assert begun[name] <= versions[0].record.time, f"{name} ran again when it was durable"
        for bundle in [*store.versions("asked"), *store.versions("cell")]:
            assert type(bundle.data) is int
        made = Counter((bundle.name, repr(bundle.params)) for bundle in store.versions("asked"))
        assert set(made.values()) <= {1}
        for bundle in store.versions("asked"):
            key = f"asked-{bundle.params['number']}-{bundle.params['depth']}"
            assert begun[key] <= bundle.record.time, f"{key} ran again when it was durable"
        assert store.verify(deep=True).is_clean
        leases = store.repository.cache / "leases"
        assert not leases.exists() or len(list(leases.iterdir())) <= sum(self.kills.values()) * 9


def torment(runners: list[Runner], folder: Path, seeds: list[int]) -> Counter[str]:
    """Torment a pipeline of each seed, as many at once as there are runners; return how often what was killed."""
    kills: Counter[str] = Counter()
    failures: list[str] = []
    todo = list(reversed(seeds))

    def work(runner: Runner) -> None:
        while todo and not failures:
            seed = todo.pop()
            one = Torment(runner, folder / str(seed), make_pipeline(seed))
            try:
                one.go()
            except Exception as error:  # noqa: BLE001 - whatever it is, the seed is to be told
                failures.append(f"seed {seed}: {type(error).__name__}: {error}")
                return
            kills.update(one.kills)
            shutil.rmtree(folder / str(seed))

    threads = [threading.Thread(target=work, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return kills


def test_a_few_pipelines_end_well_whatever_is_killed(tmp_path: Path, runners: list[Runner]) -> None:
    """A few random pipelines come to what they must, nothing that was durable is made again, the store is sound."""
    kills = torment(runners, tmp_path, list(range(6)))
    assert kills["run"] > 3


@pytest.mark.full
def test_many_pipelines_end_well_whatever_is_killed(tmp_path: Path, runners: list[Runner]) -> None:
    """Hundreds of random pipelines do; `STOOK_CHAOS_PIPELINES` says how many, `STOOK_CHAOS_SEED` from which seed on."""
    first = int(os.environ.get("STOOK_CHAOS_SEED", "1000"))
    count = int(os.environ.get("STOOK_CHAOS_PIPELINES", SHORT))
    kills = torment(runners, tmp_path, list(range(first, first + count)))
    assert kills["run"] > count // 2
    assert kills["worker"] > count // 20
