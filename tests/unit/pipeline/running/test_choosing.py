"""Which tasks of a graph a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import InputError, NotFoundError
from stook.pipeline import RunOptions, load_task
from stook.pipeline.running.choosing import targets_of

PIPELINE = """
import stook

class Raw(stook.Task):
    def run(self):
        return 1

class Clean(stook.Task):
    part: stook.Partition
    def run(self, part):
        return part

class Total(stook.Task):
    def requires(self):
        return {"parts": Clean.map(part=stook.partitions(Raw(), by="day"))}
    def run(self, parts):
        return len(parts)
"""


def test_tasks_of_partitions_may_be_forced(tmp_path: Path) -> None:
    """Which tasks come of partitions is known only later, and yet their name is one of the graph."""
    (tmp_path / "choosing_pipeline.py").write_text(PIPELINE)
    total = load_task("choosing_pipeline.py:Total", folder=tmp_path)()
    assert targets_of(total, RunOptions(force=("clean", "Clean", "cl*"))) == (total,)
    with pytest.raises(NotFoundError, match="no task of choosing_pipeline:Total is called clen"):
        targets_of(total, RunOptions(force=("clen",)))


def test_tasks_of_partitions_are_none_to_stop_at(tmp_path: Path) -> None:
    """The error says why, and what to do; it does not say that there is no such task."""
    (tmp_path / "choosing_other.py").write_text(PIPELINE)
    total = load_task("choosing_other.py:Total", folder=tmp_path)()
    for options in (RunOptions(only=("clean",)), RunOptions(upto=("Clean",))):
        with pytest.raises(InputError, match="known only when the table is there") as caught:
            targets_of(total, options)
        assert "--force" in caught.value.hint
