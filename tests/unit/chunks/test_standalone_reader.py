"""The reader beside the specification reads what the format's modules write, and finds damage."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from stook.chunks import ChunkWriter, MemoryIndex
from stook.format import manifests, records, repository, segments, trees, values
from stook.format.canonical import digest, encode
from stook.model.clock import Clock
from stook.model.record import BundleRecord, DeleteRecord, Manifest
from stook.model.tree import Dict, File, Folder, FolderFile, Node, Object, Sequence, Value
from stook.storage import open_storage

READER = Path(__file__).parents[3] / "docs" / "reference" / "format" / "reader.py"
CONTEXT = "c" * 32
BIG = hashlib.shake_128(b"big").digest(7_000_000)
VALUE = {"rows": 12, "when": (1, 2.5)}


def _read(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(READER), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _tree(writer: ChunkWriter) -> Node:
    small = writer.add_bytes(b"small")
    folder = Folder(
        "d", (FolderFile("d1/f", small), FolderFile("d2/f", writer.add_bytes(BIG), True)), ("empty",)
    )
    value = Value(digest("stook v1 value", encode(VALUE)), writer.add_bytes(values.dump(VALUE)))
    model = Object("model", "7" * 64, writer.add_bytes(b"text " * 60_000))
    files = Sequence((File("a.txt", small), File("a.txt", small, executable=True)))
    return Dict((("folder", folder), ("value", value), ("model", model), ("files", files), ("../up", value)))


def _bundle(clock: Clock, name: str, tree: Node, **where: object) -> BundleRecord:
    return BundleRecord(clock.new_id(), CONTEXT, name, trees.digest_tree(tree), 1, 1, "ann", **where)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return a repository with two bundles, a deleted one, a sealed segment and a torn tail; and their ids."""
    root = tmp_path_factory.mktemp("store")
    storage, index, clock = open_storage(str(root)), MemoryIndex(), Clock()
    storage.put_new("stook.json", repository.dump(repository.new("0f" * 16)))
    data, meta = ChunkWriter(storage, index), ChunkWriter(storage, index, "meta")
    tree = _tree(data)
    data.flush()
    manifest = Manifest(tree, {"padding": "x" * 5000})
    first = _bundle(clock, "kept.inline", tree, manifest=Manifest(tree))
    second = _bundle(clock, "kept.packed", tree, manifest_blob=meta.add_bytes(manifests.dump(manifest)))
    gone = _bundle(clock, "gone", tree, manifest=Manifest(tree))
    delete = DeleteRecord(clock.new_id(), CONTEXT, gone.id, 1)
    meta.flush()
    writer = f"log/{'a' * 32}"
    storage.put_new(f"{writer}/{1:016d}", segments.seal(_segment(delete, first)))
    storage.put_new(f"{writer}/{2:016d}", _segment(gone, second) + segments.frame(b"{}")[:-1])
    return root, [first.id, second.id]


def _segment(*lines: BundleRecord | DeleteRecord) -> bytes:
    return segments.MAGIC + b"".join(segments.frame(records.dump(line)) for line in lines)


def test_the_reader_stands_alone() -> None:
    """It has fewer than 200 lines, and imports the standard library, blake3 and zstandard only."""
    source = READER.read_text()
    assert len(source.splitlines()) < 200
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = {name for node in nodes for name in _modules(node)}
    assert modules - sys.stdlib_module_names == {"blake3", "zstandard"}


def _modules(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return [name.partition(".")[0] for name in names]


def test_the_reader_lists_the_bundles_that_are_not_deleted(store: tuple[Path, list[str]]) -> None:
    """Sealed and open segments are read, deletes apply in any order, a torn tail is passed over."""
    root, ids = store
    result = _read(root)
    assert result.returncode == 0, result.stderr
    assert [line.split() for line in result.stdout.splitlines()] == [
        [ids[0], "1", "kept.inline"],
        [ids[1], "1", "kept.packed"],
    ]


def test_the_reader_extracts_what_was_stored(store: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Files come back with modes and same names apart; nothing is written outside the folder."""
    root, ids = store
    for id_ in ids:
        out = tmp_path / id_
        result = _read(root, id_, out)
        assert result.returncode == 0, result.stderr
        assert (out / "folder/d2/f").read_bytes() == BIG
        assert (out / "folder/d2/f").stat().st_mode & 0o100
        assert (out / "folder/d1/f").read_bytes() == b"small"
        assert (out / "folder/empty").is_dir()
        assert (out / "files/0/a.txt").read_bytes() == (out / "files/1/a.txt").read_bytes() == b"small"
        assert values.load((out / "value.value.json").read_bytes()) == VALUE
        assert (out / "model.model").read_bytes() == b"text " * 60_000
        assert (out / "item-4.value.json").exists()
    assert {path.name for path in tmp_path.iterdir()} == set(ids)


def test_the_reader_finds_damage(store: tuple[Path, list[str]], tmp_path: Path) -> None:
    """A flipped bit in the largest pack stops the extraction."""
    root, ids = store
    pack = max(root.glob("packs/data/*/*.pack"), key=lambda path: path.stat().st_size)
    good = pack.read_bytes()
    try:
        for at in (8, len(good) // 2, len(good) - 100):
            pack.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            result = _read(root, ids[0], tmp_path / str(at))
            assert result.returncode != 0
            assert "DamageError" in result.stderr
    finally:
        pack.write_bytes(good)
