"""Tasks whose results are checked, run as people run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import stook

TASKS = """
import pandas as pd
import pyarrow as pa

import stook
from stook import checks


class Parts(stook.Task):
    bad: bool = False
    checks = (
        checks.between("n", 0, 99),
        checks.unique("n"),
        checks.satisfies(lambda part: part.num_rows > 0, "no part is empty"),
    )

    def run(self):
        parts = [pd.DataFrame({"n": [0, 1]}), pd.DataFrame({"n": [2, 100 if self.bad else 3]})]
        return iter(parts)


class Raising(stook.Task):
    as_stream: bool = False
    checks = (checks.satisfies(lambda table: 1 / 0, "never"),)

    def run(self):
        batch = pa.record_batch({"n": [1]})
        return pa.RecordBatchReader.from_batches(batch.schema, [batch]) if self.as_stream else pd.DataFrame({"n": [1]})
"""


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run `stook run --plain` in a folder; return its code and what it said."""
    (folder / "tasks.py").write_text(TASKS)
    command = [Path(sys.executable).with_name("stook"), "run", "--plain", *words]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_stream_that_fails_its_checks_is_not_kept(tmp_path: Path, jobs: str) -> None:
    """In this process or another: a good stream is kept whole, a bad one not at all, and its rows are put aside."""
    assert run(tmp_path, "--jobs", jobs, "tasks.py:Parts")[0] == 0
    assert stook.open().get("parts").to_pandas()["n"].tolist() == [0, 1, 2, 3]
    code, said = run(tmp_path, "--jobs", jobs, "tasks.py:Parts", "--bad", "true")
    assert code == 3
    assert "tasks:Parts: n is outside 0…99 in 1 of 4 rows, such as row 3: 100" in said
    assert len(stook.open().versions("parts")) == 1
    assert len([*Path(os.environ["STOOK_CACHE"]).rglob("between-1.parquet")]) == 1


@pytest.mark.parametrize("as_stream", ["false", "true"])
def test_a_check_that_raises_is_the_users_own(tmp_path: Path, as_stream: str) -> None:
    """An exception in a function of a check fails the task, with the line that raised it."""
    code, said = run(tmp_path, "tasks.py:Raising", "--as-stream", as_stream)
    assert code == 1
    assert "stook: tasks:Raising failed: ZeroDivisionError: division by zero" in said
    assert "1 / 0" in said
