"""Damaged bytes of every kind of object: refused as such, or read as something sound, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from stook.errors import FormatError
from stook.format import manifests, packs, records, repository, segments
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, Manifest, TagRecord
from stook.model.tree import Blob, Dict, File, Folder, FolderFile, Object, Sequence, Value

ID, ONE, TWO = "01K00000000000000000000000", "1" * 64, "2" * 64
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
MANIFEST = Manifest(TREE, {"window": 9}, Lineage("task", inputs=(Input("r", "raw", ID, ONE),)))
BUNDLE = BundleRecord(ID, "c" * 32, "raw", ONE, 3, 1, "ann", manifest=MANIFEST, packs=("data/" + ONE,))
TAG = TagRecord(ID, "c" * 32, ID, {"stage": None}, 1)
PACK = packs.MAGIC + b"abc" + packs.build_footer([packs.PackEntry(blake3(b"abc").digest(), 8, 3, 3, 0)])
SEGMENT = segments.MAGIC + b"".join(segments.frame(records.dump(line)) for line in (BUNDLE, TAG))


def _read_segment(data: bytes) -> None:
    for payload, _ in segments.iter_frames(segments.unseal(data), len(segments.MAGIC)):
        records.load(payload)


OBJECTS: list[tuple[Callable[[bytes], object], bytes]] = [
    (records.load, records.dump(BUNDLE)),
    (records.load, records.dump(TAG)),
    (manifests.load, manifests.dump(MANIFEST)),
    (repository.load, repository.dump(repository.new("0f" * 16))),
    (packs.parse_pack, PACK),
    (_read_segment, SEGMENT),
    (_read_segment, segments.seal(SEGMENT)),
]


@given(st.sampled_from(OBJECTS), st.data())
@settings(max_examples=1500, deadline=None)
def test_damage_is_a_format_error_and_nothing_else(
    case: tuple[Callable[[bytes], object], bytes], data: st.DataObject
) -> None:
    """Bytes changed, cut out, doubled or put in give a FormatError, or something that passes every check."""
    load, good = case
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(damaged)))
        end = data.draw(st.integers(start, min(len(damaged), start + 20)))
        damaged[start:end] = data.draw(
            st.binary(max_size=8)
            | st.just(bytes(damaged[start:end] * 2))
            | st.sampled_from([b"null", b"[]", b'{"$":1}'])
        )
    with contextlib.suppress(FormatError):
        load(bytes(damaged))


@given(st.binary(max_size=200).filter(lambda data: data != segments.MAGIC))  # which is an empty segment
def test_arbitrary_bytes_are_a_format_error(data: bytes) -> None:
    """What never was one of ours is refused by every parser."""
    for load, _ in OBJECTS:
        with pytest.raises(FormatError):
            load(data)


def test_a_torn_commit_leaves_what_was_committed_before() -> None:
    """Whatever part of the last commit arrived, every earlier record is read, and nothing else."""
    first = len(segments.MAGIC) + len(segments.frame(records.dump(BUNDLE)))
    for size in range(first, len(SEGMENT)):
        frames = list(segments.iter_frames(SEGMENT[:size], len(segments.MAGIC)))
        assert [records.load(payload) for payload, _ in frames] == [BUNDLE]
