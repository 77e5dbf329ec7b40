"""The demo on a small shop: made once, and copied for each test that plays with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stook.scaffold.render import render
from stook.scaffold.simulator import Shop, simulate_csv

STOOK = Path(sys.executable).with_name("stook")
STEPS = ["ingested", "rejected", "clean", "features", "model", "evaluation", "predictions", "report"]
FILES = {"predictions.parquet", "predictions.csv", "report.html", "metrics.json"}
SMALL = Shop(customers=250, days=300, seed=3)
REPORT = "pipeline.py:Report"
_HANGS_SECONDS = 900


@dataclass(frozen=True)
class Demo:
    """A workspace, and a home of its own.

    Attributes:
        root: Holds the workspace, the store, the home and the small shop's transactions.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """The workspace."""
        return self.root / "shop"

    @property
    def sales(self) -> Path:
        """The transactions that the workspace was made with."""
        return self.folder / "data/raw/transactions.csv"

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a command of this demo sees."""
        own = {"HOME": str(self.root / "home"), "STOOK_HOME": str(self.root / "store")}
        return {**os.environ, **own, "STOOK_CACHE": str(self.root / "cache"), **more}

    def start(self, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the workspace, whatever comes of it."""
        command = [str(word) for word in words]
        return subprocess.run(
            command,
            check=False,
            cwd=self.folder if self.folder.is_dir() else self.root,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=_HANGS_SECONDS,
        )

    def stook(self, *words: str | Path) -> str:
        """Run `stook` in the workspace and return what it prints."""
        done = self.start(STOOK, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self) -> dict[str, str]:
        """Run the whole pipeline; return what was done with each step."""
        steps = json.loads(self.stook("run", REPORT, "--json"))["steps"]
        return {step["name"]: step["decision"] for step in steps}

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is in a file of the workspace once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def copy(self, root: Path) -> Demo:
        """Return a copy of workspace and store, which shares nothing with this one."""
        for name in ("shop", "store"):
            shutil.copytree(self.root / name, root / name)
        return Demo(root)


def make_demo(root: Path) -> Demo:
    """Make the demo's workspace with a small shop's transactions, and run it."""
    demo = Demo(root)
    for path, content in render("customer-value", {"project_name": "shop"}).items():
        (demo.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (demo.folder / path).write_bytes(content)
    demo.sales.write_bytes(simulate_csv(SMALL))
    demo.stook("demo", demo.folder)
    return demo


def expected(*ran: str) -> dict[str, str]:
    """Return the decision on every step where just these ran."""
    return {name: "ran" if name in ran else "reused" for name in STEPS}
