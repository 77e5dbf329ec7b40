"""Both executors keep the promise of every executor."""

from __future__ import annotations

import pytest

from stook.pipeline.running.inline import InlineExecutor
from stook.pipeline.running.processes.pool import PoolExecutor
from stook.testing import ExecutorTests, MakeExecutor, ProcessExecutorTests


class TestInline(ExecutorTests):
    """The suite, in this process."""

    @pytest.fixture
    def make_executor(self) -> MakeExecutor:
        """Tasks run here."""
        return InlineExecutor


class TestPool(ProcessExecutorTests):
    """The suite, in processes that are forked from one which was started for that."""

    @pytest.fixture
    def make_executor(self) -> MakeExecutor:
        """Two processes."""
        return lambda store: PoolExecutor(store, 2, way="fork")


@pytest.mark.full
class TestSpawningPool(ProcessExecutorTests):
    """The suite, in processes that are started anew, as on macOS."""

    @pytest.fixture
    def make_executor(self) -> MakeExecutor:
        """Two processes."""
        return lambda store: PoolExecutor(store, 2, way="spawn")
