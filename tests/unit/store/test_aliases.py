"""Movable names."""

from __future__ import annotations

import re
import threading
import unicodedata
from pathlib import Path

import pytest

import stook
from stook.errors import ConflictError, FormatError, InputError, NotFoundError, StorageError
from stook.format import aliases
from stook.storage.objects import open_memory
from stook.store import Store
from stook.store.repository import open_on
from stook.testing import Fault, FaultyStorage


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store", context="test")


def test_an_alias_stands_for_a_version(store: Store) -> None:
    """`name@alias` gets the version it was moved to, whatever is added later."""
    old = store.add("raw", 1)
    store.add("raw", 2)
    moved = store.alias("prod", old, why="checked")
    assert store.get("raw@prod") == old
    assert (moved.ref, moved.id, moved.number, moved.moves[0].why) == ("raw@prod", old.id, 1, "checked")


def test_the_history_has_every_move(store: Store) -> None:
    """Moves are there newest first, a hundred at the most, and counted in all."""
    bundles = [store.add("raw", number) for number in range(3)]
    for number in range(105):
        store.alias("prod", bundles[number % 3], why=str(number))
    (alias,) = store.aliases("raw")
    assert [move.why for move in alias.moves] == [str(number) for number in range(104, 4, -1)]
    assert alias.number == 105


def test_an_alias_taken_away_is_not_found(store: Store) -> None:
    """A dropped alias gets nothing, is not listed, keeps its history and can be set again."""
    bundle = store.add("raw", 1)
    store.alias("prod", bundle)
    store.unalias("prod", "raw", why="broken")
    assert store.find("raw@prod") is None
    assert store.aliases() == []
    with pytest.raises(NotFoundError, match="no alias 'prod'; it has none"):
        store.get("raw@prod")
    with pytest.raises(NotFoundError):
        store.unalias("prod", "raw")
    assert [move.id for move in store.alias("prod", bundle).moves] == [bundle.id, None, bundle.id]


def test_a_refusal_makes_no_context(store: Store) -> None:
    """Where there is no such alias to take away, nothing is written, not even the context."""
    with pytest.raises(NotFoundError):
        store.unalias("prod", "raw")
    assert store.contexts() == []


def test_what_is_expected_must_be_so(store: Store) -> None:
    """With an expectation, an alias moves only from the version that is named, or only where there is none."""
    first, second = store.add("raw", 1), store.add("raw", 2)
    store.alias("prod", first, expect="")
    for wrong in (second, ""):
        with pytest.raises(
            ConflictError, match=f"not what was expected: it stands for {first.id[-8:]} since"
        ):
            store.alias("prod", second, expect=wrong)
    assert store.alias("prod", second, expect=first).id == second.id


def test_of_racing_movers_one_wins_each_time(store: Store) -> None:
    """Threads that move from what they read never overwrite each other: every success is one move."""
    bundles = [[store.add("raw", [number, turn]) for turn in range(2)] for number in range(8)]
    wins = [0] * 8

    def move(number: int) -> None:
        for turn in range(20):
            try:
                store.alias("prod", bundles[number][turn % 2])
                wins[number] += 1
            except ConflictError:
                pass

    threads = [threading.Thread(target=move, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (alias,) = store.aliases("raw")
    assert alias.number == sum(wins) >= 20


def test_to_where_it_stands_is_no_move(store: Store) -> None:
    """Moved to where it stands an alias gets no new entry in its history; what was expected must still be so."""
    first, second = store.add("raw", 1), store.add("raw", 2)
    moved = store.alias("prod", first, why="checked")
    assert store.alias("prod", first, why="again") == moved
    assert store.alias("prod", first, expect=first) == moved
    for wrong in (second, ""):
        with pytest.raises(ConflictError, match="not what was expected"):
            store.alias("prod", first, expect=wrong)
    assert store.aliases() == [moved]


class _SentTwice(FaultyStorage):
    """A storage to which every compare-and-swap is sent again, as clients do when the answer was lost."""

    def put_if_match(self, key: str, data: bytes, version: str) -> str:
        """Swap, and swap again."""
        super().put_if_match(key, data, version)
        return super().put_if_match(key, data, version)


def test_a_lost_answer_is_not_a_lost_race(tmp_path: Path) -> None:
    """Where the write arrived and its answer did not, moving again finds the own write, and nothing is doubled."""
    storage = _SentTwice(open_memory("memory:", {}))
    store = Store(open_on(storage, cache=tmp_path, owner="me"), "test")
    first, second = store.add("raw", 1), store.add("raw", 2)
    store.alias("prod", first)
    assert store.alias("prod", second).number == 2
    assert store.get("raw@prod") == second


@pytest.mark.parametrize("name", ["ABCDEF", "01ABCDEFG", "a/b", "", "-x", "a@b"])
def test_odd_names_are_refused(store: Store, name: str) -> None:
    """What would read as part of an id, and what is no name at all, is no alias."""
    bundle = store.add("raw", 1)
    with pytest.raises(InputError):
        store.alias(name, bundle)


def test_names_that_differ_in_case_alone_have_aliases_apart(store: Store) -> None:
    """`Raw@Prod` and `raw@prod` are two, on a disk that does not tell cases apart too; so are long names."""
    names = ["raw", "Raw", "r.w", "ä", "a\u0308x", "価" * 80, "価" * 79 + "格", "%41", "A"]
    for name in names:
        store.alias("prod", store.add(name, [name]), why=name)
        store.alias("Prod", store.add(name, [name, "!"]))
    assert [store.get(f"{name}@prod").data for name in names] == [[name] for name in names]
    keys = [aliases.alias_key("c", name, "prod") for name in names]
    assert len({key.casefold() for key in keys}) == len(names)
    assert len(store.aliases()) == 2 * len(names)


def test_a_damaged_alias_is_told_of(store: Store, tmp_path: Path) -> None:
    """Bytes that are no alias are an error that says so; the version itself can still be got."""
    bundle = store.add("raw", 1)
    store.alias("prod", bundle)
    (path,) = (tmp_path / "store" / "aliases").rglob("*.json")
    for bad in (b"", b"{}", b"\xff", path.read_bytes().replace(b'"number":1', b'"number":0')):
        path.write_bytes(bad)
        with pytest.raises(FormatError):
            store.get("raw@prod")
    assert store.get("raw") == bundle


def test_a_storage_that_fails_leaves_the_alias(tmp_path: Path) -> None:
    """An error of the storage while moving is told, and the alias stands where it stood."""
    storage = FaultyStorage(open_memory("memory:", {}), [Fault("error-before", 1, "put_if_match")])
    store = Store(open_on(storage, cache=tmp_path, owner="me"), "test")
    first, second = store.add("raw", 1), store.add("raw", 2)
    store.alias("prod", first)
    with pytest.raises(StorageError):
        store.alias("prod", second)
    assert store.get("raw@prod") == first


def test_names_in_any_form_of_unicode_mean_the_same(store: Store) -> None:
    """A name and an alias given in NFD are those that were given in NFC."""
    name = unicodedata.normalize("NFD", "é")
    store.alias(name, store.add(name, 1))
    assert [alias.ref for alias in store.aliases(name)] == ["é@é"]
    assert store.get(f"{name}@{name}").data == 1
    assert store.unalias(name, name).id is None


def test_an_alias_of_a_removed_version_says_so(store: Store) -> None:
    """Whoever gets it learns that the version was removed, and how to have it back."""
    old = store.add("raw", 1)
    store.add("raw", 2)
    store.alias("prod", old)
    store.rm(old, force=True)
    with pytest.raises(NotFoundError, match="which was removed") as caught:
        store.get("raw@prod")
    assert caught.value.hint
    assert f"stook restore {old.id}" in caught.value.hint


def test_a_reason_that_is_no_unicode_is_refused(store: Store) -> None:
    """As it comes of bytes in the arguments of a command; nothing is moved."""
    bundle = store.add("raw", 1)
    with pytest.raises(InputError, match="Unicode"):
        store.alias("prod", bundle, why="caf\udce9")
    assert store.aliases() == []


def test_a_time_that_cannot_be_is_damage(store: Store) -> None:
    """A date beyond all calendars in an alias's object is refused, not tripped over."""
    store.alias("prod", store.add("raw", 1))
    (entry,) = store.repository.storage.list("aliases/")
    path = Path(store.repository.url, entry.key)
    path.write_bytes(re.sub(rb'"when":\d+', b'"when":999999999999999999', path.read_bytes()))
    with pytest.raises(FormatError, match="time"):
        store.aliases()
