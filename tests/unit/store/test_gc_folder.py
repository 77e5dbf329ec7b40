"""Collecting garbage in a folder: at once where nobody writes, by lists and grace where somebody does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import stook
from stook.errors import ConflictError, InputError, NotFoundError
from stook.format.packs import pack_key
from stook.model.clock import Clock
from stook.model.record import RestoreRecord
from stook.store import Store
from stook.store.gc import Amount, collect
from stook.store.repository import open_repository
from stook.store.stamp import append_relying, stamp
from stook.store.words.reviving import reviving
from tests.unit.store.aging import AgingStorage

_DAY = 24 * 3600
_BYTES = [os.urandom(300_000) for _ in range(4)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def names(store: Store) -> list[str]:
    """Return the keys of all packs and condemned lists."""
    storage = store.repository.storage
    return [entry.key for folder in ("condemned/", "packs/") for entry in storage.list(folder)]


def age(store: Store, folder: str, days: float = 3) -> None:
    """Make all objects below a folder so many days older."""
    for entry in store.repository.storage.list(folder):
        path = Path(store.repository.url, entry.key)
        os.utime(path, (time.time(), entry.modified - days * _DAY))


def add_all_but_one(store: Store, folder: Path) -> stook.Bundle:
    """Leave one file in a pack of which nothing else is needed, and return its bundle."""
    paths = {}
    for number, data in enumerate(_BYTES):
        paths[f"{number}"] = folder / f"{number}"
        paths[f"{number}"].write_bytes(data)
    everything = store.add("all", paths)
    one = store.add("one", paths["2"])
    assert one.record.packs == ()
    store.rm(everything)
    return one


def fresh(store: Store) -> Store:
    """Open the store anew."""
    return stook.open(store.repository.url, context="test")


def test_what_nobody_needs_goes_at_once_where_nobody_writes(store: Store) -> None:
    """Packs of removed bundles are deleted in one go, whatever their age, and no list stays behind."""
    kept, gone = store.add("a", _BYTES[0]), store.add("b", _BYTES[1])
    store.rm(gone)
    done = collect(store.repository)
    assert (done.swept.count, done.busy, done.condemned) == (1, False, Amount())
    assert names(store) == [pack_key(kept.record.packs[0])]
    assert fresh(store).get("a").data == _BYTES[0]
    assert collect(store.repository).swept == Amount()


def test_a_dry_run_says_the_same_and_changes_nothing(store: Store) -> None:
    """What a dry run foretells is what is done then."""
    store.rm(store.add("b", _BYTES[1]))
    before = sorted(path for path in Path(store.repository.url).rglob("*"))
    foretold = collect(store.repository, dry_run=True)
    assert foretold.dry_run
    assert sorted(path for path in Path(store.repository.url).rglob("*")) == before
    assert collect(store.repository).swept == foretold.swept == Amount(1, foretold.swept.bytes)


def test_a_pack_of_which_little_is_needed_shrinks(store: Store, tmp_path: Path) -> None:
    """What is needed of it moves to a new pack, also under the eyes of one who has a file of it open."""
    one = add_all_but_one(store, tmp_path)
    reader = fresh(store).get("one").open()
    (before,) = names(store)
    done = collect(store.repository)
    assert done.swept.count == 1
    assert 300_000 <= done.moved.bytes < 310_000
    (after,) = names(store)
    assert after != before
    assert Path(store.repository.url, after).stat().st_size < 400_000
    assert reader.read() == _BYTES[2]
    assert fresh(store).get(one.id).path().read_bytes() == _BYTES[2]
    assert collect(store.repository).swept == Amount()


def test_what_is_removed_is_there_until_it_is_collected(store: Store) -> None:
    """A removed bundle can be brought back before, and after says that its content has been collected."""
    bundle = store.add("a", _BYTES[0])
    store.rm(bundle)
    store.restore(bundle.id)
    collect(store.repository)
    assert fresh(store).get("a").data == _BYTES[0]
    store.rm(bundle)
    collect(store.repository)
    with pytest.raises(NotFoundError) as caught:
        store.restore(bundle.id)
    assert caught.value.kind == "collected"
    assert store.find("a") is None


def test_nothing_goes_at_once_while_a_draft_is_open(store: Store) -> None:
    """What is new stays, though nothing refers to it: it may be the draft's own. When that has ended the rest goes."""
    store.rm(store.add("removed", _BYTES[0]))
    with store.draft("d") as draft:
        draft["x"] = _BYTES[1]
        draft._writer.flush()
        done = collect(store.repository, wait=0)
        assert (done.busy, done.young.count, done.swept.count) == (True, 2, 0)
        draft["y"] = _BYTES[0]
    assert fresh(store).get("d").data == {"x": _BYTES[1], "y": _BYTES[0]}
    assert collect(store.repository).busy is False
    assert fresh(store).get("d").data == {"x": _BYTES[1], "y": _BYTES[0]}


def test_what_is_condemned_is_stored_anew(store: Store) -> None:
    """Chunks that are only in condemned packs count as unknown: the draft outlives the packs."""
    store.rm(store.add("removed", _BYTES[0]))
    age(store, "packs/")
    with store.draft("open") as draft:
        draft["x"] = _BYTES[1]
        draft._writer.flush()
        done = collect(store.repository, wait=0)
        assert (done.busy, done.condemned.count, done.swept.count) == (True, 1, 0)
        assert done.waiting_until is not None
        again = store.add("again", {"x": _BYTES[0]})
        assert again.record.packs
        age(store, "condemned/")
        assert collect(store.repository, wait=0).swept.count == 1
    for name, data in {"again": _BYTES[0], "open": _BYTES[1]}.items():
        assert fresh(store).get(name).data == {"x": data}


def test_a_pack_that_is_written_again_under_a_condemned_name_is_written_under_another(store: Store) -> None:
    """The very same content makes a pack of the same name, which would be deleted with the list: it gets a new name."""
    first = store.add("n", _BYTES[0])
    store.rm(first)
    age(store, "packs/")
    with store.draft("open") as draft:
        draft["x"] = _BYTES[1]
        draft._writer.flush()
        collect(store.repository, wait=0)
        second = store.add("n", _BYTES[0])
        assert second.record.packs
        assert second.record.packs[0] != first.record.packs[0]
        age(store, "condemned/")
        assert collect(store.repository, wait=0).swept.count == 1
    assert fresh(store).get("n").data == _BYTES[0]


def test_what_a_draft_relied_on_before_it_was_condemned_is_copied(store: Store) -> None:
    """Just before its commit the draft sees that a pack was condemned, and copies what it needs of it."""
    bundle = store.add("n", _BYTES[0])
    age(store, "packs/")
    with store.draft("d") as draft:
        draft["x"] = _BYTES[0]
        draft._writer.flush()
        store.rm(bundle)
        assert collect(store.repository, wait=0).condemned.count == 1
    assert draft.bundle.record.packs
    age(store, "condemned/")
    assert collect(store.repository).swept.count == 1
    assert fresh(store).get("d").data == {"x": _BYTES[0]}


def test_a_draft_whose_chunks_were_collected_is_not_published(store: Store) -> None:
    """Where that happened long ago, the commit is refused, nothing is visible, and doing it again works."""
    bundle = store.add("n", _BYTES[0])
    age(store, "packs/")
    draft = store.draft("d").__enter__()
    draft["x"] = _BYTES[0]
    draft._writer.flush()
    store.rm(bundle)
    collect(store.repository, wait=0)
    age(store, "condemned/")
    assert collect(store.repository, wait=0).swept.count == 1
    draft._writer.index._begun -= 3600  # it is a day later, as the file system has it
    with pytest.raises(ConflictError) as caught:
        draft.__exit__(None, None, None)
    assert caught.value.kind == "collected"
    assert fresh(store).find("d") is None
    store.add("d", {"x": _BYTES[0]})
    assert fresh(store).get("d").data == {"x": _BYTES[0]}


def test_a_commit_that_took_a_day_is_taken_back(store: Store) -> None:
    """A machine that slept between its last look and its commit looks again, and removes what has lost its chunks."""
    bundle = store.add("n", _BYTES[0])
    age(store, "packs/")
    append = store.repository.log.append

    def sleep_first(payloads: list[bytes]) -> None:
        store.repository.log.append = append  # type: ignore[method-assign]
        other = fresh(store)
        other.rm(other.get(bundle.id))
        collect(other.repository, wait=0)
        age(store, "condemned/")
        assert collect(other.repository, wait=0).swept.count == 1
        draft._writer.index._begun -= 3600
        draft._writer.index._confirmed -= 3600
        append(payloads)

    draft = store.draft("d").__enter__()
    draft["x"] = _BYTES[0]
    draft._writer.flush()
    store.context_id()
    store.repository.log.append = sleep_first  # type: ignore[method-assign]
    with pytest.raises(ConflictError) as caught:
        draft.__exit__(None, None, None)
    assert caught.value.kind == "collected"
    assert fresh(store).find("d") is None


def test_a_restoring_that_took_a_day_is_taken_back(store: Store) -> None:
    """A machine that slept before it brought a bundle back does not bring back one that has lost its chunks."""
    bundle = store.add("n", _BYTES[0])
    store.rm(bundle)
    age(store, "packs/")

    def bring_back_late() -> None:
        with reviving(store.repository, [bundle.record]) as index:
            other = fresh(store)
            collect(other.repository, wait=0)
            age(store, "condemned/")
            assert collect(other.repository, wait=0).swept.count == 1
            index._begun -= 3600
            index._confirmed -= 3600
            mark = stamp(store.repository)
            said = RestoreRecord(mark.id, bundle.record.context, bundle.id, mark.time)
            append_relying(store.repository, index, said)

    with pytest.raises(NotFoundError, match="collected since"):
        bring_back_late()
    assert fresh(store).find("n") is None


def test_a_removed_bundle_is_brought_back_out_of_condemned_packs(store: Store) -> None:
    """What it needs is copied before it is restored, and so outlives the condemned packs."""
    bundle = store.add("n", _BYTES[0])
    store.rm(bundle)
    age(store, "packs/")
    with store.draft("open") as draft:
        draft["x"] = _BYTES[1]
        draft._writer.flush()
        collect(store.repository, wait=0)
        store.restore(bundle.id)
        age(store, "condemned/")
        assert collect(store.repository, wait=0).swept.count == 1
    assert fresh(store).get("n").data == _BYTES[0]


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.full)])
def test_others_may_add_at_any_moment(tmp_path: Path, step: int) -> None:
    """Somebody adds what is being collected, between any two operations; while it goes at once, they wait."""
    at, is_over = 1 - step, False
    while not is_over:
        at += step
        store = stook.open(tmp_path / str(at), context="test")
        store.rm(store.add("removed", _BYTES[0]), store.add("more", _BYTES[1]))
        other = fresh(store)
        adding = threading.Thread(target=other.add, args=("again", _BYTES[0]))

        def begin(adding: threading.Thread = adding) -> None:
            adding.start()
            adding.join(0.1)  # it ends by then, unless it waits for the collection

        meddling = AgingStorage(store.repository.storage)
        meddling.meddle_at(at, begin)
        store.repository.storage = meddling
        collect(store.repository)
        is_over = meddling.meddle is not None
        if not is_over:
            adding.join()
            again = stook.open(tmp_path / str(at), context="test")
            assert again.get("again").data == _BYTES[0]
            collect(again.repository)
            assert stook.open(tmp_path / str(at), context="test").get("again").data == _BYTES[0]
            assert len(names(again)) == 1
    assert at > 10


def test_a_writer_that_failed_holds_nobody_up(store: Store, tmp_path: Path) -> None:
    """After an add that raised, and after a draft that was dropped, collection is not held up."""
    with pytest.raises(InputError):
        store.add("n", {"x": _BYTES[0], "y": tmp_path / "missing"})
    draft = store.draft("dropped")
    draft.__enter__()["x"] = _BYTES[1]
    draft._writer.flush()
    del draft
    assert collect(store.repository, wait=0).busy is False


def test_a_small_bundle_asks_nothing_of_the_storage(store: Store) -> None:
    """A bundle that needs no pack takes no lock and looks at no list."""
    store.add("n", {"x": 1})
    assert not (Path(store.repository.url) / ".writers").exists()


def test_damaged_packs_are_left_alone_and_named(store: Store, tmp_path: Path) -> None:
    """A pack whose index cannot be read stays; so does one of whose needed chunks one is damaged."""
    one = add_all_but_one(store, tmp_path)
    (key,) = names(store)
    path = Path(store.repository.url, key)
    data = bytearray(path.read_bytes())
    at = data.index(_BYTES[2][1000:1100])
    data[at] ^= 1
    path.write_bytes(data)
    other = Path(store.repository.url, pack_key("data/" + 64 * "0"))
    other.parent.mkdir(parents=True)
    other.write_bytes(b"no pack")
    done = collect(store.repository)
    assert len(done.problems) == 2
    assert done.swept == Amount()
    assert path.exists()
    assert other.exists()
    data[at] ^= 1
    path.write_bytes(data)
    assert fresh(store).get(one.id).path().read_bytes() == _BYTES[2]


def test_old_temporary_files_go_and_what_was_cut_off_the_log_stays(store: Store) -> None:
    """What a killed process left is removed after a day; a torn tail of the log is reported, never removed."""
    store.add("n", 1)
    folder = Path(store.repository.url)
    log = next((folder / "log").iterdir())
    for path in (folder / ".tmp-old", log / ".tmp-new", log / ".cut-0000000000000001-99"):
        path.write_bytes(b"12345")
    os.utime(folder / ".tmp-old", (0, time.time() - 2 * _DAY))
    done = collect(store.repository)
    assert done.leftovers == Amount(1, 5)
    assert done.cuts == (str(log / ".cut-0000000000000001-99"),)
    assert sorted(path.name for path in log.glob(".tmp*")) == [".tmp-new"]


def test_only_one_collects_in_a_folder(store: Store) -> None:
    """A second collection is refused while one goes on."""
    with store.repository.gate.collecting(), pytest.raises(ConflictError) as caught:
        collect(fresh(store).repository)
    assert caught.value.kind == "gc-running"


def test_a_grace_too_short_for_others_is_refused(store: Store) -> None:
    """Less than an hour would not let others finish between their last look and their commit."""
    with pytest.raises(InputError) as caught:
        collect(store.repository, grace=timedelta(minutes=59))
    assert caught.value.kind == "bad-grace"


def test_what_the_log_has_lost_is_kept(store: Store, tmp_path: Path) -> None:
    """Where records went from the log, what they need stays until the file that keeps them is removed."""
    store.add("raw", {"a": _BYTES[0].hex()})
    store.ls()
    (log,) = Path(store.repository.url, "log").iterdir()
    lost = log.rename(tmp_path / "lost")
    log.mkdir()
    with pytest.warns(UserWarning, match="went back"):
        store = stook.open(tmp_path / "store", context="test")
    store.add("other", 1)
    done = collect(store.repository)
    assert done.swept.count == 0
    assert any("lost 1 records" in problem for problem in done.problems)
    for segment in lost.iterdir():
        (log.parent / segment.name).write_bytes(segment.read_bytes())
    (kept,) = store.repository.cache.glob("lost-*")
    assert str(kept) in done.problems[-1]
    kept.unlink()
    assert collect(store.repository).swept.count == 1


def test_a_clock_that_is_ahead_takes_no_files_from_writers(store: Store, tmp_path: Path) -> None:
    """How old a temporary file is, is told by the clock of the disk."""
    store.add("raw", 1)
    temporary = tmp_path / "store" / ".tmp-0123456789abcdef"
    temporary.write_bytes(b"being written")
    clock = Clock(now=lambda: time.time() + 3 * _DAY)
    collect(open_repository(str(tmp_path / "store"), cache=tmp_path / "cache", owner="me", clock=clock))
    assert temporary.exists()


def test_old_temporary_files_and_damaged_folders_of_the_cache_go(store: Store, tmp_path: Path) -> None:
    """What was set aside goes when nobody has touched it for a day; a bundle's own file of such a name stays."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/.tmp-own").write_bytes(b"own")
    kept = store.add("folder", tmp_path / "folder").path()
    cache = store.repository.cache
    aside = kept.with_name(".tmp-aside")
    (aside / "deep").mkdir(parents=True)
    for path in (aside / "deep/x", cache / "files/.tmp-1", cache / ".tmp-2"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"12345")
        os.utime(path, (0, 0))  # as files of the cache bear a time of their own
    url, stays = store.repository.url, cache.parent
    tomorrow = Clock(lambda: time.time() + 2 * _DAY)
    assert collect(store.repository).leftovers == Amount()
    late = open_repository(url, cache=stays, owner="me", clock=tomorrow)
    assert collect(late, dry_run=True).leftovers == Amount(3, 15)
    assert (aside / "deep/x").exists()
    assert collect(late).leftovers == Amount(3, 15)
    assert not list(cache.rglob(".tmp-[a12]*"))
    assert (kept / ".tmp-own").read_bytes() == b"own"


@pytest.mark.parametrize("how", [lambda bundle: bundle.data, lambda bundle: bundle.open("a").read()])
def test_a_bundle_that_another_removed_and_collected_is_no_damage(
    store: Store, tmp_path: Path, how: Callable[[stook.Bundle], object]
) -> None:
    """Whoever reads on in a bundle that went on another machine is told so, and not to look for damage."""
    (tmp_path / "a").write_bytes(_BYTES[0])
    bundle = store.add("n", {"a": tmp_path / "a"})
    other = Store(open_repository(store.repository.url, cache=tmp_path / "cache", owner="you"), "test")
    other.rm("n")
    collect(other.repository)
    with pytest.raises(NotFoundError, match=f"^{bundle.ref} was removed, and its content") as caught:
        how(bundle)
    assert caught.value.kind == "collected"
