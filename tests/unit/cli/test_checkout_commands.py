"""`stook checkout` and `stook status`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook


@pytest.fixture
def out(stook: Stook, tmp_path: Path) -> Path:
    """A checkout of a folder of two files as ./n."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("a")
    (source / "b.txt").write_text("b")
    assert stook("add", "n", "source")[0] == 0
    assert stook("checkout", "n")[0] == 0
    return tmp_path / "n"


def test_checkout_prints_the_folder(stook: Stook, out: Path) -> None:
    """The folder is the data on stdout; what was done is talk; a second time nothing is done, and said so."""
    code, printed, talk = stook("checkout", "n", "other")
    assert (code, printed) == (0, "other\n")
    assert "2 files" in talk
    assert "unchanged" in stook("checkout", "n", "other")[2]
    assert (out / "a.txt").read_text() == "a"


def test_status_of_a_clean_and_of_a_changed_folder(
    stook: Stook, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change is a line; the next commands are on stderr; here or by name; exit code 0 both times."""
    assert "nothing was changed" in stook("status", "n")[1]
    (out / "a.txt").write_text("A")
    (out / "b.txt").unlink()
    (out / "c \x1b[31m.txt").write_text("c")
    monkeypatch.chdir(out)
    code, printed, talk = stook("status", ".")
    assert code == 0
    assert [line.split()[0] for line in printed.splitlines()[1:]] == ["edited", "added", "deleted"]
    assert "\x1b" not in printed
    assert "stook add n" in talk
    found = json.loads(stook("status", str(out), "--json")[1])
    assert (found["clean"], found["edited"], found["deleted"]) == (False, ["a.txt"], ["b.txt"])
    assert found["newer"] is None


def test_status_knows_of_newer_versions(stook: Stook, out: Path, tmp_path: Path) -> None:
    """A newer version of other content is named with what to type; another store is not asked."""
    (tmp_path / "source/a.txt").write_text("2")
    ref = stook("add", "n", "source")[1].strip()
    assert ref in stook("status", "n")[2]
    assert json.loads(stook("status", "n", "--json")[1])["newer"] == ref
    note = json.loads((out / ".stook-checkout.json").read_text())
    (out / ".stook-checkout.json").write_text(json.dumps(note | {"store": str(tmp_path / "elsewhere")}))
    assert "another store" in stook("status", "n")[2]
    assert not (tmp_path / "elsewhere").exists()


def test_edits_are_refused_and_forced(stook: Stook, out: Path, tmp_path: Path) -> None:
    """With edits the exit code is that of a conflict, the list is in the message; --force puts them aside."""
    (out / "a.txt").write_text("A")
    (tmp_path / "source/b.txt").write_text("2")
    stook("add", "n", "source")
    code, printed, talk = stook("checkout", "n")
    assert (code, printed) == (7, "")
    assert "edited: a.txt" in talk
    assert "--force" in talk
    code, _, talk = stook("checkout", "n", "--force")
    assert (code, "a.txt.yours" in talk) == (0, True)
    assert [(out / name).read_text() for name in ("a.txt", "b.txt", "a.txt.yours")] == ["a", "2", "A"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("checkout", "nothing"), 4, "no bundle 'nothing'"),
        (("checkout", "n", "source"), 2, "is not empty, and no checkout"),
        (("checkout", "n", "source/a.txt"), 2, "is no folder"),
        (("checkout", "n", "/"), 2, "the root of the disk"),
        (("checkout", "n", "source/a.txt/below"), 6, "a.txt"),
        (("checkout", "n", "x", "--format", "xlsx"), 2, "Invalid value"),
        (("status", "source"), 4, "is no checkout"),
        (("status", "missing"), 4, "is not there"),
        (("status", "source/a.txt"), 4, "not a checkout"),
    ],
)
def test_each_mistake_has_its_code_and_words(
    stook: Stook, out: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    """A mistake exits with the code of its kind, says what is wrong on stderr, and prints no data."""
    ended, printed, talk = stook(*words)
    assert (ended, printed) == (code, "")
    assert says in talk
    assert "Traceback" not in talk
