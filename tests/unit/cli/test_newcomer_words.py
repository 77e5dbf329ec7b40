"""What is said to somebody who types what a newcomer types."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import stook as stook_package
from stook.cli.output import padded, text_width
from tests.unit.cli.conftest import Stook


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("list",), "stook ls"),
        (("remove", "x"), "stook rm"),
        (("serach",), "stook search"),
        (("help",), "stook --help"),
        (("frobnicate",), "stook --help lists the commands"),
        (("show",), "stook show --help"),
        (("ls", "--nonsense"), "stook ls --help"),
        (("add", "sales"), "stook add sales PATH"),
        (("add", "sales.csv"), "stook add sales sales.csv"),
        (("add", "my sales.csv"), "stook add 'my sales' 'my sales.csv'"),
        (("add", "sales.csv", "sales"), "stook add sales sales.csv, first the name and then the path"),
        (
            ("context", "my own"),
            "stook context create 'my own' makes a context; stook switch 'my own' uses it",
        ),
    ],
    ids=str,
)
def test_a_mistake_is_answered_with_the_next_command(
    stook: Stook, tmp_path: Path, words: tuple[str, ...], hint: str
) -> None:
    """Whatever was typed wrong, the exit code is 2 and the last line says what to type."""
    for name in ("sales.csv", "my sales.csv"):
        (tmp_path / name).write_text("x\n1\n")
    code, out, err = stook(*words)
    lines = err.splitlines()
    assert (code, out, lines[-1]) == (2, "", f"  try: {hint}")
    assert lines[-2].startswith("stook: ")


def test_an_alias_given_the_wrong_way_round(stook: Stook) -> None:
    """Where the alias and the name were exchanged, the hint has them right; the name of nothing is told as ever."""
    stook_package.open().add("sales", 1)
    assert "  try: stook alias prod sales," in stook("alias", "sales", "prod")[2]
    assert "did you mean sales?" in stook("alias", "prod", "salse")[2]


def test_an_alias_that_stays_is_said_to(stook: Stook) -> None:
    """Moving an alias to where it is reads so, and not as a move."""
    bundle = stook_package.open().add("sales", 1)
    assert stook("alias", "prod", "sales")[2] == f"sales@prod is {bundle.id[-8:]}\n"
    assert stook("alias", "prod", "sales")[2] == f"sales@prod is {bundle.id[-8:]} already\n"


def test_times_look_the_same_everywhere(stook: Stook) -> None:
    """`show` says a time as `ls` does; JSON has it in UTC."""
    stook_package.open().add("sales", 1)
    listed = stook("ls")[1].splitlines()[1].split()
    shown = dict(line.split(None, 1) for line in stook("show", "sales")[1].splitlines() if line)
    assert shown["date"].split() == listed[3:5]
    assert json.loads(stook("show", "sales", "--json")[1])["time"].endswith("+00:00")


def test_get_as_json(stook: Stook, tmp_path: Path) -> None:
    """The path comes with the version that it is of."""
    (tmp_path / "a.txt").write_text("hello\n")
    ref = stook("add", "a", "a.txt")[1].strip()
    found = json.loads(stook("get", "a", "--json")[1])
    assert (found["ref"], found["item"]) == (ref, "")
    assert Path(found["path"]).read_text() == "hello\n"


def test_a_table_as_json_ends_with_one_line_feed(stook: Stook, tmp_path: Path) -> None:
    """There is no empty line behind it."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    stook("add", "-f", "a", "a.csv")
    assert stook("cat", "a", "--json")[1].endswith("}\n]\n")
    assert stook("cat", "a")[1].endswith("\n1 row\n")


def test_links_are_shown_as_paths_to_get(stook: Stook, tmp_path: Path) -> None:
    """A cell that names a file of the bundle is what `stook get` takes; a missing one stays empty."""
    (tmp_path / "a.txt").write_text("hello\n")
    (tmp_path / "table.csv").write_text("file,n\na.txt,1\n,2\n")
    stook("add", "-i", "t", "table.csv")
    rows = [line.split() for line in stook("cat", "t", "table")[1].splitlines()]
    assert rows == [["file", "n"], ["string", "int64"], ["files/a.txt", "1"], ["2"], ["2", "rows"]]
    assert Path(stook("get", "t", rows[2][0])[1].strip()).read_text() == "hello\n"


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("naïve", 5), ("データ", 6), ("e\u0301", 1)])
def test_columns_stay_aligned_for_any_letters(text: str, width: int) -> None:
    """A text is as wide as a terminal shows it."""
    assert text_width(text) == width
    assert padded(text, 8) == text + " " * (8 - width)


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_no_is_confirmed(stook: Stook, answer: str) -> None:
    """Whoever does not say yes on a terminal reads that nothing happened; nor did it."""
    store = stook_package.open()
    store.add("a", 1)
    assert "nothing was removed" in _on_a_terminal(answer, "rm", "a")
    assert store.find("a") is not None


def test_without_colour_nothing_is_sent_to_a_terminal_but_text(
    stook: Stook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With NO_COLOR there is no escape sequence, not even one that resets what was not set."""
    store = stook_package.open()
    store.add("a", {"x": 1})
    store.add("a", {"x": 2})
    assert "\x1b[" in _on_a_terminal("", "diff", "a")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _on_a_terminal("", "diff", "a")


def _on_a_terminal(typed: str, *words: str) -> str:
    """Run `stook` with all three streams on a terminal, and return what it shows."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    command = [sys.executable, "-c", "from stook.cli.main import main; main()", *words]
    subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, check=True, timeout=60)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return shown.decode()
