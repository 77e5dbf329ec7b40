"""Errors are told as any file and any process can take them."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.errors import InputError, TaskError
from stook.pipeline.authoring.user_code import user_code
from stook.pipeline.running.performing.portable import bearable, dump_error, load_error
from stook.pipeline.running.processes.deaths import how_it_died, time_exceeded
from stook.pipeline.running.work import Work
from stook.testing.executors import work_of


class Brief(stook.Task):
    """May take a second."""

    timeout = 1

    def run(self) -> int:
        """Return a number."""
        return 1


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A task that may take a second."""
    return work_of(stook.open(tmp_path / "store"), Brief())


def test_halves_of_characters_are_written_out() -> None:
    """Names of files may have them, and with these what an exception says; the run's record could not."""
    error = TaskError("no file \udcff", kind="task-failed", hint="mend \udcfe", traceback="\udcfd", n=1)
    for told in (bearable(error), load_error(dump_error(error))):
        assert (told.message, told.hint) == ("no file \\udcff", "mend \\udcfe")
        assert told.facts == {"traceback": "\\udcfd", "n": 1}
    plain = TaskError("no file", kind="task-failed")
    assert bearable(plain) is plain


def test_each_error_of_a_group_is_told() -> None:
    """As `asyncio.TaskGroup` raises them: the traceback has what is in the group, and in groups within it."""
    group = ExceptionGroup("two", [ValueError("one"), ExceptionGroup("more", [KeyError("three")])])
    with pytest.raises(TaskError) as caught, user_code("m:A", "m:A failed", kind="task-failed", hint="mend"):
        raise group
    trace = str(caught.value.facts["traceback"])
    assert "  | ValueError: one\n" in trace
    assert "  |   | KeyError: 'three'\n" in trace


def test_a_second_is_one(work: Work) -> None:
    """One second is told as one."""
    assert time_exceeded(work).message.endswith("its timeout of 1 second")


def test_a_process_that_broke_outside_of_run(work: Work) -> None:
    """It is not taken for a task that leaves by `os._exit`."""
    error, is_its_fault = how_it_died(work, 70)
    assert (is_its_fault, "what broke in its process" in error.hint) == (True, True)
    assert "os._exit" in how_it_died(work, 3)[0].hint


def test_an_input_error_stays_one() -> None:
    """Its words are the caller's to act on."""
    error = load_error(dump_error(InputError("no", kind="my-kind", hint="another")))
    assert (type(error), error.kind) == (InputError, "my-kind")
