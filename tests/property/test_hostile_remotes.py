"""Remotes that are small and mean to take much, measured in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from stook.errors import StookError
from stook.format import records, segments, trees
from stook.format.limits import MAX_SEGMENT
from stook.model.record import BundleRecord
from stook.model.tree import Blob, File
from stook.store import Store
from stook.store.open import reopen
from stook.store.stamp import append_payloads, stamp

_MEGABYTES = 400
_SECONDS = 60
_NOTHING = Blob(0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", data=b"")
_FILE = File("x", _NOTHING)


def _open(root: Path, who: str) -> Store:
    return reopen(str(root / who), "main", str(root / f"cache-{who}"), who)


def _segment(root: Path) -> Path:
    folder = root / "eve" / "log" / ("a" * 32)
    folder.mkdir(parents=True)
    return folder / f"{1:016}"


def _fill(root: Path, frame: bytes) -> None:
    count = (MAX_SEGMENT - len(segments.MAGIC)) // len(frame)
    _segment(root).write_bytes(segments.seal(segments.MAGIC + frame * count))


def _long_records(root: Path) -> None:
    _fill(root, segments.frame(b'{"type":"x","a":"' + b"z" * 60_000 + b'"}'))


def _unsound_records(root: Path) -> None:
    _fill(root, segments.frame(b'{"type":"x","a":"' + b"z" * 400 + b'"}'))


def _tiny_records(root: Path) -> None:
    _fill(root, segments.frame(b"1"))


def _zeros(root: Path) -> None:
    path = _segment(root)
    path.write_bytes(segments.MAGIC)
    os.truncate(path, MAX_SEGMENT)


def _sparse(root: Path) -> None:
    path = _segment(root)
    path.write_bytes(segments.MAGIC)
    os.truncate(path, 10 * 2**30)


def _sparse_pack(root: Path) -> None:
    """Plant a pack of ten gigabytes that says of itself that it is all index."""
    name = "f" * 64
    path = root / "eve" / "packs" / "data" / "ff" / f"{name}.pack"
    path.parent.mkdir(parents=True)
    path.touch()
    os.truncate(path, 10 * 2**30)
    with path.open("r+b") as file:
        file.seek(-44, os.SEEK_END)
        file.write((200_000_000).to_bytes(4, "little") + bytes(32) + b"STOOKIX1")
    eve = _open(root, "eve")
    good = eve.get("good").record
    fresh = eve.repository.clock.new_id()
    eve.repository.log.append(
        [records.dump(msgspec.structs.replace(good, id=fresh, packs=(f"data/{name}",)))]
    )


def _describe(root: Path, description: bytes) -> None:
    """Plant a bundle whose description is in a pack, where it takes some hundred bytes."""
    eve = _open(root, "eve")
    repository = eve.repository
    with repository.writer() as writer:
        blob = writer.add_bytes(description)
        packs = writer.flush()
        writer.index.confirm()
        mark = stamp(repository)
        digest = trees.digest_tree(_FILE)
        record = BundleRecord(
            mark.id, eve.context_id(), "bad", digest, 0, mark.time, "eve", manifest_blob=blob, packs=packs
        )
        append_payloads(repository, writer.index, [records.dump(record)], [record])


def _params(root: Path) -> None:
    tree = msgspec.json.encode(_FILE)
    _describe(root, b'{"tree":' + tree + b',"params":{"a":[' + b"[]," * 30_000_000 + b"[]]}}")


def _paths(root: Path) -> None:
    empty = b'"a",' * 30_000_000
    _describe(root, b'{"tree":{"k":"folder","name":"d","files":[],"empty":[' + empty + b'"b"]}}')


def _remotes(root: Path) -> None:
    path = root / "victim" / "remotes.json"
    path.write_bytes(b'{"remotes":[')
    os.truncate(path, 2**30)


CASES: dict[str, Callable[[Path], None]] = {
    "long records": _long_records,
    "unsound records": _unsound_records,
    "tiny records": _tiny_records,
    "zeros": _zeros,
    "sparse segment": _sparse,
    "sparse pack": _sparse_pack,
    "params": _params,
    "paths": _paths,
    "remotes": _remotes,
}


@pytest.mark.full
@pytest.mark.parametrize("case", sorted(CASES))
def test_a_hostile_remote_takes_little_time_and_memory(tmp_path: Path, case: str) -> None:
    """Pulling from it ends soon, in some hundred megabytes, well or with an error; what was here is as before."""
    _open(tmp_path, "eve").add("good", {"a": "good"})
    victim = _open(tmp_path, "victim")
    victim.add("mine", {"a": "mine"})
    victim.add_remote("origin", str(tmp_path / "eve"))
    CASES[case](tmp_path)
    words = [sys.executable, __file__, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]
    kilobytes, seconds = map(float, done.stdout.split())
    assert kilobytes / 1024 < _MEGABYTES
    assert seconds < _SECONDS
    assert {one.name for one in victim.search()} >= {"mine"}
    assert victim.get("mine").data == {"a": "mine"}


def _peak() -> int:
    """Return the most kilobytes that this process had. What `getrusage` says begins with those of the parent."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1])


def main() -> None:
    """Pull everything, then the honest bundle; print by how many kilobytes this grew at most, and its seconds."""
    warnings.simplefilter("ignore")
    victim = _open(Path(sys.argv[1]), "victim")
    victim.search()
    before = _peak()
    started = time.process_time()
    for names in ((), ("good",)):
        try:
            victim.pull(*names, data=True)
        except StookError as error:
            if not error.hint or len(error.message) > 1000:
                raise
    print(_peak() - before, time.process_time() - started)  # noqa: T201


if __name__ == "__main__":
    main()
