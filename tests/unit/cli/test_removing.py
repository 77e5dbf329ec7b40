"""Removing and restoring on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook


@pytest.fixture(autouse=True)
def _three_versions(stook: Stook, tmp_path: Path) -> None:
    stook("init")
    for number in range(3):
        (tmp_path / "a.txt").write_text(str(number))
        stook("add", "raw", "a.txt")


def test_nothing_goes_unless_it_is_said(stook: Stook) -> None:
    """Off a terminal `rm` shows what would go and refuses without `--yes`; `--dry-run` only shows."""
    code, out, talk = stook("rm", "raw")
    assert (code, out.count("raw"), "--yes" in talk) == (2, 3, True)
    assert stook("rm", "raw", "--dry-run")[0] == 0
    assert len(json.loads(stook("ls", "raw", "--json")[1])) == 3


def test_a_version_goes_and_comes_back(stook: Stook) -> None:
    """One version is removed by its reference, listed by `restore`, and brought back by the same reference."""
    ref = json.loads(stook("show", "raw", "--json")[1])["ref"]
    code, _, talk = stook("rm", ref, "--yes")
    assert (code, "removed 1 version; stook restore" in talk) == (0, True)
    assert stook("cat", "raw")[1].strip() == "1"
    assert ref[-8:] in stook("restore")[1]
    assert [one["ref"] for one in json.loads(stook("restore", "--json")[1])] == [ref]
    assert stook("restore", ref) == (0, f"{ref}\n", "restored 1 version\n")
    assert stook("cat", "raw")[1].strip() == "2"
    assert stook("restore", ref)[0] == 4
    assert stook("restore")[2] == "nothing was removed that could be brought back\n"


def test_a_name_goes_with_all_versions(stook: Stook) -> None:
    """Removing a name leaves nothing of it, and the error after it says how to get it back."""
    assert stook("rm", "raw", "-y")[0] == 0
    code, _, talk = stook("get", "raw")
    assert (code, "stook restore raw" in talk) == (4, True)
    assert stook("restore", "raw")[2] == "restored 3 versions\n"


def test_old_versions(stook: Stook) -> None:
    """`--old` leaves the newest versions, as many as asked for, and what is committed."""
    oldest = json.loads(stook("ls", "raw", "--json")[1])[-1]["id"]
    stook("commit", oldest, "-m", "keep")
    assert (
        stook("rm", "--old", "raw", "--keep", "2", "-y")[2]
        == "nothing to remove\nspared as committed, aliased or in use: 1\n"
    )
    assert stook("rm", "--old", "-y")[0] == 0
    assert [one["id"] for one in json.loads(stook("ls", "raw", "--json")[1])][-1] == oldest
    assert len(json.loads(stook("ls", "raw", "--json")[1])) == 2
    assert stook("rm", "--old", "--keep", "0", "-y")[0] == 2


def test_what_is_in_use_is_refused(stook: Stook) -> None:
    """A version that an alias stands for goes by `--force` alone; exit code 7 says why not."""
    stook("alias", "prod", "raw")
    code, _, talk = stook("rm", "raw", "-y")
    assert (code, "the alias raw@prod stands for it" in talk) == (7, True)
    assert stook("rm", "raw", "-y", "--force")[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("nope", "-y"), 4),
        (("--old", "--scratch", "-y"), 2),
        (("--scratch", "--older-than", "soon"), 2),
        (("--scratch", "-y"), 0),
        (("raw@nope", "-y"), 4),
    ],
)
def test_odd_words(stook: Stook, words: tuple[str, ...], code: int) -> None:
    """Nothing named, unknown names, options that exclude each other: each its code, and nothing goes."""
    assert stook("rm", *words)[0] == code
    assert len(json.loads(stook("ls", "raw", "--json")[1])) == 3
