"""Adding what was checked out and edited, and adding again what a store has lost."""

from __future__ import annotations

import glob
import json
import shlex
import time
from pathlib import Path

import numpy as np
import pytest

import stook as stook_package
from stook.model.clock import Clock
from stook.store import Store
from stook.store.repository import open_repository
from tests.unit.cli.conftest import Stook


def _next_command(talk: str) -> list[str]:
    """Return the words of the command that `status` says is next; the shell's `*` done."""
    line = next(line for line in talk.splitlines() if line.startswith("next: stook add"))
    words = shlex.split(line.removeprefix("next: stook ").removesuffix(" keeps this as a version;"))
    last = Path(words.pop())
    return [*words, *sorted(glob.glob(str(last)))]


def _clean(stook: Stook, folder: str) -> bool:
    return bool(json.loads(stook("status", folder, "--json")[1])["clean"])


@pytest.mark.parametrize("add", [("raw",), ("raw/a.txt",), ("raw/a.txt", "raw/b.txt")], ids=str)
def test_the_next_command_makes_a_version_of_the_same_kind(
    stook: Stook, tmp_path: Path, add: tuple[str, ...]
) -> None:
    """What `status` says to type keeps a folder as a folder, a file as a file; then the folder is clean again."""
    (tmp_path / "raw").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "raw" / name).write_text(name)
    stook("add", "shop", *add)
    stook("checkout", "shop")
    (tmp_path / "shop" / "a.txt").write_text("edited")
    code, out, _ = stook(*_next_command(stook("status", "shop")[2]))
    assert code == 0
    store = stook_package.open()
    new, old = store.versions("shop")
    assert out == f"{new.ref}\n"
    assert [(path, type(leaf)) for path, leaf in new.items()] == [
        (path, type(leaf)) for path, leaf in old.items()
    ]
    assert _clean(stook, "shop")


def test_tables_stay_tables(stook: Stook, tmp_path: Path) -> None:
    """The command that `status` names for a bundle of tables makes tables of its files again."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    stook("add", "-f", "t", "a.csv", "b.csv")
    stook("checkout", "t", "--format", "csv")
    (tmp_path / "t" / "a.csv").write_text("x\n2\n")
    stook(*_next_command(stook("status", "t")[2]))
    bundle = stook_package.open().get("t")
    assert [(path, getattr(leaf, "kind", "")) for path, leaf in bundle.items()] == [
        ("a", "frame"),
        ("b", "frame"),
    ]


@pytest.mark.parametrize("options", [(), ("-f",)], ids=["folder", "table"])
def test_an_untouched_checkout_is_no_new_version(
    stook: Stook, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Though its folder has another name, or its table is a file now; --new makes one all the same."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.csv").write_text("x\n1\n")
    stook("add", *options, "shop", "raw/a.csv" if options else "raw")
    stook("checkout", "shop")
    assert stook("add", "shop", "shop")[2].startswith("unchanged")
    assert "would add nothing" in stook("add", "-n", "shop", "shop")[2]
    assert len(stook_package.open().versions("shop")) == 1
    stook("add", "--new", "shop", "shop")
    assert len(stook_package.open().versions("shop")) == 2


def test_a_part_of_a_checkout_never_takes_the_rest_away(stook: Stook, tmp_path: Path) -> None:
    """Adding one file of a folder leaves the others, whether anything was changed or not."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    stook("add", "both", "a.txt", "b.txt")
    stook("checkout", "both")
    stook("add", "both", "both/a.txt")
    assert (tmp_path / "both" / "b.txt").read_text() == "b.txt"
    (tmp_path / "both" / "a.txt").write_text("edited")
    stook("add", "both", "both/a.txt")
    assert (tmp_path / "both" / "b.txt").read_text() == "b.txt"
    assert not _clean(stook, "both")


@pytest.mark.parametrize("size", [50_000, 2_000_000])
def test_adding_the_same_data_again_mends_a_bundle(tmp_path: Path, size: int) -> None:
    """What `verify` says to do works under the same name too, also for a file that would not be read again."""
    path = tmp_path / "big.bin"
    path.write_bytes(np.random.default_rng(1).bytes(size))
    # For a clock that is ahead the file was written long ago, and so is not read again where nothing was lost.
    clock = Clock(now=lambda: time.time() + 60)
    store = Store(
        open_repository(str(tmp_path / "store"), cache=tmp_path / "cache", owner="t", clock=clock), "c"
    )
    first = store.add("big", path)
    for pack in (tmp_path / "store" / "packs").rglob("*.pack"):
        data = pack.read_bytes()
        pack.chmod(0o600)
        pack.write_bytes(data[:1000] + bytes(4) + data[1004:])
    assert "add the same data again" in store.verify(deep=True).problems[0].hint
    assert store.add("big", path, if_changed=True) == first
    assert store.verify(deep=True).is_clean
    assert first.path().read_bytes() == path.read_bytes()
