"""The lines of the log, and the manifest that a bundle's line carries or points at."""

from __future__ import annotations

import msgspec

from stook.model.lineage import Lineage
from stook.model.tree import Blob, Node

__all__ = [
    "BundleRecord",
    "CommitRecord",
    "ContextRecord",
    "DeleteRecord",
    "Manifest",
    "Record",
    "RestoreRecord",
    "TagRecord",
]


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The full description of a bundle."""

    tree: Node
    params: dict[str, object] = {}
    lineage: Lineage = Lineage()


class BundleRecord(msgspec.Struct, frozen=True, tag="bundle", tag_field="type", omit_defaults=True):
    """A bundle exists. Exactly one of `manifest` (small) and `manifest_blob` (large, in a meta pack) is there.

    Attributes:
        id: ULID; the version.
        context: Id of the context.
        name: The bundle's name, NFC.
        digest: Digest of the data tree.
        size: Bytes of content, before compression and without regard to what is shared.
        time: Microseconds since the epoch.
        owner: Who made it.
        task: What made it.
        fingerprint: Cache key of the task; empty where there is none.
        tags: Tags at birth.
        conditional: Whether the result depends on what the task met while it ran, which its lineage has, and so is no
            answer to its fingerprint alone.
        inputs: Ids of the bundles that it was made from, where the manifest is in a pack and they are few; None where
            only the manifest has them.
        packs: Names of packs, `data/…` or `meta/…`, written for it; a hint, gc may have moved the chunks since.
    """

    id: str
    context: str
    name: str
    digest: str
    size: int
    time: int
    owner: str
    task: str = ""
    fingerprint: str = ""
    tags: dict[str, str] = {}
    manifest: Manifest | None = None
    manifest_blob: Blob | None = None
    conditional: bool = False
    inputs: tuple[str, ...] | None = None
    packs: tuple[str, ...] = ()


class ContextRecord(msgspec.Struct, frozen=True, tag="context", tag_field="type", omit_defaults=True):
    """A context has this name from now on, or is gone: then only bundles that others have added to it since are there.

    Attributes:
        id: ULID of the record, as in all of them.
        context: Id of the context.
        name: Its name, NFC.
        time: Microseconds since the epoch.
        owner: Who said so.
        deleted: Whether it is gone.
    """

    id: str
    context: str
    name: str
    time: int
    owner: str = ""
    deleted: bool = False


class TagRecord(msgspec.Struct, frozen=True, tag="tag", tag_field="type", omit_defaults=True):
    """Tags of a bundle changed; None takes one away. Last writer wins by (id, writer, seq)."""

    id: str
    context: str
    bundle: str
    tags: dict[str, str | None]
    time: int
    owner: str = ""


class CommitRecord(msgspec.Struct, frozen=True, tag="commit", tag_field="type", omit_defaults=True):
    """A bundle is to be kept: it is no scratch. The greatest id has the message that holds."""

    id: str
    context: str
    bundle: str
    message: str
    time: int
    owner: str = ""


class DeleteRecord(msgspec.Struct, frozen=True, tag="delete", tag_field="type", omit_defaults=True):
    """A bundle was removed. Of this and `RestoreRecord` the greater id holds."""

    id: str
    context: str
    bundle: str
    time: int
    owner: str = ""


class RestoreRecord(msgspec.Struct, frozen=True, tag="restore", tag_field="type", omit_defaults=True):
    """A bundle that was removed is there again."""

    id: str
    context: str
    bundle: str
    time: int
    owner: str = ""


Record = BundleRecord | ContextRecord | TagRecord | CommitRecord | DeleteRecord | RestoreRecord
