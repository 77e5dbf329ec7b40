"""A file in, a folder of results out: by `stook predict` and by the workspace's own `main.py`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import polars as pl

from tests.e2e.shop_demo import FILES, STEPS, STOOK, Demo


def test_predict(demo: Demo) -> None:
    """`stook predict` prints and writes four files that agree; the demo's own file needs no step again."""
    target = demo.root / "some/where"
    done = demo.start(STOOK, "predict", "-i", demo.sales, "-o", target)
    assert done.returncode == 0, done.stderr
    assert {Path(line).name for line in done.stdout.splitlines()} == FILES
    assert re.findall(r"^  (\w+) +reused ", done.stderr, flags=re.MULTILINE) == STEPS
    assert_results(target)


def test_main_and_standard_input(demo: Demo) -> None:
    """`main.py` predicts the same from the same rows, here from standard input."""
    target = demo.root / "by-main"
    command = f"{sys.executable} main.py -i - -o {target} < {demo.sales}"
    done = demo.start("/bin/sh", "-c", command)
    assert done.returncode == 0, done.stderr
    assert {Path(line) for line in done.stdout.splitlines()} == {target / name for name in FILES}
    assert_results(target)
    ours = pl.read_parquet(demo.folder / "data/output/predictions.parquet")
    assert pl.read_parquet(target / "predictions.parquet").equals(ours)


def assert_results(folder: Path) -> None:
    """Each customer has one line; the quantiles do not cross; the other files speak of the same numbers."""
    assert {path.name for path in folder.iterdir()} == FILES
    table = pl.read_parquet(folder / "predictions.parquet")
    assert table.columns == ["customer_id", "mean", "q10", "q50", "q90", "p_active"]
    assert table["customer_id"].is_unique().all()
    assert table.null_count().sum_horizontal().item() == 0
    assert (table["q10"] <= table["q50"]).all()
    assert (table["q50"] <= table["q90"]).all()
    assert table["p_active"].is_between(0, 1).all()
    lines = (folder / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == table["customer_id"].to_list()
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["outlook"]["customers"] == len(table)
    assert metrics["outlook"]["expected_total"] == table["mean"].sum()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert table["customer_id"][0] in page
    assert "<script" not in page
