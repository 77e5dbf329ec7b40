"""The store does what a plain model of it does, whatever is done to it in between."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from stook.store import Store
from tests.stateful.machine import NAMES, SEATS, SEEDS, SIZES, StoreMachine
from tests.stateful.model import Model
from tests.stateful.traps import Trap, open_bucket, open_folder
from tests.unit.store.aging import HOUR, AgingStorage

pytestmark = pytest.mark.filterwarnings("ignore:a bundle's time is", "ignore:the log of .* went back")

_LIGHT = settings(max_examples=max(10, settings().max_examples // 5), stateful_step_count=20, deadline=None)


class FolderMachine(StoreMachine):
    """A store in a folder, where garbage goes at once; its log may be torn, and the folder be an older copy."""

    def __init__(self) -> None:
        super().__init__()
        self.backup: Model | None = None

    def open(self, cache: Path, now: Callable[[], float]) -> tuple[Store, Trap]:
        """See `StoreMachine.open`."""
        return open_folder(self.folder / "store", cache, now)

    @rule(arrived=st.sampled_from([0, 4, 30, 3000]))
    def tear_the_log(self, arrived: int) -> None:
        """Leave a part of a commit at the end of every open segment, as a crash does."""
        commit = (60_000).to_bytes(4, "little") + bytes(range(16)) + b'{"type":"bundle"' + b"x" * 60_000
        for folder in (self.folder / "store/log").glob("*"):
            segments = sorted(path for path in folder.iterdir() if path.name.isdigit())
            if segments:
                with segments[-1].open("ab") as file:
                    file.write(commit[:arrived])

    @rule()
    def take_a_copy(self) -> None:
        """Back the store's folder up."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        shutil.copytree(self.folder / "store", self.folder / "copy")
        self.backup = copy.deepcopy(self.model)

    @precondition(lambda self: self.backup is not None)
    @rule(name=NAMES, which=SEATS, seed=SEEDS, size=SIZES)
    def restore_the_copy(self, name: str, which: int, seed: int, size: int) -> None:
        """Put the backup in the place of the folder, under open stores, and add before anyone has read."""
        for seat in self.seats:
            self._drop_draft(seat)
        shutil.rmtree(self.folder / "store")
        shutil.copytree(self.folder / "copy", self.folder / "store")
        self.model = copy.deepcopy(self.backup or Model())
        self.add(which, None, name, seed, size, 0, 0)


class BucketMachine(StoreMachine):
    """A store in a bucket, where garbage goes when the grace is over."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = AgingStorage()

    def open(self, cache: Path, now: Callable[[], float]) -> tuple[Store, Trap]:
        """See `StoreMachine.open`."""
        return open_bucket(self.storage, cache, now)

    @precondition(lambda self: not any(seat.draft for seat in self.seats))
    @rule(hours=st.sampled_from([1, 3, 30]))
    def wait(self, hours: int) -> None:
        """Let time pass for the storage, while nobody writes."""
        self.storage.now += hours * HOUR


TestFolder = FolderMachine.TestCase
TestFolder.settings = _LIGHT
TestBucket = BucketMachine.TestCase
TestBucket.settings = _LIGHT
