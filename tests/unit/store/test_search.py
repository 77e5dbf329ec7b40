"""Finding bundles, against a plain filter in Python."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stook
from stook.errors import InputError
from stook.format import records, values
from stook.model.record import BundleRecord, CommitRecord, DeleteRecord, Manifest, Record, TagRecord
from stook.model.tree import Blob, File, Node, Value
from stook.store import Store
from stook.store.search import Query, count_versions, iter_lines, search

_DIGEST = "ab" * 32
_START = datetime(2026, 1, 31, 12, tzinfo=UTC)
_NODES: dict[str, Node] = {
    "value": Value(_DIGEST, Blob(0, _DIGEST, data=b"")),
    "file": File("a.txt", Blob(0, _DIGEST, data=b"")),
}


@dataclass(frozen=True)
class _Made:
    name: str
    task: str
    owner: str
    size: int
    seconds: int
    kind: str
    tags: dict[str, str]
    late_tags: dict[str, str | None]
    params: dict[str, object]
    is_committed: bool
    is_removed: bool

    @property
    def time(self) -> datetime:
        return _START + timedelta(seconds=self.seconds, microseconds=1)

    @property
    def all_tags(self) -> dict[str, str]:
        return {key: value for key, value in {**self.tags, **self.late_tags}.items() if value is not None}


_names = st.sampled_from(["a", "a.b", "ab", "b.a", "b.ä"])
_values = st.sampled_from(["", "x", "x:y", "xy"])
_made = st.builds(
    _Made,
    name=_names,
    task=st.sampled_from(["add", "m:Clean", "m:Train"]),
    owner=st.sampled_from(["ann", "bob"]),
    size=st.integers(0, 3),
    seconds=st.integers(-3, 3),
    kind=st.sampled_from(sorted(_NODES)),
    tags=st.dictionaries(st.sampled_from("kl"), _values),
    late_tags=st.dictionaries(st.sampled_from("kl"), st.none() | _values),
    params=st.dictionaries(st.sampled_from("pq"), st.sampled_from([1, 2.5, "1", True, None])),
    is_committed=st.booleans(),
    is_removed=st.booleans(),
)
_times = st.none() | st.integers(-3, 3).map(lambda seconds: _START + timedelta(seconds=seconds))
_queries = st.builds(
    Query,
    name=st.just("") | _names | st.sampled_from(["*", "a*", "?.?", "[ab]", "[!a]*", "*a", "c*"]),
    tags=st.dictionaries(st.sampled_from("kl"), _values | st.sampled_from(["*", "x*", "?"]), max_size=1),
    params=st.dictionaries(st.sampled_from("pq"), st.sampled_from([1, 2.5, "1", True]), max_size=1),
    task=st.sampled_from(["", "", "add", "m:*"]),
    owner=st.sampled_from(["", "", "ann"]),
    since=_times,
    until=_times,
    kind=st.sampled_from(["", "", "file", "val*"]),
    committed=st.sampled_from([None, None, True, False]),
    latest=st.booleans(),
    order=st.sampled_from(["newest", "oldest", "name", "largest"]),
    limit=st.none() | st.integers(0, 4),
)
_numbers = itertools.count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(_made, max_size=12), queries=st.lists(_queries, min_size=1, max_size=8))
def test_a_search_finds_what_a_plain_filter_does(
    tmp_path: Path, made: list[_Made], queries: list[Query]
) -> None:
    """Whatever is asked for, search gives the bundles that fit, in order, and lines and counts say the same."""
    store = stook.open(tmp_path / str(next(_numbers)))
    ids = _write(store, made)
    for query in queries:
        wanted = _plain(dict(zip(ids, made, strict=True)), query)
        assert [bundle.id for bundle in search(store, query)] == wanted
        lines = list(iter_lines(store, query))
        assert [line.id for line in lines] == wanted
        counted = dict(count_versions(store, query))
        assert counted == {
            name: [line.name for line in lines].count(name) for name in {x.name for x in lines}
        }
    store.close()


def _write(store: Store, made: Sequence[_Made]) -> list[str]:
    clock, context = store.repository.clock, store.context_id()
    ids: list[str] = []
    said: list[Record] = []
    for one in made:
        ids.append(clock.new_id())
        params = {name: values.to_json(value) for name, value in one.params.items()}
        said.append(
            BundleRecord(
                ids[-1],
                context,
                one.name,
                _digest_of(one.kind),
                one.size,
                int(one.time.timestamp() * 1e6),
                one.owner,
                one.task,
                tags=one.tags,
                manifest=Manifest(_NODES[one.kind], params),
            )
        )
        if one.late_tags:
            said.append(TagRecord(clock.new_id(), context, ids[-1], one.late_tags, 0))
        if one.is_committed:
            said.append(CommitRecord(clock.new_id(), context, ids[-1], "why", 0))
        if one.is_removed:
            said.append(DeleteRecord(clock.new_id(), context, ids[-1], 0))
    if said:
        store.repository.log.append([records.dump(record) for record in said])
    return ids


def _digest_of(kind: str) -> str:
    from stook.format import trees

    return trees.digest_tree(_NODES[kind])


def _plain(made: dict[str, _Made], query: Query) -> list[str]:
    there = {identifier: one for identifier, one in made.items() if not one.is_removed}
    if query.latest:
        newest = {one.name: identifier for identifier, one in there.items()}
        there = {identifier: one for identifier, one in there.items() if newest[one.name] == identifier}
    found = sorted((i for i, one in there.items() if _fits(one, query)), reverse=query.order != "oldest")
    if query.order == "name":
        found.sort(key=lambda identifier: there[identifier].name)
    if query.order == "largest":
        found.sort(key=lambda identifier: -there[identifier].size)
    return found[: query.limit]


def _fits(one: _Made, query: Query) -> bool:
    tags = one.all_tags
    return (
        (not query.name or fnmatchcase(one.name, query.name))
        and all(key in tags and fnmatchcase(tags[key], value) for key, value in query.tags.items())
        and all(_is_param(one, name, value) for name, value in query.params.items())
        and (not query.task or fnmatchcase(one.task, query.task))
        and (not query.owner or one.owner == query.owner)
        and (query.since is None or one.time >= query.since)
        and (query.until is None or one.time < query.until)
        and (not query.kind or fnmatchcase(one.kind, query.kind))
        and (query.committed is None or one.is_committed == query.committed)
    )


def _is_param(one: _Made, name: str, wanted: object) -> bool:
    return name in one.params and (one.params[name] == wanted or str(one.params[name]) == str(wanted))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return stook.open(tmp_path / "store")


def test_a_column_is_found_in_any_table_of_a_bundle(store: Store) -> None:
    """A bundle is found by the column of a table within it; a damaged or other bundle holds nobody up."""
    table = pd.DataFrame({"customer": [1], "amount": [2.5]})
    both = store.add("both", {"first": table, "second": pd.DataFrame({"x": [1]})})
    store.add("other", {"n": 1})
    assert store.search(column="cust*") == [both]
    assert store.search(column="cust") == []
    assert [line.name for line in iter_lines(store, Query(kind="frame"))] == ["both"]


def test_a_tag_with_the_letters_of_a_pattern_is_found_as_it_is(store: Store) -> None:
    """A value that looks like a pattern fits itself."""
    odd = store.add("n", 1, tags={"k": "a[1]*"})
    assert store.search(tags={"k": "a[1]*"}) == [odd]


def test_a_time_is_compared_to_the_microsecond(store: Store) -> None:
    """What was made at a time is found since then, and not before it."""
    bundle = store.add("n", 1)
    assert store.search(since=bundle.time) == [bundle]
    assert store.search(until=bundle.time) == []
    assert store.search(until=bundle.time + timedelta(microseconds=1)) == [bundle]


def test_a_time_without_a_zone_is_local(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """`2026-01-31` is the midnight here, wherever here is."""
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        _write(
            store, [_Made("n", "add", "o", 0, 0, "value", {}, {}, {}, is_committed=False, is_removed=False)]
        )
        assert len(store.search(since="2026-01-31T21:00")) == 1
        assert store.search(since="2026-01-31T21:01") == []
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "\udcff"},
        {"tags": {"k": "\udcff"}},
        {"since": "yesterday"},
        {"until": "0001-01-01"},
        {"limit": -1},
        {"order": "best"},
        {"owner": 3},
        {"tags": {"k": None}},
    ],
    ids=str,
)
def test_what_cannot_be_looked_for_is_refused(store: Store, asked: dict[str, object]) -> None:
    """What is no text, time, order or limit is said to be wrong, and is no bug."""
    store.add("n", 1)
    with pytest.raises(InputError):
        store.search(**asked)  # type: ignore[arg-type]


def test_names_are_found_in_any_unicode_form(store: Store) -> None:
    """A name is found whether its accents are typed as one letter or two."""
    bundle = store.add("caf\u00e9", 1)
    assert store.search("cafe\u0301") == [bundle]
