"""One run of the demo, shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.shop_demo import Demo, make_demo


@pytest.fixture(scope="session")
def first_demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo after its first run; nobody may change it."""
    return make_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def demo(first_demo: Demo, tmp_path: Path) -> Demo:
    """A copy of the demo after its first run, to play with."""
    return first_demo.copy(tmp_path)
