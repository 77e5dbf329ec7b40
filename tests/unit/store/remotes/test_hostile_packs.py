"""Packs whose index claims what is not in them: whoever relies on one is told by a deep look, and can mend it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from blake3 import blake3

from stook.errors import IntegrityError
from stook.format import packs, records
from stook.format.packs import PackEntry, pack_key
from stook.model.tree import File
from stook.store import Store
from tests.unit.store.remotes.conftest import OpenStore

_SIZE = 50_000


def _claim(eve: Store, chunk: bytes, size: int) -> None:
    """Plant a pack that says of other bytes that they are a chunk, and a bundle that names the pack."""
    entry = PackEntry(chunk, len(packs.MAGIC), size, size, packs.CODEC_RAW)
    data = packs.MAGIC + os.urandom(size) + packs.build_footer([entry])
    name = f"data/{blake3(data).hexdigest()}"
    repository = eve.repository
    repository.storage.put_new(pack_key(name), data)
    good = eve.get("good").record
    record = msgspec.structs.replace(good, id=repository.clock.new_id(), name="bait", packs=(name,))
    repository.log.append([records.dump(record)])


@pytest.mark.parametrize("size", [_SIZE, _SIZE - 1])
def test_a_claim_to_have_a_chunk_is_found_and_mended(machine: OpenStore, tmp_path: Path, size: int) -> None:
    """A push relies on it. Nobody gets other bytes, a deep look tells, and who pushes the same data again mends it."""
    content = os.urandom(_SIZE)
    eve, victim = machine("eve"), machine("victim")
    eve.add("good", {"a": 1})
    (tmp_path / "file").write_bytes(content)
    bundle = victim.add("mine", tmp_path / "file")
    _claim(eve, blake3(content).digest(), size)
    victim.add_remote("origin", eve.repository.url)
    victim.push("mine")
    carol = machine("carol")
    carol.add_remote("origin", eve.repository.url)
    with pytest.raises(IntegrityError) as caught:
        carol.pull("mine", data=True)
    assert caught.value.hint
    there = victim.at_remote()
    problems = {one.kind: one for one in there.verify(deep=True).problems}
    assert [one.bundle for one in problems["damaged-pack"].bundles] == [f"mine@{bundle.id}"]
    victim.add("again", tmp_path / "file")
    victim.push("again")
    assert not there.verify(deep=True).problems
    there.close()
    carol.pull("mine", data=True)
    assert carol.get(f"mine@{bundle.id}").data.read_bytes() == content


def test_a_claim_beside_the_truth_is_in_nobodys_way(machine: OpenStore, tmp_path: Path) -> None:
    """Who reads a part of a file gets it, from whichever pack has it, whatever others say of its chunks' sizes."""
    content = os.urandom(3 * 2**20)
    eve, victim = machine("eve"), machine("victim")
    eve.add("good", {"a": 1})
    (tmp_path / "file").write_bytes(content)
    file = victim.add("mine", tmp_path / "file").tree
    assert isinstance(file, File)
    victim.add_remote("origin", eve.repository.url)
    victim.push("mine")
    chunks = [bytes.fromhex(id_) for id_ in file.blob.chunks or ()]
    for chunk in chunks:
        _claim(eve, chunk, 1000)
    carol = machine("carol")
    carol.add_remote("origin", eve.repository.url)
    carol.pull("mine")
    there = carol.at_remote().repository
    assert any(place.size == 1000 for place in there.reader().index.find(chunks).values())
    with carol.get("mine").open() as opened:
        opened.seek(2**20)
        assert opened.read(1000) == content[2**20 : 2**20 + 1000]
