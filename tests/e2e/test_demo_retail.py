"""The demo on half a million real transactions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BASELINES = ("last_period", "bg_nbd_gamma_gamma")


@pytest.mark.full
def test_real_transactions_end_in_a_model_worth_using(retail_csv: Path, tmp_path: Path) -> None:
    """Averaged over closed periods the model is no worse than the baselines; run again, every task is reused."""
    command = [
        str(Path(sys.executable).with_name("stook")),
        "demo",
        str(tmp_path / "retail"),
        "-i",
        str(retail_csv),
    ]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    metrics = json.loads((tmp_path / "retail/data/output/metrics.json").read_text())
    scores = metrics["average"]
    assert scores["model"]["gini"] >= 0.75
    for name in BASELINES:
        assert scores["model"]["rmse"] <= scores[name]["rmse"]
        assert scores["model"]["gini"] >= scores[name]["gini"]
    upper = next(q for q in scores["model"]["quantiles"] if q["quantile"] == 0.9)
    assert f"{upper['coverage']:.1%}" in metrics["verdict"]["sentence"]
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(re.findall(r"^  \w+ +reused ", again.stderr, flags=re.MULTILINE)) == 8
    assert " running: " not in again.stderr
