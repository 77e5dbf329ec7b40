"""The code that made a bundle, its text and its digests, kept once for all bundles that the same code made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from blake3 import blake3

from stook.errors import IntegrityError
from stook.format import code_digests
from stook.format.packs import PackEnd
from stook.model.lineage import Lineage
from stook.model.tree import Blob
from stook.store.packs.reach import chunk_ids, code_blobs

if TYPE_CHECKING:
    from stook.store.packs.writing import BundleWriter, PackLook
    from stook.store.repository import Repository

__all__ = ["KeptCode", "keep_code", "remember_code"]

_MOST: Final = 4096
_MOST_SEEN: Final = 256
_FEW_DEFINITIONS: Final = 16


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
    if len(lineage.code) > _FEW_DEFINITIONS:
        digests = _keep(repository, writer, lineage.code)
        lineage = msgspec.structs.replace(lineage, code={}, code_digests=digests)
    if code is not None:
        return msgspec.structs.replace(lineage, code_blob=_keep(repository, writer, code))
    if lineage.code_blob is None or _is_there(repository, writer, lineage.code_blob):
        return lineage
    return msgspec.structs.replace(lineage, code_blob=None)


def remember_code(repository: Repository, writer: BundleWriter, lineage: Lineage) -> tuple[str, ...]:
    """Note where the code of a bundle is, so that the next one of the same code need not look for it.

    Returns:
        The packs that it is in, where it is in few chunks.
    """
    return tuple(pack for blob in code_blobs(lineage) for pack in _remember(repository, writer, blob))


def _keep(repository: Repository, writer: BundleWriter, code: bytes | dict[str, str]) -> Blob:
    """Return where the text or the digests of code are, or are going to be."""
    seen, digest = repository.seen_code.get(
        id(code), (None, "")
    )  # tasks of a class have the very same object
    data = b""
    if seen != code:
        data = _dump(code)
        digest = blake3(data).hexdigest()
        if len(repository.seen_code) >= _MOST_SEEN:
            repository.seen_code.clear()
        repository.seen_code[id(code)] = code if isinstance(code, bytes) else dict(code), digest
    known = repository.kept_code.get(digest)
    if known is not None and writer.index.has_packs(known.ends, known.looks):
        return known.blob
    return writer.for_description().add_bytes(data or _dump(code))


def _dump(code: bytes | dict[str, str]) -> bytes:
    return code if isinstance(code, bytes) else code_digests.dump(code)


def _remember(repository: Repository, writer: BundleWriter, blob: Blob) -> tuple[str, ...]:
    known = repository.kept_code
    if blob.data is not None or blob.listing is not None:
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
