"""Each step of a store fails at each of its operations, one after the other: it is done or not done, never half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import get_args

import pytest

from tests.stateful.machine import StoreMachine
from tests.stateful.test_store_against_a_model import BucketMachine, FolderMachine
from tests.stateful.traps import Kind

pytestmark = pytest.mark.filterwarnings("ignore:a bundle's time is")

_MOST = 200
_LARGE = 150_000

Setting = tuple[Kind, int]
Step = Callable[[StoreMachine, Setting, int], object]


def _add(machine: StoreMachine, number: int, size: int = 6000) -> None:
    machine.add(1, None, "a", number, size, 0, 0)


def _tag(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.tag(0, trap, 0, "k", str(number))


def _untag(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.tag(1, None, 0, "k", str(number))
    machine.untag(0, trap, 0, "k")


def _unalias(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.alias(1, None, 0, None)
    machine.unalias(0, trap, 0)


def _remove(machine: StoreMachine, trap: Setting, number: int) -> None:
    _add(machine, number, 10)
    machine.rm(0, trap, len(machine.model.live()) - 2, 1, force=True)


def _restore(machine: StoreMachine, trap: Setting, number: int) -> None:
    for _ in range(2):
        _add(machine, number)
    machine.rm(1, None, len(machine.model.live()) - 2, 1, force=True)
    machine.restore(0, trap, len(machine.model.removed()) - 2, 1)


def _rescue(machine: StoreMachine, trap: Setting, number: int) -> None:
    """Restore what is condemned already, so that it must be copied."""
    _add(machine, number + 1000)
    machine.rm(1, None, len(machine.model.live()) - 1, 0, force=True)
    if isinstance(machine, BucketMachine):
        machine.wait(30)
    machine.begin_draft(1, "a", 0, 10)  # lets the folder's collector condemn, too
    machine.collect_garbage(1, None)
    machine.drop_draft(1)
    machine.restore(0, trap, len(machine.model.removed()) - 1, 0)


def _condemn(machine: StoreMachine, trap: Setting, number: int) -> None:
    """Collect a pack, after all that the failure before this one has left behind; in a folder it goes at once."""
    for _ in range(2):
        machine.collect_garbage(1, None)
        if isinstance(machine, BucketMachine):
            machine.wait(30)
    _add(machine, number + 2000, _LARGE)
    machine.rm(1, None, len(machine.model.live()) - 1, 0, force=True)
    if isinstance(machine, BucketMachine):
        machine.wait(30)
    machine.collect_garbage(0, trap)


def _sweep(machine: StoreMachine, trap: Setting, number: int) -> None:
    """Collect what is condemned."""
    _condemn(machine, ("error-before", 0), number)
    if isinstance(machine, BucketMachine):
        machine.wait(30)
    machine.collect_garbage(0, trap)


def _delete_context(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.add(1, None, "a", number, 10, 1, 0)  # to the context `other`, which is there again
    machine.add(1, None, "ä", number, 10, 1, 0)
    machine.delete_context(0, trap, sorted(machine.model.names()).index("other"), force=True)


def _rename_context(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.create_context(1, None)
    machine.rename_context(0, trap, number)


def _end_draft(machine: StoreMachine, trap: Setting, number: int) -> None:
    machine.begin_draft(0, "a", number + 3000, _LARGE)
    machine.end_draft(0, trap)


STEPS: dict[str, Step] = {
    "add": lambda machine, trap, number: machine.add(0, trap, "a", number, _LARGE, 1, 0),
    "add a file": lambda machine, trap, number: machine.add(0, trap, "a", number, _LARGE, 0, 1),
    "end a draft": _end_draft,
    "tag": _tag,
    "untag": _untag,
    "commit": lambda machine, trap, number: machine.commit(0, trap, 0, str(number)),
    "alias": lambda machine, trap, number: machine.alias(0, trap, number, None),
    "unalias": _unalias,
    "rm": _remove,
    "restore": _restore,
    "restore what is condemned": _rescue,
    "create a context": lambda machine, trap, _: machine.create_context(0, trap),
    "rename a context": _rename_context,
    "delete a context": _delete_context,
    "gc": _condemn,
    "gc of what is condemned": _sweep,
    "rebuild": lambda machine, trap, _: machine.rebuild(0, trap),
}


@pytest.fixture(params=[FolderMachine, BucketMachine], ids=["folder", "bucket"])
def machine(request: pytest.FixtureRequest) -> Iterator[StoreMachine]:
    """Two stores open on one folder or bucket, with a few bundles, and the model of it."""
    machine: StoreMachine = request.param()
    machine.begin(-3600.0)
    for number in range(3):
        _add(machine, number)
    machine.add(0, None, "ä", 1, 1000, 1, 1)
    machine.rm(0, None, 0, 0, force=True)
    yield machine
    machine.teardown()


def _fail_everywhere(machine: StoreMachine, step: Step, kind: Kind) -> int:
    """Let a step fail at each of its operations; return how many there are."""
    for at in range(1, _MOST):
        step(machine, (kind, at), at)
        has_failed = machine.has_failed
        machine.same_as_the_model()
        if not has_failed:
            return at - 1
    raise AssertionError(f"more than {_MOST} operations")


@pytest.mark.parametrize("name", STEPS)
def test_a_crash_at_any_operation_leaves_it_done_or_not_done(machine: StoreMachine, name: str) -> None:
    """Whatever a process dies before: the next one finds all of the step or nothing, and all else as it was."""
    assert _fail_everywhere(machine, STEPS[name], "crash-before") > 0


@pytest.mark.full
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "crash-before"])
def test_a_failure_at_any_operation_leaves_it_done_or_not_done(
    machine: StoreMachine, name: str, kind: Kind
) -> None:
    """The same where it dies after an operation, or the operation says that it failed, though it may have been done."""
    _fail_everywhere(machine, STEPS[name], kind)
