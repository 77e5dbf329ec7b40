"""Errors as a notebook shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.errors import InputError, TaskError


class Shares(stook.Task):
    """A task that fails where there are none."""

    count: int = 0

    def run(self) -> float:
        """Return the share of each."""
        return 1 / self.count


def shown(error: BaseException) -> str:
    """Return what IPython shows of an error: it asks for this, by this name."""
    return "\n".join(error._render_traceback_())  # type: ignore[attr-defined]


def test_frames_of_the_users_code_are_shown_and_no_others() -> None:
    """Then what happened, and what to do about it."""
    with pytest.raises(InputError) as caught:
        Shares(count="two")
    lines = shown(caught.value).splitlines()
    assert 'test_errors.py"' in lines[0]
    assert lines[1].strip() == 'Shares(count="two")'
    assert lines[-2:] == [
        "InputError: Shares: parameter count is 'two', which is not a whole number",
        "try: give count as a whole number",
    ]
    assert "stook/pipeline" not in shown(caught.value)


def test_the_frames_of_a_task_that_failed_are_shown(tmp_path: Path) -> None:
    """Its own traceback, from its code on, and that of the call that ran it."""
    with pytest.raises(TaskError) as caught:
        stook.run(Shares(), store=stook.open(tmp_path / "store"))
    text = shown(caught.value)
    assert text.index("stook.run(Shares()") < text.index("return 1 / self.count")
    assert (
        "TaskError: tests.unit.test_errors:Shares failed: ZeroDivisionError: division by zero\ntry: mend"
        in text
    )
    assert "stook/pipeline" not in text
