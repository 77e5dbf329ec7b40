"""What is seen just before a task is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.pipeline.runner import run
from stook.pipeline.running.leases import NoLeases
from stook.pipeline.running.options import RunOptions
from stook.pipeline.running.others import Others


class Number(stook.Task):
    """Is made by whoever comes first."""

    number: int = 1

    def run(self) -> int:
        """Return it."""
        return self.number


class _LateLeases(NoLeases):
    """Another run makes the task just before ours gets its lease."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, key: str) -> str:
        """Take it."""
        run(Number(), store=stook.open(self._folder))
        return ""


@pytest.mark.parametrize("is_refreshed", [False, True])
def test_what_another_run_made_since_it_was_decided_is_reused(tmp_path: Path, *, is_refreshed: bool) -> None:
    """A task whose result turns up between the decision and its lease is not performed again."""
    store = stook.open(tmp_path)
    if is_refreshed:
        store.add("other", 1)
        store.refresh()
    run(Number(), store=store, options=RunOptions(jobs=1), others=Others(leases=_LateLeases(tmp_path)))
    assert len(store.versions("number")) == 1
