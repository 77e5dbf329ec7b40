"""Adding, finding and reading bundles."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import threading
from decimal import Decimal
from pathlib import Path

import pytest

import stook
from stook.errors import InputError, IntegrityError, NotFoundError
from stook.format import records
from stook.model.record import BundleRecord
from stook.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def test_a_value_comes_back_equal_and_of_its_type(store: Store) -> None:
    """Values of every plain type survive, each with its own type."""
    data = {
        "int": 7,
        "big": 2**80,
        "float": 1.0,
        "nan": float("inf"),
        "none": None,
        "bytes": b"\0\xff",
        "decimal": Decimal("1.20"),
        "date": dt.date(2026, 1, 2),
        "when": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
        "tuple": (1, "a"),
        "set": {1, 2},
        3: "integer key",
    }
    bundle = store.add("values", data)
    assert store.get("values").data == data
    assert type(store.get("values").data["float"]) is float
    assert bundle.digest == store.add("again", dict(reversed(data.items()))).digest


def test_a_draft_that_raises_publishes_nothing(store: Store) -> None:
    """An exception inside the block leaves no bundle behind."""

    def fail() -> None:
        with store.draft("half") as draft:
            draft["part"] = 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.find("half") is None
    assert store.ls() == []


def test_a_draft_keeps_values_files_and_order(store: Store, tmp_path: Path) -> None:
    """Named parts and files written to draft paths are all in the bundle, readable by name."""
    with store.draft("mixed", params={"window": 90}) as draft:
        draft["notes"] = {"rows": 12}
        draft.path("sub/extra.txt").write_text("hello")
    bundle = store.get("mixed")
    assert bundle.keys() == ["notes", "sub/extra.txt"]
    assert bundle["notes"] == {"rows": 12}
    assert bundle.path("sub/extra.txt").read_text() == "hello"
    assert bundle.params == {"window": 90}
    assert draft.bundle.id == bundle.id


def test_same_named_files_in_different_folders_stay_apart(store: Store, tmp_path: Path) -> None:
    """Two files of one name in two folders of an added folder both come back."""
    for folder, text in (("d1", "one"), ("d2", "two")):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "f.txt").write_text(text)
    root = store.add("folder", str(tmp_path / "in")).path()
    assert (root / "d1/f.txt").read_text() == "one"
    assert (root / "d2/f.txt").read_text() == "two"


def test_latest_version_and_each_older_one_can_be_had(store: Store) -> None:
    """A name gives the newest; a name with an id, or enough of one, gives that version."""
    first, second = store.add("n", 1), store.add("n", 2)
    assert second.id > first.id
    assert store.get("n").data == 2
    assert store.get(first.ref).data == 1
    assert store.get(f"n@{first.id[-8:]}").data == 1
    assert [b.id for b in store.versions("n")] == [second.id, first.id]


def test_a_missing_name_suggests_the_nearest(store: Store) -> None:
    """The error names what was asked for, and the hint what it may have been."""
    store.add("features", 1)
    with pytest.raises(NotFoundError) as caught:
        store.get("featurse")
    assert "features" in caught.value.hint


def test_a_dot_in_a_name_is_a_dot(store: Store) -> None:
    """Names are literal: no letter of one is a wildcard."""
    store.add("rawXtransactions", 1)
    assert store.find("raw.transactions") is None


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a\0b", "x" * 300, " a", "a*", "\ud800", "n@x@y"])
def test_bad_names_are_refused(store: Store, name: str) -> None:
    """A name that could not be written as a reference or a file is refused."""
    with pytest.raises(InputError):
        store.add(name, 1)


@pytest.mark.parametrize("name", ["'; DROP TABLE bundles; --", "naïve", "データ", "a b", "%", "_"])
def test_odd_names_are_names(store: Store, name: str) -> None:
    """Quotes, spaces and any language are fine, and mean nothing to the catalog."""
    store.add(name, 1)
    assert [b.name for b in store.ls()] == [name]
    assert store.get(name).data == 1


def test_what_no_codec_knows_is_refused_by_type(store: Store) -> None:
    """An arbitrary object is never pickled; the error says its type and where it was."""
    with pytest.raises(InputError, match=r"data\['x'\] is of type object"):
        store.add("objects", {"x": object(), "y": Path(__file__)})
    assert store.find("objects") is None


def test_if_changed_makes_a_version_only_for_new_content(store: Store, tmp_path: Path) -> None:
    """Adding the same file again gives the bundle that is there."""
    path = tmp_path / "a.txt"
    path.write_text("1")
    first = store.add("f", path, if_changed=True)
    assert store.add("f", path, if_changed=True).id == first.id
    path.write_text("2")
    assert store.add("f", path, if_changed=True).id != first.id


def test_a_second_store_sees_what_the_first_wrote(store: Store, tmp_path: Path) -> None:
    """Two stores open on one folder see each other's bundles at once."""
    other = stook.open(tmp_path / "store", context="test")
    store.add("shared", 1)
    assert other.get("shared").data == 1
    assert stook.open(tmp_path / "store", context="elsewhere").find("shared") is None


def test_contexts_do_not_see_each_other(tmp_path: Path) -> None:
    """The same name in two contexts of one store is two lines of versions."""
    one, two = (stook.open(tmp_path / "store", context=name) for name in ("one", "two"))
    one.add("n", {"from": "one"})
    two.add("n", {"from": "two"})
    assert (one.get("n").data, two.get("n").data) == ({"from": "one"}, {"from": "two"})
    assert [len(store.versions("n")) for store in (one, two)] == [1, 1]
    assert [len(store.ls()) for store in (one, two)] == [1, 1]
    assert one.outputs("n", "") == []


def test_a_context_that_another_renames_stays_the_same(tmp_path: Path) -> None:
    """An open store goes on with its context under the new name, and leaves the old name to a context made anew."""
    maker = stook.open(tmp_path / "s", context="a")
    maker.add("x", 1)
    reader = stook.open(tmp_path / "s", context="a")
    other = stook.open(tmp_path / "s", context="b")
    other.rename_context("a", "z")
    for store in (maker, reader):
        assert [bundle.name for bundle in store.ls()] == ["x"]
        assert "context 'z'" in repr(store)
    other.in_context("a").add("y", 2)
    reader.add("w", 3)
    assert [bundle.name for bundle in maker.ls()] == ["w", "x"]
    assert [(context.name, context.names) for context in other.contexts()] == [("a", 1), ("z", 2)]


def test_a_context_that_another_deletes_is_known_by_its_name(tmp_path: Path) -> None:
    """Where the context of an open store is gone, its name counts: another that bears it now is used."""
    store = stook.open(tmp_path / "s", context="a")
    store.add("x", 1)
    other = stook.open(tmp_path / "s", context="b")
    other.add("y", 2)
    other.delete_context("a")
    assert store.ls() == []
    other.rename_context("b", "a")
    assert [bundle.name for bundle in store.ls()] == ["y"]
    assert store.add("z", 3).record.context == other.context_id()


def test_the_catalog_is_rebuilt_when_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another, empty cache every bundle is still there: the log and the packs are the truth."""
    store = stook.open(tmp_path / "store", context="test")
    store.add("big", {"text": "x" * 100_000})
    monkeypatch.setenv("STOOK_CACHE", str(tmp_path / "other-cache"))
    assert stook.open(tmp_path / "store", context="test").get("big").data == {"text": "x" * 100_000}


def test_a_written_to_cache_file_is_made_anew(store: Store, tmp_path: Path) -> None:
    """A file handed out by `path` and then changed by force is not handed out again."""
    path = tmp_path / "a.txt"
    path.write_text("right")
    out = store.add("f", path).path()
    os.chmod(out, 0o644)
    out.write_text("wrong")
    assert store.get("f").path().read_text() == "right"


def test_a_flipped_byte_in_a_pack_is_never_returned(store: Store, tmp_path: Path) -> None:
    """Reading damaged bytes raises IntegrityError; other bundles stay readable."""
    store.add("good", {"v": os.urandom(20_000)})
    bad = store.add("bad", {"v": os.urandom(20_000)})
    pack = tmp_path / "store" / "packs" / bad.record.packs[0].replace("/", f"/{bad.record.packs[0][5:7]}/")
    pack = pack.with_suffix(".pack")
    damaged = bytearray(pack.read_bytes())
    damaged[100] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(damaged)
    with pytest.raises(IntegrityError):
        _ = store.get("bad").data
    assert store.get("good").data


def test_many_threads_add_to_one_store(store: Store) -> None:
    """Eight threads add 20 bundles each; all are there and each reads back."""

    def work(number: int) -> None:
        for step in range(20):
            store.add(f"t{number}", {"step": step})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[b.data["step"] for b in store.versions(f"t{n}")] for n in range(8)] == [
        list(range(19, -1, -1))
    ] * 8


def test_a_store_and_its_bundles_travel_by_pickle(store: Store) -> None:
    """A bundle sent to another process reads its data there."""
    bundle = store.add("v", {"a": 1})
    assert pickle.loads(pickle.dumps(bundle)).data == {"a": 1}  # noqa: S301 - our own bytes


def test_a_folder_with_something_else_is_no_store(tmp_path: Path) -> None:
    """Stook never writes into a folder that is in other use."""
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="not a store"):
        stook.open(tmp_path)


def test_a_large_folder_has_its_manifest_in_a_pack(store: Store, tmp_path: Path) -> None:
    """A bundle of 2,000 files reads back whole, though its description is longer than a log line may be."""
    (tmp_path / "many").mkdir()
    for number in range(2000):
        (tmp_path / "many" / f"{number}.txt").write_text(str(number))
    bundle = store.add("many", tmp_path / "many")
    assert bundle.record.manifest is None
    assert len(list(store.get("many").path().iterdir())) == 2000


def test_the_same_bytes_twice_take_no_more_room(store: Store, tmp_path: Path) -> None:
    """Content that is there already is not written again, under whatever name."""
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(3_000_000))
    store.add("one", path)
    packs = sorted((tmp_path / "store/packs").rglob("*.pack"))
    store.add("two", path)
    assert sorted((tmp_path / "store/packs").rglob("*.pack")) == packs


def test_a_version_is_found_by_what_a_listing_shows(store: Store) -> None:
    """The end of an id alone stands for its version, unless a name is written so."""
    first, second = store.add("n", 1), store.add("m", 2)
    assert [store.get(bundle.id[-8:]) for bundle in (first, second)] == [first, second]
    assert store.find("ZZZZZZZZ") is None
    named = store.add(first.id[-8:], 3)
    assert store.get(first.id[-8:]) == named


def test_a_version_whose_letters_are_all_digits_is_found(store: Store) -> None:
    """An id may end in digits alone, as an alias does that is a date: the alias comes first, and the name before."""
    context, head = store.context_id(), store.repository.clock.new_id()[:18]
    like = store.add("n", 1)
    record = BundleRecord(
        f"{head}20260131",
        context,
        "n",
        like.digest,
        1,
        1,
        "me",
        packs=like.record.packs,
        manifest=like.manifest,
    )
    store.repository.log.append([records.dump(record)])
    for ref in ("n@20260131", "20260131"):
        assert store.get(ref).id == record.id
    newest = store.add("n", 2)
    store.alias("20260131", newest)
    assert store.get("n@20260131") == newest
    assert store.add("20260131", 3) == store.get("20260131")
    store.rm(record.id)
    assert [bundle.id for bundle in store.restore("n@20260131")] == [record.id]
