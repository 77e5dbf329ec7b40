"""Bundles as plain files in a folder."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from msgspec import structs

import stook
from stook.errors import ConflictError, InputError, NotFoundError
from stook.model.tree import Folder, FolderFile
from stook.store import Store
from stook.store.checkout import checkout, status
from stook.store.checkout.checkout import note_content
from stook.store.checkout.note import dump_note, settled_before
from stook.store.publish import Description, publish
from stook.store.reading.rooted import opened, remove_tree

NOTE = ".stook-checkout.json"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a few files, one of which may be run, and an empty folder."""
    folder = tmp_path / "source"
    (folder / "sub dir/deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a.txt").write_text("a")
    (folder / "sub dir/b ü 𝄞.txt").write_text("b" * 10_000)
    (folder / "sub dir/deep/run.sh").write_text("#!/bin/sh\n")
    (folder / "sub dir/deep/run.sh").chmod(0o755)
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files but the note, by relative path."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != NOTE)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_folder_becomes_the_same_files(store: Store, folder: Path, tmp_path: Path) -> None:
    """Contents, names, empty folders and the right to run come back; files can be written to; nothing else is left."""
    done = checkout(store, store.add("n", folder), tmp_path / "out/here")
    assert done.folder == tmp_path / "out/here"
    assert _files(done.folder) == _files(folder)
    assert (done.folder / "empty").is_dir()
    run, plain = (
        stat.S_IMODE((done.folder / path).stat().st_mode) for path in ("sub dir/deep/run.sh", "a.txt")
    )
    assert run & 0o111
    assert not plain & 0o111
    assert plain & stat.S_IWUSR
    assert os.listdir(tmp_path / "out") == ["here"]
    assert (done.files, done.is_new, done.kept) == (3, True, ())


def test_the_folder_is_named_like_the_bundle(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder, a file goes to ./NAME under its own name."""
    (tmp_path / "t.csv").write_text("x\n1\n")
    monkeypatch.chdir(tmp_path)
    assert checkout(store, store.add("raw.tx", tmp_path / "t.csv")).folder == tmp_path / "raw.tx"
    assert _files(tmp_path / "raw.tx") == {"t.csv": b"x\n1\n"}


def test_each_kind_of_item_has_its_file(store: Store, folder: Path, tmp_path: Path) -> None:
    """Keys and positions make paths, endings say what files are, and what is in them reads back without Stook."""
    frame = pd.DataFrame({"n": [1, 2], "t": ["x", None]})
    data = {
        "frame": frame,
        "numbers": np.arange(3),
        "settings": {"rate": 0.1, "when": [1, 2]},
        "d1/f.txt": folder / "a.txt",
        "tool": folder / "sub dir/deep/run.sh",
        "tree": folder,
        "list": [folder / "a.txt", np.ones(2)],
        "empty\n": 1,
    }
    out = checkout(store, store.add("n", data), tmp_path / "out").folder
    assert sorted(_files(out)) == sorted(
        ["frame.parquet", "numbers.npy", "settings.json", "d1/f.txt", "tool.sh", "list/0.txt", "list/1.npy"]
        + ["empty%0A.json"]
        + [f"tree/{path}" for path in _files(folder)]
    )
    assert pq.read_table(out / "frame.parquet").column("n").to_pylist() == [1, 2]
    assert np.load(out / "numbers.npy").tolist() == [0, 1, 2]
    assert json.loads((out / "settings.json").read_text()) == {"rate": 0.1, "when": [1, 2]}
    assert (out / "tree/empty").is_dir()


def test_sole_items_are_named_data(store: Store, tmp_path: Path) -> None:
    """A value and a table alone have a name that says nothing, and the ending of what they are."""
    assert _files(checkout(store, store.add("v", 7), tmp_path / "v").folder) == {"data.json": b"7\n"}
    table = store.add("t", pa.table({"x": [1]}))
    assert list(_files(checkout(store, table, tmp_path / "t").folder)) == ["data.parquet"]


def test_tables_as_csv_and_feather(store: Store, tmp_path: Path) -> None:
    """Every type of column can be had in both formats; the index of a pandas frame is a column."""
    frame = pd.DataFrame(
        {"c": pd.Categorical(["a", "b"]), "d": pd.to_datetime(["2026-01-01", None]), "l": [[1, 2], None]},
        index=pd.Index([5, 6], name="key"),
    )
    bundle = store.add("t", {"x": frame})
    rows = list(
        csv.DictReader((checkout(store, bundle, tmp_path / "c", format="csv").folder / "x.csv").open())
    )
    assert [row["c"] for row in rows] == ["a", "b"]
    assert rows[1]["d"] == ""
    path = checkout(store, bundle, tmp_path / "f", format="feather").folder / "x.feather"
    assert pyarrow.feather.read_table(path).column("l").to_pylist() == [[1, 2], None]
    assert status(tmp_path / "c").is_clean
    with pytest.raises(InputError):
        checkout(store, bundle, tmp_path / "bad", format="xlsx")


@pytest.mark.parametrize("key", ["..", ".", "a/../b", "../b", "/b", "x" * 300])
def test_a_key_that_is_no_file_name_is_refused_or_written_inside(
    store: Store, tmp_path: Path, key: str
) -> None:
    """Whatever keys say, nothing is written outside of the folder, and a refusal comes before anything is written."""
    bundle = store.add("n", {"good": np.ones(1), key: np.ones(2)})
    before = sorted(os.listdir(tmp_path))
    try:
        checkout(store, bundle, tmp_path / "w/out")
    except InputError as error:
        assert error.kind == "unnameable-item"  # noqa: PT017 - either way is right
        assert sorted(os.listdir(tmp_path)) == before
    else:
        assert os.listdir(tmp_path / "w") == ["out"]
        assert len(_files(tmp_path / "w/out")) == 2


def test_two_items_of_one_path_are_refused(store: Store, tmp_path: Path) -> None:
    """Where endings or slashes make two items one file, or a file and a folder, nothing is written."""
    for data in ({"a": np.ones(1), "a.npy": np.ones(2)}, {"a.npy": np.ones(1), "a.npy/b": np.ones(2)}):
        with pytest.raises(InputError) as caught:
            checkout(store, store.add("n", data), tmp_path / "w/out")
        assert caught.value.kind == "same-path"
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("what", ["file", "full", "link to file"])
def test_what_is_no_checkout_is_left_alone(store: Store, tmp_path: Path, what: str) -> None:
    """A file, or a folder with something in it, is refused and stays as it is."""
    bundle, place = store.add("n", 1), tmp_path / "place"
    if what == "full":
        place.mkdir()
        (place / "mine").write_text("mine")
    else:
        (tmp_path / "real").write_text("mine")
        place.symlink_to(tmp_path / "real") if "link" in what else place.write_text("mine")
    for force in (False, True):
        with pytest.raises(InputError) as caught:
            checkout(store, bundle, place, force=force)
        assert caught.value.kind == "not-a-checkout"
        assert caught.value.exit_code == 2
    assert (place / "mine" if what == "full" else place).read_text() == "mine"
    with pytest.raises(NotFoundError):
        status(place)


def test_an_empty_folder_and_a_link_to_one_are_filled(store: Store, tmp_path: Path) -> None:
    """A folder that is there already keeps its mode; a link that the user named is his to follow."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    assert checkout(store, store.add("n", 1), tmp_path / "link").folder == tmp_path / "real"
    assert (tmp_path / "link/data.json").exists()
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o700


def test_a_clean_checkout_is_replaced_by_the_wanted_version(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    """Files that the other version does not have are gone, and back again with the first; the same is left alone."""
    first = store.add("n", folder)
    (folder / "a.txt").unlink()
    (folder / "c.txt").write_text("c")
    second, out = store.add("n", folder), tmp_path / "out"
    checkout(store, first, out)
    inode = out.stat().st_ino
    assert not checkout(store, first, out).is_new
    assert out.stat().st_ino == inode
    for bundle in (second, first, second):
        assert checkout(store, bundle, out).is_new
        assert status(out).note.id == bundle.id
    assert _files(out) == _files(folder)


def test_changes_are_seen_and_refused(store: Store, folder: Path, tmp_path: Path) -> None:
    """Edited, added and deleted files are each named; a touched one is none of them; nothing is replaced."""
    out = checkout(store, store.add("n", folder), tmp_path / "out").folder
    (out / "a.txt").write_text("A")
    (out / "sub dir/new").mkdir()
    (out / "sub dir/new/mine.txt").write_text("mine")
    (out / "sub dir/deep/run.sh").unlink()
    (out / "sub dir/b ü 𝄞.txt").touch()
    found = status(out)
    assert (found.edited, found.added, found.deleted) == (
        ("a.txt",),
        ("sub dir/new/mine.txt",),
        ("sub dir/deep/run.sh",),
    )
    before = _files(out)
    (tmp_path / "x").write_text("other")
    with pytest.raises(ConflictError) as caught:
        checkout(store, store.add("n", tmp_path / "x"), out)
    assert caught.value.exit_code == 7
    assert all(path in caught.value.message for path in (*found.edited, *found.added, *found.deleted))
    assert _files(out) == before
    assert sorted(os.listdir(tmp_path)) == ["out", "source", "store", "x"]


def test_force_loses_nothing_of_the_user(store: Store, folder: Path, tmp_path: Path) -> None:
    """Edited files are beside the wanted ones as FILE.yours, added files, links and folders stay, deleted come back."""
    out = checkout(store, store.add("n", folder), tmp_path / "out").folder
    (out / "a.txt").write_text("A")
    (out / "a.txt.yours").write_text("older")
    (out / "link").symlink_to("/nowhere")
    (out / "mine").mkdir()
    (out / "mine/x").write_text("x")
    (out / "sub dir/deep/run.sh").unlink()
    (out / "empty").rmdir()
    (out / "empty").write_text("a file where a folder was")
    (folder / "mine").write_text("a file where the user has a folder")
    done = checkout(store, store.add("n", folder), out, force=True)
    assert _files(folder).items() <= _files(out).items()
    assert (out / "a.txt.yours").read_text() == "older"
    assert (out / "a.txt.yours2").read_text() == "A"
    assert os.readlink(out / "link") == "/nowhere"
    assert (out / "mine.yours/x").read_text() == "x"
    assert (out / "empty.yours").read_text() == "a file where a folder was"
    assert sorted(done.kept) == ["a.txt.yours", "a.txt.yours2", "empty.yours", "link", "mine.yours/x"]


def test_changes_that_were_added_need_no_new_files(store: Store, folder: Path, tmp_path: Path) -> None:
    """When the folder itself was added, or has what is wanted by chance, it becomes a checkout of that version."""
    first = store.add("n", folder)
    out = checkout(store, first, tmp_path / "out").folder
    (out / "a.txt").write_text("A")
    (out / "mine").write_text("mine")
    second, inode = store.add("n", out), out.stat().st_ino
    done = checkout(store, second, out)
    assert (done.is_new, done.ref, out.stat().st_ino) == (False, second.ref, inode)
    assert status(out).is_clean
    assert status(out).note.id == second.id
    (out / "mine").write_text("MINE")
    assert status(out).edited == ("mine",)
    with pytest.raises(ConflictError):
        checkout(store, first, out)


def test_ignored_files_are_no_change_and_stay(store: Store, folder: Path, tmp_path: Path) -> None:
    """What `.stookignore` names is not reported, and is there after the next checkout."""
    (folder / ".stookignore").write_text("*.log\nbuild/\n")
    out = checkout(store, store.add("n", folder), tmp_path / "out").folder
    (out / "x.log").write_text("log")
    (out / "build/deep").mkdir(parents=True)
    (out / "build/deep/o").write_text("o")
    assert status(out).is_clean
    (folder / "a.txt").write_text("2")
    checkout(store, store.add("n", folder), out)
    assert (out / "a.txt").read_text() == "2"
    assert (out / "build/deep/o").read_text() == "o"
    assert (out / "x.log").read_text() == "log"


def test_a_file_as_new_as_its_note_is_read(store: Store, folder: Path, tmp_path: Path) -> None:
    """No checkout leaves a file whose time could stay the same through an edit; where a note has one, it is hashed."""
    out = checkout(store, store.add("n", folder), tmp_path / "out").folder
    found = status(out).note
    assert all(settled_before(file.mtime, found.written) for file in found.files)
    time = (out / "a.txt").stat().st_mtime_ns
    (out / NOTE).write_bytes(dump_note(structs.replace(found, written=time)))
    (out / "a.txt").write_text("X")
    os.utime(out / "a.txt", ns=(time, time))
    assert status(out).edited == ("a.txt",)


def test_an_edit_right_after_the_checkout_is_seen(store: Store, folder: Path, tmp_path: Path) -> None:
    """An edit of the same size at once, or one that sets the old time back onto a new file, is an edit."""
    bundle = store.add("n", folder)
    for number in range(20):
        out = checkout(store, bundle, tmp_path / f"out{number}").folder
        with (out / "a.txt").open("r+") as file:
            file.write("X")
        assert status(out).edited == ("a.txt",)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"store": 1}', "\0" * 100, '{"files": [["../../x", 1, 1, "z"]]}']
)
def test_a_note_that_is_none_is_said_and_nothing_replaced(store: Store, tmp_path: Path, text: str) -> None:
    """Whatever the note holds, the folder is refused, not followed."""
    out = checkout(store, store.add("n", 1), tmp_path / "out").folder
    (out / NOTE).write_text(text)
    for action in (lambda: status(out), lambda: checkout(store, store.get("n"), out, force=True)):
        with pytest.raises(InputError) as caught:
            action()
        assert caught.value.kind == "bad-checkout-note"
    assert (out / "data.json").exists()


def test_values_that_were_added_are_those_of_the_checkout(store: Store, tmp_path: Path) -> None:
    """A folder whose JSON is what would be written is noted as a checkout of it, and not written again."""
    out = checkout(store, store.add("n", {"a": 1, "b": [2]}), tmp_path / "out").folder
    wanted = (out / "data.json").read_text()
    changed = store.add("n", {"a": 1, "b": [3]})
    (out / "data.json").write_text(wanted.replace("2", "3"))
    inode = (out / "data.json").stat().st_ino
    assert not checkout(store, changed, out).is_new
    assert (out / "data.json").stat().st_ino == inode
    assert status(out).is_clean
    (out / "data.json").write_text(wanted.replace("2", "4"))
    with pytest.raises(ConflictError):
        checkout(store, changed, out)


def test_only_the_note_changes_where_content_is_noted(store: Store, tmp_path: Path) -> None:
    """A checkout of an earlier version, though nothing in it was changed, is not brought to the one that is noted."""
    out = checkout(store, store.add("n", {"a": 1}), tmp_path / "out").folder
    changed = store.add("n", {"a": 2})
    before = _files(out)
    assert not note_content(store, changed, out, format="parquet")
    assert _files(out) == before
    wanted = before["data.json"].decode().replace("1", "2")
    (out / "data.json").write_text(wanted)
    assert note_content(store, changed, out, format="parquet")
    assert status(out).note.id == changed.id
    assert not note_content(store, changed, tmp_path / "none", format="parquet")
    assert not (tmp_path / "none").exists()


def test_a_note_that_lies_touches_nothing_outside(store: Store, tmp_path: Path) -> None:
    """Paths in the note are compared with what is in the folder, and never opened or removed."""
    out = checkout(store, store.add("n", 1), tmp_path / "out").folder
    victim = tmp_path / "victim"
    victim.write_text("precious")
    note = json.loads((out / NOTE).read_text())
    note["files"] = [["../victim", 8, victim.stat().st_mtime_ns, "0" * 64], [str(victim), 8, 1, "0" * 64]]
    (out / NOTE).write_text(json.dumps(note))
    (out / "data.json").write_text("mine")
    assert status(out).deleted == ("../victim", str(victim))
    checkout(store, store.get("n"), out, force=True)
    assert victim.read_text() == "precious"
    assert (status(out).edited, status(out).added) == ((), ("data.json.yours",))


def test_paths_of_four_thousand_bytes(store: Store, tmp_path: Path) -> None:
    """Longer than the system takes at once, they are written, looked at, replaced and removed."""
    path = "/".join(f"{number:03d}" + "ä" * 100 for number in range(19)) + "/" + "f" * 220
    assert len(path.encode()) == 4096
    bundle = _deep_bundle(store, path, b"deep")
    out = checkout(store, bundle, tmp_path / "out").folder
    assert status(out).is_clean
    assert checkout(store, _deep_bundle(store, path, b"other"), out).is_new
    assert status(out).is_clean
    with opened(tmp_path) as parent:
        remove_tree("out", parent.descriptor)
    assert os.listdir(tmp_path) == ["store"]


def _deep_bundle(store: Store, path: str, data: bytes) -> stook.Bundle:
    """Make a bundle of one file of a long path, whichever way it can be added."""
    with store.repository.writer() as writer:
        tree = Folder("deep", (FolderFile(path, writer.add_bytes(data * 2000)),))
        description = Description.of("deep", params=None, tags=None, inputs=(), lineage=None)
        return publish(store, tree, writer, description)


def test_two_checkouts_at_once_end_as_one_of_them(store: Store, tmp_path: Path) -> None:
    """Processes that check different versions out to one folder leave one whole version and nothing beside it."""
    bundles = []
    for number in range(2):
        source = tmp_path / f"s{number}"
        source.mkdir()
        for name in range(300):
            (source / f"{name}").write_text(f"{number}" * 100)
        bundles.append(store.add("n", source))
    (tmp_path / "w").mkdir()
    code = (
        "import sys, stook\nfrom stook.store.checkout import checkout\n"
        "s = stook.open(sys.argv[1], context='test')\n"
        "for _ in range(3): checkout(s, s.get(sys.argv[2]), sys.argv[3])\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / "store", bundle.ref, tmp_path / "w/out"])
        for bundle in bundles
    ]
    assert [process.wait(120) for process in started] == [0, 0]
    assert os.listdir(tmp_path / "w") == ["out"]
    assert status(tmp_path / "w/out").is_clean
    assert len(set(_files(tmp_path / "w/out").values())) == 1


def test_what_a_killed_checkout_left_is_cleared_by_the_next(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    """A workshop whose maker lives is left alone; that of a dead one goes, with a folder between two names put back."""
    bundle = store.add("n", folder)
    out = checkout(store, bundle, tmp_path / "w/out").folder
    living, dead = (tmp_path / "w" / f".stook-checkout-00000000-{digit * 16}" for digit in "12")
    for workshop in (living, dead):
        (workshop / "new/half").mkdir(parents=True)
    held = os.open(living, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    checkout(store, bundle, out, force=True)
    assert sorted(os.listdir(tmp_path / "w")) == [living.name, "out"]
    os.close(held)


def test_a_kept_folder_between_two_names_is_put_back(store: Store, folder: Path, tmp_path: Path) -> None:
    """Where names cannot be exchanged, a kill between the two renames loses nothing: the next checkout goes on."""
    bundle = store.add("n", folder)
    out = checkout(store, bundle, tmp_path / "w/out").folder
    (out / "mine").write_text("mine")
    hint = blake3(b"out").hexdigest(8)[:8]
    workshop = tmp_path / "w" / f".stook-checkout-{hint}-{'3' * 16}"
    workshop.mkdir()
    out.rename(workshop / "before")
    with pytest.raises(ConflictError, match="mine"):
        checkout(store, bundle, out)
    assert (out / "mine").read_text() == "mine"


def test_a_store_tells_of_a_folder_too(store: Store, tmp_path: Path) -> None:
    """`store.status` says what the command says."""
    store.add("words", {"a": 1})
    folder = store.checkout("words", tmp_path / "out").folder
    assert store.status(folder).is_clean
    (folder / "mine.txt").write_text("x")
    assert store.status(folder).added == ("mine.txt",)
