"""What is said of an exception that the user's code raised, where it can be told what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stook.errors import TaskError
from stook.pipeline import load_task


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (
            "import nobody_has_this.part",
            f"pip install nobody_has_this, for {sys.executable}; or mend the import",
        ),
        ("import bs4", f"pip install beautifulsoup4, for {sys.executable}; or mend the import"),
        ("from json import nothing", "mend the file"),
        ("import json.nothing", "mend the file"),
        (
            "from . import other",
            "name the file, stook run folder/file.py:TASK; its folder needs an __init__.py",
        ),
    ],
)
def test_an_import_that_fails_says_what_to_install(tmp_path: Path, line: str, hint: str) -> None:
    """The package, which may have another name than the module, and for which Python; else the file is wrong."""
    (tmp_path / "imports_wrong.py").write_text(f"import stook\n{line}\n")
    with pytest.raises(TaskError) as caught:
        load_task("imports_wrong.py:Task", folder=tmp_path)
    assert caught.value.hint.startswith(hint)
