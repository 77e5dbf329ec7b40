"""The reader in the format's documentation, which knows nothing of Stook, reads what Stook writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stook


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
