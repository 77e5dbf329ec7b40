"""Records, manifests and stook.json: what goes in comes out, and what is not sound is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from stook.errors import FormatError, InputError
from stook.format import manifests, records, repository
from stook.format.limits import MAX_PAYLOAD, MAX_WORDS
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, ContextRecord, DeleteRecord, Manifest, TagRecord
from stook.model.tree import Blob, Dict, File, Folder, FolderFile, Object, Sequence, Value

ID = "01K00000000000000000000000"
DIGEST = blake3(b"abc").hexdigest()
INLINE = Blob(3, DIGEST, data=b"abc")
LONG = Blob(200_000, "1" * 64, chunks=("2" * 64, "3" * 64))
LISTED = Blob(70 * 2**20, "4" * 64, listing=Blob(65 * 32, "5" * 64))
TREE = Dict(
    (
        ("value", Value("6" * 64, INLINE)),
        ("file", File("a.txt", LONG, executable=True)),
        ("folder", Folder("d", (FolderFile("d1/f", INLINE), FolderFile("d2/f", LISTED, True)), ("empty",))),
        ("objects", Sequence((Object("frame", "7" * 64, Blob(9, "8" * 64), {"rows": 3}),), is_tuple=True)),
    )
)
MANIFEST = Manifest(TREE, {"window": 90}, Lineage(task="add", inputs=(Input("a", "raw", ID, DIGEST),)))
BUNDLE = BundleRecord(
    ID,
    "c" * 32,
    "raw.tx",
    DIGEST,
    3,
    1_700_000_000_000_000,
    "ann",
    manifest=MANIFEST,
    packs=("data/" + "9" * 64,),
)


@pytest.mark.parametrize(
    "record",
    [
        BUNDLE,
        BundleRecord(ID, "c" * 32, "big", DIGEST, 3, 1, "ann", tags={"a": "b"}, manifest_blob=LONG),
        ContextRecord(ID, "c" * 32, "main", 1),
        TagRecord(ID, "c" * 32, ID, {"stage": "ok", "old": None}, 1),
        DeleteRecord(ID, "c" * 32, ID, 1),
    ],
)
def test_records_come_back(record: Any) -> None:
    """Each type of record reads back equal."""
    assert records.load(records.dump(record)) == record


def test_manifests_come_back() -> None:
    """A manifest with every kind of node and blob reads back equal."""
    assert manifests.load(manifests.dump(MANIFEST)) == MANIFEST


def test_unknown_fields_are_passed_over() -> None:
    """What a newer writer added to a record, a node or a blob does not stop a reader."""
    data = json.loads(records.dump(BUNDLE))
    data["later"] = data["manifest"]["later"] = data["manifest"]["tree"]["later"] = {"x": 1}
    assert records.load(json.dumps(data).encode()) == BUNDLE


def test_long_records_are_refused_when_written_and_when_read() -> None:
    """A record beyond the bound is an InputError to its writer and a FormatError to its reader."""
    long = msgspec.structs.replace(BUNDLE, tags={"a": "b" * MAX_PAYLOAD})
    with pytest.raises(InputError) as caught:
        records.dump(long)
    assert caught.value.kind == "record-too-large"
    with pytest.raises(FormatError):
        records.load(msgspec.json.encode(long))


def _changed(path: list[str | int], value: object) -> bytes:
    data = json.loads(records.dump(BUNDLE))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(data).encode()


TREE_PATH: list[str | int] = ["manifest", "tree", "entries"]
BLOB_PATH: list[str | int] = [*TREE_PATH, 0, 1, "blob"]
FOLDER_PATH: list[str | int] = [*TREE_PATH, 2, 1]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["type"], "signature"),
        (["id"], "short"),
        (["id"], "01k00000000000000000000000"),
        (["context"], "../x"),
        (["time"], -1),
        (["time"], 2**70),
        (["name"], ""),
        (["name"], "a/b"),
        (["name"], "e\u0301"),
        (["digest"], "A" * 64),
        (["size"], 2**64),
        (["packs"], ["data/../../stook.json"]),
        (["manifest"], None),
        (["manifest_blob"], {"size": 1, "digest": DIGEST}),
        ([*TREE_PATH, 1, 0], "value"),
        ([*TREE_PATH, 1, 1, "name"], "../up"),
        ([*TREE_PATH, 1, 1, "name"], "d/f"),
        ([*TREE_PATH, 1, 1, "k"], "pickle"),
        ([*FOLDER_PATH, "name"], "a/b"),
        ([*FOLDER_PATH, "files", 0, 0], "/etc/passwd"),
        ([*FOLDER_PATH, "files", 0, 0], "d2/f"),
        ([*FOLDER_PATH, "files", 0, 0], "d2"),
        ([*FOLDER_PATH, "files", 0, 0], "empty/f"),
        ([*FOLDER_PATH, "empty", 0], "a//b"),
        ([*BLOB_PATH, "size"], 4),
        ([*BLOB_PATH, "size"], -1),
        ([*BLOB_PATH, "digest"], "x"),
        ([*BLOB_PATH, "chunks"], ["1" * 64, "2" * 64]),
        (BLOB_PATH, {"size": 2**24 + 1, "digest": DIGEST}),
        (BLOB_PATH, {"size": 0, "digest": DIGEST}),
        (BLOB_PATH, {"size": 9, "digest": DIGEST, "chunks": ["1" * 64]}),
        (BLOB_PATH, {"size": 9, "digest": DIGEST, "chunks": ["1" * 64] * 65}),
        (BLOB_PATH, {"size": 9, "digest": DIGEST, "chunks": ["1" * 64, "z"]}),
        (BLOB_PATH, {"size": 2**40, "digest": DIGEST, "chunks": ["1" * 64, "2" * 64]}),
        (BLOB_PATH, {"size": 99, "digest": DIGEST, "list": {"size": 33, "digest": DIGEST}}),
        (BLOB_PATH, {"size": 2**62, "digest": DIGEST, "list": {"size": 64, "digest": DIGEST}}),
        ([*TREE_PATH, 0, 1, "digest"], "x"),
        ([*TREE_PATH, 3, 1, "nodes", 0, "kind"], ""),
    ],
)
def test_what_is_not_sound_is_refused(path: list[str | int], value: object) -> None:
    """Wrong ids, names, digests, sizes, paths and places of bytes are a FormatError with a next step."""
    with pytest.raises(FormatError) as caught:
        records.load(_changed(path, value))
    assert caught.value.hint


def test_deep_trees_and_listings_are_refused() -> None:
    """Nesting is bounded whatever the parser would take."""
    tree: Any = Value(DIGEST, INLINE)
    for _ in range(101):
        tree = Sequence((tree,))
    with pytest.raises(FormatError, match="deeply"):
        manifests.load(manifests.dump(Manifest(tree)))
    blob = Blob(32, DIGEST)
    for _ in range(5):
        blob = Blob(1, DIGEST, listing=msgspec.structs.replace(blob, size=32))
    with pytest.raises(FormatError):
        manifests.load(manifests.dump(Manifest(Value(DIGEST, blob))))
    hostile = b'{"tree":' + b'{"k":"list","nodes":[' * 50_000
    with pytest.raises(FormatError):
        manifests.load(hostile)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"type":"bundle"}', b"\xff", b'{"type":3}'])
def test_other_bytes_are_no_record_and_no_manifest(data: bytes) -> None:
    """Whatever else is found is a FormatError."""
    for load in (records.load, manifests.load):
        with pytest.raises(FormatError):
            load(data)


def test_stook_json_comes_back() -> None:
    """The identity of a new repository reads back equal."""
    identity = repository.new("0f" * 16)
    assert repository.load(repository.dump(identity)) == identity
    with pytest.raises(InputError):
        repository.new("0F" * 16)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"format": 2, "id": 7}, "unknown-format"),
        ({"format": 0, "id": "0f" * 16, "required_features": []}, "unknown-format"),
        ({"format": 1, "id": "0f" * 16, "required_features": ["zstd-dict"]}, "unknown-feature"),
        ({"format": 1, "id": "../x"}, "bad-repository"),
        ({"format": 1}, "bad-repository"),
        ({"format": "1", "id": "0f" * 16}, "bad-repository"),
        ({"format": 1, "id": "0f" * 16, "x": "y" * 70_000}, "bad-repository"),
        ([], "bad-repository"),
    ],
)
def test_repositories_that_cannot_be_read_are_refused(data: object, kind: str) -> None:
    """An unknown format or feature is told from damage, and each has a next step."""
    with pytest.raises(FormatError) as caught:
        repository.load(json.dumps(data).encode())
    assert caught.value.kind == kind
    assert caught.value.hint


@pytest.mark.parametrize(
    ("what", "manifest"),
    [
        ("params", Manifest(Dict(()), {"long": "x" * MAX_WORDS}, Lineage())),
        ("lineage", Manifest(Dict(()), {}, Lineage(params={"long": "x" * MAX_WORDS}))),
    ],
)
def test_words_that_are_too_long_are_refused(what: str, manifest: Manifest) -> None:
    """Params and lineage have a limit of their own, which the error names; the tree beside them has not."""
    with pytest.raises(InputError, match=f"^{what} of") as caught:
        manifests.dump(manifest)
    assert caught.value.kind == "record-too-large"
    tree = Folder("d", (), ("e" * MAX_WORDS,))
    assert len(manifests.dump(Manifest(tree, {}, Lineage()))) > MAX_WORDS
