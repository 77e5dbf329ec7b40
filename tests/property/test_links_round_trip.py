"""Tables with links, through checkouts and back: no link is lost, whatever files and rows there are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stook
from stook.app.adding import Addition, add_paths
from stook.frames.files import read_table
from stook.model.naming import short_names
from stook.store import Bundle, Store
from stook.store.checkout import checkout, status

_PARTS = st.sampled_from(["a", "b", "files", "x.txt", "y.png", "é", "a b", "2", "-"])
_PATHS = st.lists(_PARTS, min_size=1, max_size=3).map("/".join)
_FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}


@st.composite
def _tables(draw: st.DrawFn) -> tuple[dict[str, str], list[str | None]]:
    """Files by path, and cells that name some of them."""
    paths = draw(st.lists(_PATHS, min_size=1, max_size=6, unique=True))
    kept = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    files = {path: draw(st.text("xyz", max_size=3)) for path in kept}
    cells = draw(st.lists(st.none() | st.sampled_from(kept), max_size=5))
    return files, [*cells, draw(st.sampled_from(kept))]


def contents(bundle: Bundle, table: str = "table") -> list[str | None]:
    """Return what is in the files that the cells of a linked table name, read as anyone would."""
    return [cell and Path(cell).read_text() for cell in bundle.to_arrow(table)["file"].to_pylist()]


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files by their paths."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def by_cells(table: Path) -> list[str | None]:
    """Return what is in the files that a table on disk names, relative to its own folder."""
    read = read_table(table)
    rows = read.read_all() if hasattr(read, "read_all") else read
    return [cell and (table.parent / cell).read_text() for cell in rows["file"].to_pylist()]


def overlapping(cells: list[str | None]) -> bool:
    """Tell whether a short name would be both a file's and a folder's, which is refused."""
    places = sorted({tuple(cell.split("/")) for cell in cells if cell})
    names = short_names(places)
    return any(other.startswith(f"{name}/") for name in names for other in names)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store for all examples."""
    return stook.open(tmp_path_factory.mktemp("links") / "store", context="test")


@given(_tables(), st.sampled_from(sorted(_FRAMES)), st.sampled_from(["parquet", "csv", "feather"]), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
def test_links_survive_a_checkout(
    store: Store,
    tmp_path: Path,
    table: tuple[dict[str, str], list[str | None]],
    library: str,
    form: str,
    data: st.DataObject,
) -> None:
    """Paths are right from the table; unchanged it adds nothing; a file edited or a row added keeps all links."""
    files, cells = table
    if overlapping(cells):
        return
    for name in ("in", "out", "csv"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    write(tmp_path / "in", files)
    absolute = [cell and str(tmp_path / "in" / cell) for cell in cells]
    frame: Any = _FRAMES[library]({"n": list(range(len(cells))), "file": absolute})
    bundle = store.add("t", frame, links="file")
    expected = [cell and files[cell] for cell in cells]
    assert contents(bundle) == expected

    out = tmp_path / "out"
    checkout(store, bundle, out, format=form)
    assert by_cells(out / f"table.{form}") == expected
    assert status(out).is_clean
    assert not add_paths(store, Addition("t", [str(out)])).is_new
    again = store.add("t", out / f"table.{form}", links=["file"], if_changed=True)
    assert again.id == bundle.id

    edited = out / "files" / data.draw(st.sampled_from(sorted({name for name in names(bundle) if name})))
    edited.write_text("edited")
    changed = add_paths(store, Addition("t", [str(out)]))
    assert changed.is_new
    assert names(changed.bundle) == names(bundle)
    assert dict(changed.bundle.tree.entries)["table"] == dict(bundle.tree.entries)["table"]
    there = [None if name is None else (out / "files" / name).read_text() for name in names(bundle)]
    assert contents(changed.bundle) == there
    assert status(out).is_clean

    checkout(store, changed.bundle, tmp_path / "csv", format="csv")
    fresh = tmp_path / "csv" / data.draw(st.sampled_from(["new.txt", "x.txt", "files/new.txt"]))
    if not fresh.exists():
        fresh.write_text("new")
        with open(tmp_path / "csv" / "table.csv", "a") as file:
            file.write(f"100,{fresh.relative_to(tmp_path / 'csv')}\n")
        longer = add_paths(store, Addition("t", [str(tmp_path / "csv")]))
        assert contents(longer.bundle) == [*there, "new"]
        assert names(longer.bundle)[:-1] == names(bundle)


def names(bundle: Bundle) -> list[str | None]:
    """Return the names of files that the cells of a table stand for."""
    folder = bundle.path("files")
    cells = bundle.to_arrow("table")["file"].to_pylist()
    return [cell and Path(cell).relative_to(folder).as_posix() for cell in cells]
