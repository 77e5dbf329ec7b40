"""verify, rebuild and doctor as people type them."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.cli.conftest import Stook


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every disk have room, which doctor would warn of where there is little."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=90 * 2**30))


@pytest.fixture
def store(stook: Stook, tmp_path: Path) -> Path:
    """The folder of a store with one large and one small bundle."""
    (tmp_path / "large.bin").write_bytes(os.urandom(400_000))
    (tmp_path / "small.txt").write_text("hello")
    stook("add", "large", "large.bin")
    stook("add", "small", "small.txt")
    return Path(os.environ["STOOK_HOME"])


def damage(store: Path) -> Path:
    """Change a byte of the largest pack and return its file."""
    pack = max(store.rglob("*.pack"), key=lambda path: path.stat().st_size)
    data = bytearray(pack.read_bytes())
    data[1000] ^= 1
    pack.write_bytes(data)
    return pack


def test_verify_of_a_sound_store(stook: Stook, store: Path) -> None:
    """Nothing on stdout, a line of counts on stderr, and the code 0."""
    code, out, err = stook("verify", "--deep")
    assert (code, out) == (0, "")
    assert "2 bundles" in err
    assert "every byte read: all is well" in err


def test_verify_says_what_is_concerned_and_what_to_do(stook: Stook, store: Path, tmp_path: Path) -> None:
    """Each problem with its bundles, items and next command; adding again mends it."""
    pack = damage(store)
    code, out, err = stook("verify", "--deep", "--report-only")
    assert code == 5
    assert "large.bin cannot be read" in out
    assert "1 bundle cannot be read whole" in err
    assert pack.exists()
    assert stook("verify", "--deep")[0] == 5
    assert not pack.exists()
    assert len(list(store.glob("quarantine/*.pack"))) == 1
    assert stook("add", "again", "large.bin")[0] == 0
    assert stook("verify", "--deep")[0] == 0
    assert Path(stook("get", "large")[1].strip()).read_bytes() == (tmp_path / "large.bin").read_bytes()


def test_verify_as_json(stook: Stook, store: Path) -> None:
    """The whole result is one document on stdout, and the code is the same."""
    assert json.loads(stook("verify", "--json")[1])["is_clean"]
    damage(store)
    code, out, _ = stook("verify", "--deep", "--json")
    found = json.loads(out)
    assert (code, found["is_clean"], found["deep"]) == (5, False, True)
    assert found["problems"][0]["bundles"][0]["items"] == ["large.bin"]


def test_verify_of_names(stook: Stook, store: Path) -> None:
    """Damage elsewhere does not count; a name that is none exits with 4."""
    damage(store)
    assert stook("verify", "--deep", "small")[0] == 0
    assert stook("verify", "--deep", "small", "large")[0] == 5
    assert stook("verify", "nothing")[0] == 4


def test_rebuild(stook: Stook, store: Path) -> None:
    """Says what was read, and what could not be."""
    code, out, err = stook("rebuild")
    assert (code, out) == (0, "")
    assert "2 bundles" in err
    assert json.loads(stook("rebuild", "--json")[1])["bundles"] == 2
    pack = damage(store)
    pack.write_bytes(pack.read_bytes()[:-5])
    code, out, _ = stook("rebuild")
    assert code == 5
    assert "stook verify --deep" in out


def findings(stook: Stook) -> dict[str, dict[str, str]]:
    """Return what doctor says, by check."""
    return {found["check"]: found for found in json.loads(stook("doctor", "--json")[1])}


def test_doctor_where_all_is_well(stook: Stook, store: Path) -> None:
    """Every line is ok, and the code is 0."""
    code, out, _ = stook("doctor")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()[1:]} == {"ok"}
    assert {"store", "locks", "catalog", "extra learn", "room for store"} <= set(findings(stook))


def test_doctor_makes_no_store(stook: Stook) -> None:
    """Where there is no store yet, that is said, and there is still none."""
    code, out, _ = stook("doctor")
    assert code == 0
    assert "there is none" in out
    assert not Path(os.environ["STOOK_HOME"]).exists()


def test_doctor_finds_what_was_left(stook: Stook, store: Path) -> None:
    """Torn ends, half-written files of yesterday, quarantine: each a warning with what to do."""
    writer = next((store / "log").iterdir())
    (writer / ".cut-0000000000000001-99").write_bytes(b"x")
    old = store / ".tmp-0123"
    old.write_bytes(b"x")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    (store / ".tmp-4567").write_bytes(b"x")
    damage(store)
    stook("verify", "--deep")
    found = findings(stook)
    warned = {check for check, finding in found.items() if finding["state"] == "warn"}
    assert warned == {"torn commits", "temporary files", "quarantine"}
    assert found["temporary files"]["message"].startswith("1 files")
    assert stook("doctor")[0] == 0


def test_doctor_of_a_store_that_cannot_be_opened(stook: Stook, store: Path) -> None:
    """Damage of the store itself is a failure with the code 5; another thing in its place one with 6."""
    (store / "stook.json").write_bytes(b"{")
    code, out, _ = stook("doctor")
    assert code == 5
    assert "fail" in out
    (store / "stook.json").unlink()
    assert stook("doctor")[0] == 6


def test_doctor_tells_of_damage_in_the_log(stook: Stook, store: Path) -> None:
    """Records that could not be read are a failure with the code 5."""
    segment = next(store.glob("log/*/0*"))
    data = bytearray(segment.read_bytes())
    data[300] ^= 1
    segment.write_bytes(data)
    stook("rebuild")
    code, out, _ = stook("doctor")
    assert code == 5
    assert "are lost" in out
