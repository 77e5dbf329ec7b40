"""Many processes at one store at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import stook
from stook.store.verify import verify

_WRITER = """
import sys, stook
store = stook.open(sys.argv[1], context="many")
for step in range(int(sys.argv[3])):
    data = {"who": sys.argv[2], "step": step, "bytes": bytes(5000) + sys.argv[2].encode()}
    print(store.add(f"n{step % 3}", data).id)
"""
_READER = """
import sys, stook
store = stook.open(sys.argv[1], context="many")
seen = set()
while len(seen) < int(sys.argv[2]):
    now = {bundle.id for number in range(3) for bundle in store.versions(f"n{number}")}
    assert seen <= now
    for identifier in list(now - seen)[:20]:
        assert len(store.get(identifier).data["bytes"]) > 5000
    seen = now
"""
_MOVER = """
import sys, stook
from stook.errors import ConflictError
store, me = stook.open(sys.argv[1], context="many"), sys.argv[2]
moves = 0
for step in range(int(sys.argv[3])):
    bundle = store.add(f"n{step % 3}", {"who": me, "step": step, "bytes": bytes(5000) + me.encode()})
    store.tag(bundle, {"who": me, "step": str(step)})
    store.tag("shared", {f"{me}-{step % 5}": str(step)})
    if step % 7 == 0:
        store.untag(bundle, "step")
    while True:
        (now,) = store.aliases("shared")
        other = next(version for version in store.versions("shared") if version.id != now.id)
        try:
            store.alias("prod", other, why=f"{me}-{step}", expect=now.id)
        except ConflictError:
            continue
        break
    try:
        store.alias("race", bundle, why=f"{me}-{step}")
        moves += 1
    except ConflictError as error:
        assert error.kind == "alias-moved", error
    print(bundle.id, moves)
"""


def _start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_eight_processes_add_while_others_read(tmp_path: Path) -> None:
    """No process fails or waits in vain, none loses a bundle, and each one's ids grow."""
    store = str(tmp_path / "store")
    writers = [_start(_WRITER, store, str(number), "100") for number in range(8)]
    readers = [_start(_READER, store, "800") for _ in range(2)]
    made = []
    for process in writers:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        made.append(out.split())
    for process in readers:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert all(ids == sorted(ids) and len(ids) == 100 for ids in made)
    kept = [b for n in range(3) for b in stook.open(store, context="many").versions(f"n{n}")]
    assert sorted(b.id for b in kept) == sorted(identifier for ids in made for identifier in ids)
    assert len({b.id for b in kept}) == 800


@pytest.mark.parametrize("steps", [25, pytest.param(200, marks=pytest.mark.full)])
def test_eight_processes_add_tag_and_move_aliases(tmp_path: Path, steps: int) -> None:
    """Each bundle and tag is there at the end, and each move of an alias that was not refused is counted."""
    folder = str(tmp_path / "store")
    store = stook.open(folder, context="many")
    store.add("shared", 0)
    store.alias("prod", store.add("shared", 1))
    processes = [_start(_MOVER, folder, str(number), str(steps)) for number in range(8)]
    made, moves = list[str](), 0
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        lines = [line.split() for line in out.splitlines()]
        made += [identifier for identifier, _ in lines]
        moves += int(lines[-1][1])
    there = {bundle.id: bundle for number in range(3) for bundle in store.versions(f"n{number}")}
    assert sorted(there) == sorted(made)
    for bundle in there.values():
        data = bundle.data
        kept = {"step": str(data["step"])} if data["step"] % 7 else {}
        assert bundle.tags == {"who": data["who"], **kept}
    last = {f"{who}-{turn}": str(max(range(turn, steps, 5))) for who in range(8) for turn in range(5)}
    assert store.get("shared").tags == last
    (prod,) = store.aliases("shared")
    assert prod.number == 8 * steps + 1
    assert sum(alias.number for alias in store.aliases() if alias.alias == "race") == moves
    whys = Counter(move.why for move in prod.moves)
    assert len(whys) == min(100, 8 * steps + 1)
    for who in range(8):  # each one's moves are in the order in which it made them
        steps_of = [int(why.partition("-")[2]) for why in whys if why.startswith(f"{who}-")]
        assert steps_of == list(range(steps))[::-1][: len(steps_of)]
    assert verify(store, deep=True).is_clean
