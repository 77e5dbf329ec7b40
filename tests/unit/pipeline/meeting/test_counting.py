"""Which files on disk count for a task that opens them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stook.pipeline.meeting.counting import Counted


def test_python_does_not_count_where_the_workspace_holds_it() -> None:
    """Its library is none of the workspace's files; what is beside it is."""
    counted = Counted(Path(sys.base_prefix))
    assert counted.name_of(os.__file__) is None
    assert counted.name_of(f"{sys.base_prefix}/data/sales.csv") == "data/sales.csv"


def test_an_environment_in_the_workspace_does_not_count(tmp_path: Path) -> None:
    """What is installed in it is told by names and versions."""
    installed = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "pack" / "table.csv"
    assert Counted(tmp_path).name_of(str(installed)) is None
