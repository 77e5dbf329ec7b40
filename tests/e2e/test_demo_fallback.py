"""The demo where LightGBM is installed and cannot be loaded, as on a machine without libgomp."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stook.scaffold.simulator import Shop, simulate_csv
from tests.e2e.shop_demo import FILES, STOOK, Demo

BROKEN = """raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")\n"""


@pytest.fixture(scope="module")
def without_libgomp(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A small shop's file, and a LightGBM that cannot be loaded."""
    demo = Demo(tmp_path_factory.mktemp("fallback"))
    (demo.root / "broken/lightgbm").mkdir(parents=True)
    (demo.root / "broken/lightgbm/__init__.py").write_text(BROKEN)
    (demo.root / "till.csv").write_bytes(simulate_csv(Shop(customers=120, days=125, seed=3)))
    return demo


def test_demo_falls_back_and_says_so(without_libgomp: Demo) -> None:
    """The demo goes on with scikit-learn, and names what is missing in the terminal, the report and the metrics."""
    demo = without_libgomp
    folder = demo.root / "shop"
    words = ("demo", folder, "-i", demo.root / "till.csv", "--horizon", "30")
    done = demo.start(STOOK, *words, PYTHONPATH=str(demo.root / "broken"))
    assert done.returncode == 0, done.stderr
    output = folder / "data/output"
    assert {path.name for path in output.iterdir() if path.suffix} == FILES
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    page = (output / "report.html").read_text(encoding="utf-8")
    assert metrics["provenance"]["engine"].startswith("scikit-learn ")
    for said in (done.stdout + done.stderr, json.dumps(metrics, ensure_ascii=False), page):
        assert "apt-get install libgomp1" in said
        assert "scikit-learn" in said
        assert "libgomp.so.1" in said


def test_lightgbm_is_used_where_it_loads(first_demo: Demo) -> None:
    """Elsewhere LightGBM fits the models, and nothing is said of libgomp."""
    output: Path = first_demo.folder / "data/output"
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["provenance"]["engine"].startswith("LightGBM ")
    assert "libgomp" not in (output / "report.html").read_text(encoding="utf-8")
