"""Any damage to any file of a store: reads raise an IntegrityError that names the bundle or give the right data."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest

from stook.errors import IntegrityError, NotFoundError
from stook.format import condemned, segments
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.open import reopen
from stook.store.packs.condemned import put_list
from stook.store.packs.reach import iter_parts
from stook.store.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore:a part of the log is lost", "ignore:the log of .* went back")
_numbers = count()


@dataclass
class Sample:
    """A store of all kinds of bundles, what reads back from it, and where each comes from."""

    root: Path
    warm: Path
    contents: dict[str, list[bytes]] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)

    def open(self, *, fresh: bool) -> Store:
        """Open it with an empty cache, or with a copy of one that knew it when it was sound."""
        cache = self.root.parent / f"cache{next(_numbers)}"
        if not fresh:
            shutil.copytree(self.warm, cache)
        return reopen(str(self.root), "test", str(cache), "tess")


def contents(bundle: Bundle) -> list[bytes]:
    """Return the bytes of all items, each read as people read it."""
    if bundle.name == "values":
        return [repr(bundle.data).encode()]
    if bundle.name == "frame":
        return [repr(bundle.to_arrow().to_pylist()).encode()]
    found = []
    for place, _ in iter_parts(bundle.tree):
        with bundle.open(place) as file:
            found.append(file.read())
    return found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Bundles of every kind, in an open and in a sealed segment."""
    folder = tmp_path_factory.mktemp("flips")
    sample = Sample(folder / "store", folder / "warm")
    store = reopen(str(sample.root), "test", str(sample.warm), "tess")
    store.add("values", {"a": 1, "b": [1.5, "x"]})
    store.add("frame", pa.table({"n": list(range(3000)), "t": [f"row {n}" for n in range(3000)]}))
    chance = random.Random(5)
    (folder / "many").mkdir()
    for number in range(150):
        (folder / "many" / f"{number}.txt").write_text(f"{number} " * chance.randrange(400))
    (folder / "large.bin").write_bytes(chance.randbytes(700_000))
    store.add("folder", folder / "many")
    for segment in sample.root.glob("log/*/0*"):
        segment.write_bytes(segments.seal(segment.read_bytes()))
    store = reopen(str(sample.root), "test", str(sample.warm), "tess")
    store.add("large", folder / "large.bin")
    store.add("last", {"z": 9})
    for bundle in store.ls():
        sample.contents[bundle.ref] = contents(bundle)
        packs = {f"packs/{name.replace('/', f'/{name[5:7]}/')}.pack" for name in bundle.record.packs}
        sample.files[bundle.ref] = packs
    for line in store.repository.log.read({}):
        for ref in sample.contents:
            if ref.partition("@")[2].encode() in line.payload:
                sample.files[ref].add(f"log/{line.writer}/{line.position.seq:016d}")
    _alias_and_condemn(sample, store)
    store.close()
    return sample


def _alias_and_condemn(sample: Sample, store: Store) -> None:
    """Let an alias stand for a bundle, and a list condemn the pack of one that was removed."""
    values = store.get("values")
    store.alias("prod", values, why="it is right")
    before = set(sample.root.rglob("*.pack"))
    store.rm(store.add("removed", random.Random(6).randbytes(9_000)))
    [pack] = set(sample.root.rglob("*.pack")) - before
    put_list(store.repository.storage, store.repository.clock, "tess", [f"data/{pack.stem}"])
    sample.contents["values@prod"] = sample.contents[values.ref]
    places = {path.relative_to(sample.root).as_posix() for path in sample.root.glob("aliases/*/*/*")}
    sample.files["values@prod"] = sample.files[values.ref] | places


def damages(path: Path, places: int) -> Iterator[bytes]:
    """Yield what a file may have become: a byte changed, the end cut off, something behind it, nothing at all."""
    right, chance = path.read_bytes(), random.Random(path.name)
    ends = {0, 7, 8, len(right) - 1, len(right) - 9, len(right) - 40, len(right) - 46, len(right) - 90}
    within = chance.sample(range(len(right)), min(places, len(right)))
    for at in sorted((ends & set(range(len(right)))) | set(within)):
        data = bytearray(right)
        data[at] ^= 1 << chance.randrange(8)
        yield bytes(data)
    for length in (0, 5, len(right) // 2, len(right) - 1):
        yield right[:length]
    yield right + b"\0"


def check_reads(sample: Sample, damaged: str, *, fresh: bool) -> set[str]:
    """Read everything; return what could not be read."""
    try:
        store = sample.open(fresh=fresh)
    except IntegrityError:
        assert damaged == "stook.json"
        return set(sample.contents)
    failed = set()
    for ref, right in sample.contents.items():
        try:
            assert contents(store.get(ref)) == right, f"{ref} is wrong"
        except NotFoundError:
            assert damaged.startswith(("log/", "aliases/"))
            failed.add(ref)
        except IntegrityError as error:
            is_named = ref in error.message or (ref == "values@prod" and damaged in error.message)
            failed.add(ref if is_named else f"{ref}, of which this says nothing: {error.message}")
    store.close()
    needing = {ref for ref, files in sample.files.items() if damaged in files}
    assert failed <= needing
    return failed


def check(sample: Sample, places: int, limit: int) -> None:
    """Damage each file in so many ways."""
    for path in sorted(path for path in sample.root.rglob("*") if path.is_file() and path.name[0] != "."):
        key = path.relative_to(sample.root).as_posix()
        right = path.read_bytes()
        ways = list(damages(path, places))
        for data in random.Random(key).sample(ways, min(limit, len(ways))):
            path.write_bytes(data)
            try:
                for fresh in (True, False):
                    failed = check_reads(sample, key, fresh=fresh)
                is_torn = key.endswith("2") and right.startswith(data)  # as by a crash, which nobody can tell
                if key.startswith("packs/") or (failed and key != "stook.json" and not is_torn):
                    store = sample.open(fresh=True)
                    assert verify(store, deep=True, quarantine=False).problems, key
                    store.close()
            finally:
                path.write_bytes(right)


def test_damage_is_never_wrong_data(sample: Sample) -> None:
    """Some damage to each file: right data or an error, others stay readable, and verify finds it."""
    check(sample, places=2, limit=3)


@pytest.mark.full
def test_much_damage_is_never_wrong_data(sample: Sample) -> None:
    """The same at hundreds of places of each file."""
    check(sample, places=400, limit=60)


def _is_sound(data: bytes) -> bool:
    """Tell whether a list can be read; whether it is the right one nobody can tell."""
    try:
        condemned.load(data)
    except IntegrityError:
        return False
    return True


@pytest.mark.parametrize("places", [3, pytest.param(300, marks=pytest.mark.full)])
def test_a_damaged_condemned_list_costs_nothing(sample: Sample, tmp_path: Path, places: int) -> None:
    """Whatever such a list has become: an add works or says which list is damaged, and collecting loses nothing."""
    [right] = sample.root.glob("condemned/*")
    for number, data in enumerate(damages(right, places)):
        root = shutil.copytree(sample.root, tmp_path / f"{number}" / "store")
        (root / right.relative_to(sample.root)).write_bytes(data)
        store = reopen(str(root), "test", str(tmp_path / f"{number}" / "cache"), "tess")
        if not _is_sound(data):
            with pytest.raises(IntegrityError, match=right.name) as caught:
                store.add("new", random.Random(6).randbytes(9_000))
            assert caught.value.kind == "damaged-condemned"
            collect(store.repository)
        added = store.add("new", random.Random(6).randbytes(9_000))
        collect(store.repository)
        fresh = reopen(str(root), "test", str(tmp_path / f"{number}" / "fresh"), "tess")
        assert fresh.get(added.ref).data == random.Random(6).randbytes(9_000)
        for ref, content in sample.contents.items():
            assert contents(fresh.get(ref)) == content
        assert verify(fresh, deep=True).is_clean
        assert list(root.glob("condemned/*")) == []
        fresh.close()
        store.close()
        shutil.rmtree(tmp_path / f"{number}")
