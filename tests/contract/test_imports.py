"""What importing and starting Stook costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"boto3", "duckdb", "lightgbm", "numpy", "obstore", "pandas", "polars", "pyarrow", "scipy", "sklearn"}
MAIN = "from stook.cli.main import main; main()"
_OPEN = "import stook; here = stook.open(sys.argv[1])"
_SHARE = "here.push(every=True); here.pull()"


def imported(code: str, *arguments: str) -> set[str]:
    """Run code in a fresh Python and return the top-level packages that it imported."""
    report = f"import sys, atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n{code}\n"
    done = subprocess.run(
        [sys.executable, "-c", report, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_import_stook_is_light() -> None:
    """`import stook` pulls in no heavy library."""
    assert not imported("import stook") & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["ls"]], ids=" ".join)
def test_small_commands_are_light(arguments: list[str]) -> None:
    """Asking for help, the version or a listing pulls in no heavy library."""
    assert not imported(MAIN, *arguments) & HEAVY


def test_help_opens_no_database() -> None:
    """`stook --help` needs no SQLite, no hashing, no templates and no JSON."""
    assert not imported(MAIN, "--help") & {"sqlite3", "blake3", "jinja2", "zstandard", "json"}


def test_looking_into_a_store_loads_nothing_that_packs(tmp_path: Path) -> None:
    """Who only asks what is there waits for no code that cuts and compresses."""
    looking = "import stook; stook.open(sys.argv[1]).find('name'); assert 'stook.chunks' not in sys.modules"
    assert "stook" in imported(looking, str(tmp_path / "store"))


def test_sharing_nothing_loads_nothing_that_sends(tmp_path: Path) -> None:
    """Who pushes and pulls when there is nothing to do waits for no code that packs, sends or takes."""
    places = str(tmp_path / "here"), str(tmp_path / "there")
    imported(f"{_OPEN}; here.add_remote('origin', sys.argv[2]); here.add('b', 1); {_SHARE}", *places)
    rooms = ("stook.chunks", "stook.store.draft", "stook.store.remotes.transfer", "concurrent.futures")
    loaded = f"assert not (loaded := {set(rooms)} & sys.modules.keys()), loaded"
    assert not imported(f"{_OPEN}; {_SHARE}; {loaded}", *places) & HEAVY
