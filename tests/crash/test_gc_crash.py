"""Collecting garbage dies at each of its steps: nothing that is needed is lost, and the next time finishes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import stook
from stook.store import Store
from stook.store.gc import Amount, collect
from stook.testing import Crash, Fault, FaultyStorage
from tests.unit.store.aging import HOUR, AgingStorage, open_at

_BYTES = [os.urandom(120_000 + number) for number in range(4)]


def _fill(store: Store, folder: Path) -> None:
    """Keep one file of a pack of four, remove a bundle of two packs' worth, keep another."""
    paths = {}
    for number, data in enumerate(_BYTES):
        paths[str(number)] = folder / f"file{number}"
        paths[str(number)].write_bytes(data)
    everything = store.add("all", paths)
    store.add("one", paths["2"])
    store.rm(everything, store.add("gone", os.urandom(50_000)))
    store.add("kept", {"x": _BYTES[0]})


def _check(store: Store) -> None:
    assert store.get("one").path().read_bytes() == _BYTES[2]
    assert store.get("kept").data == {"x": _BYTES[0]}


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "error-after"])
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.full)])
def test_a_crash_at_any_step_in_a_folder(tmp_path: Path, kind: str, step: int) -> None:
    """Where nobody else writes: whatever step it dies at, all reads back, and the next collection leaves no garbage."""
    number, is_over = 1 - step, False
    while not is_over:
        number += step
        folder = tmp_path / str(number)
        folder.mkdir()
        store = stook.open(folder / "store", context="test")
        _fill(store, folder)
        inner = store.repository.storage
        store.repository.storage = FaultyStorage(inner, [Fault(kind, number)])  # type: ignore[arg-type]
        try:
            collect(store.repository)
            is_over = not any(operation.fault for operation in store.repository.storage.log)
        except (Crash, stook.StookError):
            pass
        again = stook.open(folder / "store", context="test")
        _check(again)
        collect(again.repository)
        _check(stook.open(folder / "store", context="test"))
        assert len(list(inner.list("packs/"))) == 2
        assert list(inner.list("condemned/")) == []
    assert number > 15


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "error-after"])
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.full)])
def test_a_crash_at_any_step_in_a_bucket(tmp_path: Path, kind: str, step: int) -> None:
    """Where there are only lists and the grace, while condemning and while sweeping: the same."""
    number, is_over = 1 - step, False
    while not is_over:
        number += step
        folder = tmp_path / str(number)
        folder.mkdir()
        aging = AgingStorage()
        store = open_at(aging, folder / "cache")
        _fill(store, folder)
        aging.now += 48 * HOUR
        faults = [Fault(kind, number)]  # type: ignore[arg-type]
        is_over = True
        for _ in range(2):
            store.repository.storage = FaultyStorage(aging, faults)
            try:
                collect(store.repository)
            except (Crash, stook.StookError):
                is_over = False
            _check(open_at(aging, folder / f"cache{aging.now}"))
            aging.now += 30 * HOUR
        last = open_at(aging, folder / "last")
        for _ in range(2):
            collect(last.repository)
            aging.now += 30 * HOUR
        _check(open_at(aging, folder / "check"))
        assert len(list(aging.inner.list("packs/"))) == 2
        assert list(aging.inner.list("condemned/")) == []
        assert collect(last.repository).swept == Amount()
    assert number > 10
