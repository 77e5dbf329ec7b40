"""What a person sees of a run while it goes on, on a terminal and in a log."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from stook.cli.run_lines import RunLines
from stook.cli.run_view import RunView
from stook.model.events import (
    Event,
    Exchanged,
    ExchangeFailed,
    ExchangeWaiting,
    RunEnded,
    RunStarted,
    TaskAdded,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
    TaskWaiting,
)

TASKS = """
import stook

class Part(stook.Task):
    number: int = 1
    def run(self):
        print("part", self.number)
        return 6 // self.number

class Both(stook.Task):
    low: int = 1
    def requires(self):
        return [Part(number=self.low), Part(number=2)]
    def run(self, *parts):
        return sum(part.data for part in parts)
"""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _leaf(number: int) -> TaskAdded:
    return TaskAdded(number, "m:Leaf", "leaf", f"Leaf(n={number})", (), {"n": f"n={number}"})


def _view(*events: Event, expected: dict[str, float] | None = None, jobs: int = 1) -> RunView:
    view = RunView(expected or {}, jobs)
    for event in events:
        view.take(event, 0.0)
    return view


def _texts(view: RunView, now: float, height: int = 24) -> list[str]:
    return [line.text.rstrip() for line in view.lines(now, height)]


def test_a_small_graph_is_a_tree_with_the_state_of_each_task() -> None:
    """What was asked for is at the top; tasks of one name have their parameters; one needed twice is there once."""
    view = _view(
        _leaf(0),
        _leaf(1),
        TaskAdded(2, "m:Mid", "mid", "Mid()", (0, 1)),
        TaskAdded(3, "m:Top", "top", "Top()", (1, 2)),
        TaskFinished("m:Leaf", "leaf", "reused", "leaf@1", 0.0, 1, 0),
        TaskStarted("m:Leaf", "leaf", (), 1),
    )
    assert _texts(view, 65.0) == [
        "  · top",
        "  ├─ ▶ leaf n=1  1 min 5 s",
        "  └─ · mid",
        "     └─ = leaf n=0  reused",
        "━━━━━━────────────────── 1/4  1 min 5 s",
    ]


def test_of_a_large_graph_what_runs_and_what_failed_is_shown() -> None:
    """No more lines than there is room for, failures first, and how many there are besides."""
    events: list[Event] = [_leaf(number) for number in range(100)]
    events.append(TaskFailed("m:Leaf", "leaf", "boom", 2.0, 99))
    events += [TaskStarted("m:Leaf", "leaf", (), number) for number in range(10)]
    texts = _texts(_view(*events), 1.0, height=6)
    assert len(texts) == 6
    assert texts[0] == "  ✗ leaf n=99  failed after 2.0 s: boom"
    assert texts[1] == "  ▶ leaf n=0  1.0 s"
    assert texts[4] == "  … and 7 more"
    assert texts[5].endswith("1/100  1.0 s")


@pytest.mark.parametrize(("jobs", "left"), [(1, 12.0), (2, 6.0), (8, 4.0)])
def test_time_left_goes_by_earlier_runs(jobs: int, left: float) -> None:
    """It is the sum over what is not done, shared by those that run at once, and never less than the longest task."""
    events = [*map(_leaf, range(3)), TaskAdded(3, "m:Top", "top", "Top()", (0, 1, 2))]
    view = _view(*events, expected={"m:Leaf": 4.0}, jobs=jobs)
    view.take(TaskStarted("m:Leaf", "leaf", (), 0), 0.0)
    view.take(TaskFinished("m:Leaf", "leaf", "ran", "leaf@1", 4.0, 1, 0), 4.0)
    assert view.seconds_left(4.0) == pytest.approx(left)
    assert "left" in _texts(view, 4.0)[-1]


def test_nothing_is_said_of_time_that_nobody_knows() -> None:
    """Less than half of the tasks known is a guess."""
    view = _view(
        *map(_leaf, range(2)), TaskAdded(2, "m:Top", "top", "Top()", (0, 1)), expected={"m:Top": 4.0}
    )
    assert view.seconds_left(0.0) is None
    assert "left" not in _texts(view, 1.0)[-1]


def test_what_stays_shows_what_was_cut_short() -> None:
    """After the end nothing is running: a task that was is marked as stopped; retries and other runs are told."""
    view = _view(_leaf(0), TaskStarted("m:Leaf", "leaf", (), 0))
    assert [line.text.strip() for line in view.final_lines(1.0)] == ["□ leaf  stopped"]
    view = _view(_leaf(0), TaskFailed("m:Leaf", "leaf", "boom", 1.0, 0, retry_in=2.0))
    assert _texts(view, 1.0)[0] == "  · leaf  tried again: boom"
    view = _view(_leaf(0), TaskWaiting(0, "m:Leaf", "leaf", "bold-fox-001"))
    assert _texts(view, 1.0)[0] == "  ⏸ leaf  waiting: bold-fox-001 is at it"


def test_a_log_has_a_line_for_each_thing_that_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """Attempts, waits for others and skipped tasks have theirs too."""
    lines = RunLines()
    for event in (
        RunStarted("m:Top", 3, "bold-fox-001"),
        TaskWaiting(0, "m:Leaf", "leaf", "calm-hare-002"),
        TaskStarted("m:Leaf", "leaf", ("a", "b", "c", "d"), 0),
        TaskFailed("m:Leaf", "leaf", "boom", 1.0, 0, retry_in=2.0),
        TaskStarted("m:Leaf", "leaf", ("a",), 0, 2),
        TaskFailed("m:Leaf", "leaf", "boom", 1.0, 0),
        TaskSkipped(1, "m:Mid", "mid", "m:Leaf"),
        RunEnded("failed", 4.0),
    ):
        lines(event)
    assert capsys.readouterr().err.splitlines() == [
        "m:Top: 3 steps",
        "  leaf           waiting: calm-hare-002 is at it",
        "  leaf           running: a; b; c and 1 more",
        "  leaf           failed after 1.0 s: boom; tried again in 2.0 s",
        "  leaf           running (attempt 2): a",
        "  leaf           failed after 1.0 s",
        "  mid            skipped: m:Leaf failed",
        "failed after 4.0 s: 0 ran, 1 failed, 1 skipped (mid) · run bold-fox-001",
    ]


def test_what_is_exchanged_with_a_remote_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure with what to do, what is waited for, and in the end what came of it."""
    lines = RunLines()
    lines(ExchangeFailed("send", "no bucket", "stook remote check", "origin"))
    lines(ExchangeWaiting(2))
    lines(Exchanged("origin", ("a@1",), 0, ("b@1", "b@2")))
    assert capsys.readouterr().err.splitlines() == [
        "could not send results to origin, and the run goes on without: no bucket; try: stook remote check",
        "waiting for 2 results on the way; Ctrl-C leaves what is not there yet",
        "1 result taken from origin; 2 results sent to origin",
    ]


def test_a_terminal_shows_a_tree_and_ends_with_it(tmp_path: Path) -> None:
    """The last picture stays, with the line that sums up and the result below it; what tasks print stands above."""
    code, seen = _seen(tmp_path, "run", "parts.py:Both")
    assert code == 0
    assert "\x1b[" in seen
    lines = _CONTROL.sub("", seen).splitlines()
    assert lines[0] == "parts:Both: 3 steps"
    assert [line.split()[0:2] for line in lines[-5:-2]] == [["✓", "both"], ["├─", "✓"], ["└─", "✓"]]
    assert lines[-2].startswith("done in ")
    assert lines[-1].startswith("both@")


def test_a_failure_stays_on_a_terminal(tmp_path: Path) -> None:
    """Marked in the tree, then summed up, then its traceback."""
    code, seen = _seen(tmp_path, "run", "parts.py:Both", "--low", "0")
    assert code == 1
    text = _CONTROL.sub("", seen)
    failed = text.rindex("✗ part number=0  failed after")
    assert failed < text.index("\nfailed after ") < text.index("Traceback")


def test_plain_lines_may_be_asked_for_on_a_terminal(tmp_path: Path) -> None:
    """No letter then moves the cursor."""
    code, seen = _seen(tmp_path, "run", "parts.py:Both", "--plain")
    assert code == 0
    assert "\x1b[" not in seen
    assert "  part number=2  running: never ran\n" in seen
    assert "  both           running: never ran\n" in seen


def _seen(folder: Path, *words: str) -> tuple[int, str]:
    """Return the exit code of a command, and what a terminal of 80 columns was sent."""
    (folder / "parts.py").write_text(TASKS)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-c", "from stook.cli.main import main; main()", *words]
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    environ |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command, **streams, env=environ, cwd=folder) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # Linux says so where the other end is closed
            pass
        os.close(ours)
        code = process.wait(60)
    return code, shown.decode().replace("\r\n", "\n")
