"""Many processes at one store at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import stook

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
