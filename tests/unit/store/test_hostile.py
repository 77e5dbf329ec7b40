"""Records and repositories that nobody honest wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

import stook
from stook.errors import FormatError, IntegrityError, NotFoundError
from stook.format import records, trees
from stook.model.record import Manifest
from stook.model.tree import Blob, File, Node, Object, Value
from stook.store import Store
from stook.store.packs.writing import BundleWriter
from stook.store.publish import Description, publish


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one honest bundle."""
    store = stook.open(tmp_path / "store", context="test")
    store.add("good", {"a": 1})
    return store


def _plant(store: Store, tree: Node, *, digest: str = "") -> None:
    honest = store.get("good").record
    record = msgspec.structs.replace(
        honest,
        id=store.repository.clock.new_id(),
        name="bad",
        digest=digest or trees.digest_tree(tree),
        manifest=Manifest(tree),
    )
    store.repository.log.append([records.dump(record)])


def _value(store: Store, data: object) -> Value:
    tree = store.add("good", data).tree
    assert isinstance(tree, Value)
    return tree


def test_a_tree_of_another_digest_is_refused(store: Store) -> None:
    """A record's digest vouches for the data: a description of other data is not used."""
    _plant(store, _value(store, {"a": 2}), digest="0" * 64)
    with pytest.raises(IntegrityError) as caught:
        _ = store.get("bad").data
    assert caught.value.kind == "wrong-digest"
    assert store.get("good").data == {"a": 2}


def test_a_value_of_another_digest_is_refused(store: Store) -> None:
    """The digest of a value is checked against the value, not only against its bytes."""
    real, other = _value(store, {"a": 2}), _value(store, {"a": 3})
    _plant(store, Value(real.digest, other.blob))
    with pytest.raises(IntegrityError) as caught:
        _ = store.get("bad").data
    assert caught.value.kind == "wrong-digest"


def test_an_unknown_kind_is_named_and_others_are_fine(store: Store) -> None:
    """Data of a kind that a newer release or a plug-in wrote gives an error that names the kind."""
    blob = _value(store, {"a": 2}).blob
    _plant(store, Object("hologram", "0" * 64, blob))
    with pytest.raises(NotFoundError, match="hologram"):
        _ = store.get("bad").data
    assert store.get("good").data == {"a": 2}


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "a/../../evil", "", "nul\0", "a\\b"])
def test_a_path_that_leads_out_is_never_written(store: Store, tmp_path: Path, name: str) -> None:
    """A record with such a file name is passed over with a warning; nothing is written, and others are fine."""
    _plant(
        store,
        File(name, Blob(0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", data=b"")),
    )
    with pytest.warns(UserWarning, match="versions may be missing: the description of a bundle is not sound"):
        assert store.find("bad") is None
    assert store.get("good").data == {"a": 1}
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("ways", [0, 2])
def test_a_record_has_one_description(store: Store, ways: int) -> None:
    """A record without a manifest, or with one here and one elsewhere, is passed over with a warning."""
    record = msgspec.structs.replace(store.get("good").record, id=store.repository.clock.new_id())
    blob = Blob(0, "0" * 64, data=b"")
    changed = msgspec.structs.replace(
        record, manifest=record.manifest if ways else None, manifest_blob=blob if ways else None
    )
    store.repository.log.append([records.dump(changed)])
    with pytest.warns(UserWarning, match="it must have either a manifest or the blob of one"):
        assert store.get("good").data == {"a": 1}
    assert store.repository.catalog.damage()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "bad-repository"),
        (b"\0\xff garbage", "bad-repository"),
        (b"[]", "bad-repository"),
        (b'{"format": 1, "id": "../../x"}', "bad-repository"),
        (json.dumps({"format": 2, "id": "0" * 32}).encode(), "unknown-format"),
        (json.dumps({"format": 1, "id": "0" * 32, "required_features": ["x"]}).encode(), "unknown-feature"),
    ],
)
def test_a_repository_that_cannot_be_read_is_refused_with_a_hint(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    """Another format, a feature that is not known, and what is no stook.json are each said."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store/stook.json").write_bytes(content)
    with pytest.raises(FormatError) as caught:
        stook.open(tmp_path / "store", context="test")
    assert caught.value.kind == kind
    assert caught.value.hint


def test_a_record_names_few_packs_however_many_were_written(store: Store, tmp_path: Path) -> None:
    """A bundle of thousands of packs still fits into a line of the log."""

    class ManyPacks(BundleWriter):
        """Writes nothing, and says it wrote much."""

        def flush(self) -> tuple[str, ...]:
            return tuple(f"data/{os.urandom(32).hex()}" for _ in range(4000))

    writer = ManyPacks(store.repository.storage, store.repository.writer().index)
    tree = _value(store, {"a": 1})
    description = Description.of("big", params=None, tags=None, inputs=(), lineage=None)
    bundle = publish(store, tree, writer, description)
    assert 0 < len(bundle.record.packs) < 4000
    assert store.get("big").data == {"a": 1}
