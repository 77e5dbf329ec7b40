"""What `.stookignore` leaves out of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import InputError
from stook.store.intake.ignore import CHECKOUT_NOTE, IGNORE_FILE
from stook.store.intake.scan import scan_folder


def _make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def _kept(root: Path) -> list[str]:
    return [path for path, _ in scan_folder(str(root)).files]


def test_patterns_are_those_of_gitignore(tmp_path: Path) -> None:
    """Globs, folders, roots and exceptions work; comments and blank lines do nothing; the file itself is kept."""
    _make(tmp_path, "a.log", "keep.log", "b.txt", "build/x", "sub/build/y", "top", "sub/top", "sub/a.log")
    (tmp_path / IGNORE_FILE).write_text("# noise\n\n*.log\n!keep.log\nbuild/\n/top\n.*\n")
    assert _kept(tmp_path) == [IGNORE_FILE, "b.txt", "keep.log", "sub/top"]


def test_only_the_file_at_the_root_counts(tmp_path: Path) -> None:
    """One in a folder below is a file like any other."""
    _make(tmp_path, "a", "sub/a")
    (tmp_path / "sub" / IGNORE_FILE).write_text("a\n")
    assert _kept(tmp_path) == ["a", f"sub/{IGNORE_FILE}", "sub/a"]


def test_the_note_of_a_checkout_is_left_out(tmp_path: Path) -> None:
    """With or without patterns, at the root and only there."""
    _make(tmp_path, CHECKOUT_NOTE, "a", f"sub/{CHECKOUT_NOTE}")
    assert _kept(tmp_path) == ["a", f"sub/{CHECKOUT_NOTE}"]
    (tmp_path / IGNORE_FILE).write_text("a\n")
    assert _kept(tmp_path) == [IGNORE_FILE, f"sub/{CHECKOUT_NOTE}"]


def test_a_folder_whose_files_are_left_out_is_empty(tmp_path: Path) -> None:
    """It is there, as the patterns do not name it; one that they name is not entered."""
    _make(tmp_path, "cache/a", "gone/a", "b")
    (tmp_path / IGNORE_FILE).write_text("cache/*\ngone\n")
    found = scan_folder(str(tmp_path))
    assert [path for path, _ in found.files] == [IGNORE_FILE, "b"]
    assert found.empty == ["cache"]


def test_what_cannot_be_kept_may_be_left_out(tmp_path: Path) -> None:
    """A link that leads nowhere is no error where a pattern names it."""
    (tmp_path / "broken").symlink_to("nowhere")
    with pytest.raises(InputError):
        scan_folder(str(tmp_path))
    (tmp_path / IGNORE_FILE).write_text("broken\n")
    assert _kept(tmp_path) == [IGNORE_FILE]


def test_a_file_of_patterns_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """The error names the file and says how to write it."""
    (tmp_path / IGNORE_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError) as caught:
        scan_folder(str(tmp_path))
    assert IGNORE_FILE in caught.value.message
    assert "UTF-8" in caught.value.hint
