"""How two bundles differ."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stook
from stook.model.tree import Blob, Folder, FolderFile
from stook.store import Store
from stook.store.diffing import Difference, ItemChange, diff
from stook.store.diffing.files import Budget, diff_files, held_files
from stook.store.diffing.lines import diff_lines
from stook.store.diffing.values import diff_values

Compare = Callable[[object, object], Difference]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


@pytest.fixture
def compare(store: Store) -> Compare:
    """Adds two data and compares them; the result is always JSON."""

    def call(old: object, new: object) -> Difference:
        found = diff(store.add("n", old), store.add("n", new))
        json.dumps(asdict(found))
        return found

    return call


def _sole(found: Difference) -> ItemChange:
    (item,) = found.items
    return item


def _write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.mkdir(exist_ok=True)
    return folder


def _files(found: Difference) -> list[tuple[str, str, str]]:
    return [(file.change, file.path, file.moved_from) for item in found.items for file in item.files]


def test_equal_content_is_said_at_once(store: Store) -> None:
    """Of equal data only parameters and tags are compared; a bundle does not differ from itself."""
    old = store.add("n", [1], params={"a": 1, "same": 2}, tags={"k": "old"})
    new = store.add("n", [1], params={"a": 1.0, "same": 2}, tags={"l": "new"})
    found = diff(old, new)
    assert (found.is_same_content, found.items, bool(found)) == (True, (), True)
    assert [(c.path, c.change) for c in found.params] == [("a", "retyped")]
    assert [(c.path, c.change) for c in found.tags] == [("k", "removed"), ("l", "added")]
    assert not diff(old, old)


def test_values_differ_path_by_path(compare: Compare) -> None:
    """Keys and positions lead to what was added, removed, changed, or has another type."""
    old = {"a": 1, "b": [1, 2, 3], "c": {"x/y": "s"}, "t": 1, "same": float("nan")}
    new = {"a": 2, "b": [0, 1, 2, 3], "c": {"x/y": "r", "z": None}, "t": True, "same": float("nan")}
    changes = _sole(compare(old, new)).values
    assert [(c.change, c.path, c.old, c.new) for c in changes] == [
        ("changed", "a", 1, 2),
        ("added", "b/0", None, 0),
        ("changed", "c/x%2Fy", "s", "r"),
        ("added", "c/z", None, None),
        ("retyped", "t", 1, True),
    ]


def test_a_set_differs_by_what_is_in_it(compare: Compare) -> None:
    """Elements of a set are removed and added; a list is no tuple."""
    changes = _sole(compare({"s": {1, 2}, "l": [1]}, {"s": {2, 3}, "l": (1,)})).values
    assert [(c.change, c.path, c.old, c.new) for c in changes] == [
        ("removed", "s", 1, None),
        ("added", "s", None, 3),
        ("retyped", "l", [1], {"$": "tuple", "v": [1]}),
    ]


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
    max_leaves=12,
)


@given(_plain, _plain)
def test_values_without_a_difference_are_one(old: object, new: object) -> None:
    """There is no change exactly where the canonical encodings are equal."""
    from stook.format.canonical import encode

    assert (not list(diff_values(old, new))) == (encode(old) == encode(new))


def test_a_folder_differs_file_by_file(compare: Compare, tmp_path: Path) -> None:
    """Files are added, removed, changed and moved; whether they may be run counts, and empty folders too."""
    old = _write(
        tmp_path / "1/d", {"gone": "g", "same": "s", "run": "r", "a/moved.txt": "m" * 9, "bin": b"\0a"}
    )
    new = _write(
        tmp_path / "2/d", {"new": "n", "same": "s", "run": "r", "b/c/moved.txt": "m" * 9, "bin": b"\0b"}
    )
    (new / "run").chmod(0o755)
    (new / "hollow").mkdir()
    found = compare(old, new)
    assert _files(found) == [
        ("moved", "b/c/moved.txt", "a/moved.txt"),
        ("changed", "bin", ""),
        ("removed", "gone", ""),
        ("added", "hollow/", ""),
        ("added", "new", ""),
        ("changed", "run", ""),
    ]
    run = next(file for file in _sole(found).files if file.path == "run")
    assert run.old
    assert run.new
    assert (run.old.executable, run.new.executable, run.lines) == (False, True, None)


def test_a_move_keeps_the_name_where_several_are_alike(compare: Compare, tmp_path: Path) -> None:
    """Of files with one content, that of the same name is the one that moved; empty ones never change their name."""
    old = _write(tmp_path / "1/d", {"x/a": "same", "x/b": "same", "e1": ""})
    new = _write(tmp_path / "2/d", {"y/b": "same", "z/a": "same", "e2": ""})
    assert _files(compare(old, new)) == [
        ("removed", "e1", ""),
        ("added", "e2", ""),
        ("moved", "y/b", "x/b"),
        ("moved", "z/a", "x/a"),
    ]


def test_a_file_moves_between_the_folders_of_a_bundle(compare: Compare, tmp_path: Path) -> None:
    """A file that went from one item to another is one move."""
    for side, train, test in (
        ("1", {"f": "data", "k": "k"}, {"t": "t"}),
        ("2", {"k": "k"}, {"t": "t", "f": "data"}),
    ):
        _write(tmp_path / side / "train", train)
        _write(tmp_path / side / "test", test)
    sides = [{"train": tmp_path / side / "train", "test": tmp_path / side / "test"} for side in "12"]
    assert _files(compare(*sides)) == [("moved", "test/f", "train/f")]


def test_a_text_file_differs_line_by_line(compare: Compare, tmp_path: Path) -> None:
    """A sole text file has a unified diff, whatever it is called now; a binary one has none."""
    lines = [f"line {n}\n" for n in range(50)]
    old = _write(tmp_path / "1", {"v1.txt": "".join(lines)})
    new = _write(tmp_path / "2", {"v2.txt": "".join([*lines[:20], "new\n", *lines[21:]])})
    (file,) = _sole(compare(old / "v1.txt", new / "v2.txt")).files
    assert file.lines == (
        "@@ -18,7 +18,7 @@",
        *(f" line {n}" for n in (17, 18, 19)),
        "-line 20",
        "+new",
        *(f" line {n}" for n in (21, 22, 23)),
    )


def test_a_line_diff_is_that_of_the_standard_library() -> None:
    """Hunks, numbers and context are those of difflib, however much of the start and end is shared."""
    import difflib

    texts = [
        "",
        "a\n",
        "b\na\n",
        "".join(f"{n}\n" for n in range(30)),
        "".join(f"{n}\n" for n in range(2, 33) if n % 9),
    ]
    for old in texts:
        for new in texts:
            expected = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]
            assert list(diff_lines(old.encode(), new.encode()) or ()) == expected
    assert diff_lines(b"a", b"a\n") == ("@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+a")


def test_lines_are_not_compared_for_long() -> None:
    """What shares nothing and is large is not compared; neither is what is no text."""
    olds, news = ("".join(f"{side}{n}\n" for n in range(20_000)).encode() for side in "ab")
    start = time.process_time()
    assert diff_lines(olds, news) is None
    assert diff_lines(olds, olds + b"end\n") == (
        "@@ -19998,3 +19998,4 @@",
        " a19997",
        " a19998",
        " a19999",
        "+end",
    )
    assert time.process_time() - start < 1
    assert diff_lines(b"\xff", b"a") is diff_lines(b"a\0", b"a") is None


def test_a_table_differs_by_columns_and_rows(compare: Compare) -> None:
    """Columns that were added, removed, retyped or put in another order, and the number of rows."""
    old = pl.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, 2.5], "d": [0, 0]})
    new = pl.DataFrame({"c": [1.5, 2.5, 3.5], "a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"], "e": [1, 1, 1]})
    table = _sole(compare(old, new)).table
    assert table is not None
    assert (table.added, table.removed) == ((("e", "int64"),), (("d", "int64"),))
    assert table.retyped == (("a", "int64", "double"),)
    assert (table.is_reordered, table.old_rows, table.new_rows, table.is_same_content) == (True, 2, 3, False)


def test_arrays_differ_by_shape_and_type(compare: Compare) -> None:
    """An array's shape and dtype are read from its header."""
    item = _sole(compare(np.zeros((2, 3)), np.zeros((2, 4), dtype=np.int32)))
    assert [(c.path, c.old, c.new) for c in item.facts] == [("shape/1", 3, 4), ("dtype", "float64", "int32")]


def test_items_are_added_removed_moved_and_of_another_kind(compare: Compare, tmp_path: Path) -> None:
    """Values that get a file beside them stay the values that they were."""
    file = _write(tmp_path, {"f.txt": "text"}) / "f.txt"
    changes = compare({"auc": 1, "note": "n"}, {"auc": 2, "note": "n", "file": file}).items
    assert [(c.path, c.change) for c in changes] == [("auc", "changed"), ("file", "added")]
    changes = compare({"f": file, "x": np.zeros(2)}, {"g": file, "x": [0, 0]}).items
    assert [(c.path, c.change, c.moved_from) for c in changes] == [("x", "retyped", ""), ("g", "moved", "f")]
    changes = compare([file, 1], (file, 1)).items
    assert [(c.path, c.change) for c in changes] == [("", "retyped")]


def test_a_hundred_files_are_compared_by_lines(compare: Compare, tmp_path: Path) -> None:
    """Of more, the others are compared by their digests alone."""
    sides = [_write(tmp_path / side / "d", {f"{n:03}": f"{side}{n}" for n in range(120)}) for side in "12"]
    files = _sole(compare(*sides)).files
    assert len(files) == 120
    assert sum(file.lines is not None for file in files) == 100


def test_many_files_take_little_time() -> None:
    """Two folders of 20,000 files, half of them moved, are compared without trying each with each."""
    digests = [f"{n:064x}" for n in range(20_000)]
    olds = Folder("d", tuple(FolderFile(f"old/{n:05}", Blob(9, digest)) for n, digest in enumerate(digests)))
    news = Folder(
        "d",
        tuple(
            FolderFile(f"{'old' if n % 2 else 'new'}/{n:05}", Blob(9, digest))
            for n, digest in enumerate(digests)
        ),
    )
    start = time.process_time()
    found = diff_files(held_files([("", olds)]), held_files([("", news)]), _no_read, Budget())
    assert time.process_time() - start < 4
    assert {change.change for _, change in found} == {"moved"}
    assert len(found) == 10_000


def _no_read(old: Blob, new: Blob) -> tuple[bytes, bytes]:
    raise AssertionError(old, new)
