"""What a process has imported is what the files say now: else old code would run under the fingerprint of the new."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from stook.pipeline.closure import Closure

__all__ = ["check_imported"]

_COARSE_SECONDS: Final = 0.02  # by which the clock of files may be late
_AS_TASK: Final = ".(task)"
_State = tuple[int, int, int, int]


class _Agreed(msgspec.Struct, frozen=True):
    """A module that was found to be what its file says: as it was imported or reloaded then, and the file as it was."""

    spec: object
    state: _State
    code: dict[str, str]
    here: dict[str, list[object]]


_agreed: Final[dict[str, _Agreed]] = {}  # of this process, as its modules are


def check_imported(closure: Closure, task: type, held: Iterable[object] = ()) -> None:
    """Make sure that modules which were imported before their files changed do not run as they were.

    It takes one look at each file that was not changed since this process began.

    Args:
        closure: The code of a task, of the files as they are now.
        task: The class of the task.
        held: Functions and classes of files that the task reaches by another way than through modules.

    Raises:
        InputError: A definition that counts is another in this process than in its file.
    """
    from stook.pipeline.finding.importing import found_at

    parts = _by_module(closure)
    states: dict[str, _State] = {}
    young: dict[str, str] = {}
    for name in parts:
        names = _names_of(name, task)
        file = names.get("__file__") if names else None
        if isinstance(file, str) and file.endswith(".py"):
            states[name] = state = _state(file)
            if max(state[:2]) >= max(_began(), found_at(names or {})) - int(_COARSE_SECONDS * 1e9):
                young[name] = file
    if young:
        _compare(young, states, parts, task, held)
    for name, state in states.items():
        _agree(name, _names_of(name, task) or {}, state, parts[name])


def _compare(
    young: Mapping[str, str],
    states: Mapping[str, _State],
    parts: Mapping[str, dict[str, str]],
    task: type,
    held: Iterable[object],
) -> None:
    from stook.pipeline.finding.importing import RACY_SECONDS, forget_bytecode
    from stook.pipeline.live.edited import check_definitions, check_held

    holders = {name: names for name in parts if (names := _names_of(name, task)) is not None}
    for name, file in young.items():
        if max(states[name][:2]) > time.time_ns() - RACY_SECONDS * 1e9:
            forget_bytecode(file)
        known = _known(name, holders[name])
        if _is_agreed(known, states[name], parts[name]):
            continue
        changed = _changed(known, holders[name], parts[name]) if known else []
        wanted = _unsettled(known, holders[name], parts[name]) if known else [*parts[name]]
        check_definitions(name, holders[name], file, wanted, changed)
    # What modules have imported from one that was reloaded may be as it was before.
    check_held(young, holders, held)


def _by_module(closure: Closure) -> dict[str, dict[str, str]]:
    """Return digests of definitions by module and name; as a task, a class has another than as anything else."""
    parts: dict[str, dict[str, str]] = {}
    for key, digest in closure.code.items():
        module, _, name = key.rpartition(":")
        if "/" not in module and ":" not in module:
            parts.setdefault(module, {})[f"{name}{_AS_TASK}" if key in closure.entries else name] = digest
    return parts


def _names_of(module: str, task: type) -> dict[str, Any] | None:
    """Return the names of a module in this process; those of the script that runs, where it is that."""
    for value in vars(task).values() if task.__module__ == "__main__" else ():
        function = getattr(value, "__func__", value)
        names: dict[str, Any] = function.__globals__ if isinstance(function, FunctionType) else {}
        file = names.get("__file__")
        if isinstance(file, str) and os.path.splitext(os.path.basename(file))[0] == module.rpartition(".")[2]:
            return names
    found = sys.modules.get(module)
    return vars(found) if isinstance(found, ModuleType) else None


def _known(name: str, names: Mapping[str, Any]) -> _Agreed | None:
    """Return what was agreed on a module, unless it was reloaded since."""
    known, spec = _agreed.get(name), names.get("__spec__")
    return known if known is not None and spec is not None and known.spec is spec else None


def _changed(known: _Agreed, names: Mapping[str, Any], parts: Mapping[str, str]) -> list[str]:
    """Return what was edited since a module was like its file, and did not change here since."""
    edited = [name for name, digest in parts.items() if known.code.get(name, digest) != digest]
    now = _parts_here(names, edited)
    return [name.removesuffix(_AS_TASK) for name in edited if now.get(name) == known.here.get(name)]


def _unsettled(known: _Agreed, names: Mapping[str, Any], parts: Mapping[str, str]) -> list[str]:
    """Return what is to be compared: not what a program gave another value since, while its text stayed."""
    # Of a task, more than its digest has reaches the result: what it requires, and defaults.
    same = [one for one, now in parts.items() if known.code.get(one) == now and not one.endswith(_AS_TASK)]
    now = _parts_here(names, same)
    settled = {name for name in same if _codes(now.get(name)) == _codes(known.here.get(name))}
    return [name for name in parts if name not in settled]


def _codes(here: list[object] | None) -> list[object]:
    return [one for one in here or () if isinstance(one, CodeType)]


def _parts_here(names: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, list[object]]:
    """Return what definitions are in this process; IPython puts new code into old functions, without a reload."""
    if "IPython" not in sys.modules:
        return {}
    here: dict[str, list[object]] = {}
    for name in wanted:
        value = names.get(name.partition(".")[0])
        parts = vars(value).values() if isinstance(value, type) else (value,)
        here[name] = [getattr(getattr(one, "__func__", one), "__code__", id(one)) for one in parts]
    return here


def _is_agreed(known: _Agreed | None, state: _State, parts: Mapping[str, str]) -> bool:
    return known is not None and known.state == state and parts.items() <= known.code.items()


def _agree(name: str, names: Mapping[str, Any], state: _State, parts: Mapping[str, str]) -> None:
    known = _known(name, names)
    before, here = (known.code, known.here) if known is not None else ({}, {})
    _agreed[name] = _Agreed(
        names.get("__spec__"), state, {**before, **parts}, {**here, **_parts_here(names, parts)}
    )


def _state(file: str) -> _State:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0, 0, 0
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@cache
def _began() -> int:
    """Return when this process began, in nanoseconds since the epoch; nothing was imported earlier."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return _began_by_ps()
    return time.time_ns() - int(age * 1e9)


def _began_by_ps() -> int:
    import subprocess

    try:
        told = subprocess.run(
            ["ps", "-o", "etime=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return 0
    days, _, rest = told.rpartition("-")
    seconds = int(days or 0) * 86_400
    for power, part in enumerate(reversed(rest.split(":"))):
        seconds += int(part) * 60**power
    return time.time_ns() - (seconds + 1) * 1_000_000_000
