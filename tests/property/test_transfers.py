"""Whatever is in which packs, wanted, and there already: what was asked for is over afterwards, and nothing else."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from stook.chunks import ChunkWriter, read_pack_index
from stook.format.packs import PackEntry, pack_key
from stook.storage import open_storage
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.packs.chunk_index import learn_packs, list_packs
from stook.store.packs.condemned import put_list
from stook.store.packs.copying import is_salt, iter_sound
from stook.store.remotes.transfer import transfer
from stook.store.repository import Repository, open_on

_CHUNKS = 12


@dataclass(frozen=True)
class Case:
    """Packs as numbers of chunks, those that are wanted, packs that the target has, and one that is condemned there."""

    packs: list[list[int]]
    areas: list[str]
    wanted: set[int]
    there: list[list[int]]
    same: set[int]
    condemned: int
    share: float
    to_folder: bool
    is_known: bool


_NUMBERS = st.integers(0, _CHUNKS - 1)
_PACKS = st.lists(st.lists(_NUMBERS, min_size=1, max_size=6, unique=True), min_size=1, max_size=4)
_CASES = st.builds(
    Case,
    packs=_PACKS,
    areas=st.lists(st.sampled_from(["data", "meta"]), min_size=4, max_size=4),
    wanted=st.sets(_NUMBERS),
    there=st.lists(st.lists(_NUMBERS, min_size=1, max_size=4, unique=True), max_size=2),
    same=st.sets(st.integers(0, 3), max_size=2),
    condemned=st.integers(0, 9),
    share=st.sampled_from([1.0, 0.5]),
    to_folder=st.booleans(),
    is_known=st.booleans(),
)


def _content(number: int) -> bytes:
    """Return what a chunk has: some compress, some do not."""
    source = random.Random(number)
    return source.randbytes(5_000 + 997 * number) if number % 3 else source.randbytes(50) * (100 + number)


_IDS = [blake3(_content(number)).digest() for number in range(_CHUNKS)]


def _write(repository: Repository, numbers: list[int], area: str = "data") -> None:
    """Write chunks as one pack of which nothing is known yet."""
    forgetful = open_on(repository.storage, cache=repository.cache / f"{numbers}{area}", owner="tester")
    with forgetful.writer() as bundle:
        writer = ChunkWriter(repository.storage, bundle.index, area)
        for number in numbers:
            writer.add_bytes(_content(number))
        writer.flush()
    forgetful.close()


def _entries(storage: Storage) -> dict[str, tuple[PackEntry, ...]]:
    """Return what is in all packs, after a look at each chunk."""
    found = {}
    for name in list_packs(storage):
        found[name] = read_pack_index(storage, name)
        assert blake3(storage.get(pack_key(name)).data).hexdigest() == name.partition("/")[2]
        assert all(stored is not None for _, stored in iter_sound(storage, name, found[name]))
    return found


def _ids(packs: dict[str, tuple[PackEntry, ...]]) -> set[bytes]:
    return {entry.id for entries in packs.values() for entry in entries if not is_salt(entry)}


@given(_CASES)
@settings(max_examples=40, deadline=None)
def test_what_was_asked_for_goes_over(case: Case) -> None:
    """The target has all that is wanted, outside condemned packs; a push sends nothing else, and nothing twice."""
    with tempfile.TemporaryDirectory() as name:
        _check(Path(name), case)


def _check(folder: Path, case: Case) -> None:
    first, second = FolderStorage(folder / "a"), open_storage("memory:")
    source, target = (
        open_on(storage, cache=folder / cache, owner="tester")
        for storage, cache in (
            ((second, "s"), (first, "t")) if case.to_folder else ((first, "s"), (second, "t"))
        )
    )
    for numbers, area in zip(case.packs, case.areas, strict=False):
        _write(source, numbers, area)
    for numbers in [*case.there, *(case.packs[at] for at in case.same if at < len(case.packs))]:
        _write(target, numbers)
    if case.is_known:
        learn_packs(target.storage, target.catalog, list_packs(target.storage))
    names = sorted({*list_packs(source.storage), *list_packs(target.storage)})
    condemned = names[case.condemned % len(names)]
    put_list(target.storage, target.clock, "tester", [condemned])
    before = _entries(target.storage)
    wanted = {_IDS[number] for number in case.wanted} & _ids(_entries(source.storage))
    for _ in range(2):
        with target.writer() as writer:
            done = transfer(source, writer, sorted(wanted), least_share=case.share)
            writer.index.confirm()
        after = _entries(target.storage)
        assert wanted <= _ids({name: entries for name, entries in after.items() if name != condemned})
        new = {name: entries for name, entries in after.items() if name not in before}
        if case.share == 1.0:
            assert _ids(new) <= wanted
            known = {name: entries for name, entries in before.items() if name != condemned}
            assert not case.is_known or _ids(new).isdisjoint(_ids(known))
    assert done.packs == 0
    assert condemned in before or condemned not in after
    source.close()
    target.close()
