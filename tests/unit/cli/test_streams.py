"""A run whose standard streams are closed, full, or read by nobody: the work is done all the same."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stook.cli.failure import report_failure

TASKS = """
import stook

class Words(stook.Task):
    def run(self):
        print("words of the task")
        return ["kept"]
"""
COMMAND = shlex.join([sys.executable, "-c", "from stook.cli.main import main; main()"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pipeline, and a store of its own."""
    (tmp_path / "tasks.py").write_text(TASKS)
    monkeypatch.setenv("STOOK_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("STOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path


def _sh(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, in which `stook` is the command."""
    line = f'stook() {{ {COMMAND} "$@"; }}\n{line}'
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(folder: Path, closed: str, jobs: int) -> None:
    """What cannot be said is not said; nothing else takes the place of a stream, and the result is kept."""
    ran = _sh(f"stook run tasks.py:Words -j {jobs} {closed}", folder)
    assert ran.returncode == 0, ran.stderr
    assert "kept" in _sh("stook cat words", folder).stdout


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_goes_on_when_nobody_listens(folder: Path, jobs: int) -> None:
    """The reader of the talk has gone, as `2>&1 | head -1` does: the run goes on, and tells its bundle."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [*shlex.split(COMMAND), "run", "tasks.py:Words", "-j", str(jobs)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=write,
        text=True,
        check=False,
    )
    os.close(write)
    assert ran.returncode == 0
    assert ran.stdout.startswith("words@")
    assert "kept" in _sh("stook cat words", folder).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_for_the_talk(folder: Path) -> None:
    """The disk of a log is full: the run goes on without it. Where results are written to it, that is an error."""
    ran = _sh("stook run tasks.py:Words --jobs 2 2>/dev/full", folder)
    assert (ran.returncode, ran.stdout[:6]) == (0, "words@")
    assert _sh("stook run tasks.py:Words >/dev/full", folder).returncode == 6


def test_an_interruption_that_python_wraps(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C while a class is made comes as a RuntimeError in Python 3.11: it is an interruption, not a bug."""
    error = RuntimeError("Error calling __set_name__")
    error.__cause__ = KeyboardInterrupt()
    assert report_failure(error) == 130
    assert "bug" not in capsys.readouterr().err
