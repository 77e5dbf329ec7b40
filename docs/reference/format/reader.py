"""Read a Stook repository in a folder, knowing only the specification beside this file (`v1.md`).

    python reader.py REPOSITORY                     list the bundles
    python reader.py REPOSITORY BUNDLE-ID FOLDER    write a bundle's files and values into a new folder

Needs Python 3.11, `blake3` and `zstandard`. Values are written as tagged JSON, objects as their codec's bytes.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import zstandard
from blake3 import blake3

MAX_CHUNK, MAX_SEGMENT, MAX_DEPTH = 16 << 20, 256 << 20, 100


class DamageError(Exception):
    """The repository is not what the specification says."""


def check(condition: object, problem: str) -> None:
    """Raise `DamageError` unless the condition holds."""
    if not condition:
        raise DamageError(problem)


def decompress(data: bytes, limit: int) -> bytes:
    """Decompress one zstd frame that declares at most `limit` bytes."""
    check(zstandard.get_frame_parameters(data).content_size <= limit, "a zstd frame is too large")
    return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)


class Repository:
    """One repository: its packs' indexes, and its records."""

    def __init__(self, root: Path) -> None:
        identity = json.loads((root / "stook.json").read_bytes())
        check(identity["format"] == 1 and not identity["required_features"], "the format is unknown")
        self.root, self.chunks = root, {}
        for path in sorted(root.glob("packs/*/*/*.pack")):
            self._read_index(path)

    def _read_index(self, path: Path) -> None:
        end, position = path.stat().st_size - 44, 8
        with path.open("rb") as file:
            check(file.read(8) == b"STOOKPK1" and end >= 8, f"{path} is not a pack")
            file.seek(end)
            count, digest, magic = struct.unpack("<I32s8s", file.read(44))
            end -= 49 * count
            file.seek(max(end, 0))
            index = file.read(49 * count)
        check(magic == b"STOOKIX1" and blake3(index).digest() == digest, f"the index of {path} is damaged")
        for id_, offset, stored, raw, codec in struct.iter_unpack("<32sQIIB", index):
            check(offset == position and raw <= MAX_CHUNK, f"the index of {path} is wrong")
            position += stored
            self.chunks[id_.hex()] = (path, offset, stored, raw, codec)
        check(position == end, f"the index of {path} is wrong")

    def read_chunk(self, id_: str) -> bytes:
        """Return a chunk, verified."""
        check(id_ in self.chunks, f"there is no chunk {id_}")
        path, offset, stored, raw, codec = self.chunks[id_]
        with path.open("rb") as file:
            file.seek(offset)
            data = decompress(file.read(stored), raw) if codec == 1 else file.read(stored)
        check(len(data) == raw and blake3(data).hexdigest() == id_, f"the chunk {id_} in {path} is damaged")
        return data

    def iter_blob(self, blob: dict, depth: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a blob; the last piece comes only if they are all right."""
        inline = [base64.b64decode(blob["data"], validate=True)] if "data" in blob else None
        whole, size = blake3(), 0
        for piece in inline or map(self.read_chunk, self._chunk_ids(blob, depth)):
            whole.update(piece)
            size += len(piece)
            check(size < blob["size"] or whole.hexdigest() == blob["digest"], f"{blob['digest']} is damaged")
            yield piece
        check(size == blob["size"], f"{blob['digest']} is not {blob['size']} bytes")

    def _chunk_ids(self, blob: dict, depth: int) -> list[str]:
        if "list" not in blob:
            return blob.get("chunks") or [blob["digest"]]
        check(depth < 4, "listings are nested too deeply")
        listing = b"".join(self.iter_blob(blob["list"], depth + 1)).hex()
        return [listing[at : at + 64] for at in range(0, len(listing), 64)]

    def iter_records(self) -> Iterator[dict]:
        """Yield all records of the log: those of checkpoints, and of the segments that none covers."""
        segments = {writer: sorted(writer.glob("[0-9]*")) for writer in sorted(self.root.glob("log/*"))}
        lasts = {writer.name: int(paths[-1].name) for writer, paths in segments.items() if paths}
        covered = dict.fromkeys(lasts, 0)
        for path in self.root.glob("checkpoints/[0-9A-Z]*"):
            with suppress(DamageError, zstandard.ZstdError):
                records = list(read_segment(path, is_last=False))
                ends = [end for one in records for end in one.get("supersedes", {}).items()]
                check(all(seq <= lasts.get(writer, 0) for writer, seq in ends), f"{path} is ahead of the log")
                covered |= {writer: max(seq, covered[writer]) for writer, seq in ends}
                yield from records
        for writer, paths in segments.items():
            left = [path for path in paths if int(path.name) > covered[writer.name]]
            for number, path in enumerate(left, covered.get(writer.name, 0) + 1):
                check(int(path.name) == number, f"{writer} lacks the segment {number}")
                yield from read_segment(path, is_last=path == paths[-1])

    def bundles(self) -> dict[str, dict]:
        """Return the records of the bundles that are not deleted, by id."""
        records = sorted(self.iter_records(), key=lambda record: record["id"])
        states = {r["bundle"]: r["type"] for r in records if r["type"] in {"delete", "restore"}}
        return {r["id"]: r for r in records if r["type"] == "bundle" and states.get(r["id"]) != "delete"}

    def manifest(self, record: dict) -> dict:
        """Return the manifest of a bundle."""
        return record.get("manifest") or json.loads(b"".join(self.iter_blob(record["manifest_blob"])))

    def extract(self, node: dict, place: Path, depth: int = 0) -> None:
        """Write a node of a data tree at a place where nothing is yet."""
        check(depth <= MAX_DEPTH, "the data tree is nested too deeply")
        kind = node["k"]
        if kind in {"dict", "list"}:
            place.mkdir()
            entries = enumerate(node["entries"] if kind == "dict" else enumerate(node["nodes"]))
            for position, (key, child) in entries:
                name = str(key) if is_safe(str(key)) and "/" not in str(key) else f"item-{position}"
                self.extract(child, place / name, depth + 1)
        elif kind in {"folder", "file"}:
            place.mkdir()
            one = (node["name"], node.get("blob"), node.get("executable", False))
            for path in node.get("empty", []):
                inside(place, path).mkdir(parents=True, exist_ok=True)
            for path, blob, executable in node["files"] if kind == "folder" else [one]:
                self.write(inside(place, path), blob, executable=executable)
        else:
            suffix = "value.json" if kind == "value" else node["kind"].replace("/", "-")
            self.write(inside(place.parent, f"{place.name}.{suffix}"), node["blob"], executable=False)

    def write(self, path: Path, blob: dict, *, executable: bool) -> None:
        """Write a blob as a new file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(self.iter_blob(blob))
        path.chmod(0o755 if executable else 0o644)


def is_safe(path: str) -> bool:
    """Tell whether a stored path stays within a folder, and is harmless there."""
    return not re.search(r"(^|/)\.{0,2}(/|$)|[\x00-\x1f\\\x7f]", path)


def inside(folder: Path, path: str) -> Path:
    """Return a stored path below a folder."""
    check(is_safe(path), f"the path {path!r} is not safe")
    return folder / path


def read_segment(path: Path, *, is_last: bool) -> Iterator[dict]:
    """Yield the records of a segment; a torn tail of a writer's last one is passed over."""
    data = path.read_bytes()
    data = decompress(data, MAX_SEGMENT) if data[:4] == b"\x28\xb5\x2f\xfd" else data
    check(data[:8] == b"STOOKLG1", f"{path} is not a segment")
    position = 8
    while (payload := frame_at(data, position)) is not None:
        yield json.loads(payload)
        position += 20 + len(payload)
    later = [found.start() - 20 for found in re.finditer(rb'\{"type":', data[position + 21 :])]
    is_torn = is_last and all(frame_at(data, position + 21 + start) is None for start in later)
    check(position == len(data) or is_torn, f"{path} is damaged at byte {position}")


def frame_at(data: bytes, position: int) -> bytes | None:
    """Return the payload of the frame at a position, or None where there is none."""
    length, checksum = struct.unpack("<I16s", data[position : position + 20].ljust(20, b"\0"))
    payload = data[position + 20 : position + 20 + length]
    return payload if 0 < length <= 65536 and blake3(payload).digest(16) == checksum else None


def main(arguments: list[str]) -> None:
    """List the bundles, or extract one."""
    if len(arguments) not in {1, 3}:
        sys.exit(__doc__)
    repository = Repository(Path(arguments[0]))
    bundles = repository.bundles()
    if len(arguments) == 1:
        sys.stdout.writelines(f"{id_} {record['size']} {record['name']}\n" for id_, record in bundles.items())
    else:
        check(arguments[1] in bundles, f"there is no bundle {arguments[1]}")
        repository.extract(repository.manifest(bundles[arguments[1]])["tree"], Path(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
