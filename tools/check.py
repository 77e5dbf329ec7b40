"""`./dev test`: every check of the project, stage by stage.

With no argument the core tier runs; `full` adds the slow tests; anything else is handed to pytest alone. All stages
run, so that one failing does not hide another; pytest's closing line is repeated at the end. The tests of a tier have
their files in memory where there is room, else where TMPDIR says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.scratch import scratch

CHECKED = ("src", "tests", "tools", "bench", "docs")
STAGES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "lint": (
        ("ruff", "check", *CHECKED),
        ("ruff", "format", "--check", *CHECKED),
        ("python", "-m", "tools.longest"),
    ),
    "types": (("mypy",), ("mypy", "tools", "bench")),
    "architecture": (("lint-imports", "--no-logo"),),
    "docs": (("python", "-m", "tools.cli_reference", "--check"), ("mkdocs", "build", "--strict", "--quiet")),
}
# Whoever is done takes over half of what the other has left: a file with slow tests at the end keeps nobody waiting.
WORKERS = ("-n", "2", "--dist", "worksteal")


@dataclass(frozen=True)
class Outcome:
    """How a stage ended."""

    name: str
    ok: bool
    seconds: float
    closing_line: str = ""


def main(arguments: Sequence[str]) -> int:
    """Run the stages that the arguments ask for and return an exit code."""
    # Whatever the caller's settings say, Python keeps what it compiles: the tests start Stook a thousand times.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments and arguments[0] != "full":
        return subprocess.run(["pytest", *arguments], check=False).returncode
    full = bool(arguments)
    outcomes = [run_stage(name, commands) for name, commands in STAGES.items()]
    outcomes.append(run_tests(pytest_command(arguments[1:], full=full), full=full))
    print_summary(outcomes)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


def pytest_command(extra: Sequence[str], *, full: bool) -> list[str]:
    """Return the command that runs one tier of the tests."""
    tier = ["--durations=15", "--durations-min=1"] if full else ["-m", "not full"]
    return ["pytest", *WORKERS, *tier, *extra]


def run_stage(name: str, commands: Sequence[Sequence[str]]) -> Outcome:
    """Run a stage's commands, all of them, under a heading."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    codes = [subprocess.run(command, check=False).returncode for command in commands]
    return Outcome(name, not any(codes), time.monotonic() - started)


def run_tests(command: Sequence[str], *, full: bool) -> Outcome:
    """Run pytest, showing its lines as they come and keeping the last."""
    print("\n== tests", flush=True)
    started = time.monotonic()
    closing_line = ""
    profile = {"HYPOTHESIS_PROFILE": "full"} if full and "HYPOTHESIS_PROFILE" not in os.environ else {}
    with scratch(os.environ) as place:
        environment = os.environ | profile | place
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as tests:
            for line in tests.stdout or ():
                print(line, end="", flush=True)
                closing_line = line.strip() or closing_line
    return Outcome("tests", tests.returncode == 0, time.monotonic() - started, closing_line)


def print_summary(outcomes: Sequence[Outcome]) -> None:
    """Print a line for each stage, and pytest's closing line last."""
    print("\n== summary")
    for outcome in outcomes:
        print(f"{'ok    ' if outcome.ok else 'FAILED'}  {outcome.name:<14}{outcome.seconds:6.1f} s")
    print(outcomes[-1].closing_line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
