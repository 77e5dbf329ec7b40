"""What a type checker says of a program that uses stores and bundles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
from datetime import datetime
from pathlib import Path

import stook
from stook import Bundle, Store

store: Store = stook.open("store", context="main")
bundle: Bundle = store.add("totals", {"a": 1}, params={"depth": 3}, tags={"stage": "beta"}, inputs=[store.get("raw")])
other: Bundle | None = store.find("nothing")
names: list[str] = [b.name for b in store.ls()]
made: datetime = bundle.time
depth: object = bundle.params["depth"]
first = bundle.data["a"] + 1
file: Path = bundle.path("a")
with bundle.open("a") as opened:
    content: bytes = opened.read()
unique: set[Bundle] = {bundle, *store.versions("totals")}
for path, leaf in bundle.items():
    print(path.upper(), leaf)
"""


def _check(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    (folder / "program.py").write_text(program)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-incremental",
        "--follow-imports=silent",
        "program.py",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.full
def test_a_program_that_is_right_is_accepted(tmp_path: Path) -> None:
    """A user's strict check finds every name, with its types."""
    ended = _check(tmp_path, _PROGRAM)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.full
def test_a_program_that_is_wrong_is_not(tmp_path: Path) -> None:
    """Types are not lost on the way: a wrong use is found."""
    wrong = 'import stook\nbundle = stook.open("s").get("n")\nbundle.size.upper()\nbundle.tags = {}\n'
    ended = _check(tmp_path, wrong)
    assert '"int" has no attribute "upper"' in ended.stdout
    assert 'Property "tags" defined in "Bundle" is read-only' in ended.stdout
