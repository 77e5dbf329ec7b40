"""The runner of examples notices what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import PageRunner, matches, read_blocks


def run_page(page: str, folder: Path) -> None:
    """Run a page's blocks."""
    runner = PageRunner(folder)
    for block in read_blocks(page):
        runner.run(block)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\nc\n", False),
        ("took … s", "took 1.5 s", True),
        ("took … s", "took\n1 s", False),
        ("a\n…\nz", "a\nb\nc\nz", True),
        ("a\n…\nz", "a\nz", True),
        ("a\n…", "a\nb\nc", True),
        ("a\n…", "b\nc", False),
        ("…", "anything\nat all", True),
    ],
)
def test_wildcards(shown: str, printed: str, same: bool) -> None:
    """`…` stands for a part of a line, or alone for any number of lines."""
    assert matches(shown, printed) is same


def test_wrong_output_is_noticed(tmp_path: Path) -> None:
    """A console or Python block that prints something else than shown fails."""
    run_page("```console\n$ echo one\none\n```\n\n```python\nprint(2)\n```\n\n```text\n2\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="the page shows"):
        run_page("```console\n$ echo one\ntwo\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="the page shows"):
        run_page("```python\nprint(2)\n```\n\n```text\n3\n```\n", tmp_path)


def test_failing_command_is_noticed(tmp_path: Path) -> None:
    """A command must end with success, or with the code that the page states."""
    run_page("<!-- exits 3 -->\n```console\n$ exit 3\n```\n", tmp_path)
    with pytest.raises(AssertionError, match="ended with 3"):
        run_page("```console\n$ exit 3\n```\n", tmp_path)


def test_blocks_share_files_names_and_folder(tmp_path: Path) -> None:
    """A file block is there for the next command, `cd` lasts, and names live on."""
    (tmp_path / "work").mkdir()
    page = (
        "<!-- file: sub/a.txt -->\n```text\nhello\n```\n\n```console\n$ cd sub\n$ cat a.txt\nhello\n```\n\n"
        "```python\nx = 1\n```\n\nand\n\n```python\nprint(x)\n```\n\n```text\n1\n```\n"
        "<!-- not run: it would fail -->\n```python\nraise SystemExit\n```\n"
    )
    run_page(page, tmp_path / "work")
