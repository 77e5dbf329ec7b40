"""What `show` says of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

import stook as stook_package
from tests.unit.cli.conftest import Stook


def test_everything_about_one(stook: Stook, tmp_path: Path) -> None:
    """Versions, commit, aliases, tags, params, inputs with their roles, items with shapes, columns with types."""
    (tmp_path / "f.txt").write_text("text")
    store = stook_package.open()
    raw = store.add("raw", [1])
    store.add("n", [1])
    data = {"f": tmp_path / "f.txt", "a/b": pl.DataFrame({"x": [1], "y": ["s"]}), "z": np.zeros((2, 3))}
    bundle = store.add("n", data, params={"p": (1, 2)}, tags={"k": "v"}, inputs={"role": raw})
    store.commit(bundle, "a good one")
    store.alias("prod", bundle)
    text = stook("show", "n")[1]
    for line in (
        f"version    {bundle.id} (2 versions)",
        "aliases    prod",
        "tag k      v",
        "param p    (1, 2)",
        f"input role raw@{raw.id}",
        "a%2Fb frame 1 rows x 2 columns",
        "z array 2x3 float64",
        "COLUMN OF a%2Fb TYPE",
        "y string",
    ):
        assert " ".join(line.split()) in " ".join(text.split())
    assert "committed   a good one (" in text


def test_json_is_complete(stook: Stook) -> None:
    """All that the text says, and more, under names that stay; parameters keep their types."""
    store = stook_package.open()
    bundle = store.add("n", pl.DataFrame({"x": [1.5]}), params={"p": (1,)})
    store.commit(bundle, "why")
    found = json.loads(stook("show", "n", "--json")[1])
    assert list(found) == [
        *(
            "ref",
            "name",
            "id",
            "digest",
            "time",
            "owner",
            "size",
            "task",
            "committed",
            "aliases",
            "versions",
            "tags",
        ),
        *("params", "items", "sources", "inputs", "code", "environment", "seconds", "fingerprint"),
    ]
    assert found["committed"]["message"] == "why"
    assert (found["versions"], found["aliases"]) == (1, [])
    assert found["params"] == {"p": {"$": "tuple", "v": [1]}}
    assert list(found["items"][0]) == ["path", "kind", "about", "size", "digest", "columns"]
    assert found["items"][0]["columns"] == [["x", "double"]]


def test_the_code_that_made_it(stook: Stook, tmp_path: Path) -> None:
    """`--code` prints the source of what a task made, and the packages; without it they are left out."""
    (tmp_path / "made.py").write_text("import stook\n\n@stook.task\ndef one():\n    return 1\n")
    assert stook("run", "made.py:one")[0] == 0
    assert "def one" not in stook("show", "one")[1]
    out = stook("show", "one", "--code")[1]
    assert "# made.py:3\n@stook.task\ndef one():\n    return 1" in out
    assert "# packages: python 3" in out


def test_a_damaged_table_is_still_shown(stook: Stook) -> None:
    """Where columns cannot be read, that is said in the item's line, and all else is there."""
    store = stook_package.open()
    store.add("n", pl.DataFrame({"x": np.random.default_rng(1).random(5000)}), tags={"k": "v"})
    root = Path(store.repository.url)
    (pack,) = (root / "packs/data").rglob("*.pack")
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[50:-200] = bytes(len(content) - 250)
    pack.write_bytes(content)
    code, out, _ = stook("show", "n")
    assert code == 0
    assert "tag k" in out
    assert "5,000 rows x 1 columns; " in out
    assert "COLUMN" not in out
