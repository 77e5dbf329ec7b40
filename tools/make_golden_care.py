"""Write a small store to which everything was done that can be done to one, for later releases to read.

    python -m tools.make_golden_care FOLDER

FOLDER gets `store/`, `expected.json` (what is in each bundle) and `care.json` (all that was said and done besides).
Unlike `make_golden`'s it has random numbers in it, as moves of aliases and copied packs have, so it differs each time.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from stook.format import packs, segments
from stook.store import Store
from stook.store.gc import collect
from stook.store.packs.condemned import read_lists
from stook.store.rebuild import rebuild
from tools import make_golden

_OLD = 3 * 24 * 60 * 60
_TORN = b"\x40\x00\x00\x00torn"


def main(arguments: list[str]) -> int:
    """Write the store and what to expect of it."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = Path(arguments[0])
    folder.mkdir(parents=True)
    expected, care = make(folder / "store")
    for name, facts in (("expected.json", expected), ("care.json", care)):
        (folder / name).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def make(root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the store into a new folder; return what is in its bundles, and what was done."""
    with tempfile.TemporaryDirectory() as place:
        store = make_golden.new_store(root, Path(place) / "cache")
        collected = _begin(store, Path(place))
        seal_all(root)
        rebuild(store)
        _go_on(store, Path(place))
        _condemn(store, root)
        expected, care = expect(store), describe(store)
        care["collected"] = collected
        store.close()
    make_golden.settle(root)
    for segment in sorted((root / "log").glob("*/0*"))[-1:]:
        with segment.open("ab") as file:
            file.write(_TORN)
    for lock in (".writers", ".collector", ".lock"):
        (root / lock).unlink(missing_ok=True)
    return expected, care


def noise(seed: int, size: int) -> bytes:
    """Return bytes that do not compress."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - the same each time


def seal_all(root: Path) -> None:
    """Seal the segments of the log, as is done when they are full."""
    for segment in (root / "log").glob("*/0*"):
        segment.write_bytes(segments.seal(segment.read_bytes()))


def expect(store: Store) -> dict[str, Any]:
    """Return what is in each bundle of each context, by id."""
    bundles = [bundle for context in store.contexts() for bundle in store.in_context(context.name).search()]
    return {bundle.id: make_golden.expect(bundle) for bundle in sorted(bundles, key=lambda bundle: bundle.id)}


def describe(store: Store) -> dict[str, Any]:
    """Return all that is said of bundles, names and contexts, as plain JSON."""
    here = {context.name: store.in_context(context.name) for context in store.contexts()}
    return {
        "contexts": [[c.name, c.id, c.names, c.bundles, c.size] for c in store.contexts()],
        "versions": {
            name: [[b.name, b.id] for b in seen.search(order="oldest")] for name, seen in here.items()
        },
        "latest": {name: {b.name: b.id for b in seen.ls()} for name, seen in here.items()},
        "removed": {name: [b.id for b in seen.removed()] for name, seen in here.items()},
        "commits": {
            bundle.id: [bundle.committed.message, bundle.committed.owner, bundle.committed.time.isoformat()]
            for seen in here.values()
            for bundle in seen.search(committed=True)
            if bundle.committed
        },
        "aliases": {
            name: {
                alias.ref: [alias.number, [[m.id, m.who, m.when.isoformat(), m.why] for m in alias.moves]]
                for alias in seen.aliases(dropped=True)
            }
            for name, seen in here.items()
        },
        "condemned": [sorted(known.packs) for known in read_lists(store.repository.storage)[0]],
    }


def _begin(store: Store, work: Path) -> list[str]:
    """Have garbage collected: a whole pack, and one of which a part is moved. Return what is gone for good."""
    first = store.add("values", {"version": 1})
    store.add("values", {"version": 2}, tags={"kind": "plain", "gone": "soon"}, inputs=[first])
    gone = store.add("gone", noise(1, 40_000))
    files = {name: work / name for name in ("large", "small")}
    files["large"].write_bytes(noise(2, 400_000))
    files["small"].write_bytes(noise(3, 5_000))
    mixed = store.add("mixed", files)
    store.add("part", {"small": files["small"]})
    store.rm(gone, mixed)
    done = collect(store.repository)
    if done.swept.count < 2 or not done.moved.count:
        raise RuntimeError(f"not what this is to show: {done}")
    return [gone.id, mixed.id]


def _go_on(store: Store, work: Path) -> None:
    """Say and take back whatever can be."""
    store.tag("values", {"kind": "later", "season": "été"})
    store.untag("values", "gone")
    store.commit("values", "to be kept")
    store.commit("values", "to be kept, really")
    old, new = reversed(store.versions("values"))
    store.alias("prod", old, why="the first")
    store.alias("prod", new, why="the second", expect=old)
    store.alias("test", old)
    store.unalias("test", "values", why="not needed")
    store.alias("Prod", store.add("Näme.with dot", b"\x00"), why="names that differ in case")
    other = store.in_context("other")
    (work / "notes.txt").write_text("in another context\n")
    other.add("notes", work / "notes.txt")
    store.rename_context("other", "renamed")
    doomed = store.in_context("doomed")
    doomed.add("empty", {})
    back = doomed.add("back", noise(4, 5_000))
    store.delete_context("doomed")
    doomed.restore(back)
    store.create_context("bare")
    store.rm(store.add("values", {"version": 3}), store.add("again", noise(5, 5_000)))
    store.restore(store.removed("again")[0])
    store.rm("again")
    store.restore(store.removed("again")[0])


def _condemn(store: Store, root: Path) -> None:
    """Have a pack condemned, though not deleted, since somebody writes."""
    removed = store.add("condemned", noise(6, 30_000))
    store.rm(removed)
    for pack in root.glob("packs/*/*/*.pack"):
        was = pack.stat().st_mtime - _OLD
        os.utime(pack, (was, was))
    with store.repository.writer() as writer:
        writer.known([bytes(32)])
        now = store.repository.storage
        collect(store.repository, grace=timedelta(hours=1), wait=0.0)
        lists = read_lists(now)[0]
    if [len(known.packs) for known in lists] != [1] or not (root / packs.pack_key(*lists[0].packs)).exists():
        raise RuntimeError(f"not what this is to show: {lists}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
