"""The source text that made a bundle: kept once, followed by all that follows content."""

from __future__ import annotations

from pathlib import Path

import pytest

import stook
from stook.app.code import describe_code, find_texts
from stook.errors import IntegrityError
from stook.format import code_texts
from stook.model.code import CodeTexts, Definition
from stook.model.lineage import Lineage
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.packs.condemned import put_list
from stook.store.verify import verify

CODE = CodeTexts((Definition("m:f", "m.py", 1, "def f(): ...\n" * 30),))
LONG = {f"m:f{number}": f"{number:064x}" for number in range(100)}
MADE = Lineage(task="m:f", code={"m:f": "0" * 64})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="main")


def make(store: Store, name: str, value: object = 1, code: CodeTexts | None = CODE) -> Bundle:
    """Make a bundle by that code."""
    dumped = None if code is None else code_texts.dump(code)
    with store.draft(name, lineage=MADE, code=dumped) as draft:
        draft.set(value)
    return draft.bundle


def make_long(store: Store, name: str, code: CodeTexts | None = CODE) -> Bundle:
    """Make a bundle by code of many definitions."""
    dumped = None if code is None else code_texts.dump(code)
    with store.draft(name, lineage=Lineage(task="m:f", code=LONG), code=dumped) as draft:
        draft.set(1)
    return draft.bundle


def packs(store: Store) -> list[Path]:
    """Return the packs of a store in a folder."""
    return sorted(Path(store.repository.url).glob("packs/*/*/*.pack"))


def test_bundles_of_one_code_share_it(store: Store) -> None:
    """Code is in no record, in one pack for all bundles, and comes back."""
    made = [make(store, f"n{number}") for number in range(3)]
    assert len(packs(store)) == 1
    assert packs(store)[0].parts[-3] == "meta"
    assert b"def f" not in b"".join(path.read_bytes() for path in Path(store.repository.url).glob("log/*/*"))
    assert [find_texts(store.get(one.id)) for one in made] == [CODE] * 3


def test_another_process_finds_it_there(store: Store, tmp_path: Path) -> None:
    """Who did not write the code writes it no second time."""
    make(store, "one")
    make(stook.open(tmp_path / "store", context="main"), "two")
    assert len(packs(store)) == 1


def test_code_of_many_chunks(store: Store) -> None:
    """Long code is kept in several chunks, and a second bundle of it adds none."""
    lines = "".join(f"x{number} = {number * 7919}\n" for number in range(40_000))
    code = CodeTexts((Definition("m:f", "m.py", 1, lines),))
    make(store, "one", code=code)
    before = packs(store)
    again = make(store, "two", code=code)
    assert packs(store) == before
    assert find_texts(again) == code
    assert again.lineage.code_blob is not None
    assert again.lineage.code_blob.chunks


def test_garbage_collection_knows_it(store: Store, tmp_path: Path) -> None:
    """Code stays while a bundle needs it, and goes with the last; a writer that knew it then writes it anew."""
    make(store, "one")
    make(store, "two")
    store.rm("one")
    collect(store.repository)
    assert find_texts(store.get("two")) == CODE
    store.rm("two")
    collect(store.repository)
    assert packs(store) == []
    assert find_texts(make(store, "three")) == CODE
    assert len(packs(store)) == 1
    assert verify(stook.open(tmp_path / "store", context="main"), deep=True).is_clean


def test_condemned_code_is_written_anew(store: Store) -> None:
    """A writer that knows where code is does not rely on a pack that will be deleted."""
    make(store, "one")
    repository = store.repository
    [doomed] = packs(store)
    put_list(repository.storage, repository.clock, "me", [f"meta/{doomed.stem}"])
    bundle = make(store, "two")
    doomed.unlink()
    assert find_texts(store.get(bundle.id)) == CODE


def test_it_goes_where_the_bundle_goes(store: Store, tmp_path: Path) -> None:
    """A push takes the code along; a pull with all data brings it, and else it comes when it is asked for."""
    make(store, "one")
    store.add_remote("origin", str(tmp_path / "remote"))
    store.push("one")
    lazy = stook.open(tmp_path / "lazy", context="main")
    lazy.add_remote("origin", str(tmp_path / "remote"))
    lazy.pull("one")
    assert packs(lazy) == []
    assert find_texts(lazy.get("one")) == CODE
    other = stook.open(tmp_path / "other", context="main")
    other.add_remote("origin", str(tmp_path / "remote"))
    other.pull("one", data=True)
    (tmp_path / "remote").rename(tmp_path / "away")
    assert find_texts(other.get("one")) == CODE


def test_lost_code_is_damage_that_is_named(store: Store, tmp_path: Path) -> None:
    """Without its code a bundle reads as ever; `verify` says what is lost, and running it again heals it."""
    bundle = make(store, "one", value="data")
    for path in packs(store):
        path.unlink()
    opened = stook.open(tmp_path / "store", context="main")
    assert opened.get("one").data == "data"
    with pytest.raises(IntegrityError, match="one@"):
        describe_code(opened.get("one"))
    affected = [one for problem in verify(opened).problems for one in problem.bundles]
    assert [(one.bundle, one.items) for one in affected] == [(bundle.ref, ("(code)",))]
    make(store, "two")
    assert find_texts(opened.get("one")) == CODE


def test_lineage_that_names_code_of_elsewhere(store: Store, tmp_path: Path) -> None:
    """A lineage copied from another store keeps its code where that is here, and else names none."""
    lineage = make(store, "one").lineage
    other = stook.open(tmp_path / "other", context="main")
    assert store.add("copy", 1, lineage=lineage).lineage.code_blob == lineage.code_blob
    assert other.add("copy", 1, lineage=lineage).lineage.code_blob is None


def test_what_is_known_of_the_code(store: Store) -> None:
    """Text that was kept, text that was not, and no code at all are told apart."""
    states = [
        describe_code(make(store, "kept")).state,
        describe_code(make(store, "not_kept", code=None)).state,
        describe_code(store.add("added", 1)).state,
    ]
    assert states == ["kept", "not kept", "none"]


def test_digests_of_much_code_are_kept_once(store: Store) -> None:
    """What tells long code is in no record: all results share it, and each has it whole."""
    made = [make_long(store, f"n{number}") for number in range(3)]
    assert len(packs(store)) == 1
    assert b"m:f77" not in b"".join(path.read_bytes() for path in Path(store.repository.url).glob("log/*/*"))
    assert [store.get(one.id).lineage.code for one in made] == [LONG] * 3
    assert all(one.manifest.lineage.code == {} for one in made)


def test_digests_are_those_given(store: Store) -> None:
    """The same object with another content is other code."""
    code = dict(LONG)
    one = store.add("one", 1, lineage=Lineage(task="m:f", code=code))
    code["m:f0"] = "1" * 64
    two = store.add("two", 1, lineage=Lineage(task="m:f", code=code))
    assert one.lineage.code == LONG
    assert two.lineage.code == LONG | {"m:f0": "1" * 64}


def test_digests_stay_while_a_bundle_needs_them(store: Store, tmp_path: Path) -> None:
    """Garbage collection keeps them as it keeps data, and `verify` misses them where they are lost."""
    bundle = make_long(store, "one", code=None)
    collect(store.repository)
    opened = stook.open(tmp_path / "store", context="main")
    assert opened.get("one").lineage.code == LONG
    for path in packs(store):
        path.unlink()
    opened = stook.open(tmp_path / "store", context="main")
    assert opened.get("one").data == 1
    with pytest.raises(IntegrityError, match="one@"):
        opened.get("one").lineage  # noqa: B018
    affected = [one for problem in verify(opened).problems for one in problem.bundles]
    assert [(one.bundle, one.items) for one in affected] == [(bundle.ref, ("(code)",))]


def test_digests_are_a_part_of_the_description(store: Store, tmp_path: Path) -> None:
    """A pull without data brings them, so that what has changed since can be said without the remote."""
    make_long(store, "one")
    store.add_remote("origin", str(tmp_path / "remote"))
    store.push("one")
    lazy = stook.open(tmp_path / "lazy", context="main")
    lazy.add_remote("origin", str(tmp_path / "remote"))
    lazy.pull("one")
    (tmp_path / "remote").rename(tmp_path / "away")
    assert lazy.get("one").lineage.code == LONG


def test_digests_of_elsewhere(store: Store, tmp_path: Path) -> None:
    """A lineage copied to another store takes its digests along."""
    lineage = make_long(store, "one").lineage
    other = stook.open(tmp_path / "other", context="main")
    assert other.add("copy", 1, lineage=lineage).lineage.code == LONG
