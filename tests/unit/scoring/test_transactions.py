from __future__ import annotations

import gzip
import io
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from stook.errors import InputError, NotFoundError
from stook.scoring.transactions import check_history, parse_columns, read_transactions

NOW = datetime(2025, 1, 1)
HEADER = "invoice,customer,time,quantity,price\n"
ROWS = HEADER + "1,a,2024-01-02 10:00:00,2,1.50\n" + "2,b,2024-01-03 11:30:00,1,0.10\n"


def write(tmp_path: Path, text: str | bytes) -> Path:
    """Write a file of transactions."""
    path = tmp_path / "tx.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def reasons(tmp_path: Path, *lines: str, header: str = HEADER) -> list[str | None]:
    """Return the reason of each line."""
    table = read_transactions(write(tmp_path, header + "\n".join(lines) + "\n"), now=NOW).table
    return table["reason"].to_pylist()


def failure(source: Path, **options: dict[str, str]) -> InputError:
    """Return the error that reading ends in; it has a hint."""
    with pytest.raises(InputError) as caught:
        read_transactions(source, now=NOW, **options)
    assert caught.value.hint
    return caught.value


def test_rows_come_typed_and_in_order(tmp_path: Path) -> None:
    """Customers are text, times timestamps, and amounts exact products of quantity and price."""
    table = read_transactions(write(tmp_path, ROWS), now=NOW).table
    assert table["row"].to_pylist() == [1, 2]
    assert table["customer"].to_pylist() == ["a", "b"]
    assert table["time"].to_pylist()[0] == datetime(2024, 1, 2, 10)
    assert table["amount"].to_pylist() == [Decimal("3.000000"), Decimal("0.100000")]
    assert table["reason"].to_pylist() == [None, None]


def as_gzip(path: Path) -> bytes:
    """Return a file compressed by gzip."""
    return gzip.compress(path.read_bytes())


def as_zstd(path: Path) -> bytes:
    """Return a file compressed by zstd."""
    return zstandard.ZstdCompressor().compress(path.read_bytes())


def as_parquet(path: Path) -> bytes:
    """Return the transactions as Parquet, with types of its own."""
    table = pa.table(
        {
            "invoice": [1, 2],
            "customer": pa.array(["a", "b"]).dictionary_encode(),
            "time": pa.array(
                [datetime(2024, 1, 2, 10), datetime(2024, 1, 3, 11, 30)], pa.timestamp("ns", "UTC")
            ),
            "quantity": [2, 1],
            "price": [1.5, 0.1],
            "nested": [[1], [2]],
        }
    )
    pq.write_table(table, path)
    return path.read_bytes()


def with_bom(path: Path) -> bytes:
    """Return a file with a byte order mark."""
    return b"\xef\xbb\xbf" + path.read_bytes()


def with_semicolons(path: Path) -> bytes:
    """Return a file with semicolons between its cells."""
    return path.read_bytes().replace(b",", b";")


@pytest.mark.parametrize("pack", [as_gzip, as_zstd, as_parquet, with_bom, with_semicolons])
def test_every_form_of_a_file_reads_the_same(tmp_path: Path, pack: object) -> None:
    """Gzip, zstd, Parquet, a byte order mark and semicolons change nothing, whatever the file is called."""
    plain = read_transactions(write(tmp_path, ROWS), now=NOW).table
    write(tmp_path, pack(tmp_path / "tx.csv"))  # type: ignore[operator]
    assert read_transactions(tmp_path / "tx.csv", now=NOW).table.equals(plain)


def test_standard_input_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input, compressed or not."""
    packed = io.TextIOWrapper(io.BytesIO(gzip.compress(ROWS.encode())))
    monkeypatch.setattr("sys.stdin", packed)
    assert read_transactions("-", now=NOW).table.num_rows == 2


def test_each_rejected_row_has_its_first_reason(tmp_path: Path) -> None:
    """Every way to be unusable is named, and the row after it is read as ever."""
    lines = {
        "1,a,2024-01-02,1,1.5": None,
        "2,,2024-01-02,1,1.5": "no-customer",
        "3,nan,2024-01-02,1,1.5": "no-customer",
        "4,a,yesterday,1,1.5": "unparsable",
        "5,a,2024-01-02,many,1.5": "unparsable",
        "6,a,2024-01-02": "unparsable",
        "C7,a,2024-01-02,-1,1.5": "cancelled",
        "C8,a,2024-01-02,1,1.5": "cancelled",
        "9,a,2024-01-02,1,0": "no-value",
        "10,a,2099-01-02,1,1.5": "future",
        "1,a,2024-01-02,1,1.50": None,
        "1,a,2024-01-02,1,1.5 ": None,
    }
    assert reasons(tmp_path, *lines) == list(lines.values())
    assert reasons(tmp_path, *["1,a,2024-01-02,1,1.5"] * 3) == [None, "duplicate", "duplicate"]


@pytest.mark.parametrize(
    "line",
    [
        "1,a,2024-01-02,1,1e308",
        "1,a,2024-01-02,1e308,1e308",
        "1,a,2024-01-02,1,NaN",
        "1,a,2024-01-02,1,inf",
        "1,a,0001-01-01,1,1",
        "1,a,infinity,1,1",
        "1,a,-infinity,1,1",
        "1,a,2024-02-30,1,1",
        "1," + "x" * 10_000_000 + ",2024-01-02,1,1",
    ],
    ids=lambda line: line[:30],
)
def test_hostile_values_are_unparsable(tmp_path: Path, line: str) -> None:
    """Numbers, dates and cells beyond reason reject their row, not the file, and are never taken for something."""
    assert reasons(tmp_path, line, "2,b,2024-01-02,1,1") == ["unparsable", None]


def test_the_year_9999_is_the_future(tmp_path: Path) -> None:
    """The largest dates are read, and rejected as not yet."""
    assert reasons(tmp_path, "1,a,9999-12-31 23:59:59,1,1") == ["future"]


def test_rejected_rows_keep_number_and_text(tmp_path: Path) -> None:
    """A rejected row is there as it was found, with its number, though quotes and line ends are in its cells."""
    lines = HEADER + '1,"a ""x"",\nb",never,1,1\n2,b,2024-01-02,1\n3,c,2024-01-02,1,1\n'
    table = read_transactions(write(tmp_path, lines), now=NOW).table
    assert table["row"].to_pylist() == [1, 2, 3]
    assert table["text"].to_pylist() == ['1,"a ""x"",\nb",never,1,1', "2,b,2024-01-02,1", None]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("12/31/2023 8:26", "1/2/2024 10:00", datetime(2024, 1, 2, 10)),
        ("31/12/2023", "01/02/2024", datetime(2024, 2, 1)),
        ("31.12.2023 08:26:00", "01.02.2024 10:00:00", datetime(2024, 2, 1, 10)),
        ("20231231", "20240201", datetime(2024, 2, 1)),
        ("2023-12-31T08:26:00Z", "2024-02-01T10:00:00+02:00", datetime(2024, 2, 1, 8)),
    ],
)
def test_times_are_read_by_the_convention_of_the_file(
    tmp_path: Path, first: str, second: str, expected: datetime
) -> None:
    """One row that only one convention can read decides for all."""
    text = HEADER + f"1,a,{first},1,1\n2,a,{second},1,1\n"
    assert read_transactions(write(tmp_path, text), now=NOW).table["time"].to_pylist()[1] == expected


def test_dates_that_may_be_either_are_an_error(tmp_path: Path) -> None:
    """Nobody can know whether 1/2 is in January or February; it is not guessed."""
    assert failure(write(tmp_path, HEADER + "1,a,1/2/2024,1,1\n")).kind == "ambiguous-dates"


def test_columns_are_guessed_by_their_spelling(tmp_path: Path) -> None:
    """Case, blanks and underscores do not matter, and an amount needs no quantity."""
    found = read_transactions(
        write(tmp_path, "Order ID,CUSTOMER_ID,Order Date,Total\n1,a,2024-01-02,5\n"), now=NOW
    )
    assert {column.role: column.column for column in found.columns} == {
        "invoice": "Order ID",
        "customer": "CUSTOMER_ID",
        "time": "Order Date",
        "amount": "Total",
    }
    assert all(column.guessed for column in found.columns)


def test_named_columns_win_over_guesses(tmp_path: Path) -> None:
    """`--columns` decides, also against a column that looks right."""
    text = "customer,who,time,amount\nx,a,2024-01-02,5\n"
    found = read_transactions(write(tmp_path, text), columns=parse_columns("customer=who"), now=NOW)
    assert found.table["customer"].to_pylist() == ["a"]
    assert not next(column for column in found.columns if column.role == "customer").guessed


def test_a_missing_column_names_what_was_found_and_the_flag(tmp_path: Path) -> None:
    """The error says which columns there are, and how to say which is which."""
    error = failure(write(tmp_path, "who,time,amount\na,2024-01-02,5\n"))
    assert error.kind == "missing-column"
    assert "'who'" in error.message
    assert "--columns customer=" in error.hint


def test_a_named_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A typing error in `--columns` is not replaced by a guess."""
    assert failure(write(tmp_path, ROWS), columns={"customer": "nobody"}).kind == "missing-column"


@pytest.mark.parametrize("text", ["customer", "=x", "colour=red", "customer="])
def test_a_choice_of_column_that_is_none_is_an_error(text: str) -> None:
    """What is not role=column is refused, naming the roles."""
    with pytest.raises(InputError, match="cannot read"):
        parse_columns(text)


def test_a_role_given_two_columns_is_an_error() -> None:
    """Neither of two columns for one role is taken silently."""
    with pytest.raises(InputError, match="customer is given twice"):
        parse_columns("customer=a,time=b,customer=c")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty-input"),
        (gzip.compress(b""), "empty-input"),
        (HEADER.encode(), "no-rows"),
        (b"\n\n\n", "no-header"),
        (gzip.compress(ROWS.encode() * 99)[:-20], "truncated-input"),
        (zstandard.ZstdCompressor().compress(os.urandom(300_000).hex().encode())[:-9], "truncated-input"),
        (gzip.compress(ROWS.encode())[:30] + b"\0" * 30, "truncated-input"),
        (ROWS.encode("utf-16"), "wrong-encoding"),
        (ROWS.encode("utf-16-le"), "wrong-encoding"),
        (HEADER.encode() + "1,Müller,2024-01-02,1,1".encode("latin-1"), "wrong-encoding"),
        (b"PAR1 and no more", "unreadable-input"),
        (b"PK\x03\x04 as a workbook begins", "workbook-input"),
        ((",".join(f"c{n}" for n in range(100_000)) + "\n1").encode(), "no-header"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_whole_is_a_clear_error(tmp_path: Path, content: bytes, kind: str) -> None:
    """What cannot be read as a file says why, and what to do."""
    assert failure(write(tmp_path, content)).kind == kind


def test_a_wrong_encoding_names_line_and_byte(tmp_path: Path) -> None:
    """The first byte that is not UTF-8 can be found in an editor, however far into the file it is."""
    start = (ROWS + "3,x,2024-01-02,1,1\n" * 100_000).encode()
    error = failure(write(tmp_path, start + b"4,M\xfcller,2024-01-02,1,1\n"))
    assert (error.facts["line"], error.facts["byte"]) == (start.count(b"\n") + 1, len(start) + 3)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    """A wrong path is told apart from a wrong file."""
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(NotFoundError):
            read_transactions(path, now=NOW)


def test_blanks_around_a_cell_do_not_count(tmp_path: Path) -> None:
    """A customer is the same with blanks around the id, and blanks alone are no customer."""
    text = HEADER + "1, a ,2024-01-02,1,1\n2,a,2024-01-03,1,1\n3,  ,2024-01-03,1,1\n"
    table = read_transactions(write(tmp_path, text), now=NOW).table
    assert table["customer"].to_pylist() == ["a", "a", None]


@pytest.mark.parametrize("line", ['1,"a,2024-01-02,1,1', '1,a,2024-01-02,1,"1'])
def test_an_open_quote_does_not_swallow_rows_silently(tmp_path: Path, line: str) -> None:
    """A quote that is never closed is an error; the rows after it do not just vanish."""
    text = HEADER + "0,a,2024-01-02,1,1\n" + line + "\n" + "2,b,2024-01-02,1,1\n" * 50
    assert failure(write(tmp_path, text)).kind == "unreadable-input"


@pytest.mark.parametrize(
    ("customers", "days", "kind"),
    [(0, 0, "no-usable-rows"), (1, 400, "too-few-customers"), (100, 239, "too-little-history")],
)
def test_too_little_to_learn_from_is_an_error(customers: int, days: int, kind: str) -> None:
    """One customer or a short history is refused, not modelled."""
    first = datetime.fromordinal(730_000) if days else None
    last = datetime.fromordinal(730_000 + days - 1) if days else None
    with pytest.raises(InputError) as caught:
        check_history(customers=customers, first=first, last=last, horizon_days=60)
    assert caught.value.kind == kind


def test_four_horizons_of_history_are_enough() -> None:
    """The limit itself is allowed."""
    first, last = datetime.fromordinal(730_000), datetime.fromordinal(730_239)
    check_history(customers=30, first=first, last=last, horizon_days=60)


def test_the_real_retail_file_is_read_whole(retail_csv: Path) -> None:
    """541,909 rows of a real shop: every row accepted or rejected for a reason that is known."""
    found = read_transactions(retail_csv, now=NOW)
    assert found.table.num_rows == 541_909
    assert found.rejected == {"no-customer": 135_080, "cancelled": 8_905, "no-value": 40, "duplicate": 5_192}
