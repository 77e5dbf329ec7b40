"""The test vectors beside the specification; `python tests/golden/vectors/test_vectors.py` writes them anew."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import uuid
import zoneinfo
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from blake3 import blake3

from stook.chunks.split import Splitter
from stook.format import (
    canonical,
    checkpoints,
    code_texts,
    packs,
    repository,
    segments,
    trees,
    values,
)
from stook.model.code import CodeTexts, Definition
from stook.model.tree import Node

PATH = Path(__file__).parents[3] / "docs" / "reference" / "format" / "vectors.json"

VALUES: list[object] = [
    None,
    False,
    True,
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    2**53 - 1,
    2**53,
    -(2**64),
    2**4096,
    0.0,
    -0.0,
    1.0,
    0.1,
    1e22,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    complex(1, -0.0),
    complex(float("nan"), float("inf")),
    "",
    "abc",
    "é",
    "e\u0301",
    "\U0001f33e",
    b"",
    b"\x00\xff",
    decimal.Decimal("1.0"),
    decimal.Decimal("1.00"),
    decimal.Decimal("-0"),
    decimal.Decimal("1E+3"),
    decimal.Decimal("sNaN12"),
    decimal.Decimal("-Infinity"),
    dt.date(2026, 2, 28),
    dt.time(23, 59, 59, 999999),
    dt.datetime(2026, 10, 25, 2, 30, fold=1),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=-3, minutes=-30))),
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"), fold=1),
    dt.timedelta(days=-1, microseconds=1),
    uuid.UUID("12345678-1234-5678-1234-567812345678"),
    [],
    [1, "a", None],
    (),
    (1, (2,)),
    set(),
    {1, "a", 2.5},
    frozenset({b"x", (1, 2)}),
    {},
    {"b": 1, "a": [True]},
    {"$": 1},
    {1: "int", 1.5: "float", None: {}},
]

ONE, TWO = "1" * 64, "2" * 64
NODES: list[Any] = [
    {"k": "value", "digest": ONE, "blob": {"size": 1, "digest": TWO}},
    {"k": "file", "name": "a.txt", "blob": {"size": 1, "digest": ONE}},
    {"k": "file", "name": "run.sh", "blob": {"size": 1, "digest": ONE}, "executable": True},
    {
        "k": "folder",
        "name": "d",
        "files": [["x/1", {"size": 1, "digest": ONE}, False], ["x/2", {"size": 1, "digest": TWO}, True]],
        "empty": ["y"],
    },
    {"k": "object", "kind": "frame", "digest": ONE, "blob": {"size": 1, "digest": TWO}},
    {
        "k": "dict",
        "entries": [
            ["b", {"k": "value", "digest": ONE, "blob": {"size": 1, "digest": TWO}}],
            ["a", {"k": "list", "nodes": [{"k": "file", "name": "f", "blob": {"size": 1, "digest": TWO}}]}],
        ],
    },
    {"k": "list", "nodes": [], "is_tuple": True},
]

RAW, TEXT = bytes(range(64)), b"stook " * 50
# A zstd frame of TEXT, fixed here, since other versions of zstd may write another.
FRAME = bytes.fromhex("28b52ffd602c006d00003073746f6f6b20010023514b11")
PAYLOADS = [b'{"type":"delete"}', '{"name":"é"}'.encode()]
CHECKPOINT_ID, WRITERS = "01KCAZ0000000000000000000A", {"0f" * 16: 7, "1e" * 16: 123}
CONTENT_BYTES = 1024 * 1024

CODE = CodeTexts(
    (Definition("tasks:Totals", "tasks.py", 4, 'class Totals(stook.Task):\n    """é"""\n'),),
    folder="shop",
    commit="0f" * 20,
    diff="diff --git a/tasks.py b/tasks.py\n",
    files={"new.py": "x = 1\n", "late.py": ""},
    cut=("long.py",),
)


def compute() -> dict[str, Any]:
    """Return the vectors as this version of stook computes them."""
    return {
        "values": [_value(value) for value in VALUES],
        "trees": [{"node": node, "digest": _tree_digest(node)} for node in NODES],
        "pack": _pack(),
        "segment": {
            "payloads": [payload.decode() for payload in PAYLOADS],
            "bytes": _segment().hex(),
        },
        "checkpoint": {
            "key": checkpoints.checkpoint_key(CHECKPOINT_ID),
            "supersedes": WRITERS,
            "payloads": [payload.decode() for payload in PAYLOADS],
            "unsealed": segments.unseal(_checkpoint()).hex(),
            "content_size": zstandard.get_frame_parameters(_checkpoint()).content_size,
        },
        "code": {
            "json": code_texts.dump(CODE).decode(),
            "digest": blake3(code_texts.dump(CODE)).hexdigest(),
        },
        "repository": repository.dump(repository.new("0f" * 16)).decode(),
        "cuts": {
            "content": f"the first {CONTENT_BYTES} bytes of BLAKE3's extended output for the empty input",
            "ends": Splitter().cut(blake3(b"").digest(CONTENT_BYTES), final=True),
        },
    }


def _value(value: object) -> dict[str, Any]:
    encoded = canonical.encode(value)
    return {
        "tagged_json": values.dump(value).decode(),
        "encoding": encoded.hex(),
        "digest": canonical.digest("stook v1 value", encoded),
    }


def _tree_digest(node: Any) -> str:
    return trees.digest_tree(msgspec.convert(node, Node))  # type: ignore[arg-type]


def _pack() -> dict[str, Any]:
    body = packs.MAGIC + RAW + FRAME
    raw = packs.PackEntry(blake3(RAW).digest(), 8, 64, 64, packs.CODEC_RAW)
    packed = packs.PackEntry(blake3(TEXT).digest(), 72, len(FRAME), len(TEXT), packs.CODEC_ZSTD)
    data = body + packs.build_footer([raw, packed])
    return {
        "chunks": [base64.b64encode(chunk).decode() for chunk in (RAW, TEXT)],
        "bytes": data.hex(),
        "digest": blake3(data).hexdigest(),
    }


def _segment() -> bytes:
    return segments.MAGIC + b"".join(segments.frame(payload) for payload in PAYLOADS)


def _checkpoint() -> bytes:
    size = checkpoints.framed_size(len(PAYLOADS), sum(map(len, PAYLOADS)))
    return checkpoints.dump(CHECKPOINT_ID, WRITERS, PAYLOADS, size)


def test_the_vectors_are_what_this_version_computes() -> None:
    """The format does not move: every vector beside the specification is recomputed, byte by byte."""
    stored = json.loads(PATH.read_bytes())
    computed = compute()
    assert stored.keys() == computed.keys()
    for part in stored:
        assert stored[part] == computed[part]


def test_the_vectors_read_back() -> None:
    """What the vectors hold is read as what it was made from."""
    stored = json.loads(PATH.read_bytes())
    for vector, value in zip(stored["values"], VALUES, strict=True):
        assert canonical.encode(values.load(vector["tagged_json"].encode())) == canonical.encode(value)
    pack = bytes.fromhex(stored["pack"]["bytes"])
    first, second = packs.parse_pack(pack)
    assert pack[first.offset :][: first.stored] == RAW
    assert zstandard.decompress(pack[second.offset :][: second.stored]) == TEXT
    segment = bytes.fromhex(stored["segment"]["bytes"])
    assert [payload for payload, _ in segments.iter_frames(segment, len(segments.MAGIC))] == PAYLOADS
    checkpoint = segments.seal(bytes.fromhex(stored["checkpoint"]["unsealed"]))
    assert checkpoints.read_start(checkpoint, CHECKPOINT_ID) == WRITERS
    assert code_texts.load(stored["code"]["json"].encode()) == CODE


if __name__ == "__main__":
    PATH.write_text(json.dumps(compute(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
