"""What `diff` prints."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import stook as stook_package
from tests.unit.cli.conftest import Stook


def test_a_difference_is_read_at_a_glance(stook: Stook, tmp_path: Path) -> None:
    """Each line has its mark: parameters, tags, values, columns, files and the lines in them."""
    for side, files in (("1", {"a": "one\ntwo\n", "m": "moved"}), ("2", {"a": "one\n2\n", "n/m": "moved"})):
        for name, text in files.items():
            path = tmp_path / side / "d" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    store = stook_package.open()
    frames = pl.DataFrame({"x": [1]}), pl.DataFrame({"x": [1.0, 2.0], "y": [0, 0]})
    old = store.add(
        "n", {"v": {"k": 1}, "t": frames[0], "d": tmp_path / "1/d"}, params={"p": 1}, tags={"g": "h"}
    )
    new = store.add("n", {"v": {"k": True}, "t": frames[1], "d": tmp_path / "2/d"}, params={"p": 2})
    code, out, err = stook("diff", "n")
    assert code == 0
    assert (old.ref in err, new.ref in err) == (True, True)
    assert out.splitlines() == [
        "~ param p: 1 → 2",
        "- tag g: 'h'",
        "~ v: value",
        "  ~ k: 1 → True (int → bool)",
        "~ t: frame 1 rows x 1 columns → frame 2 rows x 2 columns",
        "  + column y: int64",
        "  ~ column x: int64 → double",
        "  ~ rows: 1 → 2",
        "~ d: folder d/ with 2 files",
        "  ~ a 8 B → 6 B",
        "      @@ -1,2 +1,2 @@",
        "      one",
        "    - two",
        "    + 2",
        "  > m → n/m",
    ]
    assert [line.split()[0] for line in stook("diff", "n", "--stat")[1].splitlines()] == ["~"] * 5
    assert "~ d: folder d/ with 2 files (~1 >1)" in stook("diff", "n", "--stat")[1]
    found = json.loads(stook("diff", old.ref, new.ref, "--json")[1])
    assert (found["old"], found["new"], found["is_same_content"]) == (old.ref, new.ref, False)
    assert [item["path"] for item in found["items"]] == ["v", "t", "d"]


def test_long_values_are_cut_in_text_and_whole_in_json(stook: Stook) -> None:
    """A line stays a line; JSON has everything."""
    store = stook_package.open()
    store.add("n", {"k": "a" * 1000})
    store.add("n", {"k": ["\x1b[31m" * 500]})
    out = stook("diff", "n")[1]
    assert max(map(len, out.splitlines())) < 200
    assert "\x1b" not in out
    (change,) = json.loads(stook("diff", "n", "--json")[1])["items"][0]["values"]
    assert (change["old"], change["change"]) == ("a" * 1000, "retyped")


def test_exit_codes(stook: Stook) -> None:
    """0 whether they differ or not, unless asked; 2 where there is no version before, 4 where there is nothing."""
    store = stook_package.open()
    store.add("n", [1])
    assert stook("diff", "n")[0] == 2
    store.add("n", [1])
    assert stook("diff", "n", "--exit-code") == (0, "", stook("diff", "n")[2])
    assert "nothing differs" in stook("diff", "n")[2]
    store.add("n", [2])
    assert (stook("diff", "n")[0], stook("diff", "n", "--exit-code")[0]) == (0, 3)
    assert stook("diff", "n", "other")[0] == 4


def test_a_version_is_compared_with_the_one_before(stook: Stook) -> None:
    """Of one reference to an older version, the one before that one."""
    store = stook_package.open()
    bundles = [store.add("n", [number]) for number in range(3)]
    assert stook("diff", bundles[1].ref)[1].endswith("0: 0 → 1\n")
    assert stook("diff", bundles[2].ref, bundles[0].ref)[1].endswith("0: 2 → 0\n")


def test_colours_are_for_terminals(stook: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets none."""
    store = stook_package.open()
    store.add("n", [1])
    store.add("n", [2])
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in stook("diff", "n")[1]
