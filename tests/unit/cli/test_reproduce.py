"""What `stook reproduce` does: makes a bundle again from its record, and says whether it is the same."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

import stook as library
from stook.model.lineage import Environment, Lineage
from stook.store import Store
from tests.unit.cli.conftest import Stook

TASKS = """
import os
import random
import stook

FACTOR = 2


class Numbers(stook.Task):
    def requires(self):
        return stook.source("numbers.txt", name="raw")

    def run(self, raw):
        return [int(word) for word in raw.path().read_text().split()]


class Scaled(stook.Task):
    def requires(self):
        return Numbers()

    def run(self, numbers):
        return [FACTOR * number for number in numbers.data]


class Times(stook.Task):
    factor: float = 1.0

    def run(self):
        return self.factor * 2


class Chance(stook.Task):
    def run(self):
        return random.random()


class After(stook.Task):
    def requires(self):
        return Chance()

    def run(self, chance):
        return chance.data > 2


class Reading(stook.Task):
    def run(self):
        with open("local.txt") as file:
            return file.read()
"""


def git(*words: str) -> str:
    """Run Git in the current folder, and return what it prints."""
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def shop(stook: Stook, tmp_path: Path) -> Stook:
    """A workspace in a Git repository, all of which is committed."""
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "numbers.txt").write_text("3 1 4\n")
    (tmp_path / ".gitignore").write_text("local.txt\n")
    assert stook("init")[0] == 0
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "all")
    return stook


def ids(store: Store) -> set[str]:
    """Return the bundles of a store."""
    return {bundle.id for bundle in store.search()}


def test_an_old_result_comes_out_the_same(shop: Stook, tmp_path: Path) -> None:
    """By then code and data are others; the store, the workspace and Git are as they were afterwards."""
    (tmp_path / "tasks.py").write_text(TASKS.replace("FACTOR = 2", "FACTOR = 3"))
    assert shop("run", "tasks.py:Scaled")[0] == 0
    old = library.open().get("scaled")
    git("commit", "--quiet", "--all", "--message", "more")
    (tmp_path / "tasks.py").write_text(TASKS.replace("FACTOR = 2", "FACTOR = 5"))
    (tmp_path / "numbers.txt").write_text("7\n")
    assert shop("run", "tasks.py:Scaled")[0] == 0
    before = ids(library.open()), git("status", "--short"), (tmp_path / "tasks.py").read_text()
    code, out, talk = shop("reproduce", old.ref)
    assert code == 0, talk
    assert [line.split()[2] for line in out.splitlines()[1:]] == ["equal", "equal"]
    assert "with recorded changes" in talk
    assert "came out the same" in talk
    assert (ids(library.open()), git("status", "--short"), (tmp_path / "tasks.py").read_text()) == before
    assert len(git("worktree", "list").splitlines()) == 1


def test_the_first_that_differs_is_named(shop: Stook) -> None:
    """A task that depends on chance is found, though what is made from it comes out the same."""
    assert shop("run", "tasks.py:After")[0] == 0
    code, out, talk = shop("reproduce", "chance")
    assert code == 3
    assert "differs" in out
    store = library.open()
    found = json.loads(shop("reproduce", "after", "--json")[1])
    assert (found["equal"], found["first_different"]) == (True, store.get("chance").ref)
    assert f"the first that differs is {store.get('chance').ref}" in talk
    assert "are as they were: it depends on time, chance" in talk


def test_parameters_are_those_of_then(shop: Stook) -> None:
    """They are recorded once, with what else the result was made from."""
    assert shop("run", "tasks.py:Times", "--factor", "1.5")[0] == 0
    lineage = library.open().get("times").lineage
    assert (lineage.params, "params" in lineage.spec) == ({"factor": 1.5}, False)
    assert shop("reproduce", "times")[0] == 0


def test_without_git_the_recorded_files_do(stook: Stook, tmp_path: Path) -> None:
    """Where there was no commit, the source that was kept is enough."""
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "numbers.txt").write_text("3 1 4\n")
    assert stook("run", "tasks.py:Scaled")[0] == 0
    (tmp_path / "tasks.py").unlink()
    code, _, talk = stook("reproduce", "scaled")
    assert (code, "from recorded files" in talk) == (0, True)


@pytest.mark.parametrize("where", ["added", "nothing kept", "commit gone", "input gone"])
def test_what_cannot_be_made_again_ends_with_4(
    shop: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Nothing is run, and it is said what is missing."""
    (tmp_path / "numbers.txt").write_text("1 2\n" * 5_000)
    says = "no task made it"
    if where == "nothing kept":
        (tmp_path / ".git").rename(tmp_path / "git")
        monkeypatch.setenv("STOOK_KEEP_CODE", "0")
        says = "neither its source nor a Git commit was recorded"
    assert shop("run", "tasks.py:Scaled")[0] == 0
    if where == "commit gone":
        (tmp_path / ".git").rename(tmp_path / "git")
        says = "is in no repository here"
    if where == "input gone":
        library.open().rm("raw", force=True)
        assert shop("gc", "--yes")[0] == 0
        says = "which it was made from, is gone"
    code, out, talk = shop("reproduce", "raw" if where == "added" else "scaled")
    assert (code, out) == (4, ""), talk
    assert says in talk


@pytest.mark.parametrize(
    ("file", "commit", "says"),
    [
        ("", "1" * 40, "was typed into a notebook"),
        ("tasks.py", "--help", "is no commit"),
        ("tasks.py", "HEAD", "is no"),
    ],
)
def test_a_record_that_leads_nowhere_ends_with_4(shop: Stook, file: str, commit: str, says: str) -> None:
    """Cells of a notebook are in no file; and what a stranger recorded for a commit may be an option of Git's."""
    spec: dict[str, object] = {"module": "tasks", "name": "Chance", "file": file, "params": {}}
    environment = Environment(git_commit=commit)
    lineage = Lineage(task="tasks:Chance", fingerprint="f" * 64, spec=spec, environment=environment)
    library.open().add("odd", 1, lineage=lineage)
    code, out, talk = shop("reproduce", "odd")
    assert (code, out) == (4, "")
    assert says in talk


def test_a_task_that_fails_ends_with_1(shop: Stook, tmp_path: Path) -> None:
    """A file that the task read and no commit has is not there; the traceback says where."""
    (tmp_path / "local.txt").write_text("x")
    assert shop("run", "tasks.py:Reading")[0] == 0
    code, out, talk = shop("reproduce", "reading")
    assert code == 1
    assert "failed" in out
    assert "FileNotFoundError" in talk
    assert "tasks:Reading failed" in talk


def test_code_of_others_is_not_run_unasked(shop: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what will run and whose it is; with nobody to ask, only `--yes` runs it."""
    monkeypatch.setenv("STOOK_OWNER", "mallory")
    assert shop("run", "tasks.py:Scaled")[0] == 0
    monkeypatch.setenv("STOOK_OWNER", "tess")
    code, out, talk = shop("reproduce", "scaled")
    assert (code, out) == (2, "")
    assert "tasks:Scaled by mallory" in talk
    assert shop("reproduce", "scaled", "--yes")[0] == 0


def test_changes_are_not_run_unasked_where_there_are_remotes(shop: Stook, tmp_path: Path) -> None:
    """What is in no commit may have come from a remote, whoever is said to have made it."""
    (tmp_path / "tasks.py").write_text(TASKS.replace("FACTOR = 2", "FACTOR = 3"))
    assert shop("run", "tasks.py:Scaled")[0] == 0
    library.open().add_remote("origin", str(tmp_path / "remote"))
    assert shop("reproduce", "scaled")[0] == 2
    assert shop("reproduce", "numbers", "--yes")[0] == 0


def test_what_was_not_kept_is_told(shop: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the source of changes, the commit's code runs, and it is said that this is not what ran then."""
    monkeypatch.setenv("STOOK_KEEP_CODE", "0")
    (tmp_path / "tasks.py").write_text(TASKS.replace("FACTOR = 2", "FACTOR = 3"))
    assert shop("run", "tasks.py:Scaled")[0] == 0
    code, _, talk = shop("reproduce", "scaled")
    assert code == 3
    assert "the code of tasks:FACTOR is not what it was" in talk


def test_the_folder_can_be_kept(shop: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--keep` leaves the code and what was made."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert shop("run", "tasks.py:Scaled")[0] == 0
    found = json.loads(shop("reproduce", "scaled", "--keep", "--json")[1])
    folder = Path(found["folder"])
    assert folder.parent == tmp_path / "temporary"
    assert (folder / "code-1" / "tasks.py").read_text() == TASKS
    assert library.open(folder / "store", context=library.open().context).get("scaled").data == [6, 2, 8]
