"""Short names for files from several places, by which they can be told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

__all__ = ["free_names", "short_names"]

Place = tuple[str, ...]


def short_names(places: Sequence[Place]) -> list[str]:
    """Return a name for each place: its last part, or where several end alike, what tells them apart.

    Those that end alike are named by the path from the folder that holds them all, so that neither their order nor
    where that folder is counts. `a/x.csv` and `b/x.csv` below one folder have just these names.

    Args:
        places: The parts of each path, from the root; no place is twice.
    """
    ending_alike: dict[str, list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        ending_alike[place[-1] if place else ""].append(number)
    names = [""] * len(places)
    for ending, numbers in ending_alike.items():
        shared = _shared_parts([places[number] for number in numbers]) if len(numbers) > 1 else None
        for number in numbers:
            names[number] = ending if shared is None else "/".join(places[number][shared:])
    return free_names(names)


def free_names(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Return the names, with a number where one is there or taken already, or is a folder of such: `x-2.csv`.

    Args:
        names: In an order; of several that are alike the first keeps its name.
        taken: Names that stay as they are; `/` stands between their parts.
    """
    known = {
        "/".join(parts[:end])
        for parts in (name.split("/") for name in taken)
        for end in range(1, len(parts) + 1)
    }
    wanted = set(names)
    free = []
    for name in names:
        fresh, number = name, 1
        while fresh in known or (number > 1 and fresh in wanted):
            number += 1
            fresh = _with_number(name, number)
        known.add(fresh)
        free.append(fresh)
    return free


def _shared_parts(places: Sequence[Place]) -> int:
    """Return how many leading parts are the same, the last part of each left out."""
    count = 0
    for parts in zip(*(place[:-1] for place in places), strict=False):
        if len(set(parts)) > 1:
            break
        count += 1
    return count


def _with_number(name: str, number: int) -> str:
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    return f"{folder}{slash}" + (f"{stem}-{number}.{suffix}" if dot and stem else f"{last}-{number}")
