"""What a codec can say of a stored object without loading it."""

from __future__ import annotations

from typing import cast

from stook import registry
from stook.model.tree import Object
from stook.store.codec import Describing, FrameCodec, TableShape
from stook.store.reading.decode import BlobSource
from stook.store.repository import Repository

__all__ = ["item_facts", "table_shape"]


def table_shape(repository: Repository, item: Object) -> TableShape:
    """Return columns and rows of a table.

    Raises:
        IntegrityError: The bytes are not a table that Stook wrote.
        FormatError: They are of a version that this one does not know.
    """
    codec = cast(FrameCodec, registry.codec(item.kind))
    return codec.describe(BlobSource(repository, item.blob, codec.suffix), item.meta)


def item_facts(repository: Repository, item: Object) -> dict[str, object]:
    """Return what is known of an object: its `meta`, and what its codec adds, such as an array's shape.

    Raises:
        IntegrityError: The bytes are not what the codec wrote.
    """
    codec = registry.codec(item.kind)
    if not hasattr(codec, "facts"):
        return dict(item.meta)
    source = BlobSource(repository, item.blob, codec.suffix)
    return {**item.meta, **cast(Describing, codec).facts(source, item.meta)}
