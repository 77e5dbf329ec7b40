"""What a bundle's record says of where its chunks are, after they were packed anew on their way."""

from __future__ import annotations

import os
from pathlib import Path

from stook.format import records
from stook.model.record import BundleRecord
from stook.store import Store
from stook.store.packs.reach import needed_ids
from stook.store.remotes.hints import rewrite_hints, rewrite_packs
from stook.testing import FaultProxy
from tests.unit.store.remotes.conftest import OpenStore, Place

_PACK = "data/" + "ab" * 32


def _add(store: Store, number: int) -> bytes:
    data = os.urandom(6_000 + number)
    store.add(f"n{number}", {"bytes": data})
    return data


def _packs_of(store: Store, record: BundleRecord) -> set[str]:
    """Return where the chunks of a bundle are."""
    reader = store.repository.reader()
    return {place.pack for place in reader.index.find(list(needed_ids(reader, record))).values()}


def test_one_of_many_tiny_bundles_comes_in_ten_requests(s3_place: Place, machine: OpenStore) -> None:
    """50 bundles of a few KB are one pack there; one of 300 comes with its data in ten requests, cold."""
    with FaultProxy(s3_place.endpoint) as proxy:
        ann = machine("ann")
        ann.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        data: list[bytes] = []
        for _ in range(6):
            data += [_add(ann, number) for number in range(len(data), len(data) + 50)]
            proxy.set_faults()
            ann.push(every=True)
            written = [request.path for request in proxy.requests if request.method == "PUT"]
            assert sum("/packs/" in path for path in written) == 1
        bob = machine("bob")
        bob.add_remote("origin", s3_place.url, {**s3_place.options, "endpoint": proxy.endpoint})
        cold = machine("bob", cache="cold")
        proxy.set_faults()
        cold.pull("n123", data=True)
        assert cold.get("n123").data["bytes"] == data[123]
        assert len(proxy.requests) <= 10, proxy.requests


def test_a_record_names_the_packs_that_have_its_chunks(
    place: Place, machine: OpenStore, tmp_path: Path
) -> None:
    """What was packed anew is named anew, descriptions in packs of their own included; what was not, is not."""
    ann, bob = machine("ann"), machine("bob")
    for store in (ann, bob):
        store.add_remote("origin", place.url, place.options)
    large = ann.add("large", {"bytes": os.urandom(1_200_000)})
    (tmp_path / "wide").mkdir()
    for number in range(600):
        (tmp_path / "wide" / f"a rather long name {number}").write_bytes(b"%d" % number)
    wide = ann.add("wide", tmp_path / "wide")
    assert wide.record.manifest_blob is not None
    for number in range(6):
        _add(ann, number)
    ann.push(every=True)
    there = bob.at_remote()
    there.refresh()
    for bundle in ann.search():
        record = there.get(f"{bundle.name}@{bundle.id}").record
        assert set(record.packs) == _packs_of(there, record), bundle.name
        if bundle.name in {"large", "wide"}:
            assert record.packs == (large if bundle.name == "large" else wide).record.packs
        else:
            assert record.packs != bundle.record.packs
    there.close()


def test_only_the_packs_change() -> None:
    """All other fields keep their bytes, those of later versions too; without packs the field is left out."""
    said = b'{"type":"bundle","new":{"a": [1.50]},"packs":["x"],"id":"1"}'
    without = b'{"type":"bundle","new":{"a": [1.50]},"id":"1"}'
    assert rewrite_packs(said, (_PACK,)) == said.replace(b'"x"', b'"%s"' % _PACK.encode())
    assert rewrite_packs(without, (_PACK,)) == without[:-1] + b',"packs":["%s"]}' % _PACK.encode()
    assert rewrite_packs(said, ()) == without
    assert rewrite_packs(without, ()) == without


def test_too_many_packs_are_not_named(machine: OpenStore, tmp_path: Path) -> None:
    """A bundle that is spread over more than 256 packs names none, where those that it named are not there."""
    store = machine("ann")
    for number in range(257):
        path = tmp_path / "files" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(5_000))
        store.add(f"n{number}", path)
    whole, one = store.add("whole", tmp_path / "files"), store.get("n7")
    assert len(_packs_of(store, whole.record)) > 256
    found = []
    for bundle in (whole, one):
        stale = rewrite_packs(records.dump(bundle.record), (_PACK,))
        record = records.load(stale)
        assert isinstance(record, BundleRecord)
        with store.repository.writer() as writer:
            (payload,) = rewrite_hints([(record, stale)], store.repository.reader(), writer.index)
        found.append((payload, stale))
    assert found[0][0] == rewrite_packs(found[0][1], ())
    assert found[1][0] == rewrite_packs(found[1][1], one.record.packs)
