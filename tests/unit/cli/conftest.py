"""Commands run in an empty folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stook.cli.main import main

Stook = Callable[..., tuple[int, str, str]]


@pytest.fixture
def stook(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Iterator[Stook]:
    """Runs `stook` with some words; gives its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stook", *words])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    before = set(sys.modules)
    yield call
    for name in set(sys.modules) - before:  # what a command imports goes with its process
        module = sys.modules[name]
        file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
        if file and Path(file).is_relative_to(tmp_path):
            del sys.modules[name]
