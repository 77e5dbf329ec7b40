"""Tasks that do nothing, by other tools: `python peer_tasks.py luigi|doit|joblib chain|fan COUNT FOLDER`.

Each keeps one small result a task in a file, or in its own cache, and finds it again the next time. Nothing of Stook is
imported, so it runs wherever the tool is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def needs(shape: str, count: int) -> dict[int, list[int]]:
    """Return what each task needs: of a chain the one before, of a fan's last one all others."""
    if shape == "chain":
        return {number: [number - 1] if number else [] for number in range(count)}
    return {**{number: [] for number in range(count)}, count: list(range(count))}


def run_luigi(shape: str, count: int, folder: Path) -> None:
    """Run them as Luigi tasks, with Luigi's scheduler in this process."""
    import logging

    import luigi

    logging.disable(logging.CRITICAL)
    needed = needs(shape, count)

    class Step(luigi.Task):
        number = luigi.IntParameter()

        def requires(self) -> list[Any]:
            """Return the tasks before."""
            return [step(number=number) for number in needed[self.number]]

        def output(self) -> Any:
            """Return the file of the result."""
            return luigi.LocalTarget(str(folder / str(self.number)))

        def run(self) -> None:
            """Write the number."""
            with self.output().open("w") as file:
                file.write(str(self.number))

    step: Any = Step
    if not luigi.build([step(number=max(needed))], local_scheduler=True, log_level="CRITICAL"):
        sys.exit("luigi failed")


def run_doit(shape: str, count: int, folder: Path) -> None:
    """Run them as tasks of doit, which keeps what it knows in a file of its own."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    def write(number: int) -> None:
        (folder / str(number)).write_text(str(number))

    def task_step() -> Any:
        for number, needed in needs(shape, count).items():
            yield {
                "name": str(number),
                "actions": [(write, [number])],
                "file_dep": [str(folder / str(other)) for other in needed],
                "targets": [str(folder / str(number))],
                "uptodate": [True],
            }

    config = {"dep_file": str(folder / ".doit.db"), "verbosity": 0}
    loader = ModuleTaskLoader({"DOIT_CONFIG": config, "task_step": task_step})
    if DoitMain(loader).run(["run"]):
        sys.exit("doit failed")


def run_joblib(shape: str, count: int, folder: Path) -> None:
    """Call a function that joblib caches, in order."""
    import joblib

    step = joblib.Memory(folder, verbose=0).cache(_step)
    made: dict[int, int] = {}
    for number, needed in needs(shape, count).items():
        made[number] = step(number, [made[other] for other in needed])


def _step(number: int, before: list[int]) -> int:
    return number


def main(peer: str, shape: str, count: str, folder: str) -> None:
    """Run a chain or a fan."""
    os.makedirs(folder, exist_ok=True)
    run = {"luigi": run_luigi, "doit": run_doit, "joblib": run_joblib}[peer]
    run(shape, int(count), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
