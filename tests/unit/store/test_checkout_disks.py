"""Checkouts on disks that refuse, and by processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stook
from stook.errors import InputError, StorageError
from stook.store import Store
from stook.store.checkout import checkout, status
from stook.store.checkout.layout import lay_out
from stook.store.checkout.writing import write_tree
from stook.store.reading.rooted import opened
from tests.small_disks import small_disk_at

_NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two versions of a folder of 400 files of 10,000 bytes, 4 MB in all."""
    store = stook.open(tmp_path / "store", context="test")
    source = tmp_path / "source"
    source.mkdir()
    for version in range(2):
        for number in range(400):
            (source / f"{number:03d}").write_bytes(bytes([65 + version]) * 10_000)
        store.add("n", source)
    return store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory with room for 6 MB."""
    with small_disk_at(tmp_path / "disk", 6) as place:
        yield place


def test_a_full_disk_leaves_the_folder_as_it_was(store: Store, small_disk: Path) -> None:
    """The second version does not fit beside the first: the error says so, the first stays, nothing else is left."""
    newest, oldest = store.versions("n")
    out = checkout(store, oldest, small_disk / "out").folder
    with pytest.raises(StorageError) as caught:
        checkout(store, newest, out)
    assert caught.value.kind == "disk-full"
    assert os.listdir(small_disk) == ["out"]
    assert status(out).is_clean
    assert {path.read_bytes()[:1] for path in out.iterdir() if path.name.isdigit()} == {b"A"}


def test_a_parent_without_permission_is_named(store: Store, tmp_path: Path) -> None:
    """Where nothing may be written, the error says so, and nothing is."""
    parent = tmp_path / "locked"
    parent.mkdir(mode=0o555)
    bundle = store.get("n")
    tree = bundle.tree
    assert tree is not None
    is_root = os.geteuid() == 0
    if is_root:
        tmp_path.chmod(0o755)
        os.seteuid(_NOBODY)
    try:
        with pytest.raises(StorageError) as caught:
            checkout(store, bundle, parent / "out")
    finally:
        if is_root:
            os.seteuid(0)
    assert caught.value.kind == "permission"
    assert os.listdir(parent) == []


_ENDLESS = """
import sys, stook
from stook.store.checkout import checkout
store = stook.open(sys.argv[1], context="test")
versions = store.versions("n")
print("ready", flush=True)
while True:
    for bundle in versions:
        checkout(store, bundle, sys.argv[2])
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_kill_at_any_moment_leaves_one_whole_version(store: Store, tmp_path: Path, seed: int) -> None:
    """After kill -9 there is a whole checkout or none, and the next one clears away what is left."""
    (tmp_path / "w").mkdir()
    out = tmp_path / "w/out"
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, tmp_path / "store", out], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.05 + 0.07 * seed)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if out.exists():
        assert status(out).is_clean
        assert len({path.read_bytes()[:1] for path in out.iterdir() if path.name.isdigit()}) == 1
    checkout(store, store.get("n"), out)
    assert os.listdir(tmp_path / "w") == ["out"]
    assert {path.read_bytes()[:1] for path in out.iterdir() if path.name.isdigit()} == {b"B"}


@pytest.mark.parametrize(("there", "paths"), [("A", ("a", "A")), ("F", ("f/x", "F/y"))])
def test_names_that_a_disk_takes_for_one_are_noticed(
    store: Store, tmp_path: Path, there: str, paths: tuple[str, str]
) -> None:
    """A name that the disk has already, as one without cases says of the second of two, is refused, never covered."""
    source = tmp_path / "cases"
    for path in paths:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(path)
    layout = lay_out(store.add("cases", source).tree, "parquet")
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / there).write_text("the other")
    with opened(disk) as root, pytest.raises(InputError) as caught:
        write_tree(root, layout, store.repository)
    assert caught.value.kind == "same-path"
    assert (disk / there).read_text() == "the other"
