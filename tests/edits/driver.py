"""Runs the pipelines of many projects, each with modules of its own: `driver.py FOLDER STORE`, writes JSON."""

from __future__ import annotations

import json
import os
import site
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stook
from stook.pipeline import load_tasks

Outcome = dict[str, list[str]]


@contextmanager
def clean_python(folder: Path) -> Iterator[None]:
    """Forget afterwards what a project has imported and set."""
    path, hooks, modules, environment = [*sys.path], [*sys.meta_path], set(sys.modules), dict(os.environ)
    packages = folder / "env" / "site-packages"
    if packages.is_dir():
        site.addsitedir(str(packages))
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, hooks
        for name in set(sys.modules) - modules:
            if str(folder) in str(getattr(sys.modules[name], "__file__", None) or folder):
                del sys.modules[name]
        sys.path_importer_cache.clear()
        os.environ.clear()
        os.environ.update(environment)


def run_project(folder: Path, store: Path) -> Outcome:
    """Return decision, reason and digest of each task of a project."""
    os.chdir(folder)
    with clean_python(folder):
        try:
            tasks = load_tasks("pipeline.py", folder=folder)
            result = stook.run(tasks["Everything"](), store=stook.open(store))
        except Exception:  # noqa: BLE001 - told to the test that reads this
            return {"error": [traceback.format_exc()]}
        return {
            step.name: [step.decision, "; ".join(step.because), step.bundle.digest] for step in result.steps
        }


def main(projects: str, stores: str) -> None:
    """Run all projects of a folder, each with a store of its own."""
    outcomes = {
        folder.name: run_project(folder, Path(stores, folder.name))
        for folder in sorted(Path(projects).iterdir())
    }
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
