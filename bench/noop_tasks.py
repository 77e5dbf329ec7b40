"""Tasks that do nothing, run as a program of their own: `python -m bench.noop_tasks chain|fan COUNT STORE`."""

from __future__ import annotations

import sys
from pathlib import Path

import stook


class Step(stook.Task):
    """One link of a chain."""

    number: int = 0

    def requires(self) -> Step | None:
        """Need the link before."""
        return Step(number=self.number - 1) if self.number else None

    def run(self, before: object = None) -> int:
        """Return the link's number."""
        return self.number


class Leaf(stook.Task):
    """One of many."""

    number: int = 0

    def run(self) -> int:
        """Return the leaf's number."""
        return self.number


class Fan(stook.Task):
    """What needs them all."""

    count: int = 0

    def requires(self) -> list[Leaf]:
        """Need every leaf."""
        return [Leaf(number=number) for number in range(self.count)]

    def run(self, *leaves: object) -> int:
        """Count the leaves."""
        return len(leaves)


def main(shape: str, count: str, store: str) -> None:
    """Run a chain or a fan in a store."""
    root = Step(number=int(count) - 1) if shape == "chain" else Fan(count=int(count))
    result = stook.run(root, store=stook.open(Path(store)))
    print(result.decision, len(result.steps))


if __name__ == "__main__":
    main(*sys.argv[1:])
