"""Reading when content is damaged or was moved, and many items at once."""

from __future__ import annotations

import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stook
from stook.errors import IntegrityError
from stook.store import Bundle, Store
from stook.store.checkout import checkout


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def _packs(folder: Path) -> list[Path]:
    return sorted((folder / "store/packs/data").rglob("*.pack"))


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(8, len(data) - 2000):
        data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def _data(tmp_path: Path) -> dict[str, object]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "inner file").write_bytes(os.urandom(9000))
    (source / "small").write_bytes(b"inline")
    (tmp_path / "f.bin").write_bytes(os.urandom(9000))
    chance = np.random.default_rng(1)
    return {
        "array": chance.random(2000),
        "frame": pd.DataFrame({"x": chance.random(2000)}),
        "deep": {"value": [float(number) for number in chance.random(2000)]},
        "file": tmp_path / "f.bin",
        "folder": source,
    }


READERS: dict[str, tuple[Callable[[Bundle, Path], object], str]] = {
    "data": (lambda bundle, _: bundle.data, ""),
    "part": (lambda bundle, _: bundle["array"], "item array: "),
    "item": (lambda bundle, _: bundle.item("deep"), "item deep: "),
    "table": (lambda bundle, _: bundle.to_arrow("frame"), "item frame: "),
    "open": (lambda bundle, _: bundle.open("file").read(), "item file: "),
    "path": (lambda bundle, _: bundle.path("file"), "item file: "),
    "folder": (lambda bundle, _: bundle.path("folder"), "item folder: inner file: "),
    "checkout": (lambda bundle, folder: checkout(bundle._store, bundle, folder / "out"), ""),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("harm", [_damage, Path.unlink])
def test_an_error_names_the_bundle_and_the_item(
    store: Store, tmp_path: Path, reader: str, harm: Callable[[Path], None]
) -> None:
    """However damaged content is read, the error says whose it is and what to type, and survives pickling."""
    bundle = store.add("raw", _data(tmp_path))
    other = store.add("other", {"fine": 1})
    for pack in _packs(tmp_path):
        harm(pack)
    read, item = READERS[reader]
    with pytest.raises(IntegrityError) as caught:
        read(stook.open(tmp_path / "store", context="test").get(bundle.ref), tmp_path)
    assert caught.value.message.startswith(f"{bundle.ref}: {item}")
    assert caught.value.message.count(bundle.ref) == 1
    assert caught.value.facts["bundle"] == bundle.ref
    assert caught.value.hint == "stook verify --deep"
    assert str(pickle.loads(pickle.dumps(caught.value))) == caught.value.message  # noqa: S301 - our own bytes
    assert other.data == {"fine": 1}
    assert not (tmp_path / "out").exists()


def test_a_long_description_that_is_damaged_names_the_bundle(store: Store, tmp_path: Path) -> None:
    """Where the manifest is in a pack of its own, the error for it names the bundle."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(500):
        (source / f"{number:03d}").write_text(f"{number}")
    ref = store.add("raw", source).ref
    for pack in (tmp_path / "store/packs/meta").rglob("*.pack"):
        data = bytearray(pack.read_bytes())
        data[8:20] = bytes(12)
        pack.chmod(0o644)
        pack.write_bytes(data)
    with pytest.raises(IntegrityError) as caught:
        _ = store.get("raw").tree
    assert caught.value.message.startswith(f"{ref}: ")


def test_a_reader_goes_on_when_its_pack_was_packed_anew(store: Store, tmp_path: Path) -> None:
    """A store that has read before, and knows where everything is, finds all of it after packs were moved."""
    bundle = store.add("raw", _data(tmp_path))
    before = {key: np.asarray(value) for key, value in bundle.data.items() if key in {"array", "frame"}}
    writer = store.repository.writer()
    mover = stook.open(tmp_path / "store", context="test")
    (old,) = _packs(tmp_path)
    _repack(mover, old)
    assert writer is not None
    assert _packs(tmp_path) != [old]
    after = bundle.data
    assert all(np.array_equal(before[key], np.asarray(after[key])) for key in before)
    assert checkout(store, bundle, tmp_path / "out").files == 6


def _repack(store: Store, old: Path) -> None:
    """Move the chunks of a pack to another, as garbage collection does."""
    from stook.chunks import ChunkReader, ChunkWriter, MemoryIndex, read_pack_index
    from stook.model.tree import Blob

    storage = store.repository.storage
    known, new = MemoryIndex(), MemoryIndex()
    name = f"data/{old.stem}"
    entries = read_pack_index(storage, name)
    known.add(name, entries)
    reader, writer = ChunkReader(storage, known), ChunkWriter(storage, new)
    for entry in entries:
        writer.add_bytes(reader.read(Blob(entry.size, entry.id.hex())))
    writer.add_bytes(os.urandom(5000))
    writer.flush()
    old.unlink()


def test_many_items_come_back_each_in_its_place(store: Store, tmp_path: Path) -> None:
    """Hundreds of values, arrays and files in one bundle, some equal and some large, are what they were."""
    files = []
    for number in range(50):
        files.append(tmp_path / f"f{number}")
        files[-1].write_bytes(os.urandom(5000) if number % 5 else b"x" * (2 << 20))
    arrays = {f"a{number}": np.full(2000, number % 7) for number in range(100)}
    data = store.add("n", {"files": files, **arrays, "deep": [[{"v": list(range(3000))}]]}).data
    assert [path.read_bytes() for path in data["files"]] == [path.read_bytes() for path in files]
    assert all(np.array_equal(data[key], array) for key, array in arrays.items())
    assert data["deep"] == [[{"v": list(range(3000))}]]


def test_files_in_the_cache_are_read_only_and_made_anew_when_written_to(store: Store, tmp_path: Path) -> None:
    """What get gives cannot be changed by accident; what was changed on purpose is not given again."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub/x").write_text("x" * 5000)
    path = store.add("n", source).path() / "sub/x"
    assert not stat.S_IMODE(path.stat().st_mode) & 0o222
    path.chmod(0o644)
    path.write_text("y" * 5000)
    assert store.get("n").path("sub/x").read_text() == "x" * 5000
