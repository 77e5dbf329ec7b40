"""Every reader of stored bytes against hostile ones: refused as damaged or foreign, or a sound value; nothing else."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import os
import tempfile
import uuid
import zoneinfo
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from stook.chunks import ChunkReader, MemoryIndex, read_pack_index
from stook.chunks.compress import decompress_chunk
from stook.errors import InputError, IntegrityError
from stook.format import (
    aliases,
    canonical,
    condemned,
    manifests,
    packs,
    records,
    repository,
    salvage,
    segments,
    trees,
    values,
)
from stook.log import Damage, FolderLog, Line, ObjectLog
from stook.model.lineage import Input, Lineage
from stook.model.record import (
    BundleRecord,
    CommitRecord,
    ContextRecord,
    DeleteRecord,
    Manifest,
    RestoreRecord,
    TagRecord,
)
from stook.model.tree import Blob, Dict, File, Folder, FolderFile, Object, Sequence, Value
from stook.storage import open_storage

_EXAMPLES = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "full" else 1000
ID, CONTEXT, ONE, TWO = "01K00000000000000000000000", "c" * 32, "1" * 64, "2" * 64
WRITER = "a" * 32
VALUE = {
    "plain": [None, True, 1, 2.5, "é"],
    "other": (2**70, 7**1500, float("nan"), 1j, b"\0bytes", {1, "2"}, frozenset({(3,)}), {4: 5}),
    "time": [
        dt.date(2026, 1, 1),
        dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1),
        dt.time(1, 2, 3, tzinfo=dt.UTC),
        dt.timedelta(-1, 2, 3),
    ],
    "rest": [decimal.Decimal("-1.50E+7"), uuid.UUID(int=7)],
}
BLOBS = [
    Blob(3, ONE, data=b"abc"),
    Blob(99, ONE),
    Blob(200_000, ONE, chunks=(ONE, TWO)),
    Blob(9_000_000, ONE, listing=Blob(3200, TWO)),
]
TREE = Dict(
    (
        ("v", Value(ONE, BLOBS[0])),
        ("f", File("a.txt", BLOBS[1])),
        ("d", Folder("d", (FolderFile("x/y", BLOBS[2]), FolderFile("z", BLOBS[3], True)), ("e",))),
        ("s", Sequence((Object("frame", TWO, BLOBS[1], {"rows": 3}),))),
    )
)
MANIFEST = Manifest(
    TREE, {"value": values.to_json(VALUE)}, Lineage("t", inputs=(Input("r", "raw", ID, ONE),))
)
RECORDS = [
    BundleRecord(ID, CONTEXT, "raw", ONE, 3, 1, "ann", manifest=MANIFEST, packs=("data/" + ONE,)),
    BundleRecord(ID, CONTEXT, "raw", ONE, 3, 1, "ann", manifest_blob=BLOBS[3], tags={"a": "b"}),
    ContextRecord(ID, CONTEXT, "main", 1),
    TagRecord(ID, CONTEXT, ID, {"stage": None, "b": "c"}, 1),
    CommitRecord(ID, CONTEXT, ID, "why", 1, "ann"),
    DeleteRecord(ID, CONTEXT, ID, 1),
    RestoreRecord(ID, CONTEXT, ID, 1),
]
LINES = [records.dump(record) for record in RECORDS]
SEGMENT = segments.MAGIC + b"".join(map(segments.frame, LINES))
MOVE = aliases.Move(ID, "ann", 1, "0f" * 16, "because")
ALIAS = aliases.AliasState("raw", "prod", ID, "0f" * 16, 1, (MOVE,))
CHUNKS = [b"abc", b"a long and dull chunk " * 50]
_STORED = [(CHUNKS[0], packs.CODEC_RAW), (zstandard.compress(CHUNKS[1]), packs.CODEC_ZSTD)]


def _pack() -> bytes:
    data, entries = packs.MAGIC, []
    for chunk, (stored, codec) in zip(CHUNKS, _STORED, strict=True):
        entries.append(packs.PackEntry(blake3(chunk).digest(), len(data), len(stored), len(chunk), codec))
        data += stored
    return data + packs.build_footer(entries)


PACK = _pack()
PACK_NAME = "data/" + blake3(PACK).hexdigest()
PACK_BLOB = Blob(
    sum(map(len, CHUNKS)),
    blake3(b"".join(CHUNKS)).hexdigest(),
    chunks=tuple(blake3(c).hexdigest() for c in CHUNKS),
)


def _load_record(data: bytes) -> None:
    record = records.load(data)
    assert records.load(records.dump(record)) == record
    if isinstance(record, BundleRecord) and record.manifest is not None:
        _use(record.manifest)


def _load_manifest(data: bytes) -> None:
    manifest = manifests.load(data)
    assert manifests.load(manifests.dump(manifest)) == manifest
    _use(manifest)


def _use(manifest: Manifest) -> None:
    """Do with a manifest what every reader does next."""
    assert len(trees.digest_tree(manifest.tree)) == 64
    for param in manifest.params.values():
        with contextlib.suppress(IntegrityError):
            canonical.encode(values.from_json(param))


def _load_value(data: bytes) -> None:
    value = values.load(data)
    assert values.is_plain(value)
    with contextlib.suppress(InputError):  # one level too deep, or a lone surrogate
        assert canonical.encode(values.load(values.dump(value))) == canonical.encode(value)


def _read_index(data: bytes) -> None:
    storage = open_storage("memory:")
    storage.put_new(packs.pack_key(PACK_NAME), data)
    assert sum(entry.stored for entry in read_pack_index(storage, PACK_NAME)) < len(data)


def _read_chunks(data: bytes) -> None:
    """Read through the index that a reader had of the pack before it was damaged."""
    storage, index = open_storage("memory:"), MemoryIndex()
    storage.put_new(packs.pack_key(PACK_NAME), data)
    index.add(PACK_NAME, packs.parse_pack(PACK))
    assert ChunkReader(storage, index).read(PACK_BLOB) == b"".join(CHUNKS)


def _read_segment(data: bytes) -> None:
    for payload, _ in segments.iter_frames(segments.unseal(data), len(segments.MAGIC)):
        records.load(payload)


def _salvage(data: bytes) -> None:
    """Never raises: what is damaged is for that."""
    content, _ = salvage.unseal_some(data)
    end = 0
    for piece in salvage.iter_pieces(content):
        start, end = end, piece.end if isinstance(piece, salvage.Gap) else piece[1]
        assert start < end <= len(content)
    assert end == len(content)
    salvage.find_end(data)


def _read_folder_log(data: bytes) -> None:
    """Never raises either, says what is wrong, and takes a record that is then read."""
    with tempfile.TemporaryDirectory() as folder:
        segment = Path(folder) / f"log/{WRITER}/0000000000000001"
        segment.parent.mkdir(parents=True)
        segment.write_bytes(data)
        before = list(FolderLog(Path(folder), "b" * 32).read({}))
        FolderLog(Path(folder), WRITER).append([b"new"])
        after = list(FolderLog(Path(folder), "b" * 32).read({}))
    lines = [item.payload for item in before if isinstance(item, Line)]
    assert [item.payload for item in after if isinstance(item, Line)] == [*lines, b"new"]
    known = {item.writer: item.position for item in before}
    assert all(position.offset > 0 for position in known.values())


def _read_object_log(data: bytes) -> None:
    storage = open_storage("memory:")
    storage.put_new(f"log/{WRITER}/0000000000000001", data)
    found = list(ObjectLog(storage, "b" * 32).read({}))
    assert all(isinstance(item, (Line, Damage)) for item in found)
    known = {item.writer: item.position for item in found}
    assert not known or list(ObjectLog(storage, "b" * 32).read(known)) == []


READERS: list[tuple[Callable[[bytes], object], list[bytes]]] = [
    (_load_record, LINES),
    (_load_manifest, [manifests.dump(MANIFEST)]),
    (_load_value, [values.dump(VALUE), values.dump([VALUE, {"a": VALUE}])]),
    (repository.load, [repository.dump(repository.new("0f" * 16))]),
    (lambda data: aliases.load(data, aliases.alias_key("c", "raw", "prod")), [aliases.dump(ALIAS)]),
    (condemned.load, [condemned.dump(condemned.Condemned(("data/" + ONE, "meta/" + TWO), 1, "ann"))]),
    (packs.parse_pack, [PACK]),
    (_read_index, [PACK]),
    (_read_chunks, [PACK]),
    (lambda data: decompress_chunk(data, len(CHUNKS[1]), packs.CODEC_ZSTD), [_STORED[1][0]]),
    (_read_segment, [SEGMENT, segments.seal(SEGMENT)]),
    (_salvage, [SEGMENT, segments.seal(SEGMENT)]),
    (_read_folder_log, [SEGMENT, segments.seal(SEGMENT)]),
    (_read_object_log, [SEGMENT, segments.seal(SEGMENT)]),
]
_INSERTS = [
    b"null",
    b"[]",
    b"{}",
    b'{"$":1}',
    b'{"$":"tuple","v":[' * 60,
    b"[" * 120,
    b"1e999",
    b"-0",
    b"9" * 30,
    b'"\xff"',
    b'"\\ud800"',
    b'"../../x"',
    bytes(16),
    b"\xff" * 8,
    b"\x00\x00\x01\x00",
    zstandard.compress(bytes(2_000_000)),
    segments.MAGIC,
    packs.MAGIC,
    b'{"type":',
    b'{"type":"tag"}',
    segments.frame(b'{"type":"tag"}'),
]
_SIZES = st.integers(0, 40)


@st.composite
def damaged(draw: st.DrawFn, good: list[bytes]) -> bytes:
    """Some good bytes flipped, cut, doubled, moved or with others put in, in up to three places."""
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(_SIZES))
        match draw(st.sampled_from(["flip", "cut", "double", "insert", "truncate", "splice"])):
            case "flip" if start < len(data):
                data[start] ^= 1 << draw(st.integers(0, 7))
            case "double":
                data[start:end] = bytes(data[start:end] * 2)
            case "insert":
                data[start:start] = draw(st.sampled_from(_INSERTS) | st.binary(max_size=8))
            case "truncate":
                del data[start:]
            case "splice":
                data[start:start] = draw(st.sampled_from(good))[start // 2 : end]
            case _:
                del data[start:end]
    return bytes(data)


@given(st.data())
@settings(max_examples=_EXAMPLES, deadline=None)
def test_damaged_bytes_are_refused_or_sound(data: st.DataObject) -> None:
    """Whatever happened to stored bytes, their reader refuses them as such, or gives what passes every check."""
    load, good = data.draw(st.sampled_from(READERS))
    with contextlib.suppress(IntegrityError):
        load(data.draw(damaged(good)))


@given(st.sampled_from(READERS), st.binary(max_size=300) | st.sampled_from(_INSERTS))
@settings(max_examples=_EXAMPLES // 2, deadline=None)
def test_arbitrary_bytes_are_refused_or_sound(
    reader: tuple[Callable[[bytes], object], list[bytes]], data: bytes
) -> None:
    """Bytes that were never stored by anyone, too."""
    with contextlib.suppress(IntegrityError):
        reader[0](data)


@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=60), max_size=8), st.integers(0, 2))
@settings(max_examples=_EXAMPLES // 5, deadline=None)
def test_every_whole_frame_is_found_whatever_is_between(parts: list[bytes], torn: int) -> None:
    """Frames of records amid anything else are read, each once, in order."""
    data = b"".join(segments.frame(part) if part in LINES else part for part in parts)
    data += segments.frame(LINES[0])[: torn * 30]
    found = [piece[0] for piece in salvage.iter_pieces(data) if not isinstance(piece, salvage.Gap)]
    assert found == [part for part in parts if part in LINES]


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.just(object()) | st.sampled_from([b"", 1j, range(3), int]),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
    )
)
@settings(max_examples=_EXAMPLES // 5, deadline=None)
def test_any_object_is_encoded_or_refused(value: object) -> None:
    """Canonical bytes are of plain values alone; anything else is an InputError."""
    if not values.is_plain(value):
        with pytest.raises(InputError):
            canonical.encode(value)
        return
    with contextlib.suppress(InputError):  # text that is not Unicode
        assert canonical.encode(value) == canonical.encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    """Nesting without end ends in an InputError."""
    value: list[object] = []
    value.append(value)
    with pytest.raises(InputError):
        canonical.encode(value)
