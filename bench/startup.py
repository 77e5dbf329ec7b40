"""How long `stook` takes to start, beside Python and click alone, and what it imports."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import stook
from bench.measuring import Spent, quiet_environment, show, spend_command

ROUNDS = 21
_LIST_MODULES = """
import atexit, sys
from stook.cli.main import main
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
main()
"""


def measure(folder: Path) -> None:
    """Print medians; the commands take turns, so that a busy machine slows all of them alike."""
    environment = quiet_environment(folder)
    fill_store(folder)
    program = Path(sys.executable).with_name("stook")
    commands: dict[str, list[str | Path]] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import click'": [sys.executable, "-c", "import click"],
        "stook --help": [program, "--help"],
        "stook ls (100 bundles)": [program, "ls"],
    }
    spent: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            spent[name].append(spend_command(command, environment))
    medians = {name: median(times[1:]) for name, times in spent.items()}
    for name, spending in medians.items():
        show(f"{name}, median of {ROUNDS - 1}", spending, medians["python -c 'import click'"])
    for arguments in (["--help"], ["ls"]):
        print(f"  stook {arguments[0]} imports {describe_imports(arguments, environment)}")


def fill_store(folder: Path) -> None:
    """Make the home store that `stook ls` lists."""
    store = stook.open(folder / "store")
    for number in range(100):
        store.add(f"made.up.{number % 10}", {"number": number})


def median(spent: list[Spent]) -> Spent:
    """Return the medians of wall and CPU time."""
    return Spent(
        statistics.median(each.wall for each in spent), statistics.median(each.cpu for each in spent)
    )


def describe_imports(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Return how many modules a command loads, and which packages that are not of Python itself."""
    listing = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    modules = listing.stderr.splitlines()[-1].split()
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    return f"{len(modules)} modules; not Python's own: {', '.join(sorted(t for t in tops if not t.startswith('_')))}"
