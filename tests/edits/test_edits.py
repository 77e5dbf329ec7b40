"""Each kind of edit re-runs exactly the tasks that it should, and what is reused is what a fresh run makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.edits import (
    edits_of_classes,
    edits_of_definitions,
    edits_of_imports,
    edits_of_surroundings,
    edits_of_tasks,
)
from tests.edits.table import Edit

SUITE = (edits_of_definitions, edits_of_classes, edits_of_imports, edits_of_surroundings, edits_of_tasks)
EDITS = {one.name: one for module in SUITE for one in module.EDITS}
Outcomes = dict[str, dict[str, list[str]]]
# Rows that no edit of a file shows.
ELSEWHERE = {
    "another minor version of Python; another patch version",
    "another machine, user, folder, platform, Git commit",
    "task called as `pipeline.py:X`, as `pipeline:X`, or from the file run as a script",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Mapping[str, Outcomes]:
    """All projects, run by the real runner: before the edit, after it, and after it in stores of their own."""
    folder = tmp_path_factory.mktemp("edits")
    projects = folder / "projects"
    folders = {name: projects / f"edit_{number}" for number, name in enumerate(EDITS)}
    for name, one in EDITS.items():
        _write(folders[name], one.before)
    found = {"before": _drive(project_root, folder, projects, "store")}
    for name, one in EDITS.items():
        _write(folders[name], one.after())
    found["after"] = _drive(project_root, folder, projects, "store")
    found["fresh"] = _drive(project_root, folder, projects, "fresh")
    return {round_: {name: made[folders[name].name] for name in EDITS} for round_, made in found.items()}


@pytest.mark.parametrize("name", EDITS)
def test_edit(name: str, outcomes: Mapping[str, Outcomes]) -> None:
    """The tasks that run again are those of the table, none is stale, and needless ones have a reason."""
    one = EDITS[name]
    before, after, fresh = (outcomes[round_][name] for round_ in ("before", "after", "fresh"))
    for made in (before, after, fresh):
        assert "error" not in made, made["error"][0]
    ran = {step for step, (decision, _, _) in after.items() if decision == "ran"} - {"everything"}
    stale = {step for step, (_, _, digest) in after.items() if digest != fresh[step][2]}
    assert not stale, after
    assert ran == one.runs, {step: after[step][1] for step in ran ^ one.runs if step in after}
    is_same = all(before.get(step, after[step])[2] == after[step][2] for step in ran)
    assert bool(one.needless) == (bool(ran) and is_same), "a needless run has a reason, and only that has one"


def test_suite_is_wide() -> None:
    """There are as many kinds of edit as were promised, under names of their own."""
    assert len(EDITS) == sum(len(module.EDITS) for module in SUITE)
    assert len(EDITS) >= 60


def test_table_of_the_documentation(project_root: Path) -> None:
    """Each row of the page's table is shown by an edit here, and each edit belongs to a row that says the same."""
    page = (project_root / "docs" / "reference" / "fingerprint.md").read_text(encoding="utf-8")
    table = page.partition("## What an edit does")[2].partition("\n## ")[0]
    rows = dict(
        line.strip("| ").split(" | ", 1)
        for line in table.splitlines()
        if line.startswith("| ") and "---" not in line
    )
    del rows["edit"]
    by_row: dict[str, list[Edit]] = {}
    for one in EDITS.values():
        by_row.setdefault(one.row, []).append(one)
    assert set(by_row) | ELSEWHERE == set(rows)
    for row, edits in by_row.items():
        runs = {bool(one.runs) for one in edits}
        if rows[row].startswith("none") and "runs" not in rows[row]:
            assert runs == {False}, row
        elif "none" not in rows[row]:
            assert runs == {True}, row


def _write(folder: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            if path.parent != folder and not any(path.parent.iterdir()):
                path.parent.rmdir()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _drive(project_root: Path, folder: Path, projects: Path, store: str) -> Outcomes:
    # Which code a task uses shall be told by its text alone, so no bytecode of an earlier round may stand in for it.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    driver = project_root / "tests" / "edits" / "driver.py"
    command = [sys.executable, "-P", str(driver), str(projects), str(folder / store)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    loaded: Outcomes = json.loads(done.stdout.splitlines()[-1])
    return loaded
