"""The rules that conftest lays on every test."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest_plugins = ["pytester"]


def test_home_is_private() -> None:
    """A test sees a home, a store and a cache that no other test sees, and no credentials."""
    assert Path(os.environ["STOOK_HOME"]).parent == Path(os.environ["HOME"])
    assert not Path(os.environ["STOOK_HOME"]).exists()
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_network_is_refused() -> None:
    """A connection to another machine fails before a packet is sent."""
    with socket.socket() as channel, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        channel.connect(("192.0.2.1", 80))


@given(st.integers())
def test_isolation_goes_with_hypothesis(number: int) -> None:
    """The home fixture does not stand in the way of property tests."""
    assert isinstance(number, int)
    assert Path(os.environ["HOME"]).is_dir()


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "failed")])
def test_skip_is_failure_in_ci(
    ci: str, outcome: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, project_root: Path
) -> None:
    """A skipped test is reported as skipped at a desk and as failed in CI, a skipped module likewise."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("STOOK_RETAIL", raising=False)
    pytester.makeconftest((project_root / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        test_one="import pytest\ndef test_it():\n    pytest.skip('no reason')\ndef test_data(retail_csv):\n    pass\n",
        test_two="import pytest\npytest.skip('whole module', allow_module_level=True)\n",
    )
    result = pytester.runpytest_subprocess("--continue-on-collection-errors", "-p", "no:cacheprovider")
    if outcome == "skipped":
        result.assert_outcomes(skipped=3)
    else:
        result.assert_outcomes(failed=1, skipped=1, errors=1)
