"""Readers against inputs that are small and mean to take much."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stook.format.limits import MAX_SEGMENT
from tests.property import bombs

_SECONDS = 10


@pytest.mark.parametrize("case", sorted(bombs.CASES))
def test_a_bomb_takes_little_time_and_memory(case: str) -> None:
    """Deep nesting, huge counts and bytes that unpack to a thousandfold end soon, within twice the largest bound."""
    done = subprocess.run([sys.executable, bombs.__file__, case], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    kilobytes, seconds = map(float, done.stdout.split())
    assert kilobytes * 1024 < 2.2 * MAX_SEGMENT
    assert seconds < _SECONDS
