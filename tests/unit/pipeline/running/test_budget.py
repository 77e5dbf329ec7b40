"""What tasks may use of the machine, counted."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.pipeline.running.budget import Budget
from stook.pipeline.running.machine import memory_here


class Small(stook.Task):
    """Uses one CPU."""


class Half(stook.Task):
    """Uses half a CPU."""

    cpus = 0.5


class Big(stook.Task):
    """Uses three CPUs."""

    cpus = 3


class Heavy(stook.Task):
    """Uses much memory."""

    memory = "6GB"


class Huge(stook.Task):
    """Uses more of all than there is."""

    cpus = 64
    memory = "1TB"


GB = 1_000_000_000


def test_cpus_are_shared() -> None:
    """Tasks run as long as there are CPUs for them; what they give back, others take."""
    budget = Budget(2)
    assert [budget.take(number, Small()) for number in range(3)] == [True, True, False]
    assert (budget.is_full, budget.in_use) == (True, 2)
    budget.give_back(0)
    assert (budget.is_full, budget.take(2, Small())) == (False, True)


def test_parts_of_a_cpu() -> None:
    """A task may use a part of a CPU."""
    budget = Budget(2)
    assert [budget.take(number, Half()) for number in range(5)] == [True] * 4 + [False]


def test_memory_is_shared() -> None:
    """Tasks whose memory is more than is left wait, though there are CPUs."""
    budget = Budget(4, memory=10 * GB)
    assert (budget.take(0, Heavy()), budget.take(1, Heavy()), budget.is_full) == (True, False, False)
    budget.give_back(0)
    assert budget.take(1, Heavy())


def test_more_than_there_is_runs_alone() -> None:
    """A task that wants more than there is runs when nothing else does, and nothing else beside it."""
    budget = Budget(2, memory=10 * GB)
    assert budget.take(0, Small())
    assert not budget.take(1, Huge())
    budget.give_back(0)
    assert (budget.take(1, Huge()), budget.take(2, Half())) == (True, False)


def test_a_big_task_gets_its_turn() -> None:
    """Small tasks may go before a big one that waits, but not for ever."""
    budget = Budget(4)
    budget.take(0, Small())
    budget.take(1, Small())
    assert not budget.take(2, Big())
    running, number = [0, 1], 3
    for _ in range(1000):
        if budget.take(number, Small()):
            running.append(number)
            number += 1
            continue
        budget.give_back(running.pop(0))
        if budget.take(2, Big()):
            break
    assert budget.in_use == 2
    assert 3 < number < 100


def test_full_for_all_but_the_one_that_waits() -> None:
    """Once nobody may go before a big task, there is room for nobody until there is for that one."""
    budget = Budget(4)
    budget.take(0, Small())
    budget.take(1, Small())
    budget.take(2, Big())
    for number in range(3, 40):
        if budget.take(number, Small()):
            budget.give_back(number)
    assert budget.is_full
    budget.give_back(0)
    assert not budget.is_full
    assert (budget.take(50, Small()), budget.take(2, Big())) == (False, True)


@pytest.mark.parametrize(
    ("own", "files", "limit"),
    [
        ("0::/\n", {"memory.max": "2000000\n"}, 2_000_000),
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "3000000\n"}, 3_000_000),
        ("3:cpu:/x\n5:memory:/y\n", {"memory/y/memory.limit_in_bytes": "4000000\n"}, 4_000_000),
    ],
)
def test_limits_of_a_container_count(tmp_path: Path, own: str, files: dict[str, str], limit: int) -> None:
    """The memory that there is, is that of the group of processes, where there is a limit to it."""
    (tmp_path / "own").write_text(own, encoding="ascii")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    assert memory_here(tmp_path, tmp_path / "own") == limit


def test_without_a_container(tmp_path: Path) -> None:
    """Where there is no limit, it is the memory of the machine."""
    assert memory_here(tmp_path, tmp_path / "own") > 100_000_000
