"""What a notebook shows of runs and plans."""

from __future__ import annotations

import pytest

import stook
from stook.app.notebook_lines import NotebookLines
from stook.model.events import RunEnded, TaskStarted
from stook.pipeline.html_table import html_table


class Shown(stook.Task):
    """A task to be shown."""

    def run(self) -> int:
        """Return the number."""
        return 1


def test_plans_and_results_are_tables() -> None:
    """Each has a row for each task, with the reason."""
    assert "<td" in stook.plan(Shown())._repr_html_()
    assert ">never ran<" in stook.why(Shown())._repr_html_()
    made = stook.run(Shown())
    shown = made._repr_html_()
    assert f"<caption>{made.bundle.ref} · run {made.run}</caption>" in shown
    assert all(f">{cell}<" in shown for cell in ("shown", "ran", "never ran"))


def test_tables_hold_text_and_no_markup() -> None:
    """What a name or a reason says is escaped."""
    shown = html_table("<b>", ["<i>"], [["<script>"]])
    assert "<script>" not in shown.replace("&lt;script&gt;", "")
    assert "&lt;b&gt;" in shown
    assert "&lt;i&gt;" in shown


def test_lines_of_a_run_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    """The first tasks have a line each, with the reason; a thousand have no thousand."""
    lines = NotebookLines()
    for number in range(1000):
        lines(TaskStarted("m:T", f"t{number}", ("never ran", "and more")))
    lines(RunEnded("ok", 1.0))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "t0 running: never ran; and more"
    assert len(said) < 20
