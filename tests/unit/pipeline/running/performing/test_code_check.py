"""What a process has imported is held against the code that the run has decided on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.pipeline import load_task, parse_task
from stook.pipeline.deciding.decide import Decider
from stook.pipeline.finding.importing import importable
from stook.pipeline.graph import collect
from stook.pipeline.running.performing.code_check import CodeCheck, StaleCodeError
from stook.pipeline.running.work import Work
from tests.integration.pipeline_project import Project

FLOW = """
import stook


@stook.task
def uses():
    from folder.part import value

    return value
"""
LONG_AGO = 3600.0


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A task that imports a module when it runs; the run has long begun."""
    project = Project(tmp_path)
    project.write({"flow.py": FLOW, "folder/part.py": "value = 1\n"})
    yield project
    project.forget()


def work_of(project: Project) -> Work:
    """Return the task as a run has decided on it by now."""
    project.forget()
    [node] = collect(parse_task(load_task("flow.py:uses", folder=project.folder), {}))
    return Work(0, node, {}, Decider(project.store).describe(node, {}))


def import_part(project: Project) -> None:
    """Import what the task imports."""
    with importable((project.folder,)):
        __import__("folder.part")


def test_a_file_that_was_changed_a_moment_ago_is_waited_for(project: Project) -> None:
    """Times of files are coarse, so a task whose file was just written begins a moment later, and is no wrong one."""
    work = work_of(project)
    check = CodeCheck(project.store, time.time() - LONG_AGO, is_shared=True)
    project.write({"folder/part.py": "value = 1\n"})
    check.expect(work)
    import_part(project)
    check.check(work)


def test_a_file_that_is_changed_after_its_import_is_told(project: Project) -> None:
    """It is another than this process has, however soon after its import that was."""
    work = work_of(project)
    check = CodeCheck(project.store, time.time() - LONG_AGO, is_shared=True)
    check.expect(work)
    import_part(project)
    project.write({"folder/part.py": "value = 2\n"})
    with pytest.raises(StaleCodeError):
        check.check(work)
