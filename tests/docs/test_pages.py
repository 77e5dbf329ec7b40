"""Every page's examples do what the page says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.docs.examples import PageRunner, read_blocks

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TRANSACTIONS = "time,customer,amount\n2025-12-30,ann,3\n2026-01-02,ann,5\n2026-02-03,bob,8\n"


def _parameter(page: Path) -> object:
    slow = page.read_text(encoding="utf-8").startswith("<!-- slow examples -->")
    name = page.relative_to(ROOT).as_posix()
    return pytest.param(page, id=name, marks=[pytest.mark.full] if slow else [])


@pytest.mark.parametrize("page", [_parameter(page) for page in PAGES])
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of a page run from top to bottom in an empty folder and print what is shown."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "tx.csv").write_text(TRANSACTIONS, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    runner = PageRunner(folder)
    try:
        for block in read_blocks(page.read_text(encoding="utf-8")):
            runner.run(block)
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
                del sys.modules[name]


def test_links_lead_somewhere() -> None:
    """Every relative link in the project's own pages leads to a file."""
    pages = {*PAGES, *ROOT.glob("*.md")}
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_readme_first_screen_has_two_commands() -> None:
    """A newcomer's first screen says two commands and no third."""
    screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:24])
    commands = re.findall(r"^(\./dev \w+|stook \w+|uv \w+|pip \w+)", screen, re.MULTILINE)
    assert commands == ["./dev demo", "./dev test"]
