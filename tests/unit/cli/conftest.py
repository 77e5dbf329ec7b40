"""Commands run in an empty folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stook.cli.main import main

Stook = Callable[..., tuple[int, str, str]]


@pytest.fixture
def stook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Stook:
    """Runs `stook` with some words; gives its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stook", *words])
        capfd.readouterr()
        before = set(sys.modules)
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            _forget(set(sys.modules) - before, tmp_path)
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return call


def _forget(names: set[str], folder: Path) -> None:
    """Take modules of a folder for not imported: what a command imports goes with its process."""
    for name in names:
        module = sys.modules[name]
        file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
        if file and Path(file).is_relative_to(folder):
            del sys.modules[name]
