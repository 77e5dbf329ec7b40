"""What verify finds, what it says of it, and what it does about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import stook
from stook.errors import IntegrityError, NotFoundError, StorageError
from stook.storage import open_storage
from stook.storage.protocol import OBJECT_LIMIT, Content, Storage, Stored
from stook.store import Store
from stook.store.open import reopen
from stook.store.repository import open_on
from stook.store.verify import Problem, Verified, verify
from stook.testing import Crash, Fault, FaultyStorage

pytestmark = pytest.mark.filterwarnings("ignore:a part of the log is lost")
SMALL = os.urandom(50_000)
LARGE = os.urandom(3_000_000)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The store's folder."""
    return tmp_path / "store"


@pytest.fixture
def store(root: Path, tmp_path: Path) -> Store:
    """A store with a small value, a large file of many chunks, and a folder of 400 files."""
    store = stook.open(root, context="test")
    store.add("value", {"a": 1})
    source = tmp_path / "source"
    source.mkdir()
    (source / "large.bin").write_bytes(LARGE)
    for number in range(400):
        (source / f"{number}.txt").write_text(f"{number} " * 100)
    store.add("large", source / "large.bin")
    store.add("folder", source)
    return store


def packs(root: Path) -> list[Path]:
    """Return the files of all packs, the largest first."""
    return sorted(root.glob("packs/*/*/*.pack"), key=lambda path: -path.stat().st_size)


def flip(path: Path, at: int) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x55
    path.write_bytes(data)


def only(found: Verified) -> Problem:
    """Return the sole problem."""
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_store_is_clean(store: Store, root: Path, deep: bool) -> None:
    """Nothing is found where nothing is wrong, and the counts are those of the store."""
    found = verify(store, deep=deep)
    assert found.is_clean
    assert found.bundles == 3
    assert found.packs == len(packs(root))
    assert found.pack_bytes == sum(path.stat().st_size for path in packs(root))
    assert found.records >= 4


def test_a_damaged_chunk_is_found_by_reading_all(store: Store, root: Path) -> None:
    """A byte that changed within a chunk is found by `deep`, with the bundles and items that it concerns."""
    flip(packs(root)[0], 5000)
    assert verify(store).is_clean
    problem = only(verify(store, deep=True, quarantine=False))
    assert problem.kind == "damaged-pack"
    assert [affected.bundle.partition("@")[0] for affected in problem.bundles] == ["large", "folder"]
    assert problem.bundles[1].items == ("large.bin",)
    assert packs(root)[0].exists()


def test_adding_again_heals_what_was_quarantined(store: Store, root: Path, tmp_path: Path) -> None:
    """A damaged pack is moved away whole, its sound chunks stay, and adding the same data mends every version."""
    damaged = packs(root)[0]
    flip(damaged, 5000)
    bytes_then = damaged.read_bytes()
    found = verify(store, deep=True)
    assert (root / found.quarantined[0]).read_bytes() == bytes_then
    assert found.rescued > 10
    with pytest.raises(IntegrityError):
        store.repository.reader().read(store.get("large").tree.blob)  # type: ignore[union-attr]
    before = sum(path.stat().st_size for path in packs(root))
    store.add("again", tmp_path / "source" / "large.bin")
    assert sum(path.stat().st_size for path in packs(root)) - before < 1_000_000
    for name in ("large", "again"):
        assert store.get(name).path().read_bytes() == LARGE
    assert verify(store, deep=True).is_clean


def test_a_damaged_index_is_repaired_in_place(store: Store, root: Path) -> None:
    """Where nothing but the index, the trailer or the magic of a pack changed, it is made again as it was."""
    path = packs(root)[0]
    right = path.read_bytes()
    for at in (3, -1, -30, -50, -200):
        flip(path, at)
        found = verify(store, deep=True)
        assert only(found).hint.startswith("nothing")
        assert path.read_bytes() == right, at
        assert not found.quarantined
        assert verify(store, deep=True).is_clean


@pytest.mark.parametrize("entry", [1, 4])
def test_a_damaged_index_without_a_catalog(store: Store, root: Path, tmp_path: Path, entry: int) -> None:
    """A damaged entry of an index is found again from what lies where its chunk must be, without any catalog."""
    path = packs(root)[0]
    right = path.read_bytes()
    for at in range(0, 49, 7):
        flip(path, -44 - 49 * entry + at)
        fresh = reopen(str(root), "test", str(tmp_path / f"another{at}"), "tess")
        assert only(verify(fresh)).hint.startswith("nothing")
        assert path.read_bytes() == right


def test_a_pack_cut_short_keeps_what_the_catalog_remembers(store: Store, root: Path) -> None:
    """A pack without its end has lost its index; the chunks before are kept where a catalog knows of them."""
    path = packs(root)[0]
    path.write_bytes(path.read_bytes()[:1_000_000])
    found = verify(store)
    assert found.quarantined
    assert found.rescued > 5
    assert "large.bin" in only(found).bundles[1].items


def test_a_pack_that_is_gone_is_told_by_bundle(store: Store, root: Path) -> None:
    """Where a pack is not there, each bundle that needs it is named, and what of it."""
    packs(root)[0].unlink()
    found = verify(store)
    assert {problem.kind for problem in found.problems} == {"missing-chunk"}
    assert [problem.place.partition("@")[0] for problem in found.problems] == ["large", "folder"]
    assert "large.bin" in found.problems[1].bundles[0].items


def test_packs_that_changed_places_are_both_repaired(store: Store, root: Path) -> None:
    """Two packs whose files were exchanged are put right, and nothing is lost."""
    first, second = packs(root)[:2]
    rights = first.read_bytes(), second.read_bytes()
    first.write_bytes(rights[1])
    second.write_bytes(rights[0])
    found = verify(store, deep=True)
    assert [problem.hint[:7] for problem in found.problems] == ["nothing", "nothing"]
    assert (first.read_bytes(), second.read_bytes()) == rights


def test_a_description_that_is_damaged_names_the_bundle(store: Store, root: Path) -> None:
    """Damage in a pack of descriptions concerns the whole bundle."""
    meta = next(root.glob("packs/meta/*/*.pack"))
    flip(meta, 100)
    problem = only(verify(store, deep=True))
    assert [affected.items for affected in problem.bundles] == [()]
    assert problem.bundles[0].bundle == store.get("folder").ref


def test_names_limit_what_is_looked_at(store: Store, root: Path) -> None:
    """With names only those bundles and their packs are read; a name that is none is an error."""
    flip(packs(root)[0], 5000)
    assert verify(store, deep=True, names=["value"]).is_clean
    found = verify(store, deep=True, names=["large"], quarantine=False)
    assert only(found).bundles[0].bundle == store.get("large").ref
    assert found.bundles == 1
    assert verify(store, names=[store.get("value").ref]).is_clean
    with pytest.raises(NotFoundError):
        verify(store, names=["nothing"])


def test_damage_of_the_log_is_told(store: Store, root: Path) -> None:
    """A record that changed in the middle of the log is reported with its segment, and that the catalog has it."""
    segment = next(root.glob("log/*/0*"))
    flip(segment, 400)
    found = verify(store)
    kinds = [problem.kind for problem in found.problems]
    assert "damaged-log" in kinds
    assert "lost-record" in kinds or kinds == ["damaged-log"]
    assert found.problems[0].place == segment.relative_to(root).as_posix()


def test_removed_bundles_are_not_looked_at(store: Store, root: Path) -> None:
    """What was removed needs nothing any more."""
    store.rm(store.get("large"), store.get("folder"))
    for path in packs(root):
        path.unlink()
    assert verify(store).is_clean


def test_an_alias_of_nothing_is_told(store: Store, root: Path) -> None:
    """An alias whose object is damaged, or that stands for what is not there, is named."""
    store.alias("prod", store.get("value"), why="first")
    path = next(root.glob("aliases/*/*/*.json"))
    path.write_bytes(b"{}")
    assert only(verify(store)).kind == "bad-alias"


@pytest.mark.parametrize(("current", "option"), [("far away", ""), ("test", "--context 'far away' ")])
def test_a_dangling_alias_is_put_right_by_what_the_hint_says(store: Store, current: str, option: str) -> None:
    """The command can be typed as it stands: names with spaces are quoted, and another context than one's own named."""
    other = store.in_context("far away")
    other.add("my sales", 1)
    other.alias("in use", "my sales")
    other.rm("my sales", force=True)
    problem = only(verify(store.in_context(current)))
    assert (problem.kind, problem.hint) == ("dangling-alias", f"stook alias {option}'in use' 'my sales'")


def test_a_dangling_alias_of_a_context_that_is_gone_is_to_be_moved_away(store: Store, root: Path) -> None:
    """No command reaches an alias whose context has no name any more."""
    other = store.in_context("gone")
    other.add("n", 1)
    other.alias("prod", "n")
    other.delete_context("gone", force=True)
    key = next(root.glob("aliases/*/*/*.json")).relative_to(root)
    assert only(verify(store)).hint == f"move {key} away"


def test_a_condemned_list_that_is_none_is_told(store: Store, root: Path) -> None:
    """A list that cannot be read is named."""
    (root / "condemned").mkdir()
    (root / "condemned" / store.get("value").id).write_bytes(b"[]")
    assert only(verify(store)).kind == "bad-condemned-list"


def test_a_store_of_another_name_is_told(store: Store, root: Path) -> None:
    """A stook.json that changed under an open store is reported with what it should say."""
    (root / "stook.json").write_bytes(b"{")
    problem = only(verify(store))
    assert problem.kind == "bad-repository"
    assert store.repository.id in problem.hint


def open_memory(storage: Storage, cache: Path) -> Store:
    """Open a store on a storage that can only put whole objects."""
    return Store(open_on(storage, cache=cache, owner="tess"), "test")


def damaged_memory(cache: Path) -> Storage:
    """Return a storage with two bundles in one pack, of which the first chunk is damaged."""
    storage = open_storage("memory:")
    store = open_memory(storage, cache)
    with store.draft("both") as draft:
        draft["bad"] = {"bytes": SMALL}
        draft["good"] = {"bytes": SMALL[::-1]}
    (entry,) = storage.list("packs/")
    found = storage.get(entry.key)
    data = bytearray(found.data)
    data[1000] ^= 1
    storage.put_if_match(entry.key, bytes(data), found.version)
    return storage


def test_a_bucket_is_verified_by_ranges(tmp_path: Path) -> None:
    """Deep and shallow, damage is found and mended where there are no files."""
    storage = damaged_memory(tmp_path / "a")
    store = open_memory(storage, tmp_path / "b")
    assert verify(store).is_clean
    problem = only(verify(store, deep=True))
    assert problem.bundles[0].items == ("bad",)
    store.add("again", {"bytes": SMALL})
    assert verify(store, deep=True).is_clean


@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "error-before", "error-after"])
def test_nothing_sound_is_lost_wherever_verify_ends(tmp_path: Path, kind: str) -> None:
    """Whatever operation it dies or fails at, what was sound can be read, and the next verify brings it to an end."""
    number, ended = 0, False
    while not ended:
        number += 1
        inner = damaged_memory(tmp_path / f"{number}-a")
        store = open_memory(inner, tmp_path / f"{number}-b")
        store.repository.storage = FaultyStorage(inner, [Fault(kind, number)])  # type: ignore[arg-type]
        try:
            verify(store, deep=True)
            ended = number > len(store.repository.storage.log)
        except (Crash, StorageError):
            pass
        again = open_memory(inner, tmp_path / f"{number}-c")
        assert again.get("both")["good"] == {"bytes": SMALL[::-1]}
        verify(again, deep=True)
        assert again.get("both")["good"] == {"bytes": SMALL[::-1]}
        again.add("again", {"bytes": SMALL})
        assert verify(again, deep=True).is_clean
        assert again.get("both")["bad"] == {"bytes": SMALL}
    assert number > 10


def test_a_store_that_refuses_writes_is_reported_on(store: Store, root: Path) -> None:
    """Where a damaged pack cannot be moved, the problem is told whole, and why it was not mended."""
    flip(packs(root)[0], 5000)
    store.repository.storage = _ReadOnly(store.repository.storage, "")  # type: ignore[assignment]
    problem = only(verify(store, deep=True))
    assert "is read-only" in problem.hint
    assert len(problem.bundles) == 2


def test_a_pack_that_cannot_be_read_stays(store: Store, root: Path) -> None:
    """Where the disk refuses, that is said with the bundles concerned, and nothing is moved."""
    path = packs(root)[0]
    faulty = _Refusing(store.repository.storage, path.relative_to(root).as_posix())
    store.repository.storage = faulty  # type: ignore[assignment]
    found = verify(store, deep=True)
    assert only(found).kind == "unreadable-pack"
    assert [affected.bundle.partition("@")[0] for affected in only(found).bundles] == ["large", "folder"]
    assert path.exists()


class _Refusing:
    """A storage one object of which is on a bad sector."""

    def __init__(self, inner: Storage, key: str) -> None:
        self._inner = inner
        self._key = key

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def get(self, key: str, *, limit: int = OBJECT_LIMIT) -> Stored:
        """See `Storage.get`."""
        self._refuse(key)
        return self._inner.get(key, limit=limit)

    def get_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """See `Storage.get_tail`."""
        self._refuse(key)
        return self._inner.get_tail(key, length)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See `Storage.get_range`."""
        self._refuse(key)
        return self._inner.get_range(key, start, length)

    def _refuse(self, key: str) -> None:
        if key == self._key:
            raise StorageError(f"{key} cannot be read", kind="disk-failed")


class _ReadOnly(_Refusing):
    """A storage that nobody may write to."""

    def put_new(self, key: str, data: Content) -> None:
        """See `Storage.put_new`."""
        raise StorageError(f"{key} is read-only", kind="read-only")
