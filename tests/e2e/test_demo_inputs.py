"""Inputs that cannot be used: a clear line, the right exit code, and nothing in the output folder."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.shop_demo import STOOK, Demo

NAME = "till file.csv"


def without_columns(sales: bytes) -> bytes:
    """Rename the columns of customer and time to what nobody can guess."""
    return sales.replace(b"CustomerID", b"Who").replace(b"InvoiceDate", b"When")


def one_customer(sales: bytes) -> bytes:
    """Keep the rows of the customer of the first row."""
    header, first, *others = sales.splitlines()
    mark = first.split(b",")[6]
    return b"\n".join([header, first, *(row for row in others if row.split(b",")[6] == mark)])


def little_history(sales: bytes) -> bytes:
    """Keep the rows of the first month."""
    header, *rows = sales.splitlines()
    return b"\n".join([header, *(row for row in rows if row.split(b",")[4].startswith(b"2023-01"))])


# What is made of the shop's transactions, the file's name, and words that the message and the hint must have.
CASES: dict[str, tuple[Callable[[bytes], bytes], str, tuple[str, ...]]] = {
    "missing columns": (
        without_columns,
        NAME,
        ("customer, time", "'Who'", "'When'", "--columns customer=COLUMN,time=COLUMN"),
    ),
    "empty": (lambda _: b"", NAME, (f"{NAME} is empty",)),
    "header only": (lambda sales: sales.splitlines()[0] + b"\n", NAME, (f"{NAME} has a header and no rows",)),
    "one customer": (one_customer, NAME, ("1 customer;", "at least 30")),
    "too little history": (little_history, NAME, ("60 days ahead need 240", "--horizon 7")),
    "wrong encoding": (
        lambda sales: sales.replace(b"TEAPOT", b"TH\xc9I\xc8RE"),
        NAME,
        (f"{NAME} is not UTF-8 text: line", "iconv -f WINDOWS-1252"),
    ),
    "UTF-16": (
        lambda sales: sales.decode().encode("utf-16"),
        NAME,
        (f"{NAME} is not UTF-8 text", "iconv -f UTF-16LE"),
    ),
    "truncated gzip": (
        lambda sales: gzip.compress(sales)[:-2000],
        f"{NAME}.gz",
        (f"{NAME}.gz is truncated or corrupt",),
    ),
    "text named gzip": (lambda _: b"no transactions\n1\n", f"{NAME}.gz", ("no column", "'no transactions'")),
    "bytes named parquet": (lambda _: b"\x00\x01" * 500, "till.parquet", ("till.parquet is not UTF-8 text",)),
    "broken parquet": (lambda _: b"PAR1" + b"x" * 500, "till.parquet", ("cannot read till.parquet",)),
}


def assert_refused(demo: Demo, file: Path, code: int, *, words: tuple[str, ...]) -> None:
    """A prediction from the file ends with the code, one line that says why and one that says what to do."""
    target = demo.root / "out"
    done = demo.start(STOOK, "predict", "-i", file, "-o", target)
    said = [line for line in done.stderr.splitlines() if not line.startswith("  ") or "try: " in line]
    assert done.returncode == code, done.stderr
    assert not done.stdout
    assert "Traceback" not in done.stderr
    assert str(demo.root / "cache") not in done.stderr
    problems = [line for line in said if line.startswith("stook: ")]
    assert len(problems) == 1
    assert said[-2:] == [problems[0], said[-1]], "nothing comes between the problem and what to try"
    assert said[-1].startswith("  try: ")
    for word in words:
        assert word in f"{problems[0]}\n{said[-1]}"
    assert not target.exists()


@pytest.mark.parametrize("case", CASES)
def test_unusable_file(case: str, demo: Demo) -> None:
    """The message calls the file what the user calls it, and says what is wrong with it."""
    change, name, words = CASES[case]
    file = demo.root / name
    file.write_bytes(change(demo.sales.read_bytes()))
    assert_refused(demo, file, 2, words=words)


def test_missing_file(demo: Demo) -> None:
    """A file that is not there is told apart from one that cannot be used."""
    assert_refused(demo, demo.root / "nothing.csv", 2, words=("there is no file", "nothing.csv"))


def test_folder(demo: Demo) -> None:
    """A folder is not taken for a file."""
    assert_refused(demo, demo.folder / "data", 2, words=("data is a folder, not a file",))


def test_standard_input(demo: Demo) -> None:
    """What is wrong with standard input is said of it, not of the file that it is kept in."""
    command = f"echo customer,time,amount | {STOOK} predict -i - -o {demo.root}/out"
    done = demo.start("/bin/sh", "-c", command)
    assert done.returncode == 2, done.stderr
    assert "standard-input has a header and no rows" in done.stderr
    assert str(demo.root) not in done.stderr.partition("stook: ")[2]
    assert not (demo.root / "out").exists()


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [(b"", 2, "till.csv is empty"), (None, 2, "till.csv"), (b"a,b\n1,2\n", 2, "--columns customer=")],
)
def test_main(demo: Demo, content: bytes | None, code: int, word: str) -> None:
    """`main.py` refuses as `stook predict` does: a line why, a line what to do, the code, and no files."""
    if content is not None:
        (demo.root / "till.csv").write_bytes(content)
    done = demo.start(sys.executable, "main.py", "-i", demo.root / "till.csv", "-o", demo.root / "out")
    assert done.returncode == code, done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "hint"]
    assert word in done.stderr
    assert not (demo.root / "out").exists()
