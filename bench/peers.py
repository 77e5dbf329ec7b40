"""What the same work costs Stook, restic and DVC as whole processes, beside the bare loop, in one run.

Every time has in it a `sync -f` of the file system after the command, and what was dirty before is synced first: so
nobody gains by leaving the writing to later, as DVC does. restic syncs, encrypts and compresses; DVC hashes (MD5) and
copies. All begin with the same files in the system's cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.adding import MANY_FILES, SMALL_BYTES, append_all, make_files, text_blocks, write_blocks
from bench.measuring import STOOK, Spent, middle, quiet_environment, run_quietly, show, show_goal, spend

_ROUNDS = 3
_LARGE_BYTES = 1 << 30
_OLD_SECONDS = 2.5
_GET_RESTIC = "apt-get install restic, or set STOOK_BENCH_RESTIC to the program"
_GET_DVC = "uv tool install dvc, or set STOOK_BENCH_DVC to the program"

Command = tuple[str | Path, ...]


@dataclass(frozen=True)
class Tool:
    """A program that keeps versions of data.

    Attributes:
        name: What it is called.
        start: A command that does nothing: what its start costs.
        fresh: What makes a new, empty repository; not counted.
        steps: What is measured then, by name, in order.
        leftovers: What is below the folder of the benchmark when it is done.
        environment: Its environment.
    """

    name: str
    start: Command
    fresh: Sequence[Command]
    steps: Mapping[str, Command]
    leftovers: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)


def measure(folder: Path) -> None:
    """Compare 20,000 files of 10 KB, then one file of 1 GiB that compresses."""
    data = folder / "work" / "data"
    data.parent.mkdir()
    tools = find_tools(folder)
    for tool in tools:
        show(f"{tool.name}: its start alone", _measure_start(tool, data.parent))
    make_files(data)
    loop = partial(_append_all, data, folder / "appended")
    spent = _measure(folder, tools, loop)
    _show(f"{MANY_FILES} x {SMALL_BYTES} bytes", spent, {"restic": 2.5, "dvc": 8})
    shutil.rmtree(data)
    write_blocks(data, text_blocks(_LARGE_BYTES), _LARGE_BYTES)
    copy = partial(_copy, data, folder / "copy")
    _show("1 GiB, compressible", _measure(folder, tools, copy, few=True), {})


def find_tools(folder: Path) -> list[Tool]:
    """Return what there is on this machine, and say how to get the rest."""
    tools = [_stook(folder)]
    for name, find, make, hint in (
        ("restic", _find_restic, _restic, _GET_RESTIC),
        ("dvc", _find_dvc, _dvc, _GET_DVC),
    ):
        program = find()
        if program is None:
            print(f"  {name} is left out, for it is not there: {hint}")
        else:
            tools.append(make(folder, program))
    return tools


def _find_restic() -> str | None:
    return os.environ.get("STOOK_BENCH_RESTIC") or shutil.which("restic")


def _find_dvc() -> str | None:
    """Return DVC's program; where there is none, have uv fetch it into its own cache."""
    program = os.environ.get("STOOK_BENCH_DVC") or shutil.which("dvc")
    uv = shutil.which("uvx")
    if program is None and uv is not None:
        asked = subprocess.run(
            [uv, "--from", "dvc", "which", "dvc"], capture_output=True, text=True, check=False
        )
        program = asked.stdout.strip() or None
    return program


def _stook(folder: Path) -> Tool:
    out = folder / "out"
    steps: dict[str, Command] = {
        "add": (STOOK, "add", "data", "data"),
        "add again": (STOOK, "add", "data", "data"),
        "checkout": (STOOK, "checkout", "data", out),
        "status": (STOOK, "status", out),
    }
    start = (STOOK, "config")
    return Tool("stook", start, (), steps, ("store", "cache", "out"), quiet_environment(folder))


def _restic(folder: Path, program: str) -> Tool:
    places = {"RESTIC_REPOSITORY": folder / "restic", "RESTIC_CACHE_DIR": folder / "restic-cache"}
    environment = quiet_environment(folder) | {name: str(path) for name, path in places.items()}
    backup = (program, "backup", "--quiet", "data")
    return Tool(
        "restic",
        (program, "version"),
        [(program, "init")],
        {"add": backup, "add again": backup},
        ("restic", "restic-cache"),
        environment | {"RESTIC_PASSWORD": "bench"},
    )


def _dvc(folder: Path, program: str) -> Tool:
    environment = quiet_environment(folder) | {
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(folder / "dvc-site"),
    }
    add = (program, "add", "--quiet", "data")
    return Tool(
        "dvc",
        (program, "--version"),
        [(program, "init", "--no-scm", "--quiet"), (program, "config", "core.analytics", "false")],
        {"add": add, "add again": add, "status": (program, "status")},
        ("dvc-site", "work/.dvc", "work/.dvcignore", "work/data.dvc", "work/.gitignore"),
        environment,
    )


def _measure_start(tool: Tool, folder: Path) -> Spent:
    """Return what a start costs when all byte code is there."""
    times = [spend(lambda: run_quietly(tool.start, tool.environment, folder)) for _ in range(_ROUNDS + 1)]
    return middle(times[1:])


def _measure(
    folder: Path, tools: Sequence[Tool], bound: Callable[[], object], *, few: bool = False
) -> dict[tuple[str, str], Spent]:
    """Return medians by tool and step; the tools take turns. With `few` only the first step of each is measured."""
    time.sleep(_OLD_SECONDS)  # what was written just before it is read is read again
    spent: dict[tuple[str, str], list[Spent]] = {}
    for _ in range(_ROUNDS):
        os.sync()
        spent.setdefault(("bound", "add"), []).append(spend(bound))
        for tool in tools:
            for command in tool.fresh:
                run_quietly(command, tool.environment, folder / "work")
            for step in list(tool.steps)[: 1 if few else None]:
                os.sync()
                done = spend(partial(_run_durably, tool.steps[step], tool.environment, folder / "work"))
                spent.setdefault((tool.name, step), []).append(done)
            _clear(folder, tool.leftovers)
    return {key: middle(times) for key, times in spent.items()}


def _run_durably(command: Command, environment: Mapping[str, str], folder: Path) -> None:
    run_quietly(command, environment, folder)
    subprocess.run(["sync", "-f", folder], check=True)


def _append_all(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    append_all(source, target)
    subprocess.run(["sync", "-f", target.parent], check=True)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", "-f", target.parent], check=True)


def _clear(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _show(what: str, spent: Mapping[tuple[str, str], Spent], goals: Mapping[str, float]) -> None:
    """Print each step of each tool beside the bound, and the peers' beside Stook's."""
    print(f"  {what}: beside the bound, then how many times Stook's")
    bound = spent["bound", "add"]
    show("the bare loop of `add20k`, or cp", bound)
    for (name, step), times in spent.items():
        if name != "bound":
            show(f"{name}: {step}", times, bound)
    for (name, step), times in spent.items():
        ours = spent.get(("stook", step))
        if name in {"bound", "stook"} or ours is None:
            continue
        if step == "add" and name in goals:
            show_goal(f"{step}, {name} : stook, wall", times.wall / ours.wall, goals[name], at_least=True)
        ratio = f"{times.wall / ours.wall:9.2f} x wall{times.cpu / ours.cpu:9.2f} x cpu"
        print(f"  {f'{step}, {name} : stook':<44}{ratio}", flush=True)
