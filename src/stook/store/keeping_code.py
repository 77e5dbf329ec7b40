"""The source text that made a bundle, kept once for all bundles that the same code made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from blake3 import blake3

from stook.errors import IntegrityError
from stook.format.packs import PackEnd
from stook.model.lineage import Lineage
from stook.model.tree import Blob
from stook.store.packs.reach import chunk_ids

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter, PackLook
    from stook.store.repository import Repository

__all__ = ["KeptCode", "keep_code", "remember_code"]

_MOST: Final = 4096


class KeptCode(msgspec.Struct, frozen=True):
    """Code that this process has seen to be kept.

    Attributes:
        blob: Where it is.
        ends: The packs that have its chunks, as an index takes them to tell whether they can be relied on.
        looks: How the files of those looked then.
    """

    blob: Blob
    ends: tuple[PackEnd, ...]
    looks: tuple[PackLook, ...] = ()


def keep_code(repository: Repository, writer: BundleWriter, code: bytes | None, lineage: Lineage) -> Lineage:
    """Return the lineage of a bundle with its code, durable once its description is flushed and `writer` confirmed.

    Args:
        repository: Where.
        writer: That of the bundle; takes the code to its description, where it is not there.
        code: The code; None where none is to be kept anew.
        lineage: Of the bundle; code that it names already stays named, if that is there.
    """
    if code is not None:
        known = repository.kept_code.get(blake3(code).hexdigest())
        there = known is not None and writer.index.has_packs(known.ends, known.looks)
        blob = known.blob if known is not None and there else writer.for_description().add_bytes(code)
        return msgspec.structs.replace(lineage, code_blob=blob)
    if lineage.code_blob is None or _is_there(repository, writer, lineage.code_blob):
        return lineage
    return msgspec.structs.replace(lineage, code_blob=None)


def remember_code(repository: Repository, writer: BundleWriter, blob: Blob | None) -> tuple[str, ...]:
    """Note where the code of a bundle is, so that the next one of the same code need not look for it.

    Returns:
        The packs that it is in, where it is in few chunks.
    """
    known = repository.kept_code
    if blob is None or blob.data is not None or blob.listing is not None:
        return ()
    if blob.digest in known and writer.index.has_packs(known[blob.digest].ends):
        return tuple(pack for pack, _ in known[blob.digest].ends)
    ids = [bytes.fromhex(chunk) for chunk in blob.chunks or (blob.digest,)]
    ends: dict[str, int] = {}
    for place in writer.index.find(ids).values():
        ends[place.pack] = max(ends.get(place.pack, 0), place.offset + place.stored)
    if len(known) >= _MOST:
        known.clear()
    known[blob.digest] = KeptCode(blob, tuple(ends.items()), writer.index.look_at(ends.items()))
    return tuple(ends)


def _is_there(repository: Repository, writer: BundleWriter, blob: Blob) -> bool:
    try:
        ids = set(chunk_ids(repository.reader(), blob))
    except IntegrityError:
        return False
    return len(writer.index.find(sorted(ids))) == len(ids) if ids else True
