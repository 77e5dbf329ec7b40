"""What a task costs that has much code behind it, beside one that has little: as many tasks that do as little."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measuring import middle, quiet_environment, show, show_goal, spend_command

_DEFINITIONS = 400
_TASKS = 300
_ROUNDS = 3
_FLOW = """
import sys

import stook


class Leaf(stook.Task):
    number: int = 0

    def run(self) -> int:
        return self.number if self.number >= 0 else all_of(self.number)


class Fan(stook.Task):
    count: int = 0

    def requires(self) -> list[Leaf]:
        return [Leaf(number=number) for number in range(self.count)]

    def run(self, *leaves: int) -> int:
        return len(leaves)


if __name__ == "__main__":
    print(stook.run(Fan(count=int(sys.argv[1])), store=stook.open(sys.argv[2])).decision)
"""


def measure(folder: Path) -> None:
    """Run 300 tasks that may call 400 functions, and 300 that may call one, cold and again."""
    environment = quiet_environment(folder)
    found = {}
    for count in (1, _DEFINITIONS):
        project = folder / f"project{count}"
        project.mkdir()
        (project / "flow.py").write_text(_code(count) + _FLOW)
        command = [sys.executable, str(project / "flow.py"), str(_TASKS)]
        spend_command([*command[:-1], "1", str(folder / f"warm{count}")], environment)
        stores = [str(folder / f"store{count}-{turn}") for turn in range(_ROUNDS)]
        cold = middle([spend_command([*command, store], environment) for store in stores])
        again = middle([spend_command([*command, stores[-1]], environment) for _ in range(_ROUNDS)])
        show(f"{_TASKS} tasks, {count} functions, cold", cold)
        show(f"{_TASKS} tasks, {count} functions, replay", again)
        found[count] = cold.cpu, again.cpu
    few, many = found[1], found[_DEFINITIONS]
    show_goal("much code beside little, cold", many[0] / few[0], 1.5, "x")
    show_goal("much code beside little, replay", many[1] / few[1], 1.2, "x")


def _code(count: int) -> str:
    functions = "".join(f"def f{number}(x):\n    return x + {number}\n\n\n" for number in range(count))
    calls = ", ".join(f"f{number}(x)" for number in range(count))
    return f"{functions}def all_of(x):\n    return sum([{calls}])\n\n\n"
