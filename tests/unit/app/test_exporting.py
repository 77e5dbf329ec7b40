"""Bundles as plain files in a folder, and as engines read them there."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as pads
import pytest

import stook
from stook.app.exporting import export
from stook.errors import ConflictError, InputError, IntegrityError
from stook.store import Bundle, Store

_ZONE = dt.timezone(dt.timedelta(0))


def table(rows: int = 3) -> pa.Table:
    """A table with a column of each kind that engines are particular about."""
    numbers = range(rows)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int32()),
            "price": pa.array([Decimal(n) / 100 for n in numbers], pa.decimal128(12, 2)),
            "at": pa.array(
                [dt.datetime(2026, 1, 1, n % 24, tzinfo=_ZONE) for n in numbers],
                pa.timestamp("us", "Europe/Berlin"),
            ),
            "day": pa.array([dt.date(2026, 1, 1 + n % 28) for n in numbers]),
            "name": pa.array([None if n == 1 else f"ä{n}" for n in numbers]),
            "shop": pa.array([("north", "south")[n % 2] for n in numbers]).dictionary_encode(),
            "ok": pa.array([n % 2 == 0 for n in numbers]),
            "parts": pa.array([[n, n + 1] for n in numbers], pa.list_(pa.int64())),
        }
    )


def rows_of(found: pa.Table) -> list[dict[str, object]]:
    """The rows of a table, times as instants, so that only values count."""
    return [
        {key: cell.astimezone(_ZONE) if isinstance(cell, dt.datetime) else cell for key, cell in row.items()}
        for row in found.to_pylist()
    ]


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def bundle(store: Store) -> Bundle:
    """A bundle of a table, a value and a file."""
    note = Path(os.environ["HOME"], "note.txt")
    note.write_text("from the till\n")
    return store.add("shop", {"sales": table(), "rate": 0.5, "note": note})


def files_in(folder: Path) -> list[str]:
    """The paths of all files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_files(bundle: Bundle, tmp_path: Path) -> None:
    """Each table has a folder of its own, values are JSON, files are as they are; the manifest says what it is."""
    done = export(bundle, tmp_path / "out")
    assert files_in(tmp_path / "out") == ["_stook.json", "note.txt", "rate.json", "sales/sales.parquet"]
    assert json.loads((tmp_path / "out/rate.json").read_text()) == 0.5
    assert (done.url, done.ref, done.is_new) == (str(tmp_path / "out"), bundle.ref, True)
    said = json.loads((tmp_path / "out/_stook.json").read_text())
    assert (said["name"], said["id"], said["digest"]) == ("shop", bundle.id, bundle.digest)
    assert (said["tables"][0]["folder"], said["tables"][0]["rows"]) == ("sales", 3)
    assert said["tables"][0]["columns"][1] == {"name": "price", "type": "decimal128(12, 2)"}
    sizes = {file["path"]: file["size"] for file in said["files"]}
    assert sizes == {
        path: (tmp_path / "out" / path).stat().st_size for path in files_in(tmp_path / "out")[1:]
    }


def test_engines_read_the_folder_of_a_table(bundle: Bundle, tmp_path: Path) -> None:
    """DuckDB, Arrow, polars and pandas are pointed at the folder, and have equal values of the same types."""
    export(bundle, tmp_path / "out")
    folder = str(tmp_path / "out" / "sales")
    expected = rows_of(table())
    by_arrow = pads.dataset(folder).to_table()
    assert rows_of(by_arrow) == expected
    assert by_arrow.schema.field("price").type == pa.decimal128(12, 2)
    assert by_arrow.schema.field("at").type == pa.timestamp("us", "Europe/Berlin")
    assert by_arrow.schema.field("shop").type == pa.string()
    by_duckdb = duckdb.read_parquet(f"{folder}/*.parquet")
    assert rows_of(by_duckdb.to_arrow_table()) == expected
    assert [str(kind) for kind in by_duckdb.types][1:3] == ["DECIMAL(12,2)", "TIMESTAMP WITH TIME ZONE"]
    assert rows_of(pl.scan_parquet(folder).collect().to_arrow()) == expected
    by_pandas = pd.read_parquet(folder)
    assert rows_of(pa.Table.from_pandas(by_pandas, schema=by_arrow.schema)) == expected


def test_the_whole_export_is_a_data_set(bundle: Bundle, store: Store, tmp_path: Path) -> None:
    """An engine that is pointed at the export of a sole table passes over the manifest."""
    export(store.add("sales", table()), tmp_path / "out")
    assert files_in(tmp_path / "out") == ["_stook.json", "data/data.parquet"]
    assert pads.dataset(tmp_path / "out").to_table().num_rows == 3


def test_csv(bundle: Bundle, tmp_path: Path) -> None:
    """As CSV a table is read by DuckDB with the same values; another format takes the place only by force."""
    export(bundle, tmp_path / "out")
    with pytest.raises(ConflictError, match="as parquet"):
        export(bundle, tmp_path / "out", format="csv")
    export(bundle, tmp_path / "out", format="csv", force=True)
    assert files_in(tmp_path / "out") == ["_stook.json", "note.txt", "rate.json", "sales/sales.csv"]
    found = duckdb.read_csv(f"{tmp_path}/out/sales/*.csv").select("id", "price", "shop", "name").fetchall()
    assert found == [(0, 0.0, "north", "ä0"), (1, 0.01, "south", None), (2, 0.02, "north", "ä2")]


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_cells_that_name_files(store: Store, tmp_path: Path, format_: str) -> None:
    """The cells of a linked table are paths from its own file."""
    (tmp_path / "a.txt").write_text("red")
    frame = pa.table({"file": [str(tmp_path / "a.txt")]})
    export(store.add("labels", frame, links="file"), tmp_path / "out", format=format_)
    (home,) = (tmp_path / "out/table").iterdir()
    found = (duckdb.read_csv if format_ == "csv" else duckdb.read_parquet)(str(home)).fetchall()[0][0]
    assert (found, (home.parent / found).read_text()) == ("../files/a.txt", "red")


def test_pandas_with_categories_and_an_index(store: Store, tmp_path: Path) -> None:
    """Categories are plain values, the index is a column."""
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y", "x"])}, index=pd.Index([7, 8, 9], name="key"))
    export(store.add("frame", frame), tmp_path / "out")
    found = duckdb.read_parquet(f"{tmp_path}/out/data/*.parquet").select("c", "key").fetchall()
    assert found == [("x", 7), ("y", 8), ("x", 9)]


def test_again_is_nothing_to_do(bundle: Bundle, tmp_path: Path) -> None:
    """A second time nothing is written."""
    export(bundle, tmp_path / "out")
    before = {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")}
    assert export(bundle, tmp_path / "out").is_new is False
    assert {path: path.stat().st_ino for path in (tmp_path / "out").rglob("*")} == before


def test_another_version_replaces_all_by_force(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    """Another version is refused, and by force it is there alone."""
    export(bundle, tmp_path / "out")
    newer = store.add("shop", {"other": table(5)})
    with pytest.raises(ConflictError) as refused:
        export(newer, tmp_path / "out")
    assert (refused.value.kind, refused.value.facts["ref"]) == ("export-exists", bundle.ref)
    assert "sales/sales.parquet" in files_in(tmp_path / "out")
    export(newer, tmp_path / "out", force=True)
    assert files_in(tmp_path / "out") == ["_stook.json", "other/other.parquet"]


def test_an_export_that_was_changed(bundle: Bundle, tmp_path: Path) -> None:
    """Where a file was edited or taken away, that is said, and force makes it whole."""
    export(bundle, tmp_path / "out")
    (tmp_path / "out/note.txt").unlink()
    with pytest.raises(ConflictError, match="was changed"):
        export(bundle, tmp_path / "out")
    export(bundle, tmp_path / "out", force=True)
    assert (tmp_path / "out/note.txt").exists()


@pytest.mark.parametrize("force", [False, True])
def test_files_of_others_are_never_touched(bundle: Bundle, tmp_path: Path, force: bool) -> None:
    """A folder with something of one's own is refused, force or not, be there an export beside it or not."""
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear")
    export(bundle, tmp_path / "out")
    (tmp_path / "out/sales/diary.txt").write_text("dear")
    (tmp_path / "file").write_text("a file")
    for place in (mine, tmp_path / "out", tmp_path / "file"):
        with pytest.raises(InputError) as refused:
            export(bundle, place, force=force)
        assert refused.value.kind == "not-an-export"
    assert (tmp_path / "out/sales/diary.txt").exists()


def test_a_forged_manifest_is_none(bundle: Bundle, tmp_path: Path) -> None:
    """A `_stook.json` of someone else's makes no export of a folder."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/_stook.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="of no export"):
        export(bundle, tmp_path / "out")


@pytest.mark.parametrize(
    "data",
    [
        {"a": table(), "a/b": 1},
        {"a": table(), "a/b": table()},
        {"_stook": 1},
        {"a/b": table(), "a": {"b": {"c": table()}}},
    ],
)
def test_files_that_would_be_among_those_of_a_table(store: Store, tmp_path: Path, data: Any) -> None:
    """What an engine would take for a part of a table, or what has the name of the manifest, is refused."""
    bundle = store.add("clash", data if len(data) > 1 else {**data, "t": table()})
    with pytest.raises(InputError) as refused:
        export(bundle, tmp_path / "out")
    assert (refused.value.kind, (tmp_path / "out").exists()) == ("same-path", False)


def test_damage_leaves_the_folder_as_it_was(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    """Where the store has lost what is to be exported, the earlier export stays whole."""
    export(bundle, tmp_path / "out")
    newer = store.add("shop", {"big": os.urandom(1 << 20)})
    for pack in Path(store.repository.url).rglob("*.pack"):
        pack.unlink()
    with pytest.raises(IntegrityError):
        export(newer, tmp_path / "out", force=True)
    assert export(bundle, tmp_path / "out").is_new is False
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
