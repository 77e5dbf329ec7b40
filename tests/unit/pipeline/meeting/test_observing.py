"""What is seen of the files that a task opens."""

from __future__ import annotations

import inspect
import linecache
import os
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from stook.model.lineage import Read
from stook.pipeline.meeting.blocks import observed, unobserved
from stook.pipeline.meeting.counting import Counted
from stook.pipeline.meeting.file_digests import FileDigests, digest_names
from stook.pipeline.meeting.observation import CHANGED, Observation
from stook.pipeline.meeting.observing import watching

LONG_AGO = 1_600_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with files that have been there for long, which is the current folder."""
    workspace = tmp_path / "workspace"
    (workspace / "data").mkdir(parents=True)
    for name in ("rates.csv", "other.csv", "data/a.csv", "data/b.csv"):
        (workspace / name).write_text(name)
        os.utime(workspace / name, (LONG_AGO, LONG_AGO))
    monkeypatch.chdir(workspace)
    return workspace


def seen(folder: Path, do: Callable[[], object], *ignored: str) -> dict[str, str]:
    """Do something as a task would, and return digests by name of what it read."""
    observation = Observation(Counted(folder, ignored), FileDigests())
    with watching(observation):
        do()
    return {read.path: read.digest for read in observation.reads()}


def digest(path: Path) -> str:
    """Return the digest of a file as it is now."""
    return FileDigests().of(str(path))


@pytest.mark.parametrize(
    "read",
    [
        lambda: open("rates.csv").read(),  # noqa: SIM115 - what is opened is the point
        lambda: open(b"rates.csv", "rb").read(),  # noqa: SIM115
        lambda: Path("data/../rates.csv").read_bytes(),
        lambda: os.close(os.open("rates.csv", os.O_RDONLY)),
        lambda: shutil.copy("rates.csv", tempfile.mkdtemp()),
        lambda: (os.chdir("data"), Path("../rates.csv").read_text(), os.chdir("..")),
        lambda: open("rates.csv", "r+").close(),
        lambda: open("rates.csv", "a+").close(),
    ],
)
def test_a_file_that_is_opened_is_seen(folder: Path, read: Callable[[], object]) -> None:
    """However Python opens it, it has one name, from the workspace, and the digest of its bytes."""
    assert seen(folder, read) == {"rates.csv": digest(folder / "rates.csv")}


def test_what_is_written_is_not_read(folder: Path) -> None:
    """Files that the task makes, and all in folders that it makes, are its own; so is what it moves those to."""

    def work() -> None:
        Path("new.txt").write_text("1")
        Path("new.txt").read_text()
        Path("other.csv").write_text("replaced")
        Path("other.csv").read_text()
        os.rename("new.txt", "moved.txt")
        Path("moved.txt").read_text()
        with tempfile.TemporaryDirectory() as made:
            shutil.copy("moved.txt", made)
            Path(made, "moved.txt").read_text()
        os.makedirs("out/deep")
        os.rename("out", "kept")
        list(Path("kept").iterdir())

    assert seen(folder, work) == {}


def test_a_file_that_is_read_before_it_is_written_is_never_the_same(folder: Path) -> None:
    """Nobody can tell any more what the task has read, so its result is not reused; the same for what it adds to."""

    def work() -> None:
        Path("rates.csv").read_text()
        Path("rates.csv").write_text("longer than before")
        with open("other.csv", "a") as file:
            file.write("more")
        Path("other.csv").read_text()

    assert seen(folder, work) == {"rates.csv": CHANGED, "other.csv": CHANGED}


def test_a_change_of_a_young_file_is_seen_though_its_times_do_not_show_it(folder: Path) -> None:
    """A clock may tick too slowly: of a file changed just now the bytes are compared."""
    state = os.stat("rates.csv")
    observation = Observation(Counted(folder), FileDigests())
    with watching(observation):
        Path("rates.csv").read_text()
    with unobserved():
        Path("rates.csv").write_text("RATES.CSV")
        os.utime("rates.csv", (LONG_AGO, LONG_AGO))
    assert os.stat("rates.csv").st_mtime_ns == state.st_mtime_ns
    assert [read.digest for read in observation.reads()] == [CHANGED]


def test_what_is_looked_for_and_not_there_counts(folder: Path) -> None:
    """That there is no such file is what the result depends on."""

    def work() -> None:
        with suppress(FileNotFoundError):
            Path("missing.csv").read_text()

    assert seen(folder, work) == {"missing.csv": ""}


@pytest.mark.parametrize(
    "look",
    [
        lambda: os.listdir("data"),
        lambda: list(Path("data").iterdir()),
        lambda: list(Path().glob("data/*.csv")),
        lambda: list(os.walk("data")),
        lambda: list(os.fwalk("data")),
    ],
)
def test_a_folder_that_is_listed_is_seen(folder: Path, look: Callable[[], object]) -> None:
    """The names in it count, not the content of the files."""
    found = seen(folder, look)
    assert found.pop("data") == digest_names("data")
    assert set(found) <= {"."}


def test_a_database_is_seen(folder: Path) -> None:
    """SQLite opens its file unseen, but Python says so; what was written last may be in a file beside it."""
    sqlite3.connect("data/shop.db").execute("create table sales (amount)").connection.close()

    def query() -> None:
        sqlite3.connect("file:data/shop.db?mode=ro", uri=True).execute(
            "select * from sales"
        ).connection.close()
        sqlite3.connect(":memory:").close()
        sqlite3.connect("scratch.db").close()

    assert list(seen(folder, query)) == ["data/shop.db", "data/shop.db-wal"]


def test_python_itself_and_the_machine_do_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports, source lines, libraries, the system, caches at home and what is ignored are nothing to the result."""
    home = folder / "home"
    (home / ".cache").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.syspath_prepend(folder)
    (folder / "late.py").write_text("number = 1\n")
    for name in ("home/.cache/model.bin", "data/stored"):
        (folder / name).write_text("x")
    outside = Counted(folder.parent / "elsewhere", [str(folder / "data")])
    observation = Observation(outside, FileDigests())
    with watching(observation):
        late = import_module("late")
        inspect.getsource(late)
        linecache.getline(str(late.__file__), 1)
        Path(os.__file__).read_text()
        Path(pytest.__file__).read_text()
        Path("/etc/hostname").exists() and Path("/etc/hostname").read_text()
        Path("home/.cache/model.bin").read_text()
        Path("data/stored").read_text()
    del sys.modules["late"]
    assert observation.reads() == ()


def test_an_environment_around_the_workspace_hides_no_files_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `python -m venv .` both are one folder; what is installed does not count."""
    monkeypatch.setattr(sys, "prefix", str(folder))
    (folder / "bin").mkdir()
    (folder / "bin/activate").write_text("")

    def work() -> None:
        Path("rates.csv").read_text()
        Path("bin/activate").read_text()

    assert [*seen(folder, work)] == ["rates.csv"]


def test_source_that_is_read_as_data_counts(folder: Path) -> None:
    """A program that another one opens is a file like any other."""
    (folder / "program.py").write_text("pass")
    assert list(seen(folder, lambda: Path("program.py").read_text())) == ["program.py"]


def test_files_elsewhere_have_their_whole_path(folder: Path, tmp_path: Path) -> None:
    """A file outside of the workspace counts too."""
    (tmp_path / "shared.csv").write_text("1")
    assert list(seen(folder, Path("../shared.csv").read_text)) == [str(tmp_path / "shared.csv")]


def test_shared_memory_is_a_folder_like_others(folder: Path) -> None:
    """Devices do not count, but files that are kept in memory do."""
    counted = Counted(folder)
    in_memory = "/dev/shm/rates.csv"  # noqa: S108 - nothing is written there
    assert counted.name_of(in_memory) == in_memory
    assert counted.name_of("/dev/null") is None


def test_threads_are_seen_and_two_tasks_at_once_are_told_apart(folder: Path) -> None:
    """A thread that a task starts is the task's; a thread that runs another task is that one's alone."""
    first, second = (Observation(Counted(folder), FileDigests()) for _ in range(2))
    ready, done = threading.Event(), threading.Event()

    def other() -> None:
        with watching(second):
            Path("other.csv").read_text()
            ready.set()
            assert done.wait(30)

    thread = threading.Thread(target=other)
    with watching(first):
        thread.start()
        assert ready.wait(30)
        Path("rates.csv").read_text()
    done.set()
    thread.join()
    helper = Observation(Counted(folder), FileDigests())
    with watching(helper):
        worker = threading.Thread(target=Path("data/a.csv").read_text)
        worker.start()
        worker.join()
    names = [[read.path for read in each.reads()] for each in (first, second, helper)]
    assert names == [["rates.csv"], ["other.csv"], ["data/a.csv"]]


def test_what_stook_does_meanwhile_is_not_seen_but_the_task_within_it_is(folder: Path) -> None:
    """Within `unobserved` nothing counts, within `observed` in it all does again."""

    def work() -> None:
        with unobserved():
            Path("rates.csv").read_text()
            with observed():
                Path("other.csv").read_text()

    assert list(seen(folder, work)) == ["other.csv"]


def test_an_expected_file_that_only_changes_was_written(folder: Path) -> None:
    """A file that code names, that Python does not open and that changes, is what another library wrote."""
    observation = Observation(Counted(folder), FileDigests())
    with watching(observation):
        for name in ("rates.csv", "other.csv", "data/a.csv"):
            observation.expect(str(folder / name))
        Path("data/a.csv").read_text()
    with unobserved():
        for name in ("rates.csv", "data/a.csv"):
            (folder / name).write_text("changed by something that nobody sees")
    assert observation.reads() == (
        Read("data/a.csv", CHANGED),
        Read("other.csv", digest(folder / "other.csv")),
    )


def test_digests_of_big_files_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes over what is known of a big file, until that is changed; damage does no harm."""
    monkeypatch.setattr("time.time_ns", lambda: 4_000_000_000_000_000_000)
    file, cache = tmp_path / "big.bin", tmp_path / "cache"
    file.write_bytes(b"1" * (4 << 20))
    known = FileDigests(cache).of(str(file))
    kept = cache / "digests.json"
    kept.write_text(kept.read_text().replace(known, "as it was said"))
    assert FileDigests(cache).of(str(file)) == "as it was said"
    file.write_bytes(b"2" * (4 << 20))
    assert FileDigests(cache).of(str(file)) == FileDigests().of(str(file)) != known
    kept.write_text("half of it")
    assert FileDigests(cache).of(str(file)) == FileDigests().of(str(file))


def test_a_young_file_is_digested_anew(tmp_path: Path) -> None:
    """Two changes within a tick of the clock look alike, so nothing is remembered until the file has settled."""
    file, digests = tmp_path / "x", FileDigests()
    file.write_text("1")
    before, state = digests.of(str(file)), os.stat(file)
    file.write_text("2")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert digests.of(str(file)) != before
