"""What the commands print, and the codes they exit with."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stook.store import open_store
from tests.unit.cli.conftest import Stook


def test_a_first_day(stook: Stook, tmp_path: Path) -> None:
    """init, add, ls, cat, get and show work together, with data on stdout and talk on stderr."""
    (tmp_path / "a.txt").write_text("hello\n")
    assert stook("init")[0] == 0
    code, ref, talk = stook("add", "first", "a.txt", "-t", "source:till:3")
    assert (code, "added" in talk) == (0, True)
    assert stook("cat", "first")[1] == "hello\n"
    assert Path(stook("get", "first")[1].strip()).read_text() == "hello\n"
    shown = json.loads(stook("show", ref.strip(), "--json")[1])
    assert shown["tags"] == {"source": "till:3"}
    assert shown["items"][0]["about"] == "a.txt"
    listed = json.loads(stook("ls", "--json")[1])
    assert [line["name"] for line in listed] == ["first"]
    assert "first" in stook("ls", "-v")[1]


def test_unchanged_content_makes_no_version(stook: Stook, tmp_path: Path) -> None:
    """Adding the same again says so and prints the version that is there."""
    (tmp_path / "a.txt").write_text("x")
    first = stook("add", "n", "a.txt")[1]
    _, again, talk = stook("add", "n", "a.txt")
    assert again == first
    assert "unchanged" in talk


def test_same_named_files_of_two_folders_are_kept_apart(stook: Stook, tmp_path: Path) -> None:
    """Two paths that end alike are two items."""
    for folder in ("d1", "d2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f.txt").write_text(folder)
    stook("add", "both", "d1/f.txt", "d2/f.txt")
    bundle = open_store().get("both")
    assert [bundle.item(f"{folder}/f.txt").read_text() for folder in ("d1", "d2")] == ["d1", "d2"]


def test_standard_input_is_a_file(stook: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of `-` keeps what is piped in."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert stook("add", "n", "-")[0] == 0
    assert stook("cat", "n")[1] == "piped"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "n", "missing.csv"), 2, "there is no file or folder missing.csv"),
        (("add", "a/b", "."), 2, "is no name"),
        (("add", "n", ".", "-t", "word"), 2, "no tag"),
        (("show", "nothing"), 4, "no bundle 'nothing'"),
        (("ls", "nothing"), 4, "no bundle 'nothing'"),
        (("cat", "nothing@prod"), 4, "nothing@prod"),
        (("run", "nothing.py:X"), 4, "nothing.py"),
        (("predict", "-i", "x.csv"), 4, "stook.toml"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_each_mistake_has_its_code_and_words(
    stook: Stook, words: tuple[str, ...], code: int, says: str
) -> None:
    """A mistake exits with the code of its kind, says what is wrong on stderr, and prints no data."""
    ended, out, err = stook(*words)
    assert (ended, out) == (code, "")
    assert says in err
    assert "Traceback" not in err


def test_binary_content_is_not_printed(stook: Stook, tmp_path: Path) -> None:
    """cat refuses bytes that are no text, and says what to do."""
    (tmp_path / "a.bin").write_bytes(b"\0\1\2")
    stook("add", "n", "a.bin")
    code, out, err = stook("cat", "n")
    assert (code, out) == (2, "")
    assert "stook get" in err


def test_init_does_not_overwrite(stook: Stook, tmp_path: Path) -> None:
    """A second init changes nothing and exits with the code of a conflict."""
    stook("init", "--context", "mine")
    before = (tmp_path / "stook.toml").read_text()
    assert stook("init")[0] == 7
    assert (tmp_path / "stook.toml").read_text() == before


def test_config_says_where_each_value_comes_from(stook: Stook) -> None:
    """Origins are shown, in JSON too."""
    stook("init", "--context", "mine")
    found = json.loads(stook("config", "--json")[1])
    assert found["context"]["value"] == "mine"
    assert found["context"]["origin"].endswith("stook.toml")
    assert found["store"]["origin"] == "environment variable STOOK_HOME"


def test_ctrl_c_while_stook_loads_is_a_clean_exit(tmp_path: Path) -> None:
    """Whoever interrupts before the first command is there sees one line, and the usual code."""
    (tmp_path / "click.py").write_text("import sys\nsys.path.remove(sys.path[1])\nraise KeyboardInterrupt\n")
    command = [sys.executable, "-c", "from stook.cli.main import main; main()", "ls"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "stook: interrupted; what was finished is kept\n")


def test_control_characters_of_a_name_reach_no_terminal(stook: Stook, tmp_path: Path) -> None:
    """A file name with an escape sequence is refused when it is added."""
    (tmp_path / "a\x1b[31m.txt").write_text("x")
    assert stook("add", "n", "a\x1b[31m.txt")[0] == 2
