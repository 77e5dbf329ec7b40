"""Results that depend on what a task met while it ran: files, variables, tasks that it asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stook.errors import InputError
from stook.model.lineage import Lineage, Read
from stook.pipeline.deciding.met import differences
from stook.pipeline.meeting.observation import CHANGED
from tests.integration.pipeline_project import Project

LONG_AGO = 1_600_000_000
PIPELINE = """
    import os
    from pathlib import Path

    import stook

    RATES = "rates.csv"
    AT_IMPORT = stook.env("AT_IMPORT", "none")


    class Reads(stook.Task):
        def run(self):
            return open("rates.csv").read()


    class Tries(stook.Task):
        def run(self):
            try:
                return open("over" + "ride.csv").read()
            except FileNotFoundError:
                return "none"


    class Lists(stook.Task):
        def run(self):
            return len([name for name in os.listdir("da" + "ta") if name.endswith(".csv")])


    class Polars(stook.Task):
        def run(self):
            import polars
            return polars.read_csv(RATES).height


    class Joined(stook.Task):
        def run(self):
            import polars
            return polars.read_csv(Path("data") / "a.csv").height


    class Sql(stook.Task):
        def run(self):
            import duckdb
            return duckdb.sql("select count(*) from 'data/*.csv'").fetchall()[0][0]


    class Exists(stook.Task):
        def run(self):
            return os.path.exists("extra.csv")


    class Given(stook.Task):
        file: Path

        def run(self):
            import polars
            return polars.read_csv(str(self.file)).height


    class Declared(stook.Task):
        reads = ("data/*.csv",)

        def run(self):
            return 1


    class Writes(stook.Task):
        version = 1

        def run(self):
            import polars
            polars.DataFrame({"a": [1]}).write_csv("out.csv")
            Path("log.txt").write_text("done")
            return 1


    class Env(stook.Task):
        def run(self):
            return stook.env("RATE", "none")


    class UsesImport(stook.Task):
        def run(self):
            return AT_IMPORT


    LIMIT = os.environ.get("MET_LIMIT", "none")


    class ByName(stook.Task):
        def requires(self):
            return stook.source(os.environ.get("MET_WHICH", "rates.csv"), name="raw")

        def run(self, raw):
            return [os.environ.get("MET_A"), os.getenv("MET_B"), "MET_C" in os.environ, os.environ.get("MET_TOKEN")]


    class AtTop(stook.Task):
        def run(self):
            return LIMIT


    class InRequires(stook.Task):
        def requires(self):
            return stook.source(stook.env("WHICH", "rates.csv"), name="raw")

        def run(self, raw):
            return raw.path().read_text()


    class Same(stook.Task):
        file: str

        def run(self):
            return open("rates.csv").read() + self.file
    """


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Tasks that read what they do not require."""
    project = Project(tmp_path)
    header = "a\n1\n"
    project.write({"tasks.py": PIPELINE, "rates.csv": header, "data/a.csv": header, "data/b.csv": header})
    yield project
    project.forget()


def because(project: Project, task: str, params: dict[str, str] | None = None) -> tuple[str, ...]:
    """Run a task; return why it ran, or nothing where it was reused."""
    step = project.run(f"tasks.py:{task}", params).target
    return step.because if step.decision == "ran" else ()


@pytest.mark.parametrize(
    ("task", "file", "reason"),
    [
        ("Reads", "rates.csv", "rates.csv, which it read, changed"),
        ("Tries", "override.csv", "override.csv, which it looked for, is there now"),
        ("Lists", "data/c.csv", "data, which it listed, has other names in it"),
        ("Polars", "rates.csv", "rates.csv, which it read, changed"),
        ("Joined", "data/a.csv", "data/a.csv, which it read, changed"),
        ("Sql", "data/b.csv", "data/b.csv, which it read, changed"),
        ("Sql", "data/c.csv", "data/c.csv, which it names, is there now"),
        ("Exists", "extra.csv", "extra.csv, which it names, is there now"),
        ("Declared", "data/a.csv", "data/a.csv, which it read, changed"),
        ("Declared", "data/c.csv", "data/*.csv, which it listed, has other names in it"),
    ],
)
def test_a_file_that_changes_makes_the_task_run_again(
    project: Project, task: str, file: str, reason: str
) -> None:
    """However it is read, and also where it comes anew; with the old content the old result is found again."""
    first = project.run(f"tasks.py:{task}").target
    assert first.decision == "ran"
    assert because(project, task) == ()
    path = project.folder / file
    before = path.read_text() if path.exists() else None
    path.write_text("a\n1\n2\n")
    assert reason in because(project, task)
    assert because(project, task) == ()
    if before is None:
        path.unlink()
    else:
        path.write_text(before)
    assert project.run(f"tasks.py:{task}").bundle == first.bundle


def test_times_of_files_mean_nothing(project: Project) -> None:
    """A file that is written again with the same content is the same."""
    project.run("tasks.py:Polars")
    (project.folder / "rates.csv").write_text((project.folder / "rates.csv").read_text())
    os.utime(project.folder / "rates.csv", (LONG_AGO, LONG_AGO))
    assert because(project, "Polars") == ()


def test_a_path_in_a_parameter_counts_by_the_files_content(project: Project) -> None:
    """Whoever reads it: the value is a path, and what is there counts."""
    given = {"file": "data/a.csv"}
    assert because(project, "Given", given) == ("never ran",)
    assert because(project, "Given", given) == ()
    (project.folder / "data/a.csv").write_text("a\n1\n2\n")
    assert because(project, "Given", given) == ("data/a.csv, which it read, changed",)


def test_a_file_that_is_declared_has_to_be_there(project: Project) -> None:
    """A missing one is said before anything runs; a pattern may fit nothing."""
    project.replace("tasks.py", '("data/*.csv",)', '("data/*.txt", "missing.csv")')
    with pytest.raises(InputError, match=r"missing\.csv, which its reads names") as caught:
        project.run("tasks.py:Declared")
    assert caught.value.kind == "read-not-found"


def test_a_file_that_is_declared_later_counts_from_then_on(project: Project) -> None:
    """A result that was made before nobody knew of the file does not do."""
    assert because(project, "Declared") == ("never ran",)
    project.replace("tasks.py", '("data/*.csv",)', '("data/*.csv", "rates.csv")')
    assert because(project, "Declared") == ("rates.csv, which it names, is there now",)


def test_files_that_a_task_writes_elsewhere_do_not_make_it_run_again(project: Project) -> None:
    """Whoever wrote them, and also when they were there before."""
    assert because(project, "Writes") == ("never ran",)
    assert because(project, "Writes") == ()
    project.replace("tasks.py", "version = 1", "version = 2")
    assert because(project, "Writes") == ("version: 1 → 2",)
    assert because(project, "Writes") == ()


def test_a_variable_that_changes_makes_the_task_run_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value is nowhere to be seen."""
    monkeypatch.delenv("RATE", raising=False)
    first = project.run("tasks.py:Env").bundle
    assert (first.data, because(project, "Env")) == ("none", ())
    monkeypatch.setenv("RATE", "top secret")
    changed = project.run("tasks.py:Env").target
    assert changed.because == ("environment variable RATE changed",)
    assert changed.bundle.data == "top secret"
    assert "secret" not in repr(changed.bundle.lineage)
    monkeypatch.delenv("RATE")
    assert project.run("tasks.py:Env").bundle == first


def test_a_variable_read_at_import_counts_for_the_modules_code(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module has the value of when it was imported."""
    monkeypatch.delenv("AT_IMPORT", raising=False)
    assert because(project, "UsesImport") == ("never ran",)
    assert because(project, "UsesImport") == ()
    monkeypatch.setenv("AT_IMPORT", "2")
    changed = project.run("tasks.py:UsesImport").target
    assert (changed.because, changed.bundle.data) == (("environment variable AT_IMPORT changed",), "2")
    assert because(project, "UsesImport") == ()


def test_a_variable_read_in_requires_counts_by_what_it_changes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another value that leads to the same inputs is no reason to run."""
    (project.folder / "same.csv").write_text("other")
    monkeypatch.delenv("WHICH", raising=False)
    assert because(project, "InRequires") == ("never ran",)
    monkeypatch.setenv("WHICH", "./rates.csv")
    assert because(project, "InRequires") == ()
    monkeypatch.setenv("WHICH", "same.csv")
    assert because(project, "InRequires")[0].startswith("input raw changed")
    assert "WHICH" not in project.run("tasks.py:InRequires").bundle.lineage.env


def test_a_lineage_from_elsewhere_has_no_file_looked_at_that_would_not_count(tmp_path: Path) -> None:
    """Who made it may have put anything there; no pattern either, which might take for ever."""
    (tmp_path / "x.csv").write_text("1")
    reads = tuple(Read(path, "0" * 64) for path in ("/proc/kmsg", "/etc/hostname", "a/../x.csv"))
    said = differences(Lineage(reads=(*reads, Read("/**", "0" * 64, is_folder=True))), tmp_path, ())
    assert len(said) == 4
    assert all(line.endswith("does not count any more") for line in said)


def test_a_result_that_nobody_can_trust_is_never_the_same(tmp_path: Path) -> None:
    """Where the file changed while the task ran, no content of it is that which was read."""
    (tmp_path / "x.csv").write_text(CHANGED)
    assert differences(Lineage(reads=(Read("x.csv", CHANGED),)), tmp_path) == (
        "x.csv, which it read, changed while it ran",
    )


@pytest.mark.parametrize("name", ["MET_A", "MET_B", "MET_C"])
def test_a_variable_that_code_names_makes_the_task_run_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """However `os` is asked for it; with the old value the old result is found again, and no value is kept."""
    first = project.run("tasks.py:ByName").target
    assert because(project, "ByName") == ()
    monkeypatch.setenv(name, "a value of its own")
    assert because(project, "ByName") == (f"environment variable {name} changed",)
    assert because(project, "ByName") == ()
    assert "a value of its own" not in str(project.store.get("by_name").lineage)
    monkeypatch.delenv(name)
    assert project.run("tasks.py:ByName").bundle == first.bundle


@pytest.mark.parametrize("name", ["MET_WHICH", "MET_TOKEN", "MET_LIMIT"])
def test_variables_that_do_not_count(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Those that requires reads, that hold secrets, or that other code reads."""
    project.run("tasks.py:ByName")
    monkeypatch.setenv(name, "rates.csv")
    assert because(project, "ByName") == ()


def test_a_variable_that_a_module_reads_counts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a part of what the module says, for tasks that use that part."""
    project.run("tasks.py:AtTop")
    project.forget()
    monkeypatch.setenv("MET_LIMIT", "3")
    assert because(project, "AtTop") == ("environment variable MET_LIMIT changed",)
