"""Which bundles a filter selects, and what that costs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stook.catalog import Batch, Catalog, Filter
from stook.format import records
from stook.model.clock import Clock
from stook.model.record import BundleRecord, ContextRecord, DeleteRecord, Manifest, Record
from stook.model.tree import Blob, Value

_DIGESTS = ["ab" * 32, "cd" * 32]
_MANIFEST = Manifest(Value(_DIGESTS[0], Blob(0, _DIGESTS[0], data=b"")))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Two contexts: 50 names of 20 versions in one, 2 bundles in the other, one of which the first has too."""
    catalog = Catalog(tmp_path / "catalog.db")
    clock = Clock()
    some: list[Record] = [ContextRecord(clock.new_id(), context, f"name of {context}", 0) for context in "ab"]
    some += [
        BundleRecord(clock.new_id(), "a", f"n{name:02}", _DIGESTS[0], 1, 0, "o", manifest=_MANIFEST)
        for _ in range(20)
        for name in range(50)
    ]
    some += [
        BundleRecord(clock.new_id(), "b", "n", digest, 7, 0, "o", manifest=_MANIFEST) for digest in _DIGESTS
    ]
    catalog.apply(Batch([(record, records.dump(record)) for record in some], {}))
    return catalog


@pytest.mark.parametrize(
    "wanted",
    [Filter("a", latest=True, order="name"), Filter("a", name="n03"), Filter("a", name="n03", order="name")],
    ids=["latest", "versions", "by name"],
)
def test_the_first_few_cost_no_look_at_the_rest(catalog: Catalog, tmp_path: Path, wanted: Filter) -> None:
    """The query of a listing walks an index in its order: nothing is sorted, and no table is looked through."""
    select = wanted.select()
    sql = f"EXPLAIN QUERY PLAN SELECT bundles.id FROM {select.tables} WHERE {select.where} ORDER BY {select.order}"  # noqa: S608
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        plan = [row[3] for row in connection.execute(sql, select.values)]
    assert not [step for step in plan if "TEMP B-TREE" in step or step.startswith("SCAN")]


def test_pages_join(catalog: Catalog) -> None:
    """More bundles than are read at once come in order, each once, whole or in lines, and a limit holds."""
    found = list(catalog.bundles.iter_found(Filter("a", order="oldest")))
    lines = list(catalog.bundles.iter_lines(Filter("a", order="oldest")))
    ids = [line.id for line in lines]
    assert (len(ids), ids) == (1000, sorted(set(ids)))
    assert [records.load(row.payload).id for row in found] == ids
    assert [line.id for line in catalog.bundles.iter_lines(Filter("a"), limit=3)] == ids[:-4:-1]
    assert list(catalog.bundles.iter_lines(Filter("a"), limit=0)) == []


def test_a_listing_goes_on_while_bundles_go(catalog: Catalog) -> None:
    """What is removed while a listing is read neither breaks it nor moves it."""
    lines = catalog.bundles.iter_lines(Filter("a", order="oldest"))
    first = next(lines)
    delete = DeleteRecord(Clock().new_id(), "a", first.id, 0)
    catalog.apply(Batch([(delete, records.dump(delete))], {}))
    assert len({line.id for line in lines}) == 999


def test_versions_are_counted_by_name(catalog: Catalog) -> None:
    """Each name has the number of its versions."""
    assert catalog.bundles.count_versions(Filter("a", name="n0[01]")) == [("n00", 20), ("n01", 20)]


def test_contexts_have_their_sizes(catalog: Catalog) -> None:
    """Each context has its names, bundles and bytes, an empty one too."""
    sizes = [(row.name, row.names, row.bundles, row.size) for row in catalog.contexts()]
    assert sizes == [("name of a", 50, 1000, 1000), ("name of b", 1, 2, 14)]


def test_what_is_only_in_one_context_is_counted(catalog: Catalog) -> None:
    """A bundle counts as only here where no other context has one of equal content that is there."""
    assert catalog.bundles.count_only_here("b") == (1, 7)
    assert catalog.bundles.count_only_here("a") == (0, 0)
    (twin,) = (row for row in catalog.versions("b", "n") if b"ab" * 32 in row.payload.partition(b'"size"')[0])
    delete = DeleteRecord(Clock().new_id(), "b", records.load(twin.payload).id, 0)
    catalog.apply(Batch([(delete, records.dump(delete))], {}))
    assert catalog.bundles.count_only_here("a") == (1000, 1000)


def test_a_listing_ends_where_the_catalog_is_made_anew(catalog: Catalog) -> None:
    """Where another process finds that the log went back, what was not read yet is not there."""
    lines = catalog.bundles.iter_lines(Filter("a"))
    whole = catalog.bundles.iter_found(Filter("a"))
    next(lines)
    next(whole)
    catalog.reset()
    assert len(list(lines)) < 500
    assert len(list(whole)) < 500
