"""Ids alone: what one repository has is held against another by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.catalog import Batch, Catalog, Filter
from stook.format import records
from stook.model.record import BundleRecord, CommitRecord, DeleteRecord, Manifest, Record, TagRecord
from stook.model.tree import Blob, Value

_BLOB = Blob(1, "0" * 64, data=b"1")


def _id(number: int) -> str:
    return f"01HZ{number:022d}"


def _bundle(number: int, name: str = "raw", context: str = "c") -> BundleRecord:
    manifest = Manifest(Value("0" * 64, _BLOB))
    return BundleRecord(_id(number), context, name, "0" * 64, 1, 1, "ann", manifest=manifest)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog of 1,200 bundles, each with a tag, of which one was removed, and one of another context."""
    catalog = Catalog(tmp_path / "catalog.db")
    said: list[Record] = [_bundle(number, f"n{number % 3}") for number in range(1200)]
    said += [TagRecord(_id(10_000 + number), "c", _id(number), {"t": "x"}, 1) for number in range(1200)]
    said += [CommitRecord(_id(20_000), "c", _id(1), "keep", 1), DeleteRecord(_id(30_000), "c", _id(7), 1)]
    said += [_bundle(5_000, context="other"), DeleteRecord(_id(30_001), "c", _id(6_000), 1)]
    catalog.apply(Batch([(record, records.dump(record)) for record in said], {}))
    return catalog


def test_states_tell_what_is_there_and_what_was(catalog: Catalog) -> None:
    """Of each bundle it is told whether it is there: of a context, or by id, also where only its removal is known."""
    states = catalog.ids.states("c")
    assert len(states) == 1200
    assert [one for one, is_live in states.items() if not is_live] == [_id(7)]
    wanted = [_id(number) for number in (*range(600), 5_000, 6_000, 9_999)]
    found = catalog.ids.find_states(wanted)
    assert len(found) == 602
    assert (found[_id(7)], found[_id(8)], found[_id(5_000)], found[_id(6_000)]) == (False, True, True, False)
    assert catalog.ids.find_recorded([_id(7), _id(6_000)]) == {_id(7)}


def test_rows_come_in_the_order_that_was_asked(catalog: Catalog) -> None:
    """Many bundles are read at once, in the order of the ids, those that are there alone, with their tags."""
    wanted = [_id(number) for number in (1100, 3, 7, 700, 3, 9_999)]
    rows = list(catalog.ids.iter_rows(wanted))
    assert [records.read_id(row.payload) for row in rows] == [_id(1100), _id(3), _id(700)]
    assert {row.tags["t"] for row in rows} == {"x"}
    assert len(list(catalog.ids.iter_rows(map(_id, range(1200))))) == 1199


def test_a_filter_selects_ids(catalog: Catalog) -> None:
    """The ids of what a filter lets pass come in its order."""
    assert catalog.ids.select(Filter("c", name="n1", order="oldest"), limit=2) == [_id(1), _id(4)]
    assert catalog.ids.select(Filter("c", committed=True)) == [_id(1)]
    assert len(catalog.ids.select(Filter("c"))) == 1199


def test_words_are_those_of_bundles_that_are_there(catalog: Catalog) -> None:
    """What was said of a context's bundles, or of some names alone, is told by ids; removed ones are left out."""
    words = catalog.ids.words("c")
    assert len(words) == 1200
    assert {_id(20_000), _id(10_001)} <= words
    assert not {_id(10_007), _id(30_000)} & words
    assert catalog.ids.words("c", ["n1"]) | catalog.ids.words("c", ["n0", "n2"]) == words
    assert _id(20_000) not in catalog.ids.words("c", ["n0", "n2"])
    assert catalog.ids.find_words([_id(10_007), _id(10_008), _id(1)]) == {_id(10_007), _id(10_008)}
    assert catalog.ids.subjects([_id(10_008), _id(1)]) == {_id(10_008): _id(8)}
    said = [
        records.load(payload).id for payload in catalog.ids.iter_words({_id(20_000), _id(10_001), _id(1)})
    ]
    assert said == [_id(10_001), _id(20_000)]
