"""What `cat` and `get` print."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import pty
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import stook as stook_package
from tests.unit.cli.conftest import Stook

_STOOK = str(Path(sys.executable).with_name("stook"))


def _add(data: object) -> None:
    stook_package.open().add("n", data)


def _raw(*words: str) -> bytes:
    return subprocess.run([_STOOK, "cat", *words], stdout=subprocess.PIPE, check=True).stdout


def test_a_text_file_is_printed_byte_for_byte(stook: Stook, tmp_path: Path) -> None:
    """Nothing is added or changed on the way to a pipe: no line end, no other encoding, no escape."""
    content = "no end, ä, \x1b[31m, \r\n\ttab".encode() + b"x" * 70_000 + b"\xff late"
    (tmp_path / "f.txt").write_bytes(content)
    stook("add", "n", "f.txt")
    assert _raw("n") == content


def test_a_terminal_gets_no_control_characters(stook: Stook, tmp_path: Path) -> None:
    """Escape sequences of a file are shown there, not sent."""
    (tmp_path / "f.txt").write_text("a\x1b[31mred\x9b0m ä\tb\n")
    stook("add", "n", "f.txt")
    ours, theirs = pty.openpty()
    with subprocess.Popen([_STOOK, "cat", "n"], stdout=theirs, stderr=subprocess.DEVNULL) as process:
        process.wait(60)
        shown = os.read(ours, 10_000).decode()
    os.close(ours)
    os.close(theirs)
    assert shown == "a\\x1b[31mred\\x9b0m ä\tb\r\n"


@pytest.mark.parametrize("content", [b"\0\1", b"\xff\xfe", "ä".encode("latin-1"), b"PK\3\4\0"])
def test_binary_is_refused_with_a_hint(stook: Stook, tmp_path: Path, content: bytes) -> None:
    """Bytes that are no UTF-8 text are not printed; the hint is the command that helps."""
    (tmp_path / "f").write_bytes(content)
    stook("add", "n", "f")
    for words in (("cat", "n"), ("cat", "n", "--json")):
        code, out, err = stook(*words)
        assert (code, out) == (2, "")
        assert "stook get n@" in err


def test_values_read_like_json(stook: Stook) -> None:
    """Text alone is itself; what JSON has is JSON; the rest stands without quotes; `--json` keeps every type."""
    _add(
        {
            "a": [1, 2.5, None, "ü\n"],
            "t": (True,),
            "e": [{}, [], ()],
            "d": dt.date(2026, 1, 2),
            3: Decimal("1.0"),
        }
    )
    assert stook("cat", "n")[1] == (
        '{\n  "a": [\n    1,\n    2.5,\n    null,\n    "ü\\n"\n  ],\n  "t": [\n    true\n  ],\n'
        '  "e": [\n    {},\n    [],\n    []\n  ],\n  "d": 2026-01-02,\n  3: 1.0\n}\n'
    )
    assert json.loads(stook("cat", "n", "t", "--json")[1]) == {"$": "tuple", "v": [True]}
    assert stook("cat", "n", "a/3")[1] == "ü\n\n"
    plain = {"k": [1, {"l": "x"}], "m": {}}
    _add(plain)
    assert stook("cat", "n")[1] == json.dumps(plain, indent=2) + "\n"
    _add([{b"\0"}, uuid.UUID(int=1), 10**5000])
    assert stook("cat", "n")[0] == 0


def test_a_table_is_printed_with_its_types(stook: Stook) -> None:
    """The first rows and how many more there are; `--csv` and `--json` print all of them."""
    _add(pl.DataFrame({"n": range(30_000), "t": ["a,b\nc", None, ""] * 10_000}))
    lines = stook("cat", "n", "-n", "2")[1].splitlines()
    assert [line.split() for line in lines] == [
        ["n", "t"],
        ["int64", "string"],
        ["0", "a,b⏎c"],
        ["1"],
        ["…", "29,998", "more", "rows"],
    ]
    assert len(stook("cat", "n")[1].splitlines()) == 23
    rows = list(csv.reader(io.StringIO(stook("cat", "n", "--csv")[1])))
    assert (rows[0], rows[1], len(rows)) == (["n", "t"], ["0", "a,b\nc"], 30_001)
    objects = json.loads(stook("cat", "n", "--json")[1])
    assert objects[:2] == [{"n": 0, "t": "a,b\nc"}, {"n": 1, "t": None}]
    assert len(objects) == 30_000


def test_all_rows_of_what_is_no_table(stook: Stook) -> None:
    """`--csv` of values is a mistake, and so is asking for two forms."""
    _add([1])
    assert stook("cat", "n", "--csv")[0] == 2
    assert "exclude" in stook("cat", "n", "--csv", "--json")[2]


def test_folders_are_listed_and_their_files_printed(stook: Stook, tmp_path: Path) -> None:
    """A folder, one within, and a file in it each have a path; `get` knows the same ones."""
    (tmp_path / "d/sub").mkdir(parents=True)
    (tmp_path / "d/a.txt").write_text("one")
    (tmp_path / "d/sub/b.txt").write_text("three")
    stook("add", "n", "d")
    assert [line.split() for line in stook("cat", "n")[1].splitlines()] == [
        ["3", "a.txt"],
        ["5", "sub/b.txt"],
    ]
    assert stook("cat", "n", "sub")[1].split() == ["5", "b.txt"]
    assert stook("cat", "n", "sub/b.txt")[1] == "three"
    assert [file["path"] for file in json.loads(stook("cat", "n", "--json")[1])] == ["a.txt", "sub/b.txt"]
    assert Path(stook("get", "n", "sub/b.txt")[1].strip()).read_text() == "three"
    assert stook("cat", "n", "sub/c.txt")[0] == 4


def test_several_items_are_printed_under_their_paths(stook: Stook, tmp_path: Path) -> None:
    """Each begins with its path; what is binary is only named, and ends no other item."""
    (tmp_path / "t.txt").write_text("text")
    (tmp_path / "b.bin").write_bytes(b"\0")
    _add({"s/t": tmp_path / "t.txt", "in": {"bin": tmp_path / "b.bin", "v": [1]}})
    assert stook("cat", "n")[1] == "== s%2Ft\ntext\n\n== in/bin\n(file, 1 bytes)\n\n== in/v\n[\n  1\n]\n"
    assert stook("cat", "n", "in/v")[1] == "[\n  1\n]\n"
    assert stook("cat", "n", "in")[1].startswith("== in/bin\n")
    _add({"t": tmp_path / "t.txt", "f": pl.DataFrame({"a": [1]}), "v": {"x": 1}})
    assert json.loads(stook("cat", "n", "--json")[1]) == {"t": "text", "f": [{"a": 1}], "v": {"x": 1}}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_large_file_takes_little_memory(stook: Stook, tmp_path: Path) -> None:
    """A text file of 200 MB is printed in a memory far below its size."""
    line = (b"0123456789abcdef" * 8)[:-1] + b"\n"
    with (tmp_path / "big.txt").open("wb") as file:
        for number in range(200):
            file.write(str(number).encode() + line * 8192)
    stook("add", "n", "big.txt")
    program = (
        "import sys; from stook.cli.main import main; sys.argv = ['stook', 'cat', 'n']\n"
        "try: main()\n"
        "finally: sys.stderr.write(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ended.stdout == (tmp_path / "big.txt").read_bytes()
    assert int(ended.stderr) < 150_000
