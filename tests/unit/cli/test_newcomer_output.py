"""How what is printed looks, and what happens when nobody reads it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import stook as stook_package
from stook.cli.failure import report_failure
from stook.cli.output import human_time, short_path, shorten_ids, typed
from stook.model.clock import Clock
from stook.store import Store
from stook.store.repository import open_repository
from tests.unit.cli.conftest import Stook


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.0 s"), (5.24, "5.2 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (125.4, "2 min 5 s")],
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds to a tenth, and minutes from one on."""
    assert human_time(seconds) == text


def test_ids_are_cut_only_behind_an_at() -> None:
    """What a person may type after `@` stays; words that look like ids are left alone."""
    full = "01M7YXDVJ8D3RZ586XC55GXQB5"
    assert shorten_ids(f"raw@{full} → raw@{full}, {full}") == f"raw@C55GXQB5 → raw@C55GXQB5, {full}"
    assert shorten_ids("raw@prod") == "raw@prod"


def test_paths_are_as_one_types_them_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the current folder they start there; elsewhere they are whole; spaces are quoted."""
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / "a" / "b") == "a/b"
    assert short_path(tmp_path.parent) == str(tmp_path.parent)
    assert typed(tmp_path / "my shop") == "'my shop'"


def test_a_table_is_for_the_eye(stook: Stook) -> None:
    """Numbers have six digits and no noise, whole money stays whole, and text is called a string."""
    values = [900.9354474727456, 0.0, 1234567.891, 0.00022911547, 1e300]
    stook_package.open().add("numbers", pl.DataFrame({"n": values, "t": list("abcde")}))
    lines = [line.split() for line in stook("cat", "numbers")[1].splitlines()]
    assert lines[1] == ["double", "string"]
    assert [line[0] for line in lines[2:7]] == ["900.935", "0", "1234567.9", "0.000229115", "1e+300"]


def test_show_begins_with_the_name(stook: Stook, tmp_path: Path) -> None:
    """There is no empty header above the facts."""
    (tmp_path / "a.txt").write_text("x")
    stook("add", "first", "a.txt")
    assert stook("show", "first")[1].startswith("name ")


def test_an_empty_list_says_where_there_is_something(stook: Stook, tmp_path: Path) -> None:
    """In a context without bundles, the contexts that have some are named."""
    (tmp_path / "a.txt").write_text("x")
    stook("add", "first", "a.txt", "--context", "shop")
    code, out, err = stook("ls")
    assert (code, out) == (0, "")
    assert "there are some in shop" in err
    assert "there are some" not in stook("ls", "--context", "shop")[2]


def test_a_reader_that_has_gone_is_no_failure(stook: Stook, tmp_path: Path) -> None:
    """`stook cat big | true` ends with 0 and in silence."""
    (tmp_path / "big.txt").write_text("line\n" * 100_000)
    stook("add", "big", "big.txt")
    command = [Path(sys.executable).with_name("stook"), "cat", "big"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_what_the_machine_refuses_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """A full disk where nothing else caught it is a storage failure in one line."""
    assert report_failure(OSError(errno.ENOSPC, "No space left on device", "full/x")) == 6
    assert capsys.readouterr().err == "stook: full/x: No space left on device\n"
    assert report_failure(OSError(errno.EBADF, "Bad file descriptor")) == 70


def test_a_warning_is_a_line(stook: Stook, tmp_path: Path) -> None:
    """A bundle from a clock that is hours ahead is warned of in words, without a place in Stook's code."""
    ahead = Clock(now=lambda: time.time() + 3 * 3600)
    repository = open_repository(
        os.environ["STOOK_HOME"], cache=tmp_path / "elsewhere", owner="t", clock=ahead
    )
    Store(repository, "default").add("early", 1)
    code, _, err = stook("ls", "--context", "default")
    assert code == 0
    assert "stook: warning: a bundle's time is" in err
    assert ".py" not in err


def test_what_others_wrote_does_not_command_the_terminal(stook: Stook) -> None:
    """Control characters in tags are shown, not sent, also in what is said by the way and in errors."""
    store = stook_package.open()
    store.add("n", 1, tags={"\x1b[31m": "x\x07y"})
    for words in (("tag", "n", "a:b"), ("untag", "n", "nothing"), ("ls", "-v"), ("show", "n")):
        _, out, err = stook(*words)
        assert not {"\x1b", "\x07"} & set(out + err)
        assert r"\x1b[31m" in out + err
