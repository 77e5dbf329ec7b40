"""Tables from files: typed where that is safe, exact always, and refused with the place where they are wrong."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

import stook
from stook.errors import InputError, MissingExtraError
from stook.frames.files import TableOptions, read_table
from stook.frames.table_names import find_format, table_stem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are written."""
    return tmp_path


def read(folder: Path, name: str, content: str | bytes, **options: str) -> pa.Table:
    """Write a file and read it as a table."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_table(path, TableOptions(**options), name=name)
    return table.read_all() if hasattr(table, "read_all") else table


def column(folder: Path, *cells: str) -> tuple[str, list[Any]]:
    """Return type and cells of a CSV column, which has a neighbour so that blank cells are no blank lines."""
    text = "a,b\n" + "".join(f"{cell},x\n" for cell in cells)
    table = read(folder, "a.csv", text)
    return str(table.schema.field("a").type), table["a"].to_pylist()


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", "-20", ""], "int64", [1, -20, None]),
        (["1", "NA", '""'], "int64", [1, None, None]),
        (["00123", "7"], "string", ["00123", "7"]),
        (["+49", "1"], "string", ["+49", "1"]),
        (["-00", "1"], "string", ["-00", "1"]),
        (["1_000"], "string", ["1_000"]),
        (["١"], "string", ["١"]),
        (["9223372036854775807"], "int64", [2**63 - 1]),
        (["9223372036854775808", "0"], "uint64", [2**63, 0]),
        (["18446744073709551616"], "decimal128(38, 0)", [Decimal(2**64)]),
        (["-9223372036854775809"], "decimal128(38, 0)", [Decimal(-(2**63) - 1)]),
        (["9" * 39], "string", ["9" * 39]),
        (["1", "2.5", "1e3"], "double", [1.0, 2.5, 1000.0]),
        (["1.", ".5", "-0"], "double", [1.0, 0.5, -0.0]),
        (["9007199254740993", "0.5"], "decimal128(17, 1)", [Decimal("9007199254740993.0"), Decimal("0.5")]),
        (["0.1234567890123456789"], "decimal128(20, 19)", [Decimal("0.1234567890123456789")]),
        (["0.12345678901234567891e5"], "string", ["0.12345678901234567891e5"]),
        (["1e999"], "string", ["1e999"]),
        (['"1,5"'], "string", ["1,5"]),
        (["007.5"], "string", ["007.5"]),
        (["true", "False", ""], "bool", [True, False, None]),
        (["yes", "no"], "string", ["yes", "no"]),
        (["2026-01-31", ""], "date32[day]", [date(2026, 1, 31), None]),
        (["2026-02-30"], "string", ["2026-02-30"]),
        (["31.01.2026"], "string", ["31.01.2026"]),
        (["2026-01-31 10:20"], "timestamp[us]", [datetime(2026, 1, 31, 10, 20)]),
        (["2026-01-31T10:20:30Z"], "timestamp[us, tz=UTC]", [datetime(2026, 1, 31, 10, 20, 30, tzinfo=UTC)]),
        (["2026-01-31T10:20:30+02:00"], "string", ["2026-01-31T10:20:30+02:00"]),
        (["2026-01-31", "2026-01-31 10:20"], "string", ["2026-01-31", "2026-01-31 10:20"]),
        (["NA", ""], "string", ["NA", None]),
        (['""', ""], "string", ["", None]),
        (["", ""], "string", [None, None]),
        ([" 1"], "string", [" 1"]),
    ],
)
def test_csv_types(folder: Path, cells: list[str], kind: str, values: list[Any]) -> None:
    """A column has a type only where every cell fits it exactly; all else is text, letter by letter."""
    assert column(folder, *cells) == (kind, values)


def test_csv_types_are_of_all_rows(folder: Path) -> None:
    """A cell far below counts as much as the first: beyond any block that is read at once."""
    rows = f"1,{'x' * 200}\n" * 100_000
    table = read(folder, "a.csv", f"a,b\n{rows}00123,\n")
    assert (str(table.schema.field("a").type), table["a"][0].as_py()) == ("string", "1")
    table = read(folder, "a.csv", f"a,b\n{rows}9007199254740993,\n0.5,\n")
    assert (table["a"][0].as_py(), table["a"][-2].as_py()) == (Decimal(1), Decimal(9007199254740993))


@given(
    st.lists(st.integers(-(10**37), 10**37) | st.floats(allow_nan=False, allow_infinity=False), min_size=1)
)
def test_csv_numbers_come_back(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    """Whatever the type, each number is equal to the text that was written."""
    _, values = column(tmp_path_factory.mktemp("csv"), *map(str, numbers))
    for number, value in zip(numbers, values, strict=True):
        same = float(value) == number if isinstance(number, float) else Decimal(value) == number
        assert same, (number, value)


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1), min_size=1))
def test_csv_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """A column with one cell that is nothing but text has all cells as they were written."""
    texts = ["x y", *texts]
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    assert column(tmp_path_factory.mktemp("csv"), *quoted) == ("string", texts)


def test_csv_shapes(folder: Path) -> None:
    """One column, no rows, no last line break, a byte order mark, a blank name, 10,000 columns: all are tables."""
    assert read(folder, "a.csv", "a\n1\n")["a"].to_pylist() == [1]
    assert read(folder, "a.csv", "a,b").schema == pa.schema([("a", pa.string()), ("b", pa.string())])
    assert read(folder, "a.csv", "\ufeffa,b\n1,2").column_names == ["a", "b"]
    assert read(folder, "a.csv", ",b\n1,2\n").column_names == ["", "b"]
    assert read(folder, "a.tsv", "a\tb\n1\t2\n").to_pylist() == [{"a": 1, "b": 2}]
    assert read(folder, "a.csv", "a;b\n1;2,5\n", delimiter=";").to_pylist() == [{"a": 1, "b": "2,5"}]
    wide = ",".join(f"c{number}" for number in range(10_000)) + "\n" + ",".join("1" for _ in range(10_000))
    assert read(folder, "a.csv", wide).shape == (1, 10_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no line with the names"),
        (b"\n\n", "no line with the names"),
        (b"a,b\n1,2\n3\n", "row 3, counted from the header, has 1 cells and not 2: '3'"),
        (b"a,b\n1,2,3\n", "row 2, counted from the header, has 3 cells and not 2"),
        (b"a,b,a\n1,2,3\n", "several columns have the name 'a'"),
        (b"a\nok\n\xe4\n", "byte 6, in line 3, is no UTF-8"),
        (b"a\nok\n\xc3", "in line 3, is no UTF-8"),
        (b"a\n1\0\n", "byte 4, in line 2, is a NUL"),
        ("a\n1\n".encode("utf-16"), "byte 1, in line 1, is no UTF-8"),
        (b'a,b\n1,"open\n2,3\n', "is not closed as it should be"),
        (b"a;b\n1;2\n", "is ';' what separates the columns"),
        (b'a\n"' + b"x" * 50_000_000 + b'"\n', "a row is longer than 16 MiB"),
    ],
)
def test_csv_refusals(folder: Path, content: bytes, said: str) -> None:
    """What is no table is refused with the place where it is wrong."""
    with pytest.raises(InputError) as caught:
        read(folder, "a.csv", content)
    assert said in str(caught.value)
    assert str(caught.value).startswith("a.csv: ")


def test_bad_bytes_far_below(folder: Path) -> None:
    """The place of a byte that is no UTF-8 is right beyond the first block, in the midst of a letter too."""
    good = "ä\n".encode() * 7_000_000
    with pytest.raises(InputError, match=r"byte 21,000,003, in line 7,000,002,"):
        read(folder, "a.csv", b"a\n" + good + b"\xc3\n")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_growing_file(folder: Path, name: str) -> None:
    """A file that is written to while it is read is refused, and not kept up to somewhere."""
    row = '{"a": 1}\n' if name == "a.jsonl" else f"1,{'x' * 200}\n"
    (folder / name).write_text(row * 100_000 if name == "a.jsonl" else "a,b\n" + row * 100_000)
    reader = read_table(folder / name)
    reader.read_next_batch()
    with (folder / name).open("a") as file:
        file.write(row)
    with pytest.raises(InputError, match=f"{name} changed while it was read"):
        reader.read_all()


def test_packed_text(folder: Path) -> None:
    """Text that gzip or zstd packed is read, whatever the file's name says; a part of one is refused."""
    text = b"a\n1\n" + b"2\n" * 100_000
    for packed in (
        gzip.compress(text),
        zstandard.compress(text),
        gzip.compress(text[:4]) + gzip.compress(text[4:]),
    ):
        assert read(folder, "a.csv", packed).num_rows == 100_001
    for packed in (gzip.compress(text)[:-9], b"\x1f\x8bjunk"):
        with pytest.raises(InputError, match="cannot be unpacked"):
            read(folder, "a.csv.gz", packed)


@pytest.mark.parametrize("by_line", [False, True])
def test_json(folder: Path, by_line: bool) -> None:
    """Objects are rows: text stays text, whole numbers are exact, a key that is not there is null."""
    rows = [{"a": 12345678901234567890123, "b": "2026-01-31"}, {"a": None, "c": {"d": [1, 2]}}]
    content = "\n\n".join(map(json.dumps, rows)) if by_line else json.dumps(rows)
    table = read(folder, "a.jsonl" if by_line else "a.json", content)
    assert table.to_pylist() == [
        {"a": Decimal(12345678901234567890123), "b": "2026-01-31", "c": None},
        {"a": None, "b": None, "c": {"d": [1, 2]}},
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1, column 1: Expecting value"),
        ("{}", "no array of objects"),
        ("[]", "no object in it that names a column"),
        ("[1]", "row 1 is no object"),
        ('[{"a": 1},\n{"a": }]', "line 2, column 7"),
        ('[{"a": 1, "a": 2}]', "the key 'a' twice"),
        ('[{"a": NaN}]', "NaN is no JSON number"),
        ('[{"a": 1}, {"a": 2}, {"a": "x"}]', "column 'a', row 3: \"x\" does not fit"),
        ('[{"a": true}, {"a": 1}]', "column 'a', row 2: 1 does not fit"),
        ('[{"a": 9007199254740993}, {"a": 0.5}]', "column 'a', row 2: 0.5 does not fit"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_json_refusals(folder: Path, content: str, said: str) -> None:
    """What is no table of JSON is refused with its place; numbers are never rounded to fit."""
    with pytest.raises(InputError) as caught:
        read(folder, "a.json", content)
    assert said in str(caught.value)


def test_json_lines_misfit_far_below(folder: Path) -> None:
    """The row of a cell that does not fit is right beyond the first batch, and a float there makes ints floats."""
    ints = '{"a": 1}\n' * 40_000
    assert read(folder, "a.jsonl", ints + '{"a": 0.5}').schema.field("a").type == pa.float64()
    with pytest.raises(InputError, match=r"column 'a', row 40,001"):
        read(folder, "a.jsonl", ints + '{"a": "x"}')


def test_binary_tables(folder: Path) -> None:
    """Parquet, Feather of both versions and Arrow streams come as they are, categories and row groups included."""
    table = pa.table({"a": [1, None, 3], "b": pa.array(["x", "y", "x"]).dictionary_encode()})
    pq.write_table(table, folder / "a.parquet", row_group_size=1)
    pyarrow.feather.write_feather(table, str(folder / "a.feather"))
    with pa.OSFile(str(folder / "a.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    store = stook.open()
    for name in ("a.parquet", "a.feather", "a.arrow"):
        bundle = store.add("a", read_table(folder / name))
        assert bundle.to_arrow().to_pylist() == table.to_pylist(), name
    for name in ("b.parquet", "b.feather", "b.arrow"):
        with pytest.raises(InputError, match=f"{name} cannot be read as a table"):
            read(folder, name, b"junk")


def test_workbook(folder: Path) -> None:
    """A sheet is a table: ints where no number has a fraction, text that looks like a number is text."""
    path = write_workbook(
        folder, {"One": [["id", "n", "x"], ["007", 1, 1.5], ["8", None, 2]], "Two": [["a"]]}
    )
    table = read_table(path, TableOptions(sheet="One"))
    assert table.to_pylist() == [{"id": "007", "n": 1, "x": 1.5}, {"id": "8", "n": None, "x": 2.0}]
    assert table.schema.field("n").type == pa.int64()


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"One": [["a"]], "Two": [["a"]]}, "has several sheets: 'One', 'Two'"),
        ({"One": [["a", "a"], [1, 2]]}, "column 2 of the sheet 'One' is 'a', as another is"),
        ({"One": [["a", None, "b"], [1, 2, 3]]}, "column 2 of the sheet 'One' has no name"),
        ({"One": []}, "the sheet 'One' is empty"),
    ],
)
def test_workbook_refusals(folder: Path, sheets: dict[str, list[list[Any]]], said: str) -> None:
    """A workbook that does not say which sheet, or a sheet that does not name its columns, is refused."""
    with pytest.raises(InputError) as caught:
        read_table(write_workbook(folder, sheets))
    assert said in str(caught.value)


def test_workbook_without_its_library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library for workbooks is not installed, the extra is named."""
    path = write_workbook(folder, {"One": [["a"], [1]]})
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingExtraError) as caught:
        read_table(path)
    assert "stook[excel]" in caught.value.hint


def test_formats_by_name() -> None:
    """The end of a name says the format; only text is packed."""
    names = ("a.CSV", "a.b.csv.gz", "a.ndjson.zst", "a.parquet.gz", "csv", "a.txt", ".csv")
    assert [find_format(name) for name in names] == ["csv", "csv", "jsonl", "", "", "", "csv"]
    assert [table_stem(name) for name in names] == ["a", "a.b", "a", "a.parquet.gz", "csv", "a.txt", ".csv"]


def test_unknown_format(folder: Path) -> None:
    """A file that is no table by its name can be said to be one."""
    with pytest.raises(InputError, match=r"a\.txt is no table by its name"):
        read(folder, "a.txt", "a\n1\n")
    assert read(folder, "a.txt", "a\n1\n", format="csv").to_pylist() == [{"a": 1}]


def test_rows_are_kept_as_they_are_read(folder: Path) -> None:
    """A table that is read lazily is kept, and its bundle gives what pandas reads, with exact types."""
    (folder / "a.csv").write_text("id,n\n" + "".join(f"{number:04},{number}\n" for number in range(1000)))
    bundle = stook.open().add("a", read_table(folder / "a.csv"))
    expected = pd.read_csv(folder / "a.csv", dtype={"id": "str"})
    assert bundle.to_pandas().astype({"id": object}).equals(expected.astype({"id": object}))


def write_workbook(folder: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    """Write a small .xlsx: text inline, numbers as they are."""
    path = folder / "a.xlsx"
    spreadsheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    pointers = "".join(
        f'<Relationship Id="r{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{relations}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{spreadsheet}" xmlns:r="{relations}"><sheets>{listed}</sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{pointers}</Relationships>',
        )
        for number, rows in enumerate(sheets.values(), 1):
            content = "".join(map(_row, range(1, 99), rows))
            book.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{spreadsheet}"><sheetData>{content}</sheetData></worksheet>',
            )
    return path


def _row(number: int, cells: list[Any]) -> str:
    written = [
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        if isinstance(cell, str)
        else f'<c r="{chr(65 + at)}{number}"><v>{cell}</v></c>'
        for at, cell in enumerate(cells)
        if cell is not None
    ]
    return f'<row r="{number}">{"".join(written)}</row>'
