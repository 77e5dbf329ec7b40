"""The reader in the format's documentation, which knows nothing of Stook, reads what Stook writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stook
from stook.log.listing import list_segments
from stook.storage import open_storage
from stook.store import Store
from stook.store.repository import open_on


def _reader(project_root: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    program = project_root / "docs/reference/format/reader.py"
    return subprocess.run(
        [sys.executable, str(program), *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A store with values, a large file and a folder of many small ones."""
    store = stook.open(tmp_path / "store", context="test")
    store.add("values", {"a": 1, "when": None})
    (tmp_path / "big.bin").write_bytes(os.urandom(700_000))
    store.add("big", tmp_path / "big.bin")
    (tmp_path / "many/sub").mkdir(parents=True)
    for number in range(300):
        (tmp_path / f"many/sub/{number}.txt").write_text(f"file {number}" * 50)
    store.add("many", tmp_path / "many")
    return tmp_path / "store"


def test_it_lists_every_bundle(repository: Path, project_root: Path) -> None:
    """Each bundle is listed with its name and id."""
    listed = _reader(project_root, repository)
    assert listed.returncode == 0, listed.stderr
    for bundle in stook.open(repository, context="test").ls():
        assert bundle.name in listed.stdout
        assert bundle.id in listed.stdout


def test_it_writes_what_was_added(repository: Path, project_root: Path, tmp_path: Path) -> None:
    """Files come out byte for byte, values as JSON, whatever their size."""
    store = stook.open(repository, context="test")
    for name in ("values", "big", "many"):
        done = _reader(project_root, repository, store.get(name).id, tmp_path / f"out-{name}")
        assert done.returncode == 0, done.stderr
    found = {p.name: p for p in (tmp_path / "out-big").rglob("*") if p.is_file()}
    assert found["big.bin"].read_bytes() == (tmp_path / "big.bin").read_bytes()
    texts = {p.name: p.read_text() for p in (tmp_path / "out-many").rglob("*.txt")}
    assert texts == {f"{n}.txt": f"file {n}" * 50 for n in range(300)}
    (value,) = tmp_path.glob("out-values*.json")
    assert json.loads(value.read_text()) == {"a": 1, "when": None}


def test_it_refuses_damage(repository: Path, project_root: Path, tmp_path: Path) -> None:
    """A flipped byte in a pack is found, and nothing wrong is written."""
    bundle = stook.open(repository, context="test").get("big")
    for pack in (repository / "packs/data").rglob("*.pack"):
        data = bytearray(pack.read_bytes())
        data[50] ^= 1
        pack.chmod(0o644)
        pack.write_bytes(data)
    assert _reader(project_root, repository, bundle.id, tmp_path / "out").returncode != 0


def test_it_reads_a_copy_of_a_bucket(project_root: Path, tmp_path: Path) -> None:
    """Segments that are gone are in a checkpoint; without that, it says what is missing."""
    storage = open_storage("memory:")
    store = Store(open_on(storage, cache=tmp_path / "cache", owner="tester"), "test")
    for number in range(9):
        store.add(f"value{number}", number)
        store.refresh()
    store.rm(store.get("value0"))
    for writer, sizes in list_segments(storage).items():
        for seq in list(sizes)[:5]:
            storage.delete(f"log/{writer}/{seq:016d}")
    copy = tmp_path / "copy"
    for entry in storage.list():
        (copy / entry.key).parent.mkdir(parents=True, exist_ok=True)
        (copy / entry.key).write_bytes(storage.get(entry.key).data)
    listed = _reader(project_root, copy)
    assert listed.returncode == 0, listed.stderr
    expected = [f"{bundle.id} {bundle.size} {bundle.name}" for bundle in store.ls()]
    assert sorted(listed.stdout.splitlines()) == sorted(expected)
    assert len(expected) == 8
    names = [bundle.name for bundle in stook.open(copy, context="test").ls()]
    assert names == [bundle.name for bundle in store.ls()]
    for path in (copy / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:-5])
    assert "lacks the segment 1" in _reader(project_root, copy).stderr
