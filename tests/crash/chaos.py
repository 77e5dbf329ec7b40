"""Random pipelines, what they must come to, and a program that runs each in a fork of itself, to begin at once.

The program is told by lines on its standard input which pipeline to run, as JSON, and answers with the process id.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LINE_BYTES = 50
HEAD = """
import os
import pathlib
import time

import stook

HERE = pathlib.Path(__file__).parent


def begun(key):
    descriptor = os.open(f"{HERE}/.begun", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{key:<24} {time.time_ns() // 1000:<24}\\n".encode())
    os.close(descriptor)


def fail_once(key):
    if not os.path.exists(HERE / f"{key}.failed"):
        os.close(os.open(HERE / f"{key}.failed", os.O_WRONLY | os.O_CREAT))
        raise ValueError("not yet")


def mix(seed, values):
    return (seed * 7919 + sum((at + 1) * value for at, value in enumerate(values))) % 1_000_003


class Asked(stook.Task):
    number: int
    depth: int

    def run(self):
        begun(f"asked-{self.number}-{self.depth}")
        if not self.depth:
            return mix(self.number, [])
        below = yield Asked(number=self.number, depth=self.depth - 1)
        return mix(self.number, [below.data])


class Table(stook.Task):
    rows: int

    def run(self):
        import pyarrow as pa

        begun(f"table-{self.rows}")
        numbers = range(self.rows)
        return pa.table({"key": [number % 3 for number in numbers], "value": list(numbers)})


class Cell(stook.Task):
    part: stook.Partition

    def run(self, part):
        values = part.to_pydict()
        begun(f"cell-{values['key'][0]}-{len(values['key'])}-{sum(values['value'])}")
        return sum(values["value"])
"""


def mix(seed: int, values: list[int]) -> int:
    """Return what a task makes of its inputs; the pipelines have the same function."""
    return (seed * 7919 + sum((at + 1) * value for at, value in enumerate(values))) % 1_000_003


@dataclass
class Pipeline:
    """A random pipeline.

    Attributes:
        seed: Of all that is random.
        text: Its source.
        target: The task to run.
        values: What each task must come to, by the name of its bundles.
        failures: How often a run may fail by its tasks alone.
        is_heavy: Whether its processes need Arrow.
    """

    seed: int
    text: str = HEAD
    target: str = ""
    values: dict[str, int] = field(default_factory=dict)
    failures: int = 0
    is_heavy: bool = False


def make_pipeline(seed: int) -> Pipeline:
    """Return the pipeline of a seed: depth, fan-out, failures, retries, asking and partitions as chance has it."""
    chance = random.Random(seed)
    made = Pipeline(seed, is_heavy=chance.random() < 0.1)
    for number in range(chance.randint(2, 9)):
        _add_task(made, number, chance)
    made.target = f"T{len(made.values) - 1}"
    return made


def _add_task(made: Pipeline, number: int, chance: random.Random) -> None:
    name = f"t{number}"
    needs = [f"t{other}" for other in range(number) if chance.random() < 0.5][-4:]
    if number and f"t{number - 1}" not in needs:
        needs.append(f"t{number - 1}")  # so that the last one needs all
    values = [made.values[need] for need in needs]
    head, body = [], [f"        begun({name!r})"]
    requires = [f'"{need}": {need.upper()}()' for need in needs]
    arguments = ", ".join(["self", *needs])
    what = [f"{need}.data[0]" for need in needs]
    if made.is_heavy and chance.random() < 0.4:
        rows = chance.randint(3, 9)
        requires.append(f'"cells": Cell.map(part=stook.partitions(Table(rows={rows}), by="key"))')
        arguments += ", cells"
        what.append("sum(cell.data for cell in cells)")
        values.append(sum(range(rows)))
    if chance.random() < 0.35:
        body.append(f"        time.sleep({chance.choice([0.002, 0.01, 0.03])})")
    kind = chance.random()
    if kind < 0.15:
        head.append(f"    retries = {chance.randint(1, 3)}\n    backoff = 0.001")
        body.append(f"        fail_once({name!r})")
    elif kind < 0.25:
        made.failures += 1
        body.append(f"        fail_once({name!r})")
    elif kind < 0.5:
        asks = [(chance.randrange(3), chance.randrange(4)) for _ in range(chance.randint(1, 3))]
        body.append(f"        asked = yield [Asked(number=n, depth=d) for n, d in {asks!r}]")
        what.append("sum(one.data for one in asked)")
        values.append(sum(_asked(number, depth) for number, depth in asks))
    size = chance.choice([0, 0, 10, 200_000])
    made.values[name] = mix(number, values)
    body.append(f"        return [mix({number}, [{', '.join(what)}]), bytes({size})]")
    made.text += "\n\n" + "\n".join(
        [
            f"class T{number}(stook.Task):",
            *head,
            "    def requires(self):",
            f"        return {{{', '.join(requires)}}}",
            "",
            f"    def run({arguments}):",
            *body,
            "",
        ]
    )


def _asked(number: int, depth: int) -> int:
    return mix(number, [_asked(number, depth - 1)] if depth else [])


def count_begun(folder: Path) -> int:
    """Return how often tasks have begun."""
    with suppress(FileNotFoundError):
        return os.stat(folder / ".begun").st_size // LINE_BYTES
    return 0


def read_begun(folder: Path) -> dict[str, int]:
    """Return when each task has begun for the last time, in microseconds."""
    return {key: int(at) for key, at in map(str.split, (folder / ".begun").read_text().splitlines())}


def run_once(folder: str, target: str, jobs: int, *, keep_going: bool) -> None:
    """Run a pipeline in this process."""
    import stook
    from stook.errors import StookError
    from stook.pipeline import load_task

    log = os.open(f"{folder}/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder)
    task = load_task(f"pipeline.py:{target}", folder=Path(folder))
    try:
        stook.run(task(), store=stook.open(f"{folder}/store"), jobs=jobs, keep_going=keep_going)
    except StookError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def warm_up() -> None:
    """Run a pipeline, so that what runs need is there before anyone is forked."""
    import pyarrow  # noqa: F401

    import stook
    import stook.app.running
    import stook.pipeline.running.processes.pool
    from stook.pipeline import load_task, run

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "warm.py").write_text(HEAD)
        store = stook.open(f"{folder}/store")
        run(load_task("warm.py:Asked", folder=Path(folder))(number=1, depth=1), store=store)
        store.close()


def answer(number: int) -> None:
    """Answer with a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    """Run pipelines as lines come, each in a fork."""
    warm_up()
    for line in sys.stdin:
        told = json.loads(line)
        if "wait" in told:
            _, status = os.waitpid(told["wait"], 0)
            answer(os.waitstatus_to_exitcode(status))
            continue
        pid = os.fork()
        if not pid:
            os.setsid()
            sys.stdin.close()
            run_once(told["folder"], told["target"], told["jobs"], keep_going=told["keep_going"])
        answer(pid)


if __name__ == "__main__":
    main()
