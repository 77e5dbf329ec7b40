"""`stook add`: what it takes, what it says, and that bad input adds nothing."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import stook as package
from stook.store import Bundle
from tests.unit.cli.conftest import Stook


def bundle(ref: str) -> Bundle:
    """Return a bundle of the home store."""
    return package.open().get(ref.strip())


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    """Standard input, to be written and rewound."""
    given = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=given, isatty=lambda: False))
    return given


def test_output(stook: Stook, tmp_path: Path) -> None:
    """The reference alone is on stdout; what was added, or that nothing changed, is said on stderr."""
    (tmp_path / "a.txt").write_text("hello\n")
    assert stook("add", "a", "a.txt")[::2] == (0, "added 1 item, 6 B, as\n")
    code, out, err = stook("add", "a", "a.txt", "-t", "day:monday")
    assert (code, out) == (0, f"{bundle('a').ref}\n")
    assert err.splitlines() == [
        "unchanged; the latest version has this content:",
        "its tags, params and inputs stay as they were: --new makes another version with these;",
        "stook tag a KEY:VALUE tags this one",
    ]
    assert stook("add", "a", "a.txt", "--new", "-t", "day:monday")[2] == "added 1 item, 6 B, as\n"
    assert (len(package.open().versions("a")), bundle("a").tags) == (2, {"day": "monday"})


def test_json(stook: Stook, tmp_path: Path) -> None:
    """With --json the bundle is one document on stdout."""
    (tmp_path / "a.txt").write_text("hello\n")
    facts = json.loads(stook("add", "a", "a.txt", "--json")[1])
    found = bundle("a")
    assert facts == {
        "ref": found.ref,
        "name": "a",
        "id": found.id,
        "digest": found.digest,
        "size": 6,
        "items": 1,
        "is_new": True,
    }
    assert json.loads(stook("add", "a", "a.txt", "--json")[1])["is_new"] is False


def test_what_is_said_of_it(stook: Stook, tmp_path: Path) -> None:
    """Tags may hold colons, params have the type that they look like, inputs may have roles; all are kept."""
    (tmp_path / "a.txt").write_text("hello\n")
    stook("add", "raw", "a.txt")
    stook("add", "odd=name", "a.txt", "--new")
    words = [
        "n=3",
        "x=-1.5e3",
        "b=true",
        "none=null",
        "id=007",
        "t=a=b",
        "inf=inf",
        'j:={"a": [1]}',
        "e=",
        "s:=7",
    ]
    flags = [word for param in words for word in ("-p", param)]
    tags = ["-t", "url:s3://b/k", "-t", "day:1:2"]
    inputs = ["--from", "raw", "--from", "other=raw", "--from", "odd=name"]
    code, ref, err = stook("add", "a", "a.txt", *flags, *tags, *inputs)
    assert code == 0, err
    found = bundle(ref)
    assert found.tags == {"url": "s3://b/k", "day": "1:2"}
    assert found.params == {
        "n": 3,
        "x": -1500.0,
        "b": True,
        "none": None,
        "id": "007",
        "t": "a=b",
        "inf": "inf",
        "j": {"a": [1]},
        "e": "",
        "s": 7,
    }
    assert [(used.role, used.name) for used in found.inputs] == [
        ("raw", "raw"),
        ("other", "raw"),
        ("odd=name", "odd=name"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a"], 2, "PATH"),
        (["a", "gone.txt"], 2, "there is no file or folder gone.txt"),
        (["a", ""], 2, "a path is empty"),
        (["a/b", "a.txt"], 2, "a/b"),
        (["a", "a.txt", "-t", "word"], 2, "is no tag"),
        (["a", "a.txt", "-p", "word"], 2, "is no param"),
        (["a", "a.txt", "-p", "x:={"], 2, "is no JSON"),
        (["a", "a.txt", "-p", "x:=NaN"], 2, "is no JSON"),
        (["a", "a.txt", "--from", "nothing"], 4, "nothing"),
        (["a", "a.txt", "--from", "r=none", "--from", "r=none"], 4, "none"),
        (["a", "a.txt", "./a.txt"], 2, "./a.txt is given twice, also as a.txt"),
        (["a", "-", "-"], 2, "- is given twice"),
        (["a", "a.txt", "sub/../a.txt"], 2, "given twice"),
        (["a", "-", "--stdin-name", "a/b"], 2, "is no name of a file"),
        (["a", "a.txt", "--frame"], 2, "is no table by its name"),
        (["a", "sub", "--frame", "--format", "csv"], 2, "is no table by its name"),
        (["a", "t.csv", "--frame", "--delimiter", ";;"], 2, "cannot separate"),
        (["a", "t.csv", "-i"], 2, "no column of t.csv holds only paths"),
        (["a", "t.csv", "--link", "x"], 2, "no column 'x'; it has n"),
        (["a", "pipe"], 2, "neither a file nor a folder"),
        (["a", "pipe", "--frame", "--format", "csv"], 2, "is no regular file"),
        (["a", "socket"], 2, "neither a file nor a folder"),
        (["a", "/dev/null"], 2, "neither a file nor a folder"),
        (["a", "/proc/self/mem"], 2, "cannot be read"),
        (["a", "loop"], 2, "a link to a folder"),
        (["a", "new\nline.txt"], 2, "control character"),
        (["a", "gs://bucket/key?secret"], 2, "nothing can be fetched from gs://bucket/key"),
    ],
)
def test_refusals(
    stook: Stook, stdin: io.BytesIO, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    """What cannot be added is said in a line with the way out, and nothing is added."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "loop").mkdir()
    (tmp_path / "loop" / "again").symlink_to("..")
    (tmp_path / "a.txt").write_text("hello\n")
    (tmp_path / "new\nline.txt").write_text("hello\n")
    (tmp_path / "t.csv").write_text("n\n1\n")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        found, out, err = stook("add", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert "secret" not in err
    assert "Traceback" not in err
    assert package.open().ls() == []


def test_same_named_files(stook: Stook, tmp_path: Path) -> None:
    """Same-named files of different folders are told apart by these, in any order, by absolute paths too."""
    for name in ("north/x.csv", "south/x.csv", "y.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    stook("add", "a", "north/x.csv", "south/x.csv", "y.csv")
    assert [path for path, _ in bundle("a").items()] == ["north/x.csv", "south/x.csv", "y.csv"]
    assert bundle("a").data["south"]["x.csv"].read_text() == "south/x.csv"
    other = ["y.csv", str(tmp_path / "south" / "x.csv"), "south/../north/x.csv"]
    assert "unchanged" in stook("add", "a", *other)[2]


def test_odd_names(stook: Stook, tmp_path: Path) -> None:
    """Names may hold spaces, letters of any script, leading dashes, and be `.`; files and folders may be empty."""
    inner = tmp_path / "ünï côde 🎉"
    inner.mkdir()
    (inner / "-x y.txt").write_text("")
    assert stook("add", "a", "--", "ünï côde 🎉/-x y.txt")[0] == 0
    assert bundle("a").path().name == "-x y.txt"
    (inner / "empty").mkdir()
    os.chdir(inner)
    assert stook("add", "b", ".")[0] == 0
    assert bundle("b").path().name == inner.name
    assert stook("add", "c", "empty")[::2] == (0, "added 0 items, 0 B, as\n")
    os.chdir(inner / "empty")
    assert "unchanged" in stook("add", "b", "..")[2]


def test_standard_input(stook: Stook, stdin: io.BytesIO) -> None:
    """`-` is a file of a name that can be given, or a table of a format that must be."""
    stdin.write(b"n\n007\n")
    for words, name in ((["a", "-"], "stdin"), (["b", "-", "--stdin-name", "data.csv"], "data.csv")):
        stdin.seek(0)
        assert stook("add", *words)[0] == 0
        assert bundle(words[0]).path().name == name
        assert bundle(words[0]).path().read_bytes() == stdin.getvalue()
    stdin.seek(0)
    assert "is no table by its name" in stook("add", "c", "-", "--frame")[2]
    stdin.seek(0)
    assert stook("add", "c", "-", "--frame", "--format", "csv")[0] == 0
    assert bundle("c").to_arrow().to_pylist() == [{"n": "007"}]


def test_tables(stook: Stook, tmp_path: Path) -> None:
    """With --frame tables are items of their names without the suffix; what is none stays a file, and that is said."""
    (tmp_path / "orders.csv").write_text("id\n007\n")
    (tmp_path / "goods.jsonl").write_text('{"price": 1.5}\n')
    (tmp_path / "notes.txt").write_text("hello\n")
    stook("add", "one", "orders.csv", "--frame")
    assert bundle("one").to_arrow().to_pylist() == [{"id": "007"}]
    code, _, err = stook("add", "all", "orders.csv", "goods.jsonl", "notes.txt", "-f")
    assert (code, "notes.txt is no table, and is kept as it is" in err) == (0, True)
    assert bundle("all").keys() == ["orders", "goods", "notes.txt"]
    (tmp_path / "orders.tsv").write_text("id\n8\n")
    stook("add", "same", "orders.csv", "orders.tsv", "--frame")
    assert bundle("same").keys() == ["orders.csv", "orders.tsv"]


def test_links(stook: Stook, tmp_path: Path) -> None:
    """With -i the files that a table names are kept too; relative paths start from the table's own folder."""
    (tmp_path / "data" / "img").mkdir(parents=True)
    (tmp_path / "data" / "img" / "a.png").write_text("A")
    (tmp_path / "data" / "hello.csv").write_text("file,n\nimg/a.png,1\n,2\n")
    assert stook("add", "-i", "found", "data/hello.csv")[0] == 0
    assert stook("add", "named", "data/hello.csv", "--link", "file")[0] == 0
    for name in ("found", "named"):
        cells = bundle(name).to_arrow()["file"].to_pylist()
        assert (Path(cells[0]).read_text(), cells[1]) == ("A", None)


def test_dry_run(stook: Stook, tmp_path: Path) -> None:
    """A dry run says what would be added, how much of it is new and what is ignored, and writes nothing."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.bin").write_bytes(os.urandom(200_000))
    (folder / ".stookignore").write_text("*.log\nbuild/\n")
    (folder / "b.log").write_text("x")
    (folder / "build").mkdir()
    (folder / "build" / "c").write_text("x")
    home = Path(os.environ["STOOK_HOME"])
    package.open()
    before = sorted(home.rglob("*"))
    code, out, err = stook("add", "a", "in", "-n")
    assert (code, out.split()[:2]) == (0, ["ITEM", "SIZE"])
    assert "would add 2 items" in err
    assert "2 left out by .stookignore" in err
    plan = json.loads(stook("add", "a", "in", "--dry-run", "--json")[1])
    assert (plan["is_new"], plan["ignored"], 200_000 < plan["stored"] < 210_000) == (True, 2, True)
    assert [path for path, _ in plan["items"]] == ["in/.stookignore", "in/a.bin"]
    assert sorted(home.rglob("*")) == before
    stook("add", "a", "in")
    assert "would add nothing" in stook("add", "a", "in", "-n")[2]
    assert json.loads(stook("add", "b", "in", "-n", "--json")[1])["stored"] == 0
    assert json.loads(stook("add", "a", "in", "-n", "--new", "--json")[1])["is_new"] is True


# Who runs tests in the background of a shell may have Ctrl-C ignored, and so would all that is started from there.
_AS_IN_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from stook.cli.main import main
main()
"""


@pytest.mark.parametrize("words", [["a", "-"], ["a", "-", "--frame", "--format", "csv"]])
def test_interrupted(tmp_path: Path, words: list[str]) -> None:
    """Ctrl-C in the midst of reading adds nothing, leaves no temporary files, and exits with 130."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_IN_A_TERMINAL, "add", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    assert process.stdin is not None
    process.stdin.write(
        b"n\n" + b"1\n" * 1_000_000
    )  # more than a pipe holds, so that it is being read afterwards
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert b"interrupted" in err
    assert list(temporary.iterdir()) == []
    assert package.open().ls() == []
