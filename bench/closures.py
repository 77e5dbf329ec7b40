"""What it costs to find the code of a task in a large project: from nothing, with the cache, and after one edit."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from bench.measuring import Spent, middle, quiet_environment, show, show_goal, spend_command

MODULES = 610
DEFINITIONS = 10
_CLOSE = """
import sys, time
from pathlib import Path
from stook.pipeline.closure import Codebase, Entry, close
folder, cache = map(Path, sys.argv[1:])
print(len(close([Entry("pipeline", "Everything")], Codebase((folder,), cache=cache)).code))
"""
_TASK = """
import stook
from app.p0 import m0


class Everything(stook.Task):
    def run(self):
        return m0.all_of()
"""
_FUNCTION = '''
def f{number}(a: int, b: int = {number}) -> float:
    """Return something."""
    values = [x * b for x in range(a) if x % 3 != 1]
    table = {{"a": a, "b": b, "c": len(values)}}
    total = 0.0
    for key, value in sorted(table.items()):
        total += value * LIMIT if key != "a" else {before}
    return total{call}

'''
_CLASS = '''
@dataclass(frozen=True)
class C{number}:
    """A class."""

    size: int = {number}
    name: str = "x"

    def total(self, other: int) -> float:
        # A comment.
        return math.sqrt(self.size * other + LIMIT) + {before}

'''


def measure(folder: Path) -> None:
    """Print what the closure of a task costs that reaches all of a project of 70,000 lines."""
    lines = write_project(folder / "project")
    environment = quiet_environment(folder)
    imports = [sys.executable, "-c", "import stook.pipeline.closure"]
    command: list[str | Path] = [sys.executable, "-c", _CLOSE, folder / "project", folder / "cache"]
    spend_command(imports, environment)
    starts = middle([spend_command(imports, environment) for _ in range(5)])
    cold = spend_command(command, environment)
    spend_command(command, environment)
    warm = middle([spend_command(command, environment) for _ in range(5)])
    (folder / "project" / "app" / "p3" / "m160.py").open("a", encoding="utf-8").write("LIMIT = 7\n")
    edited = spend_command(command, environment)
    show("imports alone", starts)
    show(f"closure of {lines:,} lines, cold", cold)
    show("closure, warm", warm)
    show("closure, one file edited", edited)
    show_goal("cold, the whole process", cold.cpu, 4, "s cpu")
    show_goal("warm, beyond the imports", beyond(warm, starts), 0.15, "s cpu")


def beyond(spent: Spent, start: Spent) -> float:
    """Return the CPU seconds beyond those of a start."""
    return max(spent.cpu - start.cpu, 0.0)


def write_project(folder: Path) -> int:
    """Write a project in which one task reaches everything, and return how many lines it has."""
    rng = random.Random(1)
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "__init__.py").write_text("")
    (folder / "pipeline.py").write_text(_TASK)
    lines = 0
    for number in range(MODULES):
        package = folder / "app" / f"p{number // 50}"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        text = module_text(number, rng)
        (package / f"m{number}.py").write_text(text)
        lines += text.count("\n")
    return lines


def module_text(number: int, rng: random.Random) -> str:
    """Return a module of about a hundred lines that uses up to three others."""
    others = [other for other in (number + 1, 2 * number + 1, 2 * number + 2) if other < MODULES]
    parts = ['"""A module."""\n\nimport math\nfrom dataclasses import dataclass\n\n']
    parts += [f"from app.p{other // 50} import m{other}\n" for other in others]
    parts.append(f"\nLIMIT = {rng.randrange(1000)}\n")
    for place in range(DEFINITIONS):
        before = f"f{place - 1}(2, 3)" if place % 5 else "1"
        call = f" + m{rng.choice(others)}.f0(a, b)" if others else ""
        form = _CLASS if place % 5 == 4 else _FUNCTION
        parts.append(form.format(number=place, before=before, call=call))
    names = [f"C{place}" if place % 5 == 4 else f"f{place}" for place in range(DEFINITIONS)]
    names += [f"m{other}.all_of()" for other in others]
    parts.append(f"\ndef all_of():\n    return [{', '.join(names)}]\n")
    return "".join(parts)
