"""What is said of an exception that the user's code raised, where it can be told what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import TaskError
from stook.pipeline import load_task
from stook.pipeline.authoring.user_code import user_code
from tests.integration.pipeline_project import Project

FLOW = """
import stook


@stook.task
def numbers():
    return [1, 2, 3]


@stook.task(requires={{"raw": numbers()}})
def used(raw):
    {line}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project."""
    project = Project(tmp_path)
    yield project
    project.forget()


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


def test_nobody_is_told_to_install_what_a_task_is_in() -> None:
    """Its file is gone, as by a rename while the run goes on; a package of that name may be anybody's."""
    with (
        pytest.raises(TaskError) as caught,
        user_code("gone_since:Task", "it cannot be imported", kind="task-failed", hint=""),
    ):
        __import__("gone_since")
    assert caught.value.hint == "see that the file of the task is where it was"


@pytest.mark.parametrize(
    "line", ["sum(raw)", "raw + 1", "len(raw)", "raw.mean()", "a, b = raw", 'raw["amount"]']
)
def test_who_takes_a_bundle_for_its_data_is_told(project: Project, line: str) -> None:
    """An argument without annotation is a bundle, which nearly everybody forgets once."""
    project.write({"flow.py": FLOW.format(line=line)})
    with pytest.raises(TaskError) as caught:
        project.run("flow.py:used")
    assert "annotate" in caught.value.hint
    assert ".data" in caught.value.hint


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "SystemExit", "ValueError"])
def test_an_exception_that_cannot_say_what_is_a_failure_like_others(tmp_path: Path, raised: str) -> None:
    """Whatever its words raise: neither Ctrl-C nor an exit comes of that."""
    (tmp_path / "mute.py").write_text(
        f"class Mute(Exception):\n    def __str__(self):\n        raise {raised}\n\nraise Mute\n"
    )
    with pytest.raises(TaskError, match="Mute: it cannot say what"):
        load_task("mute.py:Task", folder=tmp_path)
