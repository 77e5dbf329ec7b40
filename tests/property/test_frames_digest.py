"""The digest of a table sees its content, and nothing else."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from stook.frames.codec import CODEC

TYPES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint8(): st.integers(0, 255),
    pa.bool_(): st.booleans(),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=5),
    pa.binary(): st.binary(max_size=5),
    pa.date32(): st.dates(),
    pa.list_(pa.string()): st.lists(st.none() | st.text(max_size=3), max_size=3),
    pa.struct([("a", pa.int8()), ("b", pa.string())]): st.fixed_dictionaries(
        {"a": st.none() | st.integers(-128, 127), "b": st.none() | st.text(max_size=3)}
    ),
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from("abc"),
    pa.decimal128(20, 2): st.decimals(-1000, 1000, places=2),
}


@st.composite
def tables(draw: st.DrawFn, *, min_rows: int = 0) -> pa.Table:
    """Tables of a few columns of any kept type, with nulls."""
    rows = draw(st.integers(min_rows, 12))
    kinds = draw(st.lists(st.sampled_from(list(TYPES)), min_size=1, max_size=4))
    columns = {}
    for i, kind in enumerate(kinds):
        cells = draw(st.lists(st.none() | TYPES[kind], min_size=rows, max_size=rows))
        columns[f"c{i}"] = pa.array(cells, kind)
    return pa.table(columns)


def digest(table: pa.Table) -> str:
    """Return the digest that the codec gives."""
    return CODEC.dump(table, io.BytesIO()).digest


@given(tables())
def test_table_comes_back(table: pa.Table) -> None:
    """Any table comes back with its types and cells."""
    out = io.BytesIO()
    encoded = CODEC.dump(table, out)
    source: Any = type("Bytes", (io.BytesIO,), {"size": property(lambda self: len(self.getvalue()))})(
        out.getvalue()
    )
    back: Any = CODEC.load(source, encoded.meta)
    assert back.schema.equals(table.schema)
    assert repr(back.to_pylist()) == repr(table.to_pylist())
    assert digest(back) == encoded.digest


@given(tables(), st.lists(st.integers(0, 12), max_size=4))
def test_chunks_and_slices_do_not_count(table: pa.Table, cuts: list[int]) -> None:
    """Cutting the rows anywhere leaves the digest as it is."""
    edges = sorted({0, table.num_rows, *(cut for cut in cuts if cut < table.num_rows)})
    parts = [table.slice(start, stop - start) for start, stop in pairwise(edges)]
    assert digest(pa.concat_tables([*parts, table.slice(0, 0)])) == digest(table)


@given(st.lists(st.none() | st.sampled_from("abc"), max_size=12), st.permutations("abc"))
def test_order_of_dictionary_does_not_count(cells: list[str | None], order: list[str]) -> None:
    """A dictionary in another order is the same column."""
    codes = pa.array([None if cell is None else order.index(cell) for cell in cells], pa.int8())
    other = pa.DictionaryArray.from_arrays(codes, pa.array(order))
    kind = pa.dictionary(pa.int8(), pa.string())
    assert digest(pa.table({"a": other})) == digest(pa.table({"a": pa.array(cells, kind)}))


@given(tables(min_rows=1), st.data())
def test_each_cell_counts(table: pa.Table, data: st.DataObject) -> None:
    """Another value in one cell is another digest."""
    column = data.draw(st.integers(0, table.num_columns - 1))
    row = data.draw(st.integers(0, table.num_rows - 1))
    kind = table.schema.types[column]
    cells = table.column(column).to_pylist()
    new = data.draw((st.none() | TYPES[kind]).filter(lambda cell: repr(cell) != repr(cells[row])))
    changed = pa.array([*cells[:row], new, *cells[row + 1 :]], kind)
    other = table.set_column(column, table.column_names[column], changed)
    assert (digest(other) == digest(table)) == (repr(other.to_pylist()) == repr(table.to_pylist()))


@given(tables())
def test_names_and_types_count(table: pa.Table) -> None:
    """Another name is another digest, and so is another type of the same cells."""
    assert digest(table.rename_columns([f"x{name}" for name in table.column_names])) != digest(table)
    assert digest(pa.table({"a": pa.array([1], pa.int32())})) != digest(
        pa.table({"a": pa.array([1], pa.int64())})
    )
