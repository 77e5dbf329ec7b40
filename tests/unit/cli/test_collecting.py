"""Freeing room on the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook


@pytest.fixture(autouse=True)
def _garbage(stook: Stook, tmp_path: Path) -> None:
    stook("init")
    for name in ("kept", "gone"):
        (tmp_path / f"{name}.bin").write_bytes(os.urandom(40_000))
        stook("add", name, f"{name}.bin")
    stook("rm", "gone", "--yes")


def test_garbage_goes_and_the_rest_stays(stook: Stook, tmp_path: Path) -> None:
    """`gc` says what it freed; `--dry-run` says it before; `du` agrees; then there is nothing to free."""
    assert json.loads(stook("du", "--json")[1])["removable"] > 40_000
    assert stook("gc", "--dry-run") == (0, "", "would be freed: 39.2 KiB in 1 pack\n")
    assert stook("gc") == (0, "", "freed: 39.2 KiB in 1 pack\n")
    assert stook("gc") == (0, "", "nothing to free\n")
    assert json.loads(stook("gc", "--json")[1])["swept"] == {"count": 0, "bytes": 0}
    assert Path(stook("get", "kept")[1].strip()).read_bytes() == (tmp_path / "kept.bin").read_bytes()
    assert stook("restore", "gone")[0] in {0, 4}


def test_du_says_what_takes_how_much(stook: Stook) -> None:
    """Names and totals are printed in people's words; a name that is not there is not found."""
    code, out, _ = stook("du")
    assert code == 0
    assert out.splitlines()[0].split() == ["NAME", "VERSIONS", "SIZE", "OWN", "SHARED"]
    assert out.splitlines()[1].split() == ["kept", "1", "39.1", "KiB", "39.1", "KiB", "0", "B"]
    assert "stook gc would free" in out
    assert stook("du", "missing")[0] == 4


def test_the_cache_can_be_emptied(stook: Stook) -> None:
    """`--cache` removes what was unpacked for reading, which is made again when it is asked for."""
    path = Path(stook("get", "kept")[1].strip())
    assert "would empty the cache: " in stook("gc", "--cache", "--dry-run")[2]
    assert path.exists()
    assert "emptied the cache: " in stook("gc", "--cache")[2]
    assert not path.exists()
    assert Path(stook("get", "kept")[1].strip()).exists()


def test_a_grace_too_short_is_refused(stook: Stook) -> None:
    """Less than an hour is wrong input."""
    assert stook("gc", "--grace", "10m")[0] == 2
