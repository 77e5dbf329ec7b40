"""Where a file on disk is from."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

import stook
from stook.errors import InputError
from stook.store import Store
from stook.store.checkout.checkout import checkout
from stook.store.trace import Trace, trace


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="main")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of each way to be kept: in its record, as one chunk, as several, as many in a listing."""
    place = tmp_path / "folder"
    place.mkdir()
    random = __import__("random").Random(7)
    for name, size in (
        ("empty", 0),
        ("tiny", 10),
        ("whole", 50_000),
        ("several", 700_000),
        ("many", 9_000_000),
    ):
        (place / name).write_bytes(random.randbytes(size))
    return place


def _seen(found: Trace) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(s.bundle.id, s.items, s.is_removed) for s in found.sightings]


@pytest.mark.parametrize("name", ["empty", "tiny", "whole", "several", "many"])
def test_a_file_is_found_however_it_is_kept(store: Store, folder: Path, name: str) -> None:
    """A file of any size is found alone and in a folder, newest first, and a changed copy of it is not."""
    file = folder / name
    alone = store.add("alone", file)
    inside = store.add("inside", {"all": folder})
    assert _seen(trace(store, file)) == [(inside.id, (f"all/{name}",), False), (alone.id, ("",), False)]
    changed = folder.parent / "changed"
    changed.write_bytes(file.read_bytes() + b"x")
    assert trace(store, changed).sightings == ()


def test_a_file_is_found_where_descriptions_are_long(store: Store, folder: Path) -> None:
    """A file in a folder of so many that they are not described in the record is found, one of its few bytes too."""
    for number in range(500):
        (folder / f"more{number}").write_text(f"{number}")
    big = store.add("big", folder)
    assert big.record.manifest_blob is not None
    for name in ("empty", "tiny", "whole", "several", "more77"):
        assert _seen(trace(store, folder / name)) == [(big.id, (name,), False)]
    other = folder.parent / "other"
    other.write_text("501")
    assert trace(store, other).sightings == ()


def test_the_same_bytes_twice_in_a_bundle_are_two_items(store: Store, folder: Path) -> None:
    """Every item that has the bytes is named."""
    (folder / "copy").write_bytes((folder / "tiny").read_bytes())
    store.add("n", {"f": folder, "again": folder / "tiny"})
    (sighting,) = trace(store, folder / "tiny").sightings
    assert sighting.items == ("f/copy", "f/tiny", "again")


def test_every_context_is_looked_at_and_removed_bundles_too(store: Store, folder: Path) -> None:
    """Bundles of other contexts are found with the context's name; a removed one is marked."""
    other = store.in_context("other").add("n", folder / "tiny")
    here = store.add("n", folder / "tiny")
    store.rm(here)
    found = trace(store, folder / "tiny").sightings
    assert [(s.bundle.id, s.context, s.is_removed) for s in found] == [
        (here.id, "main", True),
        (other.id, "other", False),
    ]


def test_what_made_it_is_known(store: Store, folder: Path) -> None:
    """A sighting has the bundle's inputs, task, owner and time."""
    raw = store.add("raw", 1)
    made = store.add("made", folder / "tiny", inputs={"from": raw})
    (sighting,) = trace(store, folder / "tiny").sightings
    assert (sighting.bundle, sighting.inputs) == (made, made.inputs)
    assert sighting.inputs[0].id == raw.id


def test_so_many_are_given_as_are_asked_for(store: Store, folder: Path) -> None:
    """A limit gives the newest, and it is known whether there are more."""
    added = [store.add(f"n{number}", folder / "tiny").id for number in range(3)]
    found = trace(store, folder / "tiny", limit=2)
    assert ([s.bundle.id for s in found.sightings], found.is_all) == (added[:0:-1], False)
    assert trace(store, folder / "tiny", limit=3).is_all


def test_a_path_of_the_cache_is_found(store: Store, folder: Path) -> None:
    """What `path` gives, of a file or of a table, is traced to its bundle."""
    table = store.add("table", pd.DataFrame({"a": [1, 2]}))
    file = store.add("file", folder / "whole")
    assert _seen(trace(store, table.path())) == [(table.id, ("",), False)]
    assert _seen(trace(store, file.path())) == [(file.id, ("",), False)]


def test_a_converted_table_is_known_while_it_is_as_it_was_written(store: Store, tmp_path: Path) -> None:
    """A CSV file of a checked out table is traced by the note in its folder, until it is edited."""
    table = store.add("table", pd.DataFrame({"a": [1, 2]}))
    checkout(store, table, tmp_path / "out", format="csv")
    (file,) = (path for path in (tmp_path / "out").iterdir() if path.suffix == ".csv")
    (sighting,) = trace(store, file).sightings
    assert (sighting.bundle, sighting.by) == (table, "checkout")
    file.write_text(file.read_text() + "3\n")
    found = trace(store, file)
    assert (found.sightings, found.edited) == ((), table.ref)


def test_a_note_that_is_none_says_nothing(store: Store, folder: Path) -> None:
    """A damaged note above a file holds nobody up."""
    bundle = store.add("n", folder / "tiny")
    (folder / ".stook-checkout.json").write_text("[")
    assert _seen(trace(store, folder / "tiny")) == [(bundle.id, ("",), False)]


def test_a_digest_elsewhere_in_a_record_is_no_sighting(store: Store, tmp_path: Path, folder: Path) -> None:
    """A bundle whose params or tags hold a file's digest does not have the file."""
    digest = trace(store, folder / "tiny").digest
    store.add("n", {"digest": digest}, params={"digest": digest}, tags={"digest": digest})
    assert trace(store, folder / "tiny").sightings == ()


def test_a_damaged_description_holds_nobody_up(store: Store, folder: Path, tmp_path: Path) -> None:
    """A bundle whose description cannot be read is counted, and the others are found."""
    good = store.add("good", folder / "tiny")
    for number in range(500):
        (folder / f"more{number}").write_text(f"{number}")
    store.add("bad", folder)
    for pack in (tmp_path / "store" / "packs" / "meta").rglob("*.pack"):
        pack.chmod(0o644)
        data = bytearray(pack.read_bytes())
        data[8:200] = bytes(192)
        pack.write_bytes(data)
    found = trace(stook.open(tmp_path / "store", context="main"), folder / "tiny")
    assert (_seen(found), found.unreadable) == ([(good.id, ("",), False)], 1)


@pytest.mark.parametrize("name", ["missing", ".", "pipe", "loop", "nul\0", "a/b/c"], ids=repr)
def test_what_is_no_file_is_refused(store: Store, tmp_path: Path, name: str) -> None:
    """A folder, a pipe, a broken link or nothing at all ends with an error that says so."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError):
        trace(store, tmp_path / name)
