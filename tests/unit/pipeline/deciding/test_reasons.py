"""Why a task runs, in words, and what changed in its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.model.lineage import Lineage
from stook.pipeline import RunOptions, load_task, run
from stook.pipeline.deciding.decide import Decider
from stook.pipeline.deciding.reasons import Change
from stook.pipeline.graph import collect
from tests.integration.pipeline_project import Project

PIPELINE = """
    import stook

    FACTOR = 2


    def double(value):
        return value * FACTOR


    class Doubled(stook.Task):
        start: int = 1
        version = 1

        def run(self):
            return double(self.start)
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A task that has run once."""
    project = Project(tmp_path)
    project.write({"tasks.py": PIPELINE})
    project.run("tasks.py:Doubled")
    yield project
    project.forget()


def changes(project: Project) -> tuple[Change, ...]:
    """Return what a decider has to say of the task as it is now."""
    project.forget()
    node = collect(load_task("tasks.py:Doubled", folder=project.folder)())[0]
    decider = Decider(project.store)
    return decider.explain(node, decider.describe(node, {}))


def test_a_changed_definition_is_shown_as_a_diff(project: Project) -> None:
    """With the lines before and after, and where they were and are."""
    project.replace("tasks.py", "FACTOR = 2", "\nFACTOR = 3")
    [change] = changes(project)
    assert (change.kind, change.name, change.line) == (
        "code",
        "tasks:FACTOR",
        "code changed: tasks:FACTOR",
    )
    assert change.diff.splitlines() == [
        "--- tasks.py:3",
        "+++ tasks.py:4",
        "@@ -1 +1 @@",
        "-FACTOR = 2",
        "+FACTOR = 3",
    ]


def test_what_came_and_went_is_shown_whole(project: Project) -> None:
    """A definition that is new is all plus, one that is not used any more all minus."""
    project.replace("tasks.py", "return value * FACTOR", "return twice(value)")
    project.replace("tasks.py", "FACTOR = 2", "def twice(value):\n    return 2 * value")
    found = {change.line: change.diff for change in changes(project)}
    assert list(found) == [
        "code changed: tasks:double",
        "code added: tasks:twice",
        "code no longer used: tasks:FACTOR",
    ]
    assert "+def twice(value):" in found["code added: tasks:twice"]
    assert "-FACTOR = 2" in found["code no longer used: tasks:FACTOR"]


def test_a_version_by_hand_and_parameters_are_no_code(project: Project) -> None:
    """They have lines of their own, without a diff."""
    project.replace("tasks.py", "version = 1", "version = 2")
    project.replace("tasks.py", "start: int = 1", "start: int = 5")
    assert changes(project) == (
        Change("version", "", "version: 1 → 2"),
        Change("parameter", "start", "parameter start: 1 → 5"),
    )


def test_without_the_old_text_the_name_is_all(project: Project) -> None:
    """Where it was not kept, it is only known that it changed."""
    project.replace("tasks.py", "version = 1", "version = 2")
    project.forget()
    task = load_task("tasks.py:Doubled", folder=project.folder)
    run(task(), store=project.store, options=RunOptions(keep_code=False))
    project.replace("tasks.py", "FACTOR = 2", "FACTOR = 3")
    assert changes(project) == (Change("code", "tasks:FACTOR", "code changed: tasks:FACTOR"),)


def test_results_of_another_algorithm_are_all_made_again(project: Project) -> None:
    """Nothing else can be compared then."""
    store = project.store
    store.add(
        "doubled", 1, lineage=Lineage(task="tasks:Doubled", fingerprint="f", algorithm=1, params={"start": 1})
    )
    assert [change.line for change in changes(project)] == ["algorithm changed: 1 → 3"]


def test_how_run_gets_its_inputs_counts(project: Project) -> None:
    """An annotation of `run` changes what it is given, whatever way it is written."""
    project.write(
        {
            "frames.py": """
            import pandas as pd
            import stook
            Frame = stook.Bundle

            class Raw(stook.Task):
                def run(self):
                    return pd.DataFrame({"a": [1]})

            class Kind(stook.Task):
                def requires(self):
                    return {"raw": Raw()}

                def run(self, raw: "Frame"):
                    return type(raw).__name__
            """
        }
    )
    assert project.run("frames.py:Kind").bundle.data == "Bundle"
    project.replace("frames.py", "Frame = stook.Bundle", "Frame = pd.DataFrame")
    assert project.run("frames.py:Kind").bundle.data == "DataFrame"
