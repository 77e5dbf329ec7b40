"""Tables whose cells name files: the files are kept too, and the cells read back as local paths."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stook
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.frames.links import find_link_columns, linked
from stook.model.tree import Dict, Folder, Object
from stook.store.checkout.layout import lay_out
from stook.store.checkout.writing import write_tree
from stook.store.reading.decode import decode
from stook.store.reading.rooted import opened
from tests.servers.web import Web, serve_web


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with `a/x.png`, `b/x.png` and `y.png`."""
    for name in ("a/x.png", "b/x.png", "y.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server."""
    with serve_web() as web:
        yield web


CELLS = ["a/x.png", "b/x.png", None, "a/../a/x.png", "y.png"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"file": CELLS, "n": range(5)}, index=list("abcde")),
        pl.DataFrame({"file": CELLS, "n": range(5)}),
        pa.table({"file": CELLS, "n": list(range(5))}),
    ],
    ids=["pandas", "polars", "arrow"],
)
def test_cells_read_back_as_local_paths(folder: Path, frame: Any) -> None:
    """In every library, and in `data`, cells are paths of files with the content; missing cells are missing."""
    bundle = stook.open().add("a", linked(frame, "file", base=folder))
    expected = ["a/x.png", "b/x.png", None, "a/x.png", "y.png"]
    pandas = bundle.to_pandas()["file"].tolist()
    assert [Path(cell).read_text() if isinstance(cell, str) else None for cell in pandas] == expected
    for cells in (
        bundle.to_arrow()["file"].to_pylist(),
        bundle.to_polars()["file"].to_list(),
        list(pa.table(bundle.data["table"])["file"].to_pylist()),
        list(pa.table(bundle["table"])["file"].to_pylist()),
        list(pa.table(bundle.item("table"))["file"].to_pylist()),
    ):
        assert [Path(cell).read_text() if cell else None for cell in cells] == expected
    assert type(bundle.data["table"]) is type(frame)
    assert bundle.to_arrow()["n"].to_pylist() == [0, 1, 2, 3, 4]


def test_each_file_is_kept_once(folder: Path) -> None:
    """A file that several cells name is kept once, and same-named ones of other folders apart."""
    bundle = stook.open().add("a", linked(pa.table({"file": CELLS}), ["file"], base=folder))
    files = dict(bundle.tree.entries)["files"]
    assert isinstance(files, Folder)
    assert [file.path for file in files.files] == ["a/x.png", "b/x.png", "y.png"]


def test_place_of_the_folder_does_not_count(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same table and files elsewhere, in another order of rows' first mention, are equal content."""
    other = tmp_path_factory.mktemp("elsewhere") / "deep"
    other.mkdir()
    for name in ("a", "b", "y.png"):
        (folder / name).rename(other / name)
    store = stook.open()
    first = store.add("a", linked(pa.table({"file": CELLS}), "file", base=other))
    for name in ("a", "b", "y.png"):
        (other / name).rename(folder / name)
    absolute = [cell and str(folder / cell) for cell in CELLS]
    assert store.add("a", linked(pa.table({"file": absolute}), "file"), if_changed=True).id == first.id


def test_links_count_as_content(folder: Path) -> None:
    """A table that links differs from one of the same cells that does not."""
    store = stook.open()
    data = linked(pa.table({"file": ["y.png"]}), "file", base=folder)
    plain = {"table": pa.table({"file": ["y.png"]}), "files": data["files"]}
    assert store.add("a", data).digest != store.add("b", plain).digest


def test_missing_files_are_all_named(folder: Path) -> None:
    """The first ten of the missing files are named with their place, and nothing is kept."""
    cells = ["y.png", "a", "", *(f"no{number}.png" for number in range(12))]
    with pytest.raises(InputError) as caught:
        linked(pa.table({"file": cells}), "file", base=folder)
    message = str(caught.value)
    assert message.startswith("14 linked files are not to be had:")
    assert "column 'file', row 2: 'a' is no file" in message
    assert "row 4: 'no0.png' does not exist" in message
    assert message.endswith("and 4 more")


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        (pa.table({"n": [1]}), "file", "no column 'file'; it has n"),
        (pa.table({"n": [1]}), "n", "column 'n', row 1: 1 is neither a path nor a URL"),
        (pa.table({"u": ["gs://b/k?secret"]}), "u", "nothing can be fetched from gs://b/k"),
    ],
)
def test_bad_columns(table: pa.Table, column: str, said: str) -> None:
    """A column that is not there, or holds no text, is refused."""
    with pytest.raises(InputError) as caught:
        linked(table, column)
    assert str(caught.value).startswith(said) or said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_urls_are_fetched(folder: Path, web: Web) -> None:
    """Cells that are URLs are fetched, once each, and same-named ones kept apart."""
    web.files = {"/a/x.png": b"from a", "/b/x.png": b"from b"}
    cells = [
        f"{web.url}/a/x.png",
        f"{web.url}/b/x.png?key=secret",
        f"{web.url}/a/x.png",
        f"file://{folder}/y.png",
    ]
    bundle = stook.open().add("a", linked(pa.table({"file": cells}), "file"))
    found = [Path(cell).read_text() for cell in bundle.to_arrow()["file"].to_pylist()]
    assert found == ["from a", "from b", "from a", "y.png"]
    assert len(web.asked) == 2
    assert "secret" not in str(bundle.items())
    web.statuses = {"/b/x.png": 404}
    with pytest.raises(NotFoundError, match=r"/b/x\.png does not exist"):
        stook.open().add("b", linked(pa.table({"file": cells}), "file"))
    assert stook.open().find("b") is None


def test_a_table_from_the_web_names_no_local_file(folder: Path, web: Web) -> None:
    """Its relative paths are the server's, and it cannot draw files of this machine into a bundle."""
    web.files = {"/deep/y.png": b"theirs"}
    base = f"{web.url}/deep/"
    bundle = stook.open().add("a", linked(pa.table({"file": ["y.png"]}), "file", base=base))
    assert Path(bundle.to_arrow()["file"][0].as_py()).read_text() == "theirs"
    for cell in (str(folder / "y.png"), f"file://{folder}/y.png"):
        with pytest.raises(InputError, match="a file of this machine"):
            linked(pa.table({"file": [cell]}), "file", base=base)


def test_columns_are_found(folder: Path) -> None:
    """Found are columns of text all of whose cells are files or URLs; with some missing, the missing are named."""
    table = pa.table(
        {
            "file": ["y.png", None],
            "url": ["https://h/a", "s3://b/k"],
            "word": ["y.png", "other words"],
            "folder": ["a", "b"],
            "none": pa.array([None, None], pa.string()),
            "n": [1, 2],
        }
    ).drop_columns("word")
    assert find_link_columns(table, base=folder) == ["file", "url"]
    with pytest.raises(InputError, match=r"row 3: 'gone.png' does not exist"):
        find_link_columns(pa.table({"file": ["y.png", "a/x.png", "gone.png"]}), base=folder)
    assert find_link_columns(pa.table({"word": ["y.png", "two", "three"]}), base=folder) == []


@pytest.mark.parametrize("cell", ["../../secret", "/etc/passwd", "other"])
def test_hostile_cells(folder: Path, cell: str) -> None:
    """A stored cell that names no file beside the table is never made a path."""
    store = stook.open()
    bundle = store.add("a", linked(pa.table({"file": ["y.png"]}), "file", base=folder))
    evil = store.add("b", {"table": pa.table({"file": [cell]})})
    entries = dict(bundle.tree.entries)
    table, plain = entries["table"], dict(evil.tree.entries)["table"]
    assert isinstance(table, Object)
    assert isinstance(plain, Object)
    forged = msgspec.structs.replace(plain, meta=plain.meta | {"links": table.meta["links"]})
    for tree in (
        Dict((("table", forged), ("files", entries["files"]))),
        Dict((("table", forged),)),
        Dict((("table", msgspec.structs.replace(forged, meta=plain.meta | {"links": 1})),)),
    ):
        with pytest.raises(IntegrityError):
            decode(tree, store.repository)


def test_links_within_other_data(folder: Path) -> None:
    """A linked table may be a part of more, and there may be several; a pickled bundle gives the same paths."""
    store = stook.open()
    one = linked(pa.table({"file": ["y.png"]}), "file", base=folder)
    two = linked(pa.table({"file": ["a/x.png"]}), "file", base=folder)
    bundle = store.add("a", {"one": one, "two": [two, 3]})
    assert Path(bundle.data["two"][0]["table"]["file"][0].as_py()).read_text() == "a/x.png"
    assert Path(bundle.to_arrow("one/table")["file"][0].as_py()).read_text() == "y.png"


def test_links_by_the_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`links` keeps files too: those of a table from the current folder, those of a file of one from its own."""
    store = stook.open()
    (folder / "t.csv").write_text("file,n\na/x.png,1\n,2\n")
    of_file = store.add("a", folder / "t.csv", links="file")
    monkeypatch.chdir(folder)
    of_frame = store.add("b", pl.DataFrame({"file": ["a/x.png", None], "n": [1, 2]}), links=["file"])
    assert of_file.digest == of_frame.digest
    for bundle in (of_file, of_frame):
        assert Path(bundle.to_arrow()["file"][0].as_py()).read_text() == "a/x.png"
    with pytest.raises(InputError, match="no column 'x'"):
        store.add("a", folder / "t.csv", links="x")


def test_files_of_a_checkout_keep_their_names(folder: Path) -> None:
    """What is in the folder `files` beside the table keeps its path there; others get names that are free."""
    for name in ("files/deep/x.png", "files/x.png", "x.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    cells = ["files/deep/x.png", "files/x.png", "x.png"]
    bundle = stook.open().add("a", linked(pa.table({"file": cells}), "file", base=folder))
    files = dict(bundle.tree.entries)["files"]
    assert isinstance(files, Folder)
    assert [file.path for file in files.files] == ["deep/x.png", "x-2.png", "x.png"]
    assert [Path(cell).read_text() for cell in bundle.to_arrow()["file"].to_pylist()] == cells


@pytest.mark.parametrize("form", ["parquet", "csv", "feather"])
def test_a_hostile_cell_is_not_checked_out(folder: Path, form: str) -> None:
    """A cell that names none of the files beside its table is written to no checkout, and the folder stays away."""
    store = stook.open()
    honest = dict(store.add("a", linked(pa.table({"file": ["y.png"]}), "file", base=folder)).tree.entries)
    plain = store.add("b", pa.table({"file": ["../../secret"]})).tree
    assert isinstance(plain, Object)
    assert isinstance(honest["table"], Object)
    forged = msgspec.structs.replace(plain, meta=honest["table"].meta)
    for entries in ((("table", forged), ("files", honest["files"])), (("table", forged),)):
        layout = lay_out(Dict(entries), form)
        with pytest.raises(IntegrityError), opened(folder) as root:
            write_tree(root, layout, store.repository)
        shutil.rmtree(folder / "files", ignore_errors=True)
        (folder / f"table.{form}").unlink()


@pytest.mark.parametrize(
    "cells", [[["y.png"]], [{"a": 1}], [1], [b"y.png"]], ids=["list", "dict", "int", "bytes"]
)
def test_a_hostile_column_of_links_is_no_path(folder: Path, cells: list[Any]) -> None:
    """A column of anything but texts that is said to be one of links is refused, however it is read."""
    store = stook.open()
    honest = dict(store.add("a", linked(pa.table({"file": ["y.png"]}), "file", base=folder)).tree.entries)
    plain = store.add("b", pa.table({"file": cells})).tree
    assert isinstance(plain, Object)
    assert isinstance(honest["table"], Object)
    tree = Dict(
        (("table", msgspec.structs.replace(plain, meta=honest["table"].meta)), ("files", honest["files"]))
    )
    with pytest.raises(IntegrityError):
        decode(tree, store.repository)
    with pytest.raises(IntegrityError), opened(folder) as root:
        write_tree(root, lay_out(tree, "csv"), store.repository)


def test_what_is_no_table_has_no_links(folder: Path) -> None:
    """An array that claims to have links is checked out as any other."""
    store = stook.open()
    honest = dict(store.add("a", linked(pa.table({"file": ["y.png"]}), "file", base=folder)).tree.entries)
    array = store.add("b", np.arange(3)).tree
    assert isinstance(array, Object)
    assert isinstance(honest["table"], Object)
    claims = msgspec.structs.replace(array, meta=honest["table"].meta)
    layout = lay_out(Dict((("array", claims), ("files", honest["files"]))), "csv")
    assert [file.path for file in layout.files] == ["array.npy", "files/y.png"]


def test_columns_of_a_table_from_a_url_are_told_by_their_endings() -> None:
    """Without asking the server: URLs and names of files are links, while codes and sentences are not."""
    table = pa.table(
        {
            "zip": ["007"],
            "size": ["1.50"],
            "note": ["All is well."],
            "img": ["a/ü x.png"],
            "url": ["http://h/1"],
        }
    )
    assert find_link_columns(table, base="http://127.0.0.1/shop/") == ["img", "url"]
