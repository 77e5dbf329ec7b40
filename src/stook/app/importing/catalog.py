"""Which bundles a Disdat context has, and in which order they are to be imported."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from stook.app.importing.outcome import NotImported
from stook.app.importing.places import Place
from stook.app.importing.records import HyperFrame, load_hyperframe
from stook.app.importing.wire import broken
from stook.errors import InputError, IntegrityError, NotFoundError

__all__ = ["Listing", "list_bundles"]

MAX_BUNDLES: Final = 1_000_000
"""How many bundles a context may have."""

_MAX_BYTES = 4 * 1024 * 1024
_MAX_ALL_BYTES = 1 << 30
_AT_ONCE = 16
_BATCH = 1000
_LAST_SECOND = 253_402_300_799.0  # of the year 9999


@dataclass(frozen=True, slots=True)
class Listing:
    """A context's bundles, each after those that it was made from and else oldest first; and what cannot be read."""

    bundles: tuple[HyperFrame, ...]
    failed: tuple[NotImported, ...]


def list_bundles(place: Place) -> Listing:
    """Return the bundles of a context.

    Raises:
        InputError: They are too many.
        StorageError: It cannot be looked at.
    """
    uuids = list(islice(place.iter_uuids(), MAX_BUNDLES + 1))
    if len(uuids) > MAX_BUNDLES:
        raise InputError(f"{place.url} has more than {MAX_BUNDLES:,} bundles", kind="too-large")
    found: list[HyperFrame | NotImported] = []
    size = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(uuids), _BATCH):
            batch = list(pool.map(partial(_read, place), uuids[start : start + _BATCH]))
            found += [bundle for bundle, _ in batch]
            size += sum(read for _, read in batch)
            if size > _MAX_ALL_BYTES:
                raise InputError(
                    f"the descriptions in {place.url} have more than {_MAX_ALL_BYTES:,} bytes",
                    kind="too-large",
                )
    bundles = [each for each in found if isinstance(each, HyperFrame)]
    failed = [each for each in found if isinstance(each, NotImported)]
    return Listing(tuple(_ordered(bundles)), tuple(failed))


def _read(place: Place, uuid: str) -> tuple[HyperFrame | NotImported, int]:
    """Return a bundle's description, or why there is none, and the bytes that it has."""
    try:
        data = place.read(f"{uuid}/{uuid}_hframe.pb", _MAX_BYTES)
        bundle = load_hyperframe(data)
        if bundle.uuid != uuid:
            raise broken(f"it says that it is {bundle.uuid!r:.100}")
        if not 0 <= bundle.made.created <= _LAST_SECOND:
            raise broken("the time at which it was made is none")
    except (InputError, IntegrityError, NotFoundError) as error:
        return NotImported(uuid, "", error.message), 0
    return bundle, len(data)


def _ordered(bundles: Sequence[HyperFrame]) -> list[HyperFrame]:
    """Return bundles by the time at which they were made, but each after its inputs; those of a circle come last."""
    known = {bundle.uuid: bundle for bundle in bundles}
    users: dict[str, list[str]] = defaultdict(list)
    waiting: dict[str, int] = {}
    for bundle in bundles:
        needed = {each.uuid for each in bundle.made.dependencies} & known.keys()
        waiting[bundle.uuid] = len(needed)
        for uuid in needed:
            users[uuid].append(bundle.uuid)
    ready = [(known[uuid].made.created, uuid) for uuid, count in waiting.items() if not count]
    heapq.heapify(ready)
    done: dict[str, HyperFrame] = {}
    while ready:
        _, uuid = heapq.heappop(ready)
        done[uuid] = known[uuid]
        for user in users[uuid]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (known[user].made.created, user))
    circle = [bundle for bundle in bundles if bundle.uuid not in done]
    return [*done.values(), *sorted(circle, key=lambda bundle: (bundle.made.created, bundle.uuid))]
